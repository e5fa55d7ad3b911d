"""Holes of a coverage: subjects without answer in a région, a département, an EPCI, or part of one. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from directory.coverage.commune_groups import CommuneGroups, GroupSet, groups_of
from directory.coverage.subject_coverage import SubjectCoverage
from territories.areas import AreaRef

Requests = Mapping[str, Mapping[str, int]]  # past requests, by subject then commune


@dataclass(frozen=True, slots=True)
class Hole:
    """A subject that nobody answers in some communes of an area; ``requests`` came from there."""

    subject: str
    area: AreaRef
    groups: GroupSet
    communes: int
    population: int
    requests: int

    @property
    def urgency(self) -> tuple[int, int, str, str]:
        """Sort key, the most asked first, then the most people."""
        return -self.requests, -self.population, self.subject, str(self.area)


@dataclass(frozen=True, slots=True)
class _Part:
    """An area with its groups of communes, and the smaller areas inside."""

    ref: AreaRef
    groups: GroupSet
    inside: "tuple[_Part, ...]" = ()


def find_holes(coverages: Iterable[SubjectCoverage], groups: CommuneGroups, requests: Requests) -> list[Hole]:
    """The holes of these subjects, each said with the largest area that it fills, the most urgent first."""
    parts = _parts(groups)
    group_index = {commune.code: index for index, own in enumerate(groups.communes) for commune in own}
    found = []
    for coverage in coverages:
        uncovered = groups.everywhere & ~coverage.covered
        asked: dict[int, int] = defaultdict(int)
        for code, count in requests.get(coverage.subject, {}).items():
            if code in group_index:
                asked[group_index[code]] += count
        for area, filled in _filled(parts, uncovered):
            found.append(
                Hole(
                    subject=coverage.subject,
                    area=area,
                    groups=filled,
                    communes=groups.count(filled),
                    population=groups.populations.total(filled),
                    requests=sum(count for index, count in asked.items() if filled >> index & 1),
                )
            )
    return sorted(found, key=lambda hole: hole.urgency)


def _filled(parts: Iterable[_Part], uncovered: GroupSet) -> Iterator[tuple[AreaRef, GroupSet]]:
    """Yield the largest areas that are uncovered whole, and the smallest ones that are in part."""
    for part in parts:
        hole = part.groups & uncovered
        if not hole:
            continue
        if hole == part.groups or not part.inside:
            yield part.ref, hole
        else:
            yield from _filled(part.inside, hole)


def _parts(groups: CommuneGroups) -> tuple[_Part, ...]:
    """Régions, their départements, and the EPCI of these; communes without EPCI are parts of their own."""
    tree: dict[tuple[str, str], dict[AreaRef, list[int]]] = defaultdict(lambda: defaultdict(list))
    for index, own in enumerate(groups.communes):
        first = own[0]
        if first.epci:
            tree[first.region or "", first.department][AreaRef("epci", first.epci)].append(index)
        else:
            tree[first.region or "", first.department][AreaRef("department", first.department)].append(index)
    regions: dict[str, list[_Part]] = defaultdict(list)
    for (region, department), leaves in tree.items():
        inside = tuple(_Part(ref, groups_of(indexes)) for ref, indexes in leaves.items())
        regions[region].append(_Part(AreaRef("department", department), _union(inside), inside))
    found: list[_Part] = []
    for region, departments in regions.items():
        if region:
            found.append(_Part(AreaRef("region", region), _union(departments), tuple(departments)))
        else:
            found += departments
    return tuple(found)


def _union(parts: Iterable[_Part]) -> GroupSet:
    whole = 0
    for part in parts:
        whole |= part.groups
    return whole
