"""« Voir l'original »: a mail that became a message, as plain text; never as its author's HTML."""

from collections.abc import Collection

from django.http import Http404, HttpResponse

from mailing import originals
from solicitations.models import Addition, Message

SHOWN = {"Date": "Date", "Subject": "Objet"}


def page(words: Message | Addition, *, author: str, known: Collection[str] | None = None) -> HttpResponse:
    """The whole text, quotes and signature included; 404 when it came otherwise, or was erased.

    ``known``: the only addresses that its reader is shown; ``None`` shows all.
    """
    if words.incoming is None or not words.incoming.raw:
        raise Http404
    original = originals.read(bytes(words.incoming.raw))
    sender = f"{author}, {words.sent_from}" if words.sent_from else author
    top = [f"De : {sender}"]
    top += [f"{SHOWN[name]} : {value}" for name, value in original.headers if name in SHOWN]
    text = "\n".join([*top, "", original.text, ""])
    if known is not None:
        text = originals.without_addresses(text, but=known)
    return HttpResponse(text, content_type="text/plain; charset=utf-8")
