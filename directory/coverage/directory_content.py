"""Content of the directory that coverage reads: subjects, offices and experts of a day. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from directory.coverage.commune_groups import CommuneGroups
from experts.routing.criteria import Criteria
from experts.routing.engine import AskedSubject
from territories.areas import Level

Rank = tuple[Level, int]
Areas = tuple[int, ...]  # primary keys


@dataclass(frozen=True, slots=True, eq=False)
class CoverageExpert:
    """An expert on the day; ``subjects`` is ``None`` when they answer all, ``areas`` when they have none.

    ``deputies``: pks of those named by the absences of the day, in the engine's order. ``is_silent``: they
    answered none of their last three requests.
    """

    pk: int
    email: str
    subjects: frozenset[str] | None = None
    areas: Areas | None = None
    is_away: bool = False
    deputies: tuple[int, ...] = ()
    is_silent: bool = False

    def answered(self, subjects: frozenset[str]) -> frozenset[str]:
        """The subjects that the expert answers, among these."""
        return subjects if self.subjects is None else subjects & self.subjects


@dataclass(frozen=True, slots=True, eq=False)
class CoverageOffice:
    """An office with all its experts; ``closes_on`` is its first closed day."""

    code: str
    institution: str
    areas: Areas
    experts: tuple[CoverageExpert, ...]
    criteria: Criteria = field(default_factory=Criteria)
    exclusive_subjects: frozenset[str] = frozenset()
    is_fallback: bool = False
    closes_on: date | None = None

    def is_open(self, on: date) -> bool:
        """Step 3: the first closed day is closed."""
        return self.closes_on is None or on < self.closes_on

    @property
    def available(self) -> tuple[CoverageExpert, ...]:
        """The experts who are not away that day."""
        return tuple(expert for expert in self.experts if not expert.is_away)


@dataclass(frozen=True, slots=True)
class DirectoryContent:
    """The directory of a place on a day. ``ranks``: level and number of communes of each area, by pk."""

    on: date
    subjects: tuple[AskedSubject, ...]
    offices: tuple[CoverageOffice, ...]
    groups: CommuneGroups
    ranks: Mapping[int, Rank]
