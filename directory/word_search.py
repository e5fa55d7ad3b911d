"""Search of offices and experts by free text: names, former names, email addresses, phone numbers."""

import re
import unicodedata

from django.db.models import Q
from django.db.models.lookups import Contains

from experts.models import Expert, Institution, Office
from experts.models.directory import ExpertQuerySet, OfficeQuerySet
from experts.models.directory_words import EXPERT_WORDS, OFFICE_WORDS, plain_text

MAX_WORDS = 8
NUMBER = re.compile(r"\+?[0-9][0-9 .\-]{3,}[0-9]")
LIGATURES = str.maketrans({"œ": "oe", "æ": "ae", "Œ": "oe", "Æ": "ae", "’": "'"})


def search_offices(offices: OfficeQuerySet, text: str, *, people: ExpertQuerySet) -> OfficeQuerySet:
    """Keep the offices where each word is found: in their columns, institution or experts.

    ``people``: the experts that the user may see, so that a search reveals nobody of another region.
    """
    institutions = list(Institution.objects.all())
    found = offices
    for word in words_of(text):
        # A union, not a disjunction of the two tables, which no index could serve.
        own = Q(Contains(OFFICE_WORDS, word)) | Q(institution__in=_institution_ids(institutions, word))
        by_office = Office.objects.filter(own)
        through_people = people.filter(Contains(EXPERT_WORDS, word))
        found = found.filter(pk__in=by_office.values("pk").union(through_people.values("office"), all=True))
    return found


def search_offices_by_name(offices: OfficeQuerySet, text: str) -> OfficeQuerySet:
    """Keep the offices where each word is found in their name, code or institution: no expert is searched."""
    institutions = list(Institution.objects.all())
    found = offices
    for word in words_of(text):
        found = found.filter(pk__in=_offices_by_name(institutions, word).values("pk"))
    return found


def search_experts(experts: ExpertQuerySet, text: str) -> ExpertQuerySet:
    """Keep the experts where each word is found, in their own columns, their office or its institution."""
    institutions = list(Institution.objects.all())
    found = experts
    for word in words_of(text):
        by_office = Expert.objects.filter(office__in=_offices_by_name(institutions, word).values("pk"))
        own = Expert.objects.filter(Contains(EXPERT_WORDS, word))
        found = found.filter(pk__in=own.values("pk").union(by_office.values("pk"), all=True))
    return found


def words_of(text: str) -> list[str]:
    """The words to look for, in lower case without accents; a phone number is one word, of digits."""
    if NUMBER.fullmatch(text.strip()):
        digits = re.sub(r"[^0-9]", "", text)
        return [f"0{digits[2:]}" if text.strip().startswith("+33") else digits]
    return plain(text).split()[:MAX_WORDS]


def plain(text: str) -> str:
    """The text in lower case, without accents, as ``plain_text`` gives it."""
    decomposed = unicodedata.normalize("NFKD", text.translate(LIGATURES))
    return "".join(letter for letter in decomposed if unicodedata.category(letter) != "Mn").lower()


def _institution_ids(institutions: list[Institution], word: str) -> list[int]:
    """Primary keys of the institutions whose name, former names or code contain a word."""
    return [
        one.pk
        for one in institutions
        if any(word in plain(name) for name in (one.name, one.code, *one.former_names))
    ]


def _offices_by_name(institutions: list[Institution], word: str) -> OfficeQuerySet:
    """The offices whose name, code or institution has a word; the index, which holds more, comes first."""
    name_or_code = Q(Contains(plain_text("name"), word)) | Q(Contains(plain_text("code"), word))
    by_name = Q(Contains(OFFICE_WORDS, word)) & name_or_code
    return Office.objects.filter(by_name | Q(institution__in=_institution_ids(institutions, word)))
