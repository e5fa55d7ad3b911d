"""Search of offices and experts by the words of people: names, former names, addresses, numbers."""

import re
import unicodedata
from typing import Any

from django.db.models import CharField, F, Func, Q, Value
from django.db.models.functions import Lower, Replace
from django.db.models.lookups import Contains

from experts.models import Institution
from experts.models.directory import ExpertQuerySet, OfficeQuerySet

MOST_WORDS = 8
NUMBER = re.compile(r"\+?[0-9][0-9 .\-]{3,}[0-9]")
ACCENTED, PLAIN = "àâäéèêëîïôöùûüÿç’", "aaaeeeeiioouuuyc'"


class Translate(Func):
    """PostgreSQL's ``translate``: each character of the second argument becomes that of the third."""

    function = "translate"
    output_field = CharField()


def offices_named(offices: OfficeQuerySet, text: str, *, people: ExpertQuerySet) -> OfficeQuerySet:
    """Filter the offices that each word names: theirs, their institution's, or one of these people's.

    ``people``: those whom the user may see, so that a search tells no address of another region.
    """
    institutions = list(Institution.objects.all())
    found = offices
    for word in words_of(text):
        experts = people.filter(_contains(word, "email", "phone", "name"))
        found = found.filter(
            _contains(word, "code", "email", "phone", "name")
            | Q(institution__in=_named(institutions, word))
            | Q(pk__in=experts.values("office"))
        )
    return found


def offices_called(offices: OfficeQuerySet, text: str) -> OfficeQuerySet:
    """Filter the offices that each word names: theirs or their institution's, never their experts'."""
    institutions = list(Institution.objects.all())
    found = offices
    for word in words_of(text):
        found = found.filter(_contains(word, "code", "name") | Q(institution__in=_named(institutions, word)))
    return found


def experts_named(experts: ExpertQuerySet, text: str) -> ExpertQuerySet:
    """Filter the experts that each word names: theirs, their office's or their institution's."""
    institutions = list(Institution.objects.all())
    found = experts
    for word in words_of(text):
        found = found.filter(
            _contains(word, "email", "phone", "office__code", "name", "job", "office__name")
            | Q(office__institution__in=_named(institutions, word))
        )
    return found


def words_of(text: str) -> list[str]:
    """The words to look for, in lower case without accents; a phone number is one word of figures."""
    if NUMBER.fullmatch(text.strip()):
        figures = re.sub(r"[^0-9]", "", text)
        return [f"0{figures[2:]}" if text.strip().startswith("+33") else figures]
    return plain(text).split()[:MOST_WORDS]


def plain(text: str) -> str:
    """The text in lower case, without accents."""
    spread = unicodedata.normalize("NFKD", text.replace("’", "'"))
    return "".join(letter for letter in spread if unicodedata.category(letter) != "Mn").lower()


def _named(institutions: list[Institution], word: str) -> list[int]:
    """The institutions whose name, former names or code contain a word."""
    return [
        one.pk
        for one in institutions
        if any(word in plain(name) for name in (one.name, one.code, *one.former_names))
    ]


def _contains(word: str, *columns: str) -> Q:
    """Condition: one of these columns has the word, as ``plain`` gives it.

    Addresses have no accents, and phones no spaces that count: only names are spelt otherwise, slowly.
    """
    found = Q()
    for column in columns:
        text: Any = F(column)
        if column == "phone":
            text = Replace(text, Value(" "), Value(""))
        elif column not in {"email", "code", "office__code"}:
            text = Translate(Lower(text), Value(ACCENTED), Value(PLAIN))
        found |= Q(Contains(Lower(text) if column in {"email", "code", "office__code"} else text, word))
    return found
