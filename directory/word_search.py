"""Search of offices and experts by the words of people: names, former names, addresses, numbers."""

import re
import unicodedata

from django.db.models import Q
from django.db.models.lookups import Contains

from experts.models import Expert, Institution, Office
from experts.models.directory import ExpertQuerySet, OfficeQuerySet
from experts.models.directory_words import EXPERT_WORDS, OFFICE_WORDS, plain_text

MOST_WORDS = 8
NUMBER = re.compile(r"\+?[0-9][0-9 .\-]{3,}[0-9]")
LIGATURES = str.maketrans({"œ": "oe", "æ": "ae", "Œ": "oe", "Æ": "ae", "’": "'"})


def offices_named(offices: OfficeQuerySet, text: str, *, people: ExpertQuerySet) -> OfficeQuerySet:
    """Filter the offices that each word names: theirs, their institution's, or one of these people's.

    ``people``: those whom the user may see, so that a search tells no address of another region.
    """
    institutions = list(Institution.objects.all())
    found = offices
    for word in words_of(text):
        # A union, not a disjunction of the two tables, which no index could serve.
        own = Q(Contains(OFFICE_WORDS, word)) | Q(institution__in=_named(institutions, word))
        named = Office.objects.filter(own)
        through_people = people.filter(Contains(EXPERT_WORDS, word))
        found = found.filter(pk__in=named.values("pk").union(through_people.values("office"), all=True))
    return found


def offices_called(offices: OfficeQuerySet, text: str) -> OfficeQuerySet:
    """Filter the offices that each word names: theirs or their institution's, never their experts'."""
    institutions = list(Institution.objects.all())
    found = offices
    for word in words_of(text):
        found = found.filter(pk__in=_called(institutions, word).values("pk"))
    return found


def experts_named(experts: ExpertQuerySet, text: str) -> ExpertQuerySet:
    """Filter the experts that each word names: theirs, their office's or their institution's."""
    institutions = list(Institution.objects.all())
    found = experts
    for word in words_of(text):
        by_office = Expert.objects.filter(office__in=_called(institutions, word).values("pk"))
        own = Expert.objects.filter(Contains(EXPERT_WORDS, word))
        found = found.filter(pk__in=own.values("pk").union(by_office.values("pk"), all=True))
    return found


def words_of(text: str) -> list[str]:
    """The words to look for, in lower case without accents; a phone number is one word of figures."""
    if NUMBER.fullmatch(text.strip()):
        figures = re.sub(r"[^0-9]", "", text)
        return [f"0{figures[2:]}" if text.strip().startswith("+33") else figures]
    return plain(text).split()[:MOST_WORDS]


def plain(text: str) -> str:
    """The text in lower case, without accents, as ``plain_text`` gives it."""
    spread = unicodedata.normalize("NFKD", text.translate(LIGATURES))
    return "".join(letter for letter in spread if unicodedata.category(letter) != "Mn").lower()


def _named(institutions: list[Institution], word: str) -> list[int]:
    """The institutions whose name, former names or code contain a word."""
    return [
        one.pk
        for one in institutions
        if any(word in plain(name) for name in (one.name, one.code, *one.former_names))
    ]


def _called(institutions: list[Institution], word: str) -> OfficeQuerySet:
    """The offices whose name, code or institution has a word; the index, which holds more, comes first."""
    name_or_code = Q(Contains(plain_text("name"), word)) | Q(Contains(plain_text("code"), word))
    by_name = Q(Contains(OFFICE_WORDS, word)) & name_or_code
    return Office.objects.filter(by_name | Q(institution__in=_named(institutions, word)))
