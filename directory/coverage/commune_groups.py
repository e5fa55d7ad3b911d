"""Communes grouped by the areas that contain them, and areas as bit sets of these groups. Pure.

Communes that share département, EPCI, région and zones get the same answers. A commune that an area names
alone is a group of its own. Sets of groups are integers, one bit per group: a union takes one operation.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from heapq import nsmallest
from typing import NamedTuple

from territories.areas import Level

GroupSet = int  # a set of groups of communes, one bit each


# Tuples, since a dataclass takes three times longer to make and there are fifty thousand of them.
class LocatedCommune(NamedTuple):
    """A current commune; ``epci`` and ``region`` are ``None`` where there is none."""

    code: str
    department: str
    epci: str | None
    region: str | None
    population: int


class KnownArea(NamedTuple):
    """An area in use or not, by its kind and current code; dropped ones contain no commune any more."""

    pk: int
    kind: str
    code: str
    commune_count: int
    is_dropped: bool = False


@dataclass(frozen=True, slots=True)
class Weights:
    """Numbers carried by groups, as bit planes: the sum over a set takes a few counts of bits."""

    planes: tuple[GroupSet, ...]

    @classmethod
    def of(cls, numbers: Sequence[int]) -> "Weights":
        """Build from the number of each group."""
        planes: list[list[int]] = [[] for _ in range(max(numbers, default=0).bit_length())]
        for index, number in enumerate(numbers):
            left = number
            while left:
                lowest = left & -left
                planes[lowest.bit_length() - 1].append(index)
                left ^= lowest
        return cls(tuple(map(groups_of, planes)))

    def total(self, groups: GroupSet) -> int:
        """Sum over a set of groups."""
        return sum((groups & plane).bit_count() << index for index, plane in enumerate(self.planes))


@dataclass(frozen=True)
class CommuneGroups:
    """The groups of the communes of a place; ``area_groups`` holds the areas that contain one of them."""

    communes: tuple[tuple[LocatedCommune, ...], ...]
    everywhere: GroupSet
    area_groups: Mapping[int, GroupSet]
    _members: dict[GroupSet, tuple[int, ...]] = field(default_factory=dict, repr=False)

    @cached_property
    def commune_counts(self) -> Weights:
        """The number of communes of each group."""
        return Weights.of([len(group) for group in self.communes])

    @cached_property
    def populations(self) -> Weights:
        """The number of inhabitants of each group."""
        return Weights.of([sum(commune.population for commune in group) for group in self.communes])

    @cached_property
    def _most_populated(self) -> list[tuple[int, str]]:
        """The most populated commune of each group, as a key to sort by."""
        return [min((-one.population, one.code) for one in group) for group in self.communes]

    def largest(self, groups: GroupSet, most: int) -> list[str]:
        """The codes of the most populated communes of these groups, in that order."""
        # There are as many as wanted in the first groups, in the order of their most populated one.
        first = nsmallest(most, self.members(groups), key=self._most_populated.__getitem__)
        communes = ((-one.population, one.code) for index in first for one in self.communes[index])
        return [code for _, code in nsmallest(most, communes)]

    def count(self, groups: GroupSet) -> int:
        """The number of communes of these groups."""
        return self.commune_counts.total(groups)

    def members(self, groups: GroupSet) -> tuple[int, ...]:
        """The indexes of these groups in ``communes``; kept, since areas come back for each subject."""
        found = self._members.get(groups)
        if found is None:
            found = self._members[groups] = tuple(indexes_in(groups))
        return found

    def where(self, communes: Collection[str]) -> GroupSet:
        """The groups that hold one of these communes, by code."""
        return groups_of(
            index
            for index, group in enumerate(self.communes)
            if any(commune.code in communes for commune in group)
        )


def indexes_in(groups: GroupSet) -> Iterator[int]:
    """Yield the indexes of the bits that are set."""
    bits = f"{groups:b}"[::-1]
    index = bits.find("1")
    while index >= 0:
        yield index
        index = bits.find("1", index + 1)


def groups_of(indexes: Iterable[int]) -> GroupSet:
    """The set of the groups at these indexes."""
    wanted = sorted(indexes)
    if len(wanted) < 2:
        return 1 << wanted[0] if wanted else 0
    bits = bytearray(wanted[-1] // 8 + 1)
    for index in wanted:
        bits[index // 8] |= 1 << index % 8
    return int.from_bytes(bits, "little")


def make_groups(
    communes: Iterable[LocatedCommune],
    areas: Iterable[KnownArea],
    members: Iterable[tuple[int, str, str]],
) -> CommuneGroups:
    """Group the communes. ``members``: zone's pk, then kind and current code of one of its members."""
    known, parts = list(areas), list(members)
    alone = {area.code for area in known if area.kind == "commune"}
    alone |= {code for _, kind, code in parts if kind == "commune"}
    grouped: dict[tuple[str, str | None, str], list[LocatedCommune]] = defaultdict(list)
    for commune in communes:
        key = (commune.department, commune.epci, commune.code if commune.code in alone else "")
        grouped[key].append(commune)
    groups = tuple(map(tuple, grouped.values()))
    everywhere = (1 << len(groups)) - 1
    return CommuneGroups(
        communes=groups,
        everywhere=everywhere,
        area_groups=_area_groups(groups, known, parts, everywhere),
    )


def _area_groups(
    groups: Sequence[Sequence[LocatedCommune]],
    areas: Iterable[KnownArea],
    members: Iterable[tuple[int, str, str]],
    everywhere: GroupSet,
) -> dict[int, GroupSet]:
    """The groups inside each area in use. A member of a zone counts even when it is itself dropped."""
    inside: dict[tuple[str, str | None], list[int]] = defaultdict(list)
    for index, group in enumerate(groups):
        first = group[0]
        inside["department", first.department].append(index)
        inside["epci", first.epci].append(index)
        inside["region", first.region].append(index)
        if len(group) == 1:
            inside["commune", first.code].append(index)
    found = {key: groups_of(indexes) for key, indexes in inside.items() if key[1] is not None}
    found["national", ""] = everywhere
    zones: dict[int, GroupSet] = defaultdict(int)
    for zone, kind, code in members:
        zones[zone] |= found.get((kind, code), 0)
    result = {}
    for area in areas:
        own = zones[area.pk] if area.kind == Level.ZONE.kind else found.get((area.kind, area.code), 0)
        if own and not area.is_dropped:
            result[area.pk] = own
    return result
