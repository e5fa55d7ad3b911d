"""Input of the routing rule: a demand, and the offices that may answer it. Pure.

Areas are only those that contain the commune of the demand (about six, and zones): the loader keeps no
other, and has replaced an old commune by the current one (step 1).
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date

from experts.routing.criteria import ApplicantFacts, Criteria
from territories.areas import AreaRef, Level

Rank = tuple[Level, int]


@dataclass(frozen=True, slots=True)
class CoveringArea:
    """An area that contains the commune, and its number of distinct current communes."""

    ref: AreaRef
    name: str
    commune_count: int

    @property
    def rank(self) -> Rank:
        """Rank of step 6: the lower, the more local."""
        return self.ref.level, self.commune_count


@dataclass(frozen=True, slots=True)
class AbsencePeriod:
    """Days away, both included; ``deputy`` is the pk of an expert of the same office."""

    from_on: date
    to_on: date
    deputy: int | None = None


@dataclass(frozen=True, slots=True)
class ExpertCandidate:
    """An expert; ``subjects`` is ``None`` when they answer every subject.

    ``areas``: their own areas that contain the commune; ``None`` when they have no area of their own, so that
    the office's areas count.
    """

    pk: int
    email: str
    subjects: frozenset[str] | None = None
    areas: tuple[CoveringArea, ...] | None = None
    is_paused: bool = False
    is_bouncing: bool = False
    left_on: date | None = None
    absences: tuple[AbsencePeriod, ...] = ()
    name: str = field(default="", compare=False)

    def answers(self, subject: str) -> bool:
        """Return whether the expert answers this subject."""
        return self.subjects is None or subject in self.subjects

    def is_away(self, on: date) -> bool:
        """Steps 4 and 5: return whether the expert is absent that day, paused, bouncing, or has left."""
        has_left = self.left_on is not None and self.left_on <= on
        return self.is_paused or self.is_bouncing or has_left or bool(self.absences_of(on))

    def absences_of(self, on: date) -> list[AbsencePeriod]:
        """The absences that cover the day, always in the same order whatever the directory's."""
        covering = [absence for absence in self.absences if absence.from_on <= on <= absence.to_on]
        return sorted(covering, key=lambda absence: (absence.from_on, absence.to_on, absence.deputy or 0))


@dataclass(frozen=True, slots=True)
class OfficeCandidate:
    """An office with all its experts; ``areas`` are those that contain the commune.

    ``closes_on`` is its first closed day, by its own closing or by the end of its convention.
    """

    code: str
    institution: str
    areas: tuple[CoveringArea, ...]
    experts: tuple[ExpertCandidate, ...]
    criteria: Criteria = field(default_factory=Criteria)
    exclusive_subjects: frozenset[str] = frozenset()
    is_fallback: bool = False
    closes_on: date | None = None
    name: str = field(default="", compare=False)

    def is_closed(self, on: date) -> bool:
        """Step 3: return whether the office is closed; the first closed day is included."""
        return self.closes_on is not None and self.closes_on <= on

    def covering_area_of(self, expert: ExpertCandidate) -> CoveringArea | None:
        """Steps 4 and 6: the most local area through which the expert answers for the commune."""
        return most_local(self.areas if expert.areas is None else expert.areas)


@dataclass(frozen=True, slots=True)
class AskedSubject:
    """A subject and the codes of the institutions that answer it, in its order, each once (step 2)."""

    slug: str
    institutions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Demand:
    """The subjects asked, the facts of the company, and the day."""

    subjects: tuple[AskedSubject, ...]
    facts: ApplicantFacts
    on: date


def most_local(areas: Iterable[CoveringArea]) -> CoveringArea | None:
    """Step 6: the best-ranked area; among equal ones, always the same whatever their order."""
    return min(areas, key=lambda area: (area.rank, area.ref.code), default=None)
