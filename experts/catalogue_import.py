"""Import of the catalogue's files into its tables."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar

from django.db import models, transaction

from experts.catalogue_file import CatalogueFile, InstitutionsFile, SubjectEntry
from experts.models import (
    CatalogueModel,
    EntryQuestion,
    Institution,
    InstitutionGroup,
    Subject,
    SubjectExamples,
    SubjectInstitution,
    Theme,
)

Row = TypeVar("Row", bound=CatalogueModel)
EDITED = ("is_added_here", "edited_fields")
# Facts that the portal's editor names otherwise than their column.
FACTS = {"theme_id": "theme", "group_id": "group", "dropped_at": "is_listed"}
ANSWERS = {False: "institutions", True: "relays"}


@dataclass
class ImportCounts:
    """Numbers of rows that an import wrote; ``new`` holds the rows created.

    ``kept``: « subject licenciement: guidance », facts edited in the portal that differ from the files'.
    """

    created: int = 0
    changed: int = 0
    dropped: int = 0
    new: set[models.Model] = field(default_factory=set)
    kept: list[str] = field(default_factory=list)

    @property
    def wrote_nothing(self) -> bool:
        return not (self.created or self.changed or self.dropped)


@transaction.atomic(durable=True)
def import_catalogue(
    institutions: InstitutionsFile, catalogue: CatalogueFile, *, now: datetime
) -> ImportCounts:
    """Make the tables equal to the files; rows that are already equal are not written.

    Rows that the files no longer name are marked as dropped, not deleted: requests and offices point to them.
    Rows added in the portal, and facts edited there, stay as they are.
    """
    counts = ImportCounts()
    _write_institutions(institutions, counts, now)
    _write_subjects(catalogue, counts, now)
    _write_examples([*_subjects(catalogue)], counts)
    _write_handlers([*_subjects(catalogue)], counts)
    _write_questions(catalogue, counts)
    return counts


def _subjects(catalogue: CatalogueFile) -> Iterable[SubjectEntry]:
    """All the subjects, in display order."""
    for theme in catalogue.themes:
        yield from theme.subjects
    yield from catalogue.standalone


def _write_institutions(file: InstitutionsFile, counts: ImportCounts, now: datetime) -> None:
    groups = _write(
        InstitutionGroup.objects,
        "code",
        {
            group.code: {"label": group.label, "summary": group.summary, "position": position}
            for position, group in enumerate(file.groups, start=1)
        },
        counts,
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
                "is_legal_information": entry.is_legal_information,
                "summary": entry.summary,
                "position": position,
                "dropped_at": None,
            }
            for position, entry in enumerate(file.institutions, start=1)
        },
        counts,
    )
    _drop(Institution.objects, "code", [entry.code for entry in file.institutions], counts, now)
    InstitutionGroup.objects.exclude(code__in=groups.keys()).filter(is_added_here=False).delete()


def _write_subjects(catalogue: CatalogueFile, counts: ImportCounts, now: datetime) -> None:
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
        counts,
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
        counts,
    )
    _drop(Subject.objects, "slug", [entry.slug for entry in subjects], counts, now)
    _drop(Theme.objects, "slug", [*themes], counts, now)


def _write_examples(entries: list[SubjectEntry], counts: ImportCounts) -> None:
    """Write the examples of each subject. A subject whose file gives none keeps those that it has."""
    subjects = {subject.slug: subject for subject in Subject.objects.only("slug", *EDITED)}
    stored = dict(SubjectExamples.objects.values_list("subject_id", "texts"))
    differing = [
        SubjectExamples(subject=subjects[entry.slug], texts=entry.examples)
        for entry in entries
        if entry.examples is not None and entry.examples != stored.get(subjects[entry.slug].pk)
    ]
    written = [row for row in differing if not _is_kept(row.subject, "examples", counts)]
    SubjectExamples.objects.bulk_create(
        written, update_conflicts=True, unique_fields=["subject"], update_fields=["texts"]
    )
    counts.changed += len({examples.subject for examples in written} - counts.new)


def _write_handlers(entries: list[SubjectEntry], counts: ImportCounts) -> None:
    """Write the institutions that answer each subject, the first one leading, and its relays."""
    groups = {group.code: group.pk for group in InstitutionGroup.objects.all()}
    institutions = {institution.code: institution.pk for institution in Institution.objects.all()}
    subjects = {subject.slug: subject.pk for subject in Subject.objects.all()}
    edited = _edited_answers(subjects)
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
        if (subjects[entry.slug], is_relay) not in edited
        for position, code in enumerate(codes, start=1)
    }
    columns = ("subject", "group", "institution", "position", "is_relay")
    stored = {row[1:]: row[0] for row in SubjectInstitution.objects.values_list("pk", *columns)}
    gone = {key: pk for key, pk in stored.items() if key not in wanted and (key[0], key[4]) not in edited}
    SubjectInstitution.objects.filter(pk__in=gone.values()).delete()
    created = SubjectInstitution.objects.bulk_create(
        SubjectInstitution(
            subject_id=subject, group_id=group, institution_id=institution, position=at, is_relay=relay
        )
        for subject, group, institution, at, relay in sorted(
            wanted - stored.keys(), key=lambda key: (key[0], *key[3:])
        )
    )
    new = {row.pk for row in counts.new if isinstance(row, Subject)}
    counts.changed += len({*(answer.subject_id for answer in created), *(key[0] for key in gone)} - new)


def _write_questions(catalogue: CatalogueFile, counts: ImportCounts) -> None:
    """Write the entry questions, each of which leads to a theme or to subjects."""
    themes = {theme.slug: theme.pk for theme in Theme.objects.all()}
    subjects = {subject.slug: subject.pk for subject in Subject.objects.all()}
    questions = _write(
        EntryQuestion.objects,
        "position",
        {
            entry.position: {
                "question": entry.question,
                "theme_id": themes[entry.theme] if entry.theme else None,
                "dropped_at": None,
            }
            for entry in catalogue.questions
        },
        counts,
    )
    for entry in catalogue.questions:
        question = questions[entry.position]
        wanted = {subjects[slug] for slug in entry.subjects}
        if wanted == set(question.subjects.values_list("pk", flat=True)):
            continue
        if not _is_kept(question, "subjects", counts):
            question.subjects.set(wanted)
            counts.changed += question not in counts.new
    gone = EntryQuestion.objects.exclude(position__in=questions.keys())
    gone.filter(is_added_here=False, edited_fields=[]).delete()


def _write(
    manager: models.Manager[Row], key: str, wanted: Mapping[Any, dict[str, Any]], counts: ImportCounts
) -> dict[Any, Row]:
    """Create or update the rows with these values, and return them by key; equal rows are not written."""
    rows = {getattr(row, key): row for row in manager.filter(**{f"{key}__in": wanted.keys()})}
    for code, values in wanted.items():
        if code not in rows:
            rows[code] = manager.create(**{key: code}, **values)
            counts.created += 1
            counts.new.add(rows[code])
            continue
        differing = [
            name
            for name, value in values.items()
            if getattr(rows[code], name) != value and not _is_kept(rows[code], FACTS.get(name, name), counts)
        ]
        for name in differing:
            setattr(rows[code], name, values[name])
        if differing:
            rows[code].save(update_fields=differing)
            counts.changed += 1
    return rows


def _drop(
    manager: models.Manager[Row], key: str, listed: Iterable[str], counts: ImportCounts, now: datetime
) -> None:
    """Mark the rows that the files no longer name."""
    gone = manager.filter(dropped_at=None, is_added_here=False).exclude(**{f"{key}__in": [*listed]})
    gone = gone.exclude(edited_fields__contains=["is_listed"])
    counts.dropped += gone.update(dropped_at=now)


def _is_kept(row: CatalogueModel, fact: str, counts: ImportCounts) -> bool:
    """Return whether the portal's value wins over the files', and record it when it does."""
    if not row.is_added_here and fact not in row.edited_fields:
        return False
    counts.kept.append(f"{row} : {fact}")
    return True


def _edited_answers(subjects: Mapping[str, int]) -> set[tuple[int, bool]]:
    """Subjects whose institutions, or relays (``True``), were edited in the portal."""
    rows = Subject.objects.filter(pk__in=subjects.values())
    return {
        (row.pk, is_relay)
        for row in rows
        for is_relay, fact in ANSWERS.items()
        if row.is_added_here or fact in row.edited_fields
    }
