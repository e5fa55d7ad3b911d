"""Figures of the places of a coverage: EPCI, régions or communes, over some subjects. Pure."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from directory.coverage.commune_groups import CommuneGroups, LocatedCommune
from directory.coverage.subject_coverage import Flag, SubjectCoverage

WEAK = (Flag.CRITERIA_ONLY, Flag.STAND_IN_ONLY, Flag.SILENT_ONLY)


@dataclass(frozen=True, slots=True)
class PlaceFigures:
    """Numbers of cells of a place, by its code, which is empty where there is none.

    ``weak`` cells have an answer that may fail: under criteria, by a stand-in or by silent experts only.
    """

    code: str
    communes: int
    population: int
    cells: int
    uncovered: int
    weak: int

    @property
    def uncovered_share(self) -> float:
        """Share of the cells without answer, from 0 to 1."""
        return self.uncovered / self.cells if self.cells else 0.0

    @property
    def weak_share(self) -> float:
        """Share of the cells whose answer may fail, from 0 to 1."""
        return self.weak / self.cells if self.cells else 0.0


@dataclass(frozen=True, slots=True)
class HoleCounts:
    """Numbers of subjects without answer, and with a weak one, in each group of communes."""

    groups: CommuneGroups
    subjects: int
    uncovered: tuple[int, ...]
    weak: tuple[int, ...]

    def by(self, code_of: Callable[[LocatedCommune], str | None]) -> dict[str, PlaceFigures]:
        """The figures of each place that ``code_of`` names; communes of one group are in one EPCI."""
        sums: dict[str, list[int]] = {}
        for communes, uncovered, weak in zip(self.groups.communes, self.uncovered, self.weak, strict=True):
            for commune in communes:
                found = sums.setdefault(code_of(commune) or "", [0, 0, 0, 0])
                found[0] += 1
                found[1] += commune.population
                found[2] += uncovered
                found[3] += weak
        return {
            code: PlaceFigures(code, communes, population, communes * self.subjects, uncovered, weak)
            for code, (communes, population, uncovered, weak) in sums.items()
        }

    def total(self) -> PlaceFigures:
        """The figures of the whole place."""
        found = self.by(lambda commune: "")
        return found.get("", PlaceFigures("", 0, 0, 0, 0, 0))


def count_holes(coverages: Iterable[SubjectCoverage], groups: CommuneGroups) -> HoleCounts:
    """Count the subjects without answer, and with a weak one, in each group."""
    uncovered, weak, subjects = [0] * len(groups.communes), [0] * len(groups.communes), 0
    for coverage in coverages:
        subjects += 1
        for index in groups.members(groups.everywhere & ~coverage.covered):
            uncovered[index] += 1
        flagged = 0
        for flag in WEAK:
            flagged |= coverage.flags[flag]
        for index in groups.members(flagged):
            weak[index] += 1
    return HoleCounts(groups, subjects, tuple(uncovered), tuple(weak))
