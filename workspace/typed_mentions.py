"""Mentions in the message forms: what is ambiguous is refused, what names nobody is said."""

from collections.abc import Iterable, Sequence

from django import forms

from experts.models import Institution
from solicitations import wording
from solicitations.conversation import mentions
from solicitations.conversation.mentions import Mention
from solicitations.models import Match, Solicitation


def check(
    form: forms.Form, solicitation: Solicitation, *, institution: Institution | None = None
) -> list[Mention]:
    """Return the mentions of the message, and put its doubt, if any, beside the field.

    ``institution``: the only one whose people may be mentioned, in its internal voice.
    """
    if not form.is_valid() or "@" not in form.cleaned_data["body"]:
        return []
    matches = Match.objects.filter(need__solicitation=solicitation)
    if institution:
        matches = matches.filter(expert__office__institution=institution)
    found = mentions.find(
        form.cleaned_data["body"], mentions.mentionable_in(matches.with_people().in_order())
    )
    if sentence := doubt(found):
        form.add_error("body", sentence)
    return found


def sent_sentence(sentence: str, found: Sequence[Mention]) -> str:
    """The sentence on top, with the mentions that name nobody of the request."""
    nobody = [f"«\u00a0{typed}\u00a0»" for typed in unknown(found)]
    region = " La région est prévenue." if mentions.mentions_region(found) else ""
    if not nobody:
        return sentence + region
    verb = "ne désignent" if len(nobody) > 1 else "ne désigne"
    return f"{sentence}{region} {wording.listed(nobody)} {verb} personne ici."


def doubt(found: Iterable[Mention]) -> str:
    """Say which mention names several people; empty without any."""
    for mention in found:
        if len(mention.named) > 1:
            several = wording.listed([one.label for one in mention.named], last="ou")
            return f"«\u00a0{mention.typed}\u00a0» peut désigner {several}\u00a0: écrivez son nom en entier."
    return ""


def unknown(found: Iterable[Mention]) -> list[str]:
    """The mentions that name nobody of the request."""
    return [mention.typed for mention in found if not mention.named]
