"""Small counts that may not be shown, and others hidden so that no sum or difference gives them. Pure.

A count under ``LEAST`` is small: it reads « < 5 ». Where the sums that people can make of what is shown would
give a hidden count, or leave it one possible value, larger counts are hidden too: they read « masqué ».
"""

from collections import defaultdict
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from math import inf
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
        found = bounded(counts, hidden, sums) or determined(hidden, sums)  # the cheaper one first
        if not found:
            return frozenset(hidden)
        if not _hide_near(counts, found, sums, hidden):
            break  # nothing less than all protects them
    return frozenset(counts)


def _hide_near(
    counts: Mapping[Cell, int], found: set[Cell], sums: Sequence[Sum[Cell]], hidden: set[Cell]
) -> bool:
    """Hide one more cell in each sum of those found, else in the sums beside; ``False`` when none is left."""
    near, size = set(found), 0
    while len(near) > size:
        size = len(near)
        touching = [one for one in sums if not near.isdisjoint(one.members)]
        added = [_hide_one_more(counts, one, hidden) for one in touching]
        if any(cell is not None for cell in added):
            return True
        near.update(cell for one in touching for cell in one.members)
    return False


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


def bounded(counts: Mapping[Cell, int], hidden: Iterable[Cell], sums: Sequence[Sum[Cell]]) -> set[Cell]:
    """The small cells that count a need, and to which the sums, one after the other, leave a single value.

    A small count is from 0 to 4, a masked one 5 or more: each sum narrows the bounds of its cells, and these
    narrow those of the sums beside it.
    """
    unknown = set(hidden)
    bounds: dict[Cell, tuple[float, float]] = {
        cell: (_lower(counts[cell]), _upper(counts[cell])) for cell in unknown
    }
    rows: list[tuple[Cell, list[Cell], int]] = []
    beside: dict[Cell, list[int]] = defaultdict(list)
    for one in sums:
        parts = [cell for cell in one.parts if cell in unknown]
        if parts or one.total in unknown:
            for cell in (*parts, *({one.total} & unknown)):
                beside[cell].append(len(rows))
            rows.append((one.total, parts, sum(counts[cell] for cell in one.parts if cell not in unknown)))
    waiting = set(range(len(rows)))
    while waiting:
        total, parts, shown = rows[waiting.pop()]
        found = _narrowed(parts, bounds, *bounds.get(total, (counts[total], counts[total])), shown)
        if total in unknown:
            least, most = (sum(bounds[cell][end] for cell in parts) for end in (0, 1))
            found[total] = (shown + least, shown + most)
        for cell, (lower, upper) in found.items():
            low, high = bounds[cell]
            if lower > low or upper < high:
                bounds[cell] = (max(lower, low), min(upper, high))
                waiting.update(beside[cell])
    return {cell for cell, (low, high) in bounds.items() if 0 < low == high < LEAST}


def _narrowed(
    parts: Sequence[Cell],
    bounds: Mapping[Cell, tuple[float, float]],
    total_low: float,
    total_high: float,
    shown: int,
) -> dict[Cell, tuple[float, float]]:
    """The bounds that a total leaves to each of its hidden parts; ``shown``: the sum of the others."""
    least = shown + sum(bounds[cell][0] for cell in parts)
    unlimited = [cell for cell in parts if bounds[cell][1] == inf]
    limited = shown + sum(bounds[cell][1] for cell in parts if bounds[cell][1] < inf)
    found = {}
    for cell in parts:
        low, high = bounds[cell]
        others = limited - (high if high < inf else 0) if unlimited in ([], [cell]) else inf
        found[cell] = (total_low - others, total_high - least + low)
    return found


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
        pivot = _least_shared(row, where)
        others = where[pivot] - {number}
        if others:
            _scale(row, by=pow(row[pivot], -1, PRIME))
        for other in others:
            _subtract(rows[other], row, times=rows[other][pivot], where=where, number=other)
    return rows


def _least_shared(row: Row[Cell], where: Mapping[Cell, set[int]]) -> Cell:
    """The cell of a row that the fewest rows have."""
    for cell in row:
        if len(where[cell]) == 1:
            return cell
    return min(row, key=lambda cell: len(where[cell]))


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
