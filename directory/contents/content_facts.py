"""Facts of what staff edit: themes, subjects, institutions, groups, questions, regions. Plain JSON values."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db import models

from directory.models import ContentKind
from experts.models import (
    EntryQuestion,
    Institution,
    InstitutionGroup,
    RegionalLink,
    RegionDetails,
    Subject,
    SubjectExamples,
    SubjectInstitution,
    Theme,
)
from solicitations.models import Opening
from territories.models import Region

ContentFacts = dict[str, Any]  # what a JSON column holds

# Columns that are facts as they are.
COLUMNS: Mapping[ContentKind, tuple[str, ...]] = {
    ContentKind.THEME: ("label", "summary", "position"),
    ContentKind.SUBJECT: (
        "label",
        "summary",
        "guidance",
        "keywords",
        "position",
        "is_labour_law",
        "is_confidential",
        "is_local_first",
        "is_collective",
        "is_open_to_project_holders",
    ),
    ContentKind.INSTITUTION: (
        "name",
        "former_names",
        "kind",
        "usual_level",
        "notified",
        "is_legal_information",
        "summary",
        "position",
    ),
    ContentKind.GROUP: ("label", "summary", "position"),
    ContentKind.QUESTION: ("question",),
    ContentKind.REGION: ("name", "phone", "hours"),
}
MODELS: Mapping[ContentKind, tuple[type[models.Model], str]] = {
    ContentKind.THEME: (Theme, "slug"),
    ContentKind.SUBJECT: (Subject, "slug"),
    ContentKind.INSTITUTION: (Institution, "code"),
    ContentKind.GROUP: (InstitutionGroup, "code"),
    ContentKind.QUESTION: (EntryQuestion, "position"),
    ContentKind.REGION: (Region, "code"),
}


@dataclass(frozen=True, slots=True)
class EditedContent:
    """One row and its facts."""

    kind: ContentKind
    key: str
    label: str
    row: Any  # of one of ``MODELS``
    facts: ContentFacts


def read(kind: ContentKind, key: str, *, for_update: bool = False) -> EditedContent | None:
    """The row of this key and its facts; ``None`` when there is none. ``for_update`` locks the row."""
    model, name = MODELS[kind]
    rows = model._default_manager.filter(**{name: key}) if _may_be(model, name, key) else None  # noqa: SLF001
    row = None if rows is None else (rows.select_for_update() if for_update else rows).first()
    if row is None:
        return None
    return EditedContent(kind, key, str(row), row, _READERS[kind](row))


def _may_be(model: type[models.Model], name: str, key: str) -> bool:
    """Return whether this text may be a key: positions are numbers."""
    return name != "position" or (key.isascii() and key.isdigit() and len(key) < 5)


def _columns(kind: ContentKind, row: Any) -> ContentFacts:
    return {column: getattr(row, column) for column in COLUMNS[kind]}


def _theme(row: Theme) -> ContentFacts:
    return {**_columns(ContentKind.THEME, row), "is_listed": row.dropped_at is None}


def _subject(row: Subject) -> ContentFacts:
    answers = SubjectInstitution.objects.filter(subject=row).order_by("position", "pk")
    codes = list(answers.values_list("is_relay", "institution__code", "group__code"))
    examples = SubjectExamples.objects.filter(subject=row).first()
    return {
        **_columns(ContentKind.SUBJECT, row),
        "theme": row.theme.slug if row.theme else "",
        "institutions": [institution or group for is_relay, institution, group in codes if not is_relay],
        "relays": [institution or group for is_relay, institution, group in codes if is_relay],
        "examples": examples.texts if examples else [],
        "is_listed": row.dropped_at is None,
    }


def _institution(row: Institution) -> ContentFacts:
    return {
        **_columns(ContentKind.INSTITUTION, row),
        "group": row.group.code if row.group else "",
        "is_listed": row.dropped_at is None,
    }


def _group(row: InstitutionGroup) -> ContentFacts:
    return _columns(ContentKind.GROUP, row)


def _question(row: EntryQuestion) -> ContentFacts:
    return {
        **_columns(ContentKind.QUESTION, row),
        "theme": row.theme.slug if row.theme else "",
        "subjects": list(row.subjects.order_by("position", "pk").values_list("slug", flat=True)),
        "is_listed": row.dropped_at is None,
    }


def _region(row: Region) -> ContentFacts:
    details = RegionDetails.objects.filter(region=row).first() or RegionDetails(region=row)
    links = RegionalLink.objects.filter(region=row).order_by("position", "pk")
    openings = Opening.objects.filter(region=row).order_by("theme__position", "pk")
    return {
        **_columns(ContentKind.REGION, details),
        "links": [
            {"label": link.label, "url": link.url, "subject": link.subject.slug if link.subject else ""}
            for link in links.select_related("subject")
        ],
        "openings": {
            opening.theme.slug if opening.theme else "": opening_facts(opening)
            for opening in openings.select_related("theme")
        },
    }


def opening_facts(opening: Opening) -> ContentFacts:
    """The facts of the opening of a region, or of a theme in it."""
    return {
        "is_open": opening.is_open,
        "opens_on": _day(opening.opens_on),
        "closes_on": _day(opening.closes_on),
        "explanation": opening.explanation,
    }


def _day(day: date | None) -> str | None:
    return day.isoformat() if day else None


_READERS: Mapping[ContentKind, Callable[[Any], ContentFacts]] = {
    ContentKind.THEME: _theme,
    ContentKind.SUBJECT: _subject,
    ContentKind.INSTITUTION: _institution,
    ContentKind.GROUP: _group,
    ContentKind.QUESTION: _question,
    ContentKind.REGION: _region,
}
