"""The nearest of thousands of names, as ``difflib.get_close_matches`` finds it, but sooner. Pure.

``difflib`` counts the letters that each name shares before it compares them: among the 80,000 names and codes
of the country, that takes a quarter of a second. Here a letter is counted in all names at once: its counts
are the bytes of one number, and the sum of these numbers says how many letters each name shares.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from difflib import SequenceMatcher, get_close_matches

CUTOFF = 0.6
MAX_LETTERS = 255  # that a byte counts


class NearestName:
    """Names to compare with what people type."""

    def __init__(self, names: Iterable[str]) -> None:
        self.names = list(dict.fromkeys(names))
        self._counts: dict[str, bytes] = {}

    def find(self, text: str) -> str | None:
        """The nearest name, when one is near; among equals, the last one in alphabetical order."""
        if len(text) > MAX_LETTERS:
            return next(iter(get_close_matches(text, self.names, n=1, cutoff=CUTOFF)), None)
        matcher = SequenceMatcher(b=text)
        nearest = CUTOFF, ""
        for most, name in sorted(self._candidates(text), reverse=True):
            if most < nearest[0]:
                break
            matcher.set_seq1(name)
            nearest = max(nearest, (matcher.ratio(), name))
        return nearest[1] or None

    def _candidates(self, text: str) -> Iterator[tuple[float, str]]:
        """The names that share enough letters, with the ratio that they would have in the same order."""
        shared = sum(
            int.from_bytes(self._count(letter).translate(_capped(count)), "little")
            for letter, count in Counter(text).items()
        )
        size = len(text)
        for name, letters in zip(self.names, shared.to_bytes(len(self.names), "little"), strict=True):
            if letters and (ratio := 2 * letters / (size + len(name))) >= CUTOFF:
                yield ratio, name

    def _count(self, letter: str) -> bytes:
        """The number of times that each name has this letter."""
        if letter not in self._counts:
            self._counts[letter] = bytes([min(name.count(letter), MAX_LETTERS) for name in self.names])
        return self._counts[letter]


def _capped(most: int) -> bytes:
    """A table for ``bytes.translate``: what is more than ``most`` becomes ``most``."""
    return bytes(min(count, most) for count in range(256))
