"""Bring the tables of the catalogue to what its files say."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar

from django.db import models, transaction

from experts.catalogue_file import Catalogue, Institutions, SubjectEntry
from experts.models import EntryQuestion, Institution, InstitutionGroup, Subject, SubjectInstitution, Theme

Row = TypeVar("Row", bound=models.Model)


@dataclass
class Outcome:
    """What an import wrote, as counts of rows."""

    created: int = 0
    changed: int = 0
    dropped: int = 0
    new: set[models.Model] = field(default_factory=set)

    @property
    def wrote_nothing(self) -> bool:
        return not (self.created or self.changed or self.dropped)


@transaction.atomic(durable=True)
def import_catalogue(institutions: Institutions, catalogue: Catalogue, *, now: datetime) -> Outcome:
    """Make the tables equal to the files; rows that are already so are not written.

    What the files no longer name is dropped, not erased: requests and offices point to it.
    """
    outcome = Outcome()
    _write_institutions(institutions, outcome, now)
    _write_subjects(catalogue, outcome, now)
    _write_answers([*_subjects(catalogue)], outcome)
    _write_questions(catalogue, outcome)
    return outcome


def _subjects(catalogue: Catalogue) -> Iterable[SubjectEntry]:
    """Every subject, in display order."""
    for theme in catalogue.themes:
        yield from theme.subjects
    yield from catalogue.standalone


def _write_institutions(file: Institutions, outcome: Outcome, now: datetime) -> None:
    groups = _write(
        InstitutionGroup.objects,
        "code",
        {
            group.code: {"label": group.label, "summary": group.summary, "position": position}
            for position, group in enumerate(file.groups, start=1)
        },
        outcome,
    )
    _write(
        Institution.objects,
        "code",
        {
            entry.code: {
                "name": entry.name,
                "former_names": entry.former_names,
                "group_id": groups[entry.group].pk if entry.group else None,
                "kind": entry.kind,
                "usual_level": entry.usual_level,
                "notified": entry.notified,
                "summary": entry.summary,
                "position": position,
                "dropped_at": None,
            }
            for position, entry in enumerate(file.institutions, start=1)
        },
        outcome,
    )
    _drop(Institution.objects, "code", [entry.code for entry in file.institutions], outcome, now)
    InstitutionGroup.objects.exclude(code__in=groups.keys()).delete()


def _write_subjects(catalogue: Catalogue, outcome: Outcome, now: datetime) -> None:
    themes = _write(
        Theme.objects,
        "slug",
        {
            theme.slug: {
                "label": theme.label,
                "summary": theme.summary,
                "position": theme.position,
                "dropped_at": None,
            }
            for theme in catalogue.themes
        },
        outcome,
    )
    subjects = [*_subjects(catalogue)]
    _write(
        Subject.objects,
        "slug",
        {
            entry.slug: {
                "theme_id": themes[entry.theme].pk if entry.theme else None,
                "label": entry.label,
                "summary": entry.summary,
                "guidance": entry.guidance,
                "keywords": entry.keywords,
                "position": position,
                "dropped_at": None,
                **entry.flags,
            }
            for position, entry in enumerate(subjects, start=1)
        },
        outcome,
    )
    _drop(Subject.objects, "slug", [entry.slug for entry in subjects], outcome, now)
    _drop(Theme.objects, "slug", [*themes], outcome, now)


def _write_answers(entries: list[SubjectEntry], outcome: Outcome) -> None:
    """Who answers each subject, lead first, and who is only shown."""
    groups = {group.code: group.pk for group in InstitutionGroup.objects.all()}
    institutions = {institution.code: institution.pk for institution in Institution.objects.all()}
    subjects = {subject.slug: subject.pk for subject in Subject.objects.all()}
    wanted = {
        (
            subjects[entry.slug],
            groups.get(code),
            None if code in groups else institutions[code],
            position,
            is_relay,
        )
        for entry in entries
        for is_relay, codes in ((False, entry.institutions), (True, entry.relays))
        for position, code in enumerate(codes, start=1)
    }
    columns = ("subject", "group", "institution", "position", "is_relay")
    stored = {row[1:]: row[0] for row in SubjectInstitution.objects.values_list("pk", *columns)}
    gone = {key: pk for key, pk in stored.items() if key not in wanted}
    SubjectInstitution.objects.filter(pk__in=gone.values()).delete()
    created = SubjectInstitution.objects.bulk_create(
        SubjectInstitution(
            subject_id=subject, group_id=group, institution_id=institution, position=at, is_relay=relay
        )
        for subject, group, institution, at, relay in sorted(
            wanted - stored.keys(), key=lambda key: (key[0], *key[3:])
        )
    )
    new = {row.pk for row in outcome.new if isinstance(row, Subject)}
    outcome.changed += len({*(answer.subject_id for answer in created), *(key[0] for key in gone)} - new)


def _write_questions(catalogue: Catalogue, outcome: Outcome) -> None:
    """The front-door questions; one leads to a theme or to subjects."""
    themes = {theme.slug: theme.pk for theme in Theme.objects.all()}
    subjects = {subject.slug: subject.pk for subject in Subject.objects.all()}
    questions = _write(
        EntryQuestion.objects,
        "position",
        {
            entry.position: {
                "question": entry.question,
                "theme_id": themes[entry.theme] if entry.theme else None,
            }
            for entry in catalogue.questions
        },
        outcome,
    )
    for entry in catalogue.questions:
        listed = questions[entry.position].subjects
        wanted = {subjects[slug] for slug in entry.subjects}
        if wanted != set(listed.values_list("pk", flat=True)):
            listed.set(wanted)
            outcome.changed += questions[entry.position] not in outcome.new
    EntryQuestion.objects.exclude(position__in=questions.keys()).delete()


def _write(
    manager: models.Manager[Row], key: str, wanted: Mapping[Any, dict[str, Any]], outcome: Outcome
) -> dict[Any, Row]:
    """The rows with these values, by key; only those that differ are written."""
    rows = {getattr(row, key): row for row in manager.filter(**{f"{key}__in": wanted.keys()})}
    for code, values in wanted.items():
        if code not in rows:
            rows[code] = manager.create(**{key: code}, **values)
            outcome.created += 1
            outcome.new.add(rows[code])
            continue
        differing = [name for name, value in values.items() if getattr(rows[code], name) != value]
        for name in differing:
            setattr(rows[code], name, values[name])
        if differing:
            rows[code].save(update_fields=differing)
            outcome.changed += 1
    return rows


def _drop(
    manager: models.Manager[Row], key: str, listed: Iterable[str], outcome: Outcome, now: datetime
) -> None:
    """Mark the rows that the files no longer name."""
    gone = manager.filter(dropped_at=None).exclude(**{f"{key}__in": [*listed]})
    outcome.dropped += gone.update(dropped_at=now)
