"""Rounded numbers, from which nobody can tell a count under five. Pure.

Each number is rounded to the nearest ten, apart from all others: « 20 » is from 15 to 24, and « < 5 » is what
rounds to none. A total is then not the sum of the parts that are shown: whatever a reader adds, subtracts or
compares, on one page or on several, what is not known of each number is more than a small count (but for rare
coincidences, about one small count in a hundred thousand for who also knows the exact numbers of an office).
"""

LEAST, STEP = 5, 10
SMALL = f"<\u00a0{LEAST}"


def rounded(count: int) -> int | None:
    """The nearest ten; ``None`` for a count under five."""
    return (count + STEP // 2) // STEP * STEP or None


def in_words(shown: int | None) -> str:
    """« 1 230 »; « < 5 » for a count that is not shown."""
    return SMALL if shown is None else f"{shown:,}".replace(",", "\u202f")
