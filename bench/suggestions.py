"""Suggestions of subjects: how often they are right, their time and memory, the catalogue in memory."""

import gc
import os
from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import partial
from itertools import islice
from pathlib import Path
from typing import TypeVar

from bench import contents, databases
from bench.harness import Result, median, milliseconds, percentile, shown
from experts.wording import engine, loading
from experts.wording.engine import Catalogue, SubjectTexts, Suggestions
from tests.experts.wording import held_out
from tests.experts.wording.held_out import Message

FOLDS = 5
_Found = TypeVar("_Found")
# The search by keywords that this replaces took 25 ms on the same machine.
MAX_P50, MAX_P99, MAX_MEGABYTES = 12.5, 30, 60
MIN_SHARES = {1: 0.50, 3: 0.70, 5: 0.78}
MIN_NEEDS_SHARE, MAX_EMPTY_SHARE, MIN_KEYWORDS_SHARE = 0.65, 0.02, 0.98


def measure() -> list[Result]:
    with databases.connected(databases.build(contents.CATALOGUE)):
        gc.collect()
        before = _resident_megabytes()
        learning = milliseconds(loading.catalogue)
        more = _resident_megabytes() - before
        subjects = loading.texts()
        single, several = _some(held_out.read("single.jsonl")), _some(held_out.read("several.jsonl"))
        durations = [milliseconds(partial(loading.suggest, message.text)) for message in single]
        catalogue = loading.catalogue()
        answered = [(message, engine.suggest(catalogue, message.text)) for message in single]
        needs = [(message, engine.suggest(catalogue, message.text)) for message in several]
        titles = _some(_keywords(subjects))
        keywords = [(message, engine.suggest(catalogue, message.text)) for message in titles]
        crossed = _some(_cross_validated(_some(subjects)))
    return [
        _accuracy("Suggestions, messages never learnt", answered),
        _accuracy("Suggestions, examples held out in turns", crossed),
        _share(
            "Suggestions, needs of one message among five",
            held_out.share_of_needs(needs, among=5),
            MIN_NEEDS_SHARE,
        ),
        _share(
            "Suggestions, a keyword finds its subject first",
            held_out.share_found(keywords, among=1),
            MIN_KEYWORDS_SHARE,
        ),
        Result(
            "Suggestions, time",
            shown(durations),
            f"p50 ≤ {MAX_P50} ms, p99 ≤ {MAX_P99} ms",
            median(durations) <= MAX_P50 and percentile(durations, 99) <= MAX_P99,
        ),
        Result(
            "Suggestions, memory of a process",
            f"{more:.0f} MB, learnt in {learning / 1_000:.1f} s",
            f"≤ {MAX_MEGABYTES} MB",
            more <= MAX_MEGABYTES,
        ),
    ]


def _some(found: Iterable[_Found]) -> list[_Found]:
    """All of them; the first ones in a small run."""
    return list(islice(found, 10 if contents.IS_SMALL else None))


def _accuracy(title: str, answered: list[tuple[Message, Suggestions]]) -> Result:
    """One line: right subject first, among three, among five, nothing found."""
    shares = {among: held_out.share_found(answered, among=among) for among in MIN_SHARES}
    nothing = sum(not suggestions.subjects for _, suggestions in answered) / len(answered)
    confident = [pair for pair in answered if pair[1].is_confident]
    right = held_out.share_found(confident, among=1) if confident else 0
    return Result(
        title,
        ", ".join(f"{share:.1%} among {among}" for among, share in shares.items())
        + f", nothing {nothing:.1%}, N = {len(answered)}",
        "50 %, 70 %, 78 %, nothing ≤ 2 %",
        all(shares[among] >= limit for among, limit in MIN_SHARES.items()) and nothing <= MAX_EMPTY_SHARE,
        f"{title}: sure of {len(confident) / len(answered):.0%}, of which {right:.0%} are right.",
    )


def _share(title: str, share: float, limit: float) -> Result:
    return Result(title, f"{share:.1%}", f"≥ {limit:.0%}", share >= limit)


def _keywords(subjects: list[SubjectTexts]) -> Iterator[Message]:
    """Each keyword and label, with the subjects that have it."""
    holders: dict[str, list[str]] = {}
    for subject in subjects:
        for title in subject.titles:
            holders.setdefault(title, []).append(subject.slug)
    return (Message(title, tuple(slugs)) for title, slugs in holders.items())


def _cross_validated(subjects: list[SubjectTexts]) -> Iterator[tuple[Message, Suggestions]]:
    """Each example, answered by a catalogue that has not learnt it nor its fold."""
    for fold in range(1 if contents.IS_SMALL else FOLDS):
        catalogue = Catalogue.of([_without(subject, fold) for subject in subjects])
        for subject in subjects:
            for text in subject.examples[fold::FOLDS]:
                yield Message(text, (subject.slug,)), engine.suggest(catalogue, text)


def _without(subject: SubjectTexts, fold: int) -> SubjectTexts:
    """The subject without one example out of ``FOLDS``."""
    kept = tuple(text for at, text in enumerate(subject.examples) if at % FOLDS != fold)
    return replace(subject, examples=kept)


def _resident_megabytes() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6
