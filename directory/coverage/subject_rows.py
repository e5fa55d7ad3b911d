"""Table of the subjects in one commune: a row with the answer to each, and the rows grouped by theme.

An *answer* is what routing would give: the offices and experts that a request would be sent to.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from directory.coverage.cells import answers_by_group
from directory.coverage.coverage_texts import FLAG_LABELS, LEVEL_LABELS
from directory.coverage.page_content import ComputedCoverage
from experts.models import Institution, Office, Subject


@dataclass(frozen=True, slots=True)
class SubjectCoverageRow:
    """The answer to a subject in a commune.

    ``offices``: codes and names. ``level``: French name of the most local area that an office which answers
    covers, such as « Département »; empty without answer. ``remarks``: labels of the answer's flags.
    """

    subject: str
    theme: str
    offices: tuple[tuple[str, str], ...]
    institutions: str
    expert_count: int
    level: str
    is_fallback: bool
    remarks: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ThemeRows:
    """The rows of a theme, without the subjects that nobody but the fallback answers."""

    theme: str
    rows: list[SubjectCoverageRow]

    @property
    def flagged_count(self) -> int:
        """The number of subjects with a remark."""
        return sum(bool(row.remarks) for row in self.rows)


def subject_rows(computed: ComputedCoverage, commune: str) -> list[SubjectCoverageRow]:
    """One row per subject for this commune, in the catalogue's order; none if ``computed`` leaves it out."""
    groups = computed.content.groups
    indexes = groups.members(groups.where({commune}))  # of the group of this commune
    subjects = {subject.slug: subject for subject in Subject.objects.select_related("theme")}
    offices = dict(Office.objects.listed().values_list("code", "name"))
    institutions = dict(Institution.objects.values_list("code", "name"))
    rows = []
    for coverage in computed.coverages if indexes else ():
        answer = answers_by_group(coverage, groups)[indexes[0]]
        rows.append(
            SubjectCoverageRow(
                subject=subjects[coverage.subject].label,
                theme=str(subjects[coverage.subject].theme or "Sans thème"),
                offices=tuple((code, offices[code]) for code in answer.offices),
                institutions=", ".join(institutions[code] for code in answer.institutions),
                expert_count=len(answer.experts),
                level=LEVEL_LABELS[answer.level] if answer.level and not answer.is_fallback else "",
                is_fallback=answer.is_fallback,
                remarks=tuple(FLAG_LABELS[flag] for flag in answer.flags),
            )
        )
    return rows


def rows_by_theme(rows: Iterable[SubjectCoverageRow]) -> list[ThemeRows]:
    """The rows by theme, in their order, without the subjects that nobody but the fallback answers."""
    themes: dict[str, list[SubjectCoverageRow]] = {}
    for row in rows:
        if not row.is_fallback:
            themes.setdefault(row.theme, []).append(row)
    return [ThemeRows(theme, found) for theme, found in themes.items()]
