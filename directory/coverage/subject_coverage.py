"""Steps 7 to 9 of the rule over sets of communes, and what is weak in the answers. Pure."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from typing import NamedTuple

from directory.coverage.commune_groups import GroupSet
from directory.coverage.directory_content import CoverageOffice, DirectoryContent, Rank
from directory.coverage.office_reach import OfficeReach, ReachFinder, able_experts
from experts.routing.engine import AskedSubject


class Flag(StrEnum):
    """Remarks about the answer to a subject in a commune; an uncovered one has none.

    CRITERIA_ONLY: every office that answers has criteria, so that a known company may find nobody.
    STAND_IN_ONLY: every expert who answers stands in for somebody absent that day.
    SILENT_ONLY: every expert who answers left their last three requests without answer.
    DOUBLED: two offices of one institution answer.
    EXCLUSIVE: an office that is exclusive on the subject answers, which leaves the others out (step 8).
    """

    CRITERIA_ONLY = "criteria_only"
    STAND_IN_ONLY = "stand_in_only"
    SILENT_ONLY = "silent_only"
    DOUBLED = "doubled"
    EXCLUSIVE = "exclusive"


class Answer(NamedTuple):
    """A reach, and the communes where the rule keeps it. A tuple: there are tens of thousands."""

    reach: OfficeReach
    groups: GroupSet


@dataclass(frozen=True)
class SubjectCoverage:
    """Coverage of one subject. ``answers`` are in the order of institutions, then offices.

    ``covered``: the communes where somebody answers; elsewhere ``fallback`` does, or nobody.
    ``with_criteria``: codes of the offices that have some.
    """

    subject: str
    answers: tuple[Answer, ...]
    fallback: tuple[Answer, ...]
    covered: GroupSet
    with_criteria: Collection[str]

    @cached_property
    def flags(self) -> Mapping[Flag, GroupSet]:
        """The communes of each flag."""
        unconditional = own = awake = exclusive = 0
        for answer in self.answers:
            reach, groups = answer.reach, answer.groups
            if reach.office.code not in self.with_criteria:
                unconditional |= groups
            if not reach.is_stand_in:
                own |= groups
            if not all(expert.is_silent for expert in reach.experts):
                awake |= groups
            if self.subject in reach.office.exclusive_subjects:
                exclusive |= groups
        return {
            Flag.CRITERIA_ONLY: self.covered & ~unconditional,
            Flag.STAND_IN_ONLY: self.covered & ~own,
            Flag.SILENT_ONLY: self.covered & ~awake,
            Flag.DOUBLED: _doubled(self.answers),
            Flag.EXCLUSIVE: exclusive,
        }


@dataclass(slots=True)
class CoverageEngine:
    """Computation of the coverage of a directory, one subject at a time."""

    content: DirectoryContent
    finder: ReachFinder = field(init=False)
    offices: dict[str, list[CoverageOffice]] = field(init=False)
    with_criteria: Collection[str] = field(init=False)
    fallback: tuple[Answer, ...] = field(init=False)
    _reaches: dict[str, Mapping[str, list[OfficeReach]]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.finder = ReachFinder(self.content)
        self.offices = defaultdict(list)
        by_code = sorted(self.content.offices, key=lambda office: office.code)
        for office in by_code:
            if self.finder.can_answer(office):
                self.offices[office.institution].append(office)
        self.with_criteria = {office.code for office in by_code if self.finder.verdict(office).unverified}
        fallback = (reach for office in by_code for reach in self.finder.find_fallback(office))
        self.fallback = tuple(keep_most_local(fallback))  # step 9, everywhere

    def subjects(self) -> Iterator[SubjectCoverage]:
        """Yield the coverage of each subject; one at a time, since the nation's are large."""
        for asked in self.content.subjects:
            yield self.cover(asked)

    def cover(self, asked: AskedSubject) -> SubjectCoverage:
        """Apply steps 2 to 9 to a subject."""
        local = [
            answer
            for institution in asked.institutions
            for answer in keep_most_local(self._by_subject(institution).get(asked.slug, ()))
        ]
        answers = keep_exclusive(local, asked.slug)
        covered = union(answers)
        return SubjectCoverage(
            subject=asked.slug,
            answers=tuple(answers),
            fallback=tuple(restrict(self.fallback, self.content.groups.everywhere & ~covered)),
            covered=covered,
            with_criteria=self.with_criteria,
        )

    def _by_subject(self, institution: str) -> Mapping[str, list[OfficeReach]]:
        """The reaches of an institution's offices, by subject; computed once, since experts have several."""
        found = self._reaches.get(institution)
        if found is None:
            found = self._reaches[institution] = defaultdict(list)
            subjects = frozenset(
                asked.slug for asked in self.content.subjects if institution in asked.institutions
            )
            for office in self.offices[institution]:
                for able, handled in able_experts(office, subjects):
                    reaches = tuple(self.finder.find(office, able))
                    for subject in handled:
                        found[subject] += reaches
        return found


def keep_most_local(reaches: Iterable[OfficeReach]) -> list[Answer]:
    """Step 7, for the reaches of one institution: the best rank in each commune; equal ranks are all kept."""
    return _keep_best_rank([Answer(reach, reach.groups) for reach in reaches])


def keep_exclusive(answers: list[Answer], subject: str) -> list[Answer]:
    """Step 8: where an office is exclusive on the subject, the most local of these alone."""
    exclusive = [answer for answer in answers if subject in answer.reach.office.exclusive_subjects]
    if not exclusive:
        return answers
    elsewhere = ~union(exclusive)
    others = [answer for answer in answers if subject not in answer.reach.office.exclusive_subjects]
    kept = [*restrict(others, elsewhere), *_keep_best_rank(exclusive)]
    order = {id(answer.reach): index for index, answer in enumerate(answers)}
    return sorted(kept, key=lambda answer: order[id(answer.reach)])


def restrict(answers: Iterable[Answer], groups: GroupSet) -> Iterator[Answer]:
    """Yield the answers in these communes only."""
    for answer in answers:
        if left := answer.groups & groups:
            yield Answer(answer.reach, left)


def union(answers: Iterable[Answer]) -> GroupSet:
    """The communes where one of these answers."""
    whole = 0
    for answer in answers:
        whole |= answer.groups
    return whole


def _keep_best_rank(answers: list[Answer]) -> list[Answer]:
    """Keep the best rank in each commune, in the order given."""
    by_rank: dict[Rank, list[int]] = defaultdict(list)
    for index, answer in enumerate(answers):
        by_rank[answer.reach.rank].append(index)
    kept, better = list(answers), 0
    for rank in sorted(by_rank):
        same = 0
        for index in by_rank[rank]:
            reach, groups = answers[index]
            same |= groups
            if hidden := groups & better:
                kept[index] = Answer(reach, groups ^ hidden)
        better |= same
    return [answer for answer in kept if answer.groups]


def _doubled(answers: Iterable[Answer]) -> GroupSet:
    """The communes where two offices of one institution answer."""
    by_office: dict[tuple[str, str], GroupSet] = defaultdict(int)
    for answer in answers:
        office = answer.reach.office
        by_office[office.institution, office.code] |= answer.groups
    once: dict[str, GroupSet] = defaultdict(int)
    twice = 0
    for (institution, _), groups in by_office.items():
        twice |= once[institution] & groups
        once[institution] |= groups
    return twice
