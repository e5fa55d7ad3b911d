"""The catalogue's texts loaded from the tables and kept in memory, and suggestions from them."""

from dataclasses import dataclass
from threading import Lock

from django.db import connection

from experts.models import Subject, SubjectExamples
from experts.wording import engine
from experts.wording.engine import LIMIT, Catalogue, SubjectTexts, Suggestions

# PostgreSQL gives each version of a row another place (ctid) or transaction (xmin): the result changes with
# any write, where a date of change would miss bulk updates.
VERSION = """
    SELECT md5(string_agg(version, ',' ORDER BY version)) FROM (
        SELECT concat_ws(' ', 's', id, xmin, ctid) FROM experts_subject
        UNION ALL SELECT concat_ws(' ', 'e', subject_id, xmin, ctid) FROM experts_subjectexamples
    ) AS versions (version)
"""


@dataclass(frozen=True, slots=True)
class _Learnt:
    """A catalogue, and the version of the rows that it was learnt from."""

    version: str
    catalogue: Catalogue


_last: list[_Learnt] = []  # the catalogue last learnt by this process
_learning = Lock()


def suggest(text: str, *, limit: int = LIMIT) -> Suggestions:
    """The subjects of a person's text, the likeliest first. One query when the catalogue did not change."""
    return engine.suggest(catalogue(), text, limit=limit)


def subjects(suggestions: Suggestions) -> list[Subject]:
    """The rows of the suggested subjects, in their order. One query."""
    slugs = [found.slug for found in suggestions.subjects]
    rows = {subject.slug: subject for subject in Subject.objects.listed().filter(slug__in=slugs)}
    return [rows[slug] for slug in slugs if slug in rows]


def catalogue() -> Catalogue:
    """The catalogue as the tables hold it, learnt again when they changed: by one thread, for two seconds."""
    version = _version()
    if not _is_last(version):
        with _learning:
            if not _is_last(version):
                _last[:] = [_Learnt(version, Catalogue.of(texts()))]
    return _last[0].catalogue


def _is_last(version: str) -> bool:
    return bool(_last) and _last[0].version == version


def _version() -> str:
    with connection.cursor() as cursor:
        cursor.execute(VERSION)
        [version] = cursor.fetchone()
    return version or ""


def texts() -> list[SubjectTexts]:
    """The listed subjects with their texts, in the order of the catalogue."""
    examples = dict(SubjectExamples.objects.values_list("subject_id", "texts"))
    return [
        SubjectTexts(
            slug=subject.slug,
            titles=(subject.label, *subject.keywords),
            description=subject.summary,
            examples=tuple(examples.get(subject.pk, ())),
        )
        for subject in Subject.objects.listed().order_by("position", "pk")
    ]
