"""Small counts that may not be shown, and others hidden so that no sum or difference gives them. Pure.

A count under ``LEAST`` is small: it reads « < 5 ». Where the sums that people can make of what is shown would
give a hidden count, or leave it one possible value, larger counts are hidden too: they read « masqué ».
"""

from collections import defaultdict
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Generic, TypeVar

LEAST = 5
PRIME = 2_147_483_647  # sums are solved modulo this number: faster than fractions, and as good
Cell = TypeVar("Cell", bound=Hashable)
Row = dict[Cell, int]


@dataclass(frozen=True)
class Sum(Generic[Cell]):
    """A total that is the sum of its parts."""

    total: Cell
    parts: tuple[Cell, ...]

    @cached_property
    def members(self) -> tuple[Cell, ...]:
        """All its cells, the total last."""
        return (*self.parts, self.total)


def hidden_cells(
    counts: Mapping[Cell, int], sums: Sequence[Sum[Cell]], *, small: Iterable[Cell]
) -> frozenset[Cell]:
    """The cells to hide: those that are small, and those that protect them."""
    hidden: set[Cell] = set(small)
    while len(hidden) < len(counts):
        _protect_each_sum(counts, sums, hidden)
        found = determined(hidden, sums)
        if not found:
            return frozenset(hidden)
        touching = [one for one in sums if not found.isdisjoint(one.members)]
        added = [_hide_one_more(counts, one, hidden) for one in touching]
        if all(cell is None for cell in added):
            break  # nothing less than all protects them
    return frozenset(counts)


def _protect_each_sum(counts: Mapping[Cell, int], sums: Sequence[Sum[Cell]], hidden: set[Cell]) -> None:
    """Hide more cells until no sum, alone, gives a hidden one."""
    waiting = list(sums)
    by_cell = defaultdict(list)
    for one in sums:
        for cell in one.members:
            by_cell[cell].append(one)
    while waiting:
        one = waiting.pop()
        while _tells(counts, one, hidden):
            added = _hide_one_more(counts, one, hidden)
            if added is None:
                break
            waiting += [other for other in by_cell[added] if other is not one]


def _hide_one_more(counts: Mapping[Cell, int], one: Sum[Cell], hidden: set[Cell]) -> Cell | None:
    """Hide the smallest part still shown, else the total; ``None`` when all are hidden.

    A part without any need comes last: readers may know that there can be none.
    """
    shown = [cell for cell in one.parts if cell not in hidden]
    added = min((cell for cell in shown if counts[cell]), key=lambda cell: counts[cell], default=None)
    if added is None:
        added = next(iter([*({one.total} - hidden), *shown]), None)
    if added is None:
        return None
    hidden.add(added)
    return added


def _tells(counts: Mapping[Cell, int], one: Sum[Cell], hidden: set[Cell]) -> bool:
    """Return whether a sum leaves one of its hidden cells a single value.

    A reader knows that a small count is from 0 to 4, and that a masked one is 5 or more.
    """
    members = [cell for cell in one.members if cell in hidden]
    if not members:
        return False
    if one.total in hidden:
        # The total is no more than its parts: as soon as a part is hidden too, both may vary together.
        return len(members) == 1
    left = sum(counts[cell] for cell in members)
    least = sum(_lower(counts[cell]) for cell in members)
    most = sum(_upper(counts[cell]) for cell in members)
    return len(members) == 1 or left in {least, most}


def _lower(count: int) -> int:
    return 0 if count < LEAST else LEAST


def _upper(count: int) -> float:
    return LEAST - 1 if count < LEAST else float("inf")


def determined(hidden: Iterable[Cell], sums: Sequence[Sum[Cell]]) -> set[Cell]:
    """The hidden cells that some combination of the sums gives, whatever the counts.

    The sums are reduced to the hidden cells and solved: a cell alone in its row has one value.
    """
    unknown = set(hidden)
    rows = [_row(one, unknown) for one in sums]
    return {next(iter(row)) for row in _reduced([row for row in rows if row]) if len(row) == 1}


def _row(one: Sum[Cell], unknown: set[Cell]) -> Row[Cell]:
    row: Row[Cell] = {cell: 1 for cell in one.parts if cell in unknown}
    if one.total in unknown:
        row[one.total] = PRIME - 1
    return row


def _reduced(rows: list[Row[Cell]]) -> list[Row[Cell]]:
    """The reduced rows of the system: each has a cell that no other row has."""
    where: dict[Cell, set[int]] = defaultdict(set)
    for number, row in enumerate(rows):
        for cell in row:
            where[cell].add(number)
    for number in sorted(range(len(rows)), key=lambda place: len(rows[place])):
        row = rows[number]
        if not row:
            continue
        pivot = min(row, key=lambda cell: len(where[cell]))
        _scale(row, by=pow(row[pivot], -1, PRIME))
        for other in where[pivot] - {number}:
            _subtract(rows[other], row, times=rows[other][pivot], where=where, number=other)
    return rows


def _scale(row: Row[Cell], *, by: int) -> None:
    for cell in row:
        row[cell] = row[cell] * by % PRIME


def _subtract(
    row: Row[Cell], pivot_row: Row[Cell], *, times: int, where: dict[Cell, set[int]], number: int
) -> None:
    """Take the pivot's row, that many times, from another; ``where`` follows."""
    for cell, factor in pivot_row.items():
        before = row.get(cell)
        if before is None:
            row[cell] = -times * factor % PRIME
            where[cell].add(number)
        elif left := (before - times * factor) % PRIME:
            row[cell] = left
        else:
            del row[cell]
            where[cell].discard(number)
