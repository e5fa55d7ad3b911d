"""Weights of each feature for each subject, computed from the texts of the catalogue. Pure.

A weight adds the logarithm of how much more often the feature is met in the subject's texts than elsewhere
(as a complement naive Bayes classifier does) and its share in these texts (as a centroid). The score of a
text adds the weights of its features, each by its rarity. All is computed from the texts in seconds, so
that what is changed in the tables is known at once.
"""

from array import array
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import log, sqrt

from experts.wording.features import counted, is_letters, is_pair, words

SMOOTHING = 0.3
CENTROID = 4.0
LETTERS_SHARE = 0.5  # a word has several groups of letters
MIN_TEXTS = 2  # a pair or a group of letters met in one text only says nothing of others


@dataclass(frozen=True, slots=True)
class ExampleText:
    """A text of a subject, and its weight beside the others."""

    subject: int  # index in the catalogue's order
    content: str
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class Posting:
    """A feature: its rarity, the subjects that have it in increasing order, and its weights for them."""

    rarity: float
    subjects: "array[int]"
    weights: "array[float]"


@dataclass(frozen=True, slots=True)
class Model:
    """Weights by feature, and the number of times that each plain word is met in the texts."""

    subject_count: int
    word_counts: Mapping[str, int]
    postings: Mapping[str, Posting]

    def shares(self, names: Mapping[str, int]) -> dict[str, float]:
        """Share of each known feature in a text, from the times that it is met; their squares add up to 1."""
        known = {name: self.postings[name].rarity for name in names if name in self.postings}
        return _unit(known, names)

    def scores(self, shares: Mapping[str, float]) -> list[float]:
        """Score of each subject for a text with these shares."""
        scores = [0.0] * self.subject_count
        for name, share in shares.items():
            posting = self.postings[name]
            for subject, weight in zip(posting.subjects, posting.weights, strict=True):
                scores[subject] += share * weight
        return scores

    def weight(self, name: str, subject: int) -> float:
        """Weight of a known feature for a subject."""
        posting = self.postings[name]
        at = bisect_left(posting.subjects, subject)
        has_it = at < len(posting.subjects) and posting.subjects[at] == subject
        return posting.weights[at] if has_it else 0.0


def train(texts: Sequence[ExampleText], subject_count: int) -> Model:
    """Compute the model of these texts. Features are counted twice rather than kept, to spare memory."""
    plain = [[word.plain for word in words(text.content)] for text in texts]
    word_counts: Counter[str] = Counter()
    frequency: Counter[str] = Counter()
    for listed in plain:
        word_counts.update(listed)
        frequency.update(counted(listed).keys())
    rarity = {
        name: (log((1 + len(texts)) / (1 + met)) + 1) * (LETTERS_SHARE if is_letters(name) else 1)
        for name, met in frequency.items()
        if met >= MIN_TEXTS or not (is_pair(name) or is_letters(name))
    }
    sums: dict[str, dict[int, float]] = {name: {} for name in rarity}
    for text, listed in zip(texts, plain, strict=True):
        names = counted(listed)
        for name, share in _unit({n: rarity[n] for n in names if n in rarity}, names).items():
            by_subject = sums[name]
            by_subject[text.subject] = by_subject.get(text.subject, 0.0) + share * text.weight
    norms = _norms(sums.values(), subject_count)
    postings = {name: _posting(rarity[name], found, norms) for name, found in sums.items()}
    return Model(subject_count, word_counts, postings)


def _unit(rarity: Mapping[str, float], names: Mapping[str, int]) -> dict[str, float]:
    """Rarity by number of times, divided so that the squares add up to 1."""
    values = {name: value * (1 + log(names[name])) for name, value in rarity.items()}
    norm = sqrt(sum(value * value for value in values.values())) or 1.0
    return {name: value / norm for name, value in values.items()}


def _norms(sums: Iterable[Mapping[int, float]], subject_count: int) -> list[float]:
    squares = [0.0] * subject_count
    for found in sums:
        for subject, total in found.items():
            squares[subject] += total * total
    return [sqrt(square) or 1.0 for square in squares]


def _posting(rarity: float, found: Mapping[int, float], norms: Sequence[float]) -> Posting:
    everywhere = sum(found.values()) + SMOOTHING
    subjects = sorted(found)
    weights = [
        log(everywhere / (everywhere - found[subject])) + CENTROID * found[subject] / norms[subject]
        for subject in subjects
    ]
    return Posting(rarity, array("H", subjects), array("f", weights))
