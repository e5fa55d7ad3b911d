"""Offices of a département that the routing would choose there for some subject, for the sheet to print."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.core.cache import cache
from django.utils import timezone

from directory.coverage.commune_groups import groups_of
from directory.coverage.content_loading import CoveragePlace, load
from directory.coverage.subject_coverage import CoverageEngine
from experts import public_directory
from experts.models import Subject, Theme
from experts.public_directory import DirectoryLine
from territories.models import Department

KEPT_FOR = timedelta(minutes=5)  # as the API's answers


@dataclass(frozen=True, slots=True)
class DepartmentLine:
    """An office and the labels of the themes that it answers there; none for a relay or a fallback office."""

    line: DirectoryLine
    themes: tuple[str, ...]


def sheet_lines(
    department: Department, *, now: datetime, closed_themes: Collection[int] = ()
) -> list[DepartmentLine]:
    """The offices by institution and name, relays included; a fixed number of queries.

    ``closed_themes``: pks of the themes closed there, whose subjects nobody answers.
    """
    themes = {theme.pk: theme.label for theme in Theme.objects.order_by("position", "pk")}
    theme_of = dict(Subject.objects.values_list("slug", "theme"))
    answering = {
        code: open_slugs
        for code, slugs in _kept_answering(department, on=timezone.localdate(now)).items()
        if (open_slugs := [slug for slug in slugs if theme_of.get(slug) not in closed_themes])
    }
    found = public_directory.lines(now=now, department=department, codes=answering.keys())
    lines = []
    for line in found:
        answered = {theme_of.get(slug) for slug in answering.get(line.code, [])}
        shown = () if line.is_fallback else tuple(themes[pk] for pk in themes if pk in answered)
        lines.append(DepartmentLine(line, shown))
    return lines


def _kept_answering(department: Department, *, on: date) -> Mapping[str, list[str]]:
    key = f"department-sheet:{department.code}:{on}"
    kept: Mapping[str, list[str]] | None = cache.get(key)
    if kept is None:
        kept = _answering(department, on=on)
        cache.set(key, kept, KEPT_FOR.total_seconds())
    return kept


def _answering(department: Department, *, on: date) -> dict[str, list[str]]:
    """Codes of the offices that answer in some commune, with their subjects; fallback offices too."""
    content = load(CoveragePlace(department.region_id), on=on)
    inside = groups_of(
        index
        for index, communes in enumerate(content.groups.communes)
        if communes[0].department == department.code
    )
    found: dict[str, list[str]] = {}
    for coverage in CoverageEngine(content).subjects():
        for answer in (*coverage.answers, *coverage.fallback):
            if answer.groups & inside:
                found.setdefault(answer.reach.office.code, []).append(coverage.subject)
    return found
