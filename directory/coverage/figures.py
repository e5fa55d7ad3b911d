"""Figures of a coverage: communes and people with an answer, and with a weak one, by subject. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from directory.coverage.commune_groups import CommuneGroups, GroupSet
from directory.coverage.subject_coverage import Flag, SubjectCoverage


@dataclass(frozen=True, slots=True)
class SubjectFigures:
    """Numbers of communes for one subject; ``uncovered_population``: their inhabitants.

    ``without_fallback``: uncovered communes where no fallback office answers either.
    """

    subject: str
    communes: int
    uncovered: int
    uncovered_population: int
    without_fallback: int
    flagged: Mapping[Flag, int]

    @property
    def covered(self) -> int:
        """The number of communes where somebody answers."""
        return self.communes - self.uncovered


def subject_figures(
    coverage: SubjectCoverage, groups: CommuneGroups, within: GroupSet | None = None
) -> SubjectFigures:
    """Count the communes of the place, or of some of its groups."""
    inside = groups.everywhere if within is None else within
    uncovered = inside & ~coverage.covered
    reached = 0
    for answer in coverage.fallback:
        reached |= answer.groups
    return SubjectFigures(
        subject=coverage.subject,
        communes=groups.count(inside),
        uncovered=groups.count(uncovered),
        uncovered_population=groups.populations.total(uncovered),
        without_fallback=groups.count(uncovered & ~reached),
        flagged={flag: groups.count(flagged & inside) for flag, flagged in coverage.flags.items()},
    )


def totals(figures: Iterable[SubjectFigures]) -> SubjectFigures:
    """Sum the figures of several subjects: the numbers are then those of cells."""
    listed = list(figures)
    return SubjectFigures(
        subject="",
        communes=sum(each.communes for each in listed),
        uncovered=sum(each.uncovered for each in listed),
        uncovered_population=sum(each.uncovered_population for each in listed),
        without_fallback=sum(each.without_fallback for each in listed),
        flagged={flag: sum(each.flagged[flag] for each in listed) for flag in Flag},
    )
