"""Hidden counts: small ones, and those without which sums and differences would give them."""

from fractions import Fraction
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from indicators.disclosure import LEAST, Sum, determined, hidden_cells

PARTS, COLUMNS, GROUPS = 3, 4, (("a", "b"), ("c", "d"))


def year_of(numbers):
    """A year and its parts, a total, four categories and two groups of them; and their sums."""
    names = [name for group in GROUPS for name in group]
    counts = {(part + 1, name): numbers[part * COLUMNS + place] for part, place, name in _cells(names)}
    for name in names:
        counts[0, name] = sum(counts[part, name] for part in range(1, PARTS + 1))
    sums = []
    for part in range(PARTS + 1):
        for place, group in enumerate(GROUPS):
            counts[part, f"group{place}"] = sum(counts[part, name] for name in group)
            sums.append(Sum((part, f"group{place}"), tuple((part, name) for name in group)))
        counts[part, "total"] = sum(counts[part, name] for name in names)
        sums.append(Sum((part, "total"), tuple((part, f"group{place}") for place in range(len(GROUPS)))))
    of_year = (*names, "group0", "group1", "total")
    sums += [Sum((0, name), tuple((part, name) for part in range(1, PARTS + 1))) for name in of_year]
    return counts, sums


def _cells(names):
    return [(part, place, name) for part, (place, name) in product(range(PARTS), enumerate(names))]


def solved(sums, hidden):
    """The hidden cells that the sums give: solved with exact fractions, one column after the other."""
    order = sorted(hidden)
    rows = [[Fraction((cell in one.parts) - (cell == one.total)) for cell in order] for one in sums]
    done = 0
    for column in range(len(order)):
        place = next((place for place in range(done, len(rows)) if rows[place][column]), None)
        if place is None:
            continue
        rows[done], rows[place] = rows[place], rows[done]
        pivot = rows[done] = [value / rows[done][column] for value in rows[done]]
        for other, row in enumerate(rows):
            if other != done and row[column]:
                rows[other] = [value - row[column] * own for value, own in zip(row, pivot, strict=True)]
        done += 1
    alone = [[place for place, value in enumerate(row) if value] for row in rows]
    return {order[places[0]] for places in alone if len(places) == 1}


@settings(max_examples=40)
@given(st.lists(st.integers(0, 14), min_size=PARTS * COLUMNS, max_size=PARTS * COLUMNS))
def test_no_combination_of_what_is_shown_gives_a_hidden_count(numbers):
    counts, sums = year_of(numbers)
    small = {cell for cell, count in counts.items() if count < LEAST}

    hidden = hidden_cells(counts, sums, small=small)

    assert small <= hidden
    assert solved(sums, hidden) == set()


@settings(max_examples=40)
@given(st.lists(st.integers(0, 14), min_size=PARTS * COLUMNS, max_size=PARTS * COLUMNS))
def test_a_total_does_not_leave_small_counts_a_single_value(numbers):
    counts, sums = year_of(numbers)

    hidden = hidden_cells(counts, sums, small={cell for cell, count in counts.items() if count < LEAST})

    for one in sums:
        unknown = [counts[cell] for cell in one.parts if cell in hidden]
        if not unknown or one.total in hidden:
            continue
        least = sum(0 if count < LEAST else LEAST for count in unknown)
        most = sum(LEAST - 1 if count < LEAST else 1_000 for count in unknown)
        assert least < sum(unknown) < most


@pytest.mark.parametrize(
    ("parts", "masked"),
    [
        pytest.param({"a": 3, "b": 9, "c": 40}, {"a", "b"}, id="the smallest other protects one"),
        pytest.param({"a": 3, "b": 2, "c": 40}, {"a", "b"}, id="two protect each other"),
        pytest.param({"a": 4, "b": 4, "c": 40, "d": 60}, {"a", "b", "c"}, id="unless both can only be four"),
        pytest.param({"a": 0, "b": 0, "c": 40, "d": 60}, {"a", "b", "c"}, id="or both can only be none"),
        pytest.param({"a": 30, "b": 40}, set(), id="nothing small, nothing hidden"),
    ],
)
def test_what_a_single_sum_hides(parts, masked):
    counts = {**parts, "total": sum(parts.values())}

    hidden = hidden_cells(
        counts,
        [Sum("total", tuple(parts))],
        small={cell for cell, count in counts.items() if count < LEAST},
    )

    assert hidden == masked


def test_sums_that_share_their_cells_are_solved_together():
    sums = [Sum("x", ("a", "b", "c")), Sum("y", ("b", "c"))]

    assert determined({"a", "b", "c"}, sums) == {"a"}
    assert determined({"b", "c"}, sums) == set()
