"""Steps 3 to 6 of the rule over sets of communes: who may answer, where, at which rank. Pure."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date

from directory.coverage.commune_groups import GroupSet
from directory.coverage.directory_content import Areas, CoverageExpert, CoverageOffice, DirectoryContent, Rank
from experts.routing.criteria import ApplicantFacts, Criteria, CriteriaVerdict, check_criteria

NOTHING_KNOWN = ApplicantFacts()


@dataclass(frozen=True, slots=True, eq=False)
class OfficeReach:
    """Experts of an office who may answer in some communes, at one rank.

    ``is_stand_in``: they would answer there in the place of somebody absent.
    """

    rank: Rank
    groups: GroupSet
    office: CoverageOffice
    experts: tuple[CoverageExpert, ...]
    is_stand_in: bool = False


@dataclass(slots=True)
class ReachFinder:
    """Finder of the reaches of offices; the groups of each list of areas are computed once."""

    content: DirectoryContent
    _ranked: dict[Areas, tuple[tuple[Rank, GroupSet], ...]] = field(default_factory=dict)
    _verdicts: dict[Criteria, CriteriaVerdict] = field(default_factory=dict)

    def can_answer(self, office: CoverageOffice) -> bool:
        """Step 3: open, no fallback office, and criteria that accept a company of which nothing is known."""
        return may_answer(office, self.content.on) and not self.verdict(office).obstacles

    def find(self, office: CoverageOffice, able: Sequence[CoverageExpert]) -> Iterator[OfficeReach]:
        """Steps 4 to 6: the reaches of an office that can answer, through experts who have the subject."""
        present = [expert for expert in able if not expert.is_away]
        for areas, experts in by_areas(office, present).items():
            for rank, groups in self.ranked(areas):
                yield OfficeReach(rank, groups, office, tuple(experts))
        if len(present) < len(able):
            for absent in able:
                if absent.is_away:
                    yield from self._stand_ins(office, absent, present)

    def find_fallback(self, office: CoverageOffice) -> Iterator[OfficeReach]:
        """Step 9: all the available experts of a fallback office, in its own areas."""
        available = office.available
        if office.is_fallback and office.is_open(self.content.on) and available:
            for rank, groups in self.ranked(office.areas):
                yield OfficeReach(rank, groups, office, available)

    def verdict(self, office: CoverageOffice) -> CriteriaVerdict:
        """Step 3: the criteria of an office for a company of which nothing is known."""
        found = self._verdicts.get(office.criteria)
        if found is None:
            found = check_criteria(office.criteria, NOTHING_KNOWN, on=self.content.on)
            self._verdicts[office.criteria] = found
        return found

    def ranked(self, areas: Areas) -> tuple[tuple[Rank, GroupSet], ...]:
        """Step 6: the communes of these areas, by rank; areas of equal rank count as one."""
        found = self._ranked.get(areas)
        if found is None:
            by_rank: dict[Rank, GroupSet] = defaultdict(int)
            for area in areas:
                if groups := self.content.groups.area_groups.get(area):
                    by_rank[self.content.ranks[area]] |= groups
            found = self._ranked[areas] = tuple(by_rank.items())
        return found

    def _stand_ins(
        self, office: CoverageOffice, absent: CoverageExpert, present: Sequence[CoverageExpert]
    ) -> Iterator[OfficeReach]:
        """Step 5: the deputy; else the able colleagues where they cover; elsewhere all the available ones."""
        available = office.available
        deputy = find_deputy(absent, available)
        for rank, groups in self.ranked(areas_of(absent, office)):
            if deputy:
                yield OfficeReach(rank, groups, office, (deputy,), is_stand_in=True)
                continue
            rest = groups
            for colleague in present:
                shared = groups & self._whole(areas_of(colleague, office))
                rest &= ~shared
                if shared:
                    yield OfficeReach(rank, shared, office, (colleague,), is_stand_in=True)
            if rest and available:
                yield OfficeReach(rank, rest, office, available, is_stand_in=True)

    def _whole(self, areas: Areas) -> GroupSet:
        whole = 0
        for _, groups in self.ranked(areas):
            whole |= groups
        return whole


def may_answer(office: CoverageOffice, on: date) -> bool:
    """Step 3, criteria apart: neither a fallback office nor a closed one."""
    return not office.is_fallback and office.is_open(on)


def areas_of(expert: CoverageExpert, office: CoverageOffice) -> Areas:
    """Step 4: the expert's own areas replace the office's."""
    return office.areas if expert.areas is None else expert.areas


def by_areas(office: CoverageOffice, experts: Sequence[CoverageExpert]) -> dict[Areas, list[CoverageExpert]]:
    """Group experts who answer in the same areas."""
    found: dict[Areas, list[CoverageExpert]] = {}
    for expert in experts:
        found.setdefault(areas_of(expert, office), []).append(expert)
    return found


def able_experts(
    office: CoverageOffice, subjects: frozenset[str]
) -> Iterator[tuple[tuple[CoverageExpert, ...], Collection[str]]]:
    """Yield experts of an office with those of these subjects that they, and nobody else there, have."""
    by_subject: dict[str, list[CoverageExpert]] = defaultdict(list)
    for expert in office.experts:
        for subject in expert.answered(subjects):
            by_subject[subject].append(expert)
    found: dict[tuple[CoverageExpert, ...], list[str]] = defaultdict(list)
    for subject, able in by_subject.items():
        found[tuple(able)].append(subject)
    yield from found.items()


def find_deputy(absent: CoverageExpert, available: Sequence[CoverageExpert]) -> CoverageExpert | None:
    """Step 5: the first deputy named who is available."""
    by_pk = {expert.pk: expert for expert in available}
    return next((by_pk[pk] for pk in absent.deputies if pk in by_pk), None)
