"""Suggestion of subjects from a person's words. Pure: no Django, no database, no clock."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import exp
from typing import Any

from experts.wording import distress, features, spelling
from experts.wording.features import STOP_WORDS, Word
from experts.wording.model import ExampleText, Model, train

LIMIT = 5
# Measured on the examples, each answered by a model that had not read it: with these, the score of the first
# subject is how often it is the right one.
SHARPNESS = 6.0
CONFIDENT = 0.4
CLEARLY_FIRST = 2  # times the score of the second subject
KEYWORD_SCORE = 20.0  # more than any text has
BECAUSE = 5
MIN_SHARE = 0.25  # a word that says less than this share of the best word is not told
# Keywords, in their order, of the subject for a person in distress.
SUPPORT = ("fatigue du dirigeant", "parler à quelqu'un", "burn-out")

NOTHING_KNOWN = "Aucun mot de ce texte ne conduit à un sujet."
UNDECIDED = "Plusieurs sujets peuvent convenir à ce texte."
HALF_KNOWN = "Une bonne partie des mots de ce texte n'est pas connue."


@dataclass(frozen=True, slots=True)
class SubjectTexts:
    """A subject and its texts in the catalogue; ``titles`` are its label and keywords."""

    slug: str
    titles: tuple[str, ...]
    description: str
    examples: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Suggestion:
    """A subject that may be the right one.

    ``score`` is between 0 and 1, the scores of all subjects add up to 1; ``because`` holds the words of the
    person that spoke for it, in their order.
    """

    slug: str
    score: float
    because: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Suggestions:
    """Subjects, the likeliest first.

    ``doubts`` are French sentences that say why the first subject is not sure; empty when it is.
    ``is_distress``: the text may tell of a person in danger.
    """

    subjects: tuple[Suggestion, ...]
    doubts: tuple[str, ...] = ()
    is_distress: bool = False

    @property
    def is_confident(self) -> bool:
        return not self.doubts

    def as_json(self) -> dict[str, Any]:
        """The answer of the command and of the API."""
        return {
            "subjects": [
                {"slug": found.slug, "score": found.score, "because": list(found.because)}
                for found in self.subjects
            ],
            "confident": self.is_confident,
            "doubts": list(self.doubts),
        }


@dataclass(frozen=True, slots=True)
class Catalogue:
    """The subjects' slugs in order, the model of their texts, and the subjects by keyword or label.

    ``keywords``: from the least exact to the most, by the keys of ``_keys``: « chauffage » and « chauffeur »
    share the first one.
    """

    slugs: tuple[str, ...]
    model: Model
    keywords: tuple[Mapping[tuple[str, ...], tuple[int, ...]], ...]

    @classmethod
    def of(cls, subjects: Sequence[SubjectTexts]) -> "Catalogue":
        """Learn the texts of these subjects; takes seconds."""
        texts: list[ExampleText] = []
        keywords: list[dict[tuple[str, ...], list[int]]] = [defaultdict(list) for _ in _keys([])]
        for index, subject in enumerate(subjects):
            contents = (*subject.titles, subject.description, *subject.examples)
            texts += [ExampleText(index, features.clean(content)) for content in contents if content]
            for title in subject.titles:
                for by_key, key in zip(keywords, _keys(_plain(title)), strict=True):
                    by_key[key].append(index)
        return cls(
            tuple(subject.slug for subject in subjects),
            train(texts, len(subjects)),
            tuple(
                {key: tuple(dict.fromkeys(indexes)) for key, indexes in by_key.items()} for by_key in keywords
            ),
        )


def suggest(catalogue: Catalogue, text: str, *, limit: int = LIMIT) -> Suggestions:
    """The likeliest subjects of a text; when it tells several needs, a subject for each is among them.

    What is beyond 4,000 characters is not read.
    """
    model = catalogue.model
    read = features.words(features.clean(text))
    typed = features.corrected(read, model.word_counts)
    plain = [word.plain for word in typed]
    shares = model.shares(features.counted(plain))
    scores = model.scores(shares)
    telling = [word for word in plain if word not in STOP_WORDS]
    known = [word for word in telling if _is_known(word, shares)]
    for rank, (by_key, key) in enumerate(zip(catalogue.keywords, _keys(plain), strict=True)):
        for index in by_key.get(key, ()):
            scores[index] = KEYWORD_SCORE + rank
    is_distress = any(map(distress.is_distress, {tuple(plain), tuple(word.plain for word in read)}))
    if is_distress:
        _raise_support(catalogue, scores)
    elif not known:
        return Suggestions((), (NOTHING_KNOWN,))
    likelihoods = _likelihoods(scores)
    order = sorted(range(len(scores)), key=lambda index: (-scores[index], index))[:limit]
    found = tuple(
        Suggestion(
            catalogue.slugs[index], round(likelihoods[index], 3), _because(model, typed, shares, index)
        )
        for index in order
        if scores[index] > 0
    )
    return Suggestions(found, tuple(_doubts(found, len(known), len(telling))), is_distress)


def _plain(text: str) -> list[str]:
    return [word.plain for word in features.words(features.clean(text))]


def _keys(plain: Sequence[str]) -> tuple[tuple[str, ...], ...]:
    """Keys of a keyword: its stems, the same for « saisonnier » and « les saisonniers », then its words.

    Stop words are left out, unless there is no other; all words are the last key.
    """
    telling = tuple(word for word in plain if word not in STOP_WORDS)
    everything = tuple(plain)
    return tuple(map(spelling.stem, telling)) or everything, telling or everything, everything


def _is_known(word: str, shares: Mapping[str, float]) -> bool:
    """Return whether the word, one of its forms or one that sounds alike is in the catalogue's texts."""
    return any(name in shares for name in features.of_word(word) if not features.is_letters(name))


def _raise_support(catalogue: Catalogue, scores: list[float]) -> None:
    """Place the subject for people in distress among the first three."""
    for keyword in SUPPORT:
        for index in catalogue.keywords[0].get(_keys(_plain(keyword))[0], ()):
            scores[index] = max(scores[index], *sorted(scores)[-3:-2], 0.001)
            return


def _likelihoods(scores: Sequence[float]) -> list[float]:
    """Scores as shares of 1."""
    best = max(scores, default=0.0)
    powers = [exp(SHARPNESS * (score - best)) for score in scores]
    total = sum(powers)
    return [power / total for power in powers]


def _because(
    model: Model, typed: Sequence[Word], shares: Mapping[str, float], subject: int
) -> tuple[str, ...]:
    """The typed words that spoke most for a subject, in their order."""
    contributions = {name: share * model.weight(name, subject) for name, share in shares.items()}
    plain = [word.plain for word in typed]
    pairs = features.of_pairs(plain)
    weights: dict[str, float] = defaultdict(float)
    for at, word in enumerate(typed):
        if word.plain not in STOP_WORDS:
            for name in (*features.of_word(word.plain), *pairs[max(at - 1, 0) : at + 1]):
                weights[word.typed] += contributions.get(name, 0.0)
    best = sorted(weights, key=lambda word: -weights[word])[:BECAUSE]
    kept = {word for word in best if weights[word] > MIN_SHARE * weights[best[0]]}
    return tuple(dict.fromkeys(word.typed for word in typed if word.typed in kept))


def _doubts(found: Sequence[Suggestion], known: int, telling: int) -> Iterable[str]:
    first, second = ([item.score for item in found] + [0.0, 0.0])[:2]
    if first < CONFIDENT or first < CLEARLY_FIRST * second:
        yield UNDECIDED
    if known * 2 <= telling:
        yield HALF_KNOWN
