"""Answers to every subject in one commune, as its page shows them: without answer first, then by theme."""

from collections.abc import Iterable
from dataclasses import dataclass

from directory.coverage.cells import answers_by_group
from directory.coverage.coverage_words import FLAG_LABELS, LEVEL_LABELS
from directory.coverage.page_content import ComputedCoverage
from experts.models import Institution, Office, Subject


@dataclass(frozen=True, slots=True)
class CellRow:
    """Answer to a subject in a commune; ``offices``: codes and names, ``remarks``: fallback and flags."""

    subject: str
    theme: str
    offices: tuple[tuple[str, str], ...]
    institutions: str
    experts: int
    level: str
    is_fallback: bool
    remarks: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ThemeCells:
    """The answered subjects of a theme in a commune."""

    theme: str
    rows: list[CellRow]

    @property
    def weak(self) -> int:
        """The number of subjects whose answer may fail."""
        return sum(bool(row.remarks) for row in self.rows)


def cell_rows(computed: ComputedCoverage, commune: str) -> list[CellRow]:
    """A line per subject in a commune of the place, in the catalogue's order."""
    groups = computed.content.groups
    places = [place for place, own in enumerate(groups.communes) if any(each.code == commune for each in own)]
    subjects = {subject.slug: subject for subject in Subject.objects.select_related("theme")}
    offices = dict(Office.objects.listed().values_list("code", "name"))
    institutions = dict(Institution.objects.values_list("code", "name"))
    rows = []
    for coverage in computed.coverages if places else ():
        answer = answers_by_group(coverage, groups)[places[0]]
        rows.append(
            CellRow(
                subject=subjects[coverage.subject].label,
                theme=str(subjects[coverage.subject].theme or "Sans thème"),
                offices=tuple((code, offices[code]) for code in answer.offices),
                institutions=", ".join(institutions[code] for code in answer.institutions),
                experts=len(answer.experts),
                level=LEVEL_LABELS[answer.level] if answer.level and not answer.is_fallback else "",
                is_fallback=answer.is_fallback,
                remarks=tuple(FLAG_LABELS[flag] for flag in answer.flags),
            )
        )
    return rows


def cells_by_theme(rows: Iterable[CellRow]) -> list[ThemeCells]:
    """The answered subjects by theme, in their order."""
    themes: dict[str, list[CellRow]] = {}
    for row in rows:
        if not row.is_fallback:
            themes.setdefault(row.theme, []).append(row)
    return [ThemeCells(theme, found) for theme, found in themes.items()]
