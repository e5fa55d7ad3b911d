"""Search of offices and experts by free text: names, former names, email addresses, phone numbers."""

import re
import unicodedata
from typing import Any

from django.db.models import F, Func, Q, QuerySet, TextField, Value
from django.db.models.fields.json import KeyTextTransform
from django.db.models.lookups import Contains

from experts.models import Expert, Institution, Office, RevisedRow
from experts.models.directory_words import EXPERT_WORDS, OFFICE_WORDS, plain_text
from experts.models.experts import ExpertQuerySet
from experts.models.offices import OfficeQuerySet

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
        through_people = [people.filter(condition).values("office") for condition in _expert_conditions(word)]
        former = _offices_with_former_name(word)
        found = found.filter(pk__in=by_office.values("pk").union(former, *through_people, all=True))
    return found


def search_offices_by_name(offices: OfficeQuerySet, text: str) -> OfficeQuerySet:
    """Keep the offices where each word is in a name, former or current, in their code or institution."""
    institutions = list(Institution.objects.all())
    found = offices
    for word in words_of(text):
        found = found.filter(pk__in=_offices_by_name(institutions, word))
    return found


def search_experts(experts: ExpertQuerySet, text: str) -> ExpertQuerySet:
    """Keep the experts where each word is found, in their own columns, their office or its institution."""
    institutions = list(Institution.objects.all())
    found = experts
    for word in words_of(text):
        by_office = Expert.objects.filter(office__in=_offices_by_name(institutions, word))
        own = [Expert.objects.filter(condition).values("pk") for condition in _expert_conditions(word)]
        found = found.filter(pk__in=by_office.values("pk").union(*own, all=True))
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


def _expert_conditions(word: str) -> list[Q]:
    """Conditions on experts with a word, now or formerly: separate ones, so that each can use an index."""
    former = Contains(_joined_texts("former_emails"), word)
    return [
        Q(Contains(EXPERT_WORDS, word)),
        ~Q(former_emails=[]) & Q(former),
        Q(pk__in=_keys_with_former_name(RevisedRow.Kind.EXPERT, word)),
    ]


def _joined_texts(column: str) -> Func:
    return Func(F(column), Value(" "), function="array_to_string", output_field=TextField())


def _keys_with_former_name(kind: str, word: str) -> QuerySet[RevisedRow, int]:
    """Primary keys of the offices or experts one of whose former names, kept by the journal, has a word."""
    renamed = RevisedRow.objects.filter(kind=kind, before__has_key="name", after__has_key="name")
    name = plain_text(KeyTextTransform("name", "before"))
    return renamed.filter(Contains(name, word)).values_list("row_pk", flat=True)


def _institution_ids(institutions: list[Institution], word: str) -> list[int]:
    """Primary keys of the institutions whose name, former names or code contain a word."""
    return [
        institution.pk
        for institution in institutions
        if any(
            word in plain(name) for name in (institution.name, institution.code, *institution.former_names)
        )
    ]


def _offices_by_name(institutions: list[Institution], word: str) -> Any:
    """Primary keys of the offices with a word in a name, in their code or in a name of their institution."""
    name_or_code = Q(Contains(plain_text("name"), word)) | Q(Contains(plain_text("code"), word))
    by_name = Q(Contains(OFFICE_WORDS, word)) & name_or_code  # the first has an index, the second not
    own = Office.objects.filter(by_name | Q(institution__in=_institution_ids(institutions, word)))
    return own.values("pk").union(_offices_with_former_name(word), all=True)


def _offices_with_former_name(word: str) -> Any:
    return Office.objects.filter(pk__in=_keys_with_former_name(RevisedRow.Kind.OFFICE, word)).values("pk")
