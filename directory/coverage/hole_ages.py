"""Age of the holes of a coverage: when communes lost their answer, and how long until they had one. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date

Codes = Mapping[str, Sequence[str]]  # communes without answer, by subject
Openings = dict[str, dict[str, list[str]]]  # by subject, then by the ISO day when they lost their answer
Mended = tuple[str, int, int]  # ISO day, days without answer, number of communes


def follow_openings(openings: Openings, before: Codes, after: Codes, *, today: date) -> Openings:
    """Communes still without answer, by subject and first day; new subjects of the catalogue are left out."""
    found: Openings = {}
    for subject, codes in after.items():
        left = set(codes)
        by_day = {day: sorted(left & set(own)) for day, own in openings.get(subject, {}).items()}
        if subject in before:
            by_day[today.isoformat()] = sorted(left - set(before[subject]))
        if by_day := {day: own for day, own in by_day.items() if own}:
            found[subject] = by_day
    return found


def mended_since(openings: Openings, after: Codes, *, today: date) -> list[Mended]:
    """The openings that have an answer tonight; a subject that left the catalogue mends nothing."""
    found: list[Mended] = []
    for subject, by_day in openings.items():
        if subject in after:
            left = set(after[subject])
            for day, codes in by_day.items():
                days = (today - date.fromisoformat(day)).days
                if count := len(set(codes) - left):
                    found.append((today.isoformat(), days, count))
    return found


def median_days(mended: Iterable[Mended]) -> int | None:
    """Days within which half of the communes had an answer again; ``None`` without any."""
    rows = sorted((days, count) for _, days, count in mended)
    half, reached = sum(count for _, count in rows) / 2, 0
    for days, count in rows:
        reached += count
        if reached >= half:
            return days
    return None
