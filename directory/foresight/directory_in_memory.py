"""A directory in memory that gives the routing rule the same candidates as the tables would.

Equal to ``experts.routing.loading`` on the same rows: a test decides seeded demands both ways.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import fields, replace
from datetime import date
from operator import is_
from typing import Any

from django.utils import timezone

from directory.foresight.areas_in_memory import AreasInMemory, KnownAreas, Location
from experts.changes.directory_facts import Facts
from experts.changes.stored import StoredDirectory, StoredRow
from experts.models import Expert
from experts.routing import engine
from experts.routing.engine import (
    AbsencePeriod,
    ApplicantFacts,
    AskedSubject,
    CoveringArea,
    Criteria,
    Decision,
    Demand,
    ExpertCandidate,
    OfficeCandidate,
)
from territories.areas import AreaRef

Zones = dict[str, Facts]  # by slug
ExpertKey = tuple[str, str]  # an office's code, and an email in lower case
CRITERIA = tuple(column.name for column in fields(Criteria))
Rows = tuple[StoredRow[Any], ...]  # an office, then its experts
FALLBACK = ""  # in the place of an institution's code
FIRST_NEW_PK = 1 << 40  # above the primary keys of the tables


class _Office:
    """An office whose candidate has no area yet, and the areas through which it is found, by number.

    ``own_areas``: of each expert; empty, the office's count. ``rows``: those that it was made of.
    """

    def __init__(
        self,
        candidate: OfficeCandidate,
        areas: frozenset[int],
        own_areas: tuple[frozenset[int], ...],
        rows: Rows,
    ) -> None:
        self.candidate, self.areas, self.own_areas, self.rows = candidate, areas, own_areas, rows
        self.every_area = areas.union(*own_areas)
        self._found: dict[frozenset[int], OfficeCandidate] = {}

    def candidate_in(self, here: Mapping[int, CoveringArea]) -> OfficeCandidate:
        """The candidate for a place, with the areas that contain it; places with the same areas share it."""
        numbers = self.every_area.intersection(here)
        found = self._found.get(numbers)
        if found is None:
            found = self._found[numbers] = replace(
                self.candidate,
                areas=tuple(here[number] for number in self.areas & numbers),
                experts=tuple(
                    replace(expert, areas=tuple(here[number] for number in own & numbers)) if own else expert
                    for expert, own in zip(self.candidate.experts, self.own_areas, strict=True)
                ),
            )
        return found

    def is_made_of(self, rows: Rows) -> bool:
        """Return whether it was made of these very rows."""
        return len(rows) == len(self.rows) and all(map(is_, rows, self.rows))


class _Candidates:
    """The offices linked to a place, by institution; they become candidates once they are asked for."""

    def __init__(self, here: Mapping[int, CoveringArea], offices: Iterable[_Office]) -> None:
        self._here = here
        self._offices: dict[str, list[_Office]] = defaultdict(list)
        for office in offices:
            own = office.candidate
            self._offices[FALLBACK if own.is_fallback else own.institution].append(office)
        self._made: dict[str, list[OfficeCandidate]] = {}

    def of(self, institution: str) -> list[OfficeCandidate]:
        """The candidates of an institution, or the fallback ones."""
        made = self._made.get(institution)
        if made is None:
            offices = self._offices.get(institution, ())
            made = self._made[institution] = [office.candidate_in(self._here) for office in offices]
        return made


class DirectoryInMemory:
    """Offices found by the areas that contain a place; areas are numbered, which is faster than compared."""

    def __init__(
        self, stored: StoredDirectory, known: KnownAreas, *, former: "DirectoryInMemory | None" = None
    ) -> None:
        """Build from rows. ``former``: the directory before a change, which shares what stays the same."""
        self.zones: Zones = {slug: zone.facts for slug, zone in stored.zones.items() if _is_listed(zone)}
        # Candidates hold the sizes of zones: nothing is shared when one changes.
        shared = former if former is not None and former.zones == self.zones else None
        self.numbers: dict[AreaRef, int] = {} if shared is None else dict(shared.numbers)
        self.by_code: dict[str, _Office] = _offices(
            stored, self.numbers, {} if shared is None else shared.by_code
        )
        self._by_area: dict[int, list[_Office]] = defaultdict(list)
        for office in self.by_code.values():
            for number in office.every_area:
                self._by_area[number].append(office)
        self.areas: AreasInMemory = (
            shared.areas
            if shared is not None and shared.numbers.keys() == self.numbers.keys()
            else AreasInMemory(known.with_communes(self.numbers), self.zones)
        )
        self._candidates: dict[tuple[int, ...], _Candidates] = {}
        # Both directories of a preview are asked about each place: the second one finds the numbers ready.
        is_alike = shared is not None and shared.areas is self.areas
        self.here: dict[Location, dict[int, CoveringArea]] = shared.here if shared and is_alike else {}

    def decide(
        self,
        asked: Sequence[AskedSubject],
        place: Location,
        facts: ApplicantFacts,
        *,
        on: date,
        without: Collection[str] = frozenset(),
    ) -> Decision:
        """Apply the rule as ``loading.decide``, to readable facts; ``without``: unticked institutions."""
        offices = self.offices(asked, place, without=without)
        return decide_among(offices, asked, facts, on=on, without=without)

    def offices(
        self, asked: Iterable[AskedSubject], place: Location, *, without: Collection[str] = frozenset()
    ) -> list[OfficeCandidate]:
        """The offices of the asked institutions, and the fallback ones, that an area links to the place."""
        candidates = self._candidates_of(place)
        wanted = {code for subject in asked for code in subject.institutions}.difference(without)
        offices = [office for office in candidates.of(FALLBACK) if office.institution not in without]
        for code in wanted:
            offices += candidates.of(code)
        return offices

    def _candidates_of(self, place: Location) -> _Candidates:
        """Candidates of a place; communes with the same areas in use share them."""
        here = self._numbered_here(place)
        key = tuple(number for number in here if number in self._by_area)
        found = self._candidates.get(key)
        if found is None:
            linked = {id(office): office for number in key for office in self._by_area[number]}
            found = self._candidates[key] = _Candidates(here, linked.values())
        return found

    def _numbered_here(self, place: Location) -> dict[int, CoveringArea]:
        """The areas that contain a place, by number."""
        found = self.here.get(place)
        if found is None:
            areas = self.areas.containing(place).items()
            found = {self.numbers[ref]: area for ref, area in areas if ref in self.numbers}
            self.here[place] = found
        return found


def decide_among(
    offices: Iterable[OfficeCandidate],
    asked: Sequence[AskedSubject],
    facts: ApplicantFacts,
    *,
    on: date,
    without: Collection[str] = frozenset(),
    with_refusals: bool = True,
) -> Decision:
    """Apply the rule to the offices that ``DirectoryInMemory.offices`` found."""
    if without:
        asked = [replace(one, institutions=_kept(one.institutions, without)) for one in asked]
    return engine.decide(Demand(tuple(asked), facts, on), offices, with_refusals=with_refusals)


def _kept(institutions: Iterable[str], without: Collection[str]) -> tuple[str, ...]:
    return tuple(code for code in institutions if code not in without)


def _is_listed(row: StoredRow[Any]) -> bool:
    return row.facts.get("dropped_at") is None


def _offices(
    stored: StoredDirectory, numbers: dict[AreaRef, int], former: Mapping[str, _Office]
) -> dict[str, _Office]:
    """The listed offices with their listed experts; those of ``former`` whose rows are the same."""
    staff: dict[str, list[tuple[ExpertKey, StoredRow[Expert]]]] = defaultdict(list)
    for key, expert in stored.experts.items():
        if _is_listed(expert):
            staff[key[0]].append((key, expert))
    pks = {
        key: row.instance.pk if row.instance else FIRST_NEW_PK + place
        for place, (key, row) in enumerate(stored.experts.items())
    }
    found: dict[str, _Office] = {}
    for code, office in stored.offices.items():
        if _is_listed(office):
            rows: Rows = (office, *(row for _, row in staff[code]))
            own = former.get(code)
            found[code] = (
                own if own and own.is_made_of(rows) else _office(code, rows, staff[code], numbers, pks)
            )
    return found


def _office(
    code: str,
    rows: Rows,
    staff: list[tuple[ExpertKey, StoredRow[Expert]]],
    numbers: dict[AreaRef, int],
    pks: Mapping[ExpertKey, int],
) -> _Office:
    facts = rows[0].facts
    ends = (facts.get("closed_on"), facts.get("agreement_ends_on"))
    candidate = OfficeCandidate(
        code=code,
        institution=facts["institution"],
        areas=(),
        experts=tuple(_expert(key, row.facts, pks) for key, row in staff),
        criteria=read_criteria(facts),
        exclusive_subjects=frozenset(facts["exclusive_subjects"]),
        is_fallback=facts["is_fallback"],
        closes_on=min((day for day in ends if day), default=None),
    )
    own_areas = tuple(_numbered(row.facts["areas"], numbers) for _, row in staff)
    return _Office(candidate, _numbered(facts["areas"], numbers), own_areas, rows)


def _numbered(refs: Iterable[AreaRef], numbers: dict[AreaRef, int]) -> frozenset[int]:
    """The numbers of these areas; new ones are given."""
    return frozenset(numbers.setdefault(ref, len(numbers)) for ref in refs)


def read_criteria(facts: Facts) -> Criteria:
    """The criteria among the facts of an office."""
    values = (facts[name] for name in CRITERIA)
    fixed: list[Any] = [tuple(value) if isinstance(value, list) else value for value in values]
    return Criteria(*fixed)


def _expert(key: ExpertKey, facts: Facts, pks: Mapping[ExpertKey, int]) -> ExpertCandidate:
    absences = [*facts.get("declared_absences", ()), *filter(None, [facts["absence"]])]
    left_at = facts.get("left_at")
    return ExpertCandidate(
        pk=pks[key],
        email=facts["email"],
        subjects=None if facts["has_all_subjects"] else facts["subjects"],
        is_paused=facts.get("is_paused", False),
        is_bouncing=facts.get("is_bouncing", False),
        left_on=None if left_at is None else timezone.localdate(left_at),
        absences=tuple(
            AbsencePeriod(absence.from_on, absence.to_on, pks.get((key[0], absence.deputy or "")))
            for absence in absences
        ),
    )
