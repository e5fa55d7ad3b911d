"""Rounded numbers: no sum, difference or comparison of them gives a count under five."""

from collections import Counter
from itertools import combinations_with_replacement, product
from random import Random

import pytest

from indicators.rounding import LEAST, in_words, rounded

REGIONS = {"A": ("a1", "a2"), "B": ("b1", "b2", "b3"), "C": ("c1",)}
SUBJECTS, PARTS, YEAR, NATION, ALL = ("s", "t", "u", "v"), (1, 2, 3), 0, "", ""
# What may have happened to a need, as the measures in which it counts.
NEEDS = (
    ("received",),
    ("received", "answered"),
    ("received", "answered", "taken"),
    ("received", "answered", "taken", "helped"),
    ("received", "waiting"),
)
MEASURES = ("received", "answered", "taken", "helped", "waiting")


def lines():
    """Place and category of each line of the pages of the nation and of the regions."""
    for place, departments in ((NATION, sum(REGIONS.values(), ())), *REGIONS.items()):
        yield from ((place, one) for one in (ALL, *SUBJECTS, *departments))


def sums():
    """All sums of the pages, as a total and its parts."""
    for part, measure in product((YEAR, *PARTS), MEASURES):
        for place, departments in REGIONS.items():
            yield (place, part, ALL, measure), [(place, part, one, measure) for one in departments]
            for one in departments:
                yield (NATION, part, one, measure), [(place, part, one, measure)]
        for place in (NATION, *REGIONS):
            yield (place, part, ALL, measure), [(place, part, one, measure) for one in SUBJECTS]
        for one in (ALL, *SUBJECTS):
            yield (NATION, part, one, measure), [(place, part, one, measure) for place in REGIONS]
    for (place, one), measure in product(lines(), MEASURES):
        yield (place, YEAR, one, measure), [(place, part, one, measure) for part in PARTS]


def at_most():
    """Measures that cannot be more than another: a number of needs, and those that it holds apart."""
    for (place, one), part in product(lines(), (YEAR, *PARTS)):
        held = {"received": ("answered", "taken waiting"), "answered": ("taken",), "taken": ("helped",)}
        for whole, several in held.items():
            for inside in several:
                yield (place, part, one, whole), [(place, part, one, code) for code in inside.split()]


def world(seed, share_of_own=0.0):
    """Counts of all cells, and of those needs that one office got, which its manager knows."""
    random = Random(seed)  # noqa: S311 (a made-up world)
    most, share = random.choice((1, 2, 4, 8)), random.choice((0.02, 0.05, 0.1, 0.3, 1.0))
    counts, own = Counter(), Counter()
    for part, (region, departments), subject, needs in product(PARTS, REGIONS.items(), SUBJECTS, NEEDS):
        for department in departments:
            number = random.randint(0, most) if random.random() < share else 0
            known = random.randint(0, number) if department == "b1" and random.random() < share_of_own else 0
            for where, when, one, code in product(
                (NATION, region), (YEAR, part), (ALL, subject, department), needs
            ):
                counts[where, when, one, code] += number
                own[where, when, one, code] += known
    return counts, own


def interval(shown):
    return (0, LEAST - 1) if shown is None else (shown - LEAST, shown + LEAST - 1)


def exact(count):
    """A rule that hides small counts and shows all others as they are."""
    return None if count < LEAST else count


def pinned(counts, own, rule):
    """The small counts to which all sums and comparisons leave one value; ``own``: what the reader knows."""
    bounds = {}
    for place, one in lines():
        for part, measure in product((YEAR, *PARTS), MEASURES):
            cell = (place, part, one, measure)
            shown = rule(counts[cell])
            low, high = (shown, shown) if rule is exact and shown else interval(shown)
            bounds[cell] = (max(low - own[cell], 0), high - own[cell])
    known_at_once = {cell for cell, (low, high) in bounds.items() if low == high}
    narrow(bounds)
    small = {cell for cell in bounds if counts[cell] < LEAST} - known_at_once
    return {cell for cell in small if bounds[cell][0] == bounds[cell][1]}


def narrow(bounds):
    """Let each sum narrow the bounds of its cells, until none does."""
    constraints = [(*one, True) for one in sums()] + [(*one, False) for one in at_most()]
    before = None
    while before != bounds:
        before = dict(bounds)
        for whole, inside, is_sum in constraints:
            low, high = bounds[whole]
            least, most = (sum(bounds[cell][end] for cell in inside) for end in (0, 1))
            bounds[whole] = max(low, least), min(high, most) if is_sum else high
            for cell in inside:
                lower, upper = bounds[cell]
                if is_sum:
                    lower = max(lower, low - (most - bounds[cell][1]))
                bounds[cell] = lower, min(upper, high - (least - bounds[cell][0]))


@pytest.mark.parametrize("seed", range(40))
def test_all_the_pages_together_give_no_small_count(seed):
    assert pinned(*world(seed), rounded) == set()


@pytest.mark.parametrize("seed", range(40))
def test_nor_does_what_a_manager_knows_of_her_own_office(seed):
    counts, own = world(seed, share_of_own=0.5)
    # Where a number is nearly all hers, « < 5 » included, she knows that the other offices got next to none.
    if any(known > interval(rounded(counts[cell]))[1] / 2 for cell, known in own.items()):
        counts, own = world(seed)

    assert pinned(counts, own, rounded) == set()


def test_the_same_reader_finds_small_counts_where_the_others_are_exact():
    assert any(pinned(*world(seed), exact) for seed in range(10))


@pytest.mark.parametrize("number", [2, 3, 4, 5])
def test_one_total_and_its_parts_never_give_a_small_part(number):
    for parts in combinations_with_replacement((*range(10), 14, 15, 24), number):
        low, high = interval(rounded(sum(parts)))
        others = sorted(parts)[1:]
        bounds = [interval(rounded(one)) for one in others]
        least = max(0, low - sum(most for _, most in bounds))
        most = min(LEAST - 1, high - sum(least for least, _ in bounds))
        assert min(parts) >= LEAST or least < most


@pytest.mark.parametrize(
    ("count", "shown"),
    [(0, "< 5"), (4, "< 5"), (5, "10"), (14, "10"), (15, "20"), (1234, "1 230"), (1235, "1 240")],
)
def test_a_number_is_rounded_to_the_nearest_ten(count, shown):
    written = in_words(rounded(count))

    assert written.replace("\u00a0", " ").replace("\u202f", " ") == shown
