"""« Voir l'original »: a mail that became a message, as plain text; never as its author's HTML."""

from collections.abc import Collection

from django.http import Http404, HttpResponse

from mailing import originals
from mailing.models import IncomingEmail
from mailing.originals import Original
from solicitations import links
from solicitations.models import Text

SHOWN = {"Date": "Date", "Subject": "Objet"}


def page(message: Text, *, author: str, known: Collection[str] | None = None) -> HttpResponse:
    """The whole text, quotes and signature included; 404 when it did not come by mail, was erased
    or withdrawn.

    ``known``: the only addresses that its reader is shown; ``None`` shows all.
    """
    if message.withdrawn_at or message.incoming is None or not message.incoming.raw:
        raise Http404
    original = read(message.incoming)
    sender = f"{author}, {message.sent_from}" if message.sent_from else author
    top = [f"De : {sender}"]
    top += [f"{SHOWN[name]} : {value}" for name, value in original.headers if name in SHOWN]
    text = "\n".join([*top, "", original.text, ""])
    if known is not None:
        text = originals.without_addresses(text, but=known)
    return HttpResponse(text, content_type="text/plain; charset=utf-8")


def read(email: IncomingEmail) -> Original:
    """Return the decoded mail without the portal's links and reply addresses, however they were encoded."""
    original = originals.read(bytes(email.raw))
    return Original(
        headers=tuple((name, links.without_secrets(value)) for name, value in original.headers),
        text=links.without_secrets(original.text),
    )
