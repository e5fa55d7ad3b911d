"""The French classification of activities: labels, and search by everyday words.

``data/naf.csv`` is INSEE's list (``scripts/build_naf.py``); ``data/trades.csv``, ours, adds the everyday
names of trades, which the labels lack: people type « bar », not « débits de boissons ».
"""

import csv
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntEnum
from functools import cache
from pathlib import Path

from companies import keywords
from territories.names import is_one_typo

VERSION = "NAF rév. 2"  # stored beside each code, since another version replaces it from 2027
DATA = Path(__file__).resolve().parent / "data"
CODE = re.compile(r"([0-9]{2})([0-9]{2})([A-Z])")
CODE_START = re.compile(r"[0-9]{2,4}[A-Z]?")
SEPARATORS = re.compile(r"[\s.]+")
MAX_TEXT_LENGTH = 100
MIN_PREFIX_LENGTH = 3
MIN_MISTYPED_LENGTH = 5


@dataclass(frozen=True)
class Activity:
    """A sub-class of the classification."""

    code: str  # "43.34Z"
    label: str


class Fit(IntEnum):
    """Quality of the match between a typed word and a word of an activity, best first."""

    TRADE = 0
    LABEL = 1
    TRADE_START = 2
    LABEL_START = 3
    TRADE_TYPO = 4
    LABEL_TYPO = 5


def normalize(text: str) -> str | None:
    """The code as INSEE writes it ("4334z" gives "43.34Z"); ``None`` when the text is not a code."""
    match = CODE.fullmatch(_compact(text))
    return f"{match[1]}.{match[2]}{match[3]}" if match else None


def label(code: str) -> str:
    """The label of a code of any level, with or without its dot; "" when it is not in this version."""
    return _labels().get(_compact(code), "")


def search(text: str, limit: int = 8) -> list[Activity]:
    """The likeliest activities for a few words, or the start of a code; empty when nothing fits.

    Only the activities that match the most words are kept. Accents, plurals and one typo a word are ignored.
    """
    text = text[:MAX_TEXT_LENGTH]
    if CODE_START.fullmatch(_compact(text)):
        codes = [code for code in _labels() if CODE.fullmatch(code) and code.startswith(_compact(text))]
        return [_activity(code) for code in codes[:limit]]
    fits: dict[str, list[Fit]] = defaultdict(list)
    for token in dict.fromkeys(keywords.extract(text)):
        for code, fit in _fits(token).items():
            fits[code].append(fit)
    most = max(map(len, fits.values()), default=0)
    likeliest = sorted(
        (sum(found), len(_labels()[code]), code) for code, found in fits.items() if len(found) == most
    )
    return [_activity(code) for *_, code in likeliest[:limit]]


def _fits(token: str) -> dict[str, Fit]:
    """The best fit of each activity that matches this word; typos are tried when nothing else matches."""
    found: dict[str, Fit] = {}
    for word, codes in _words().items():
        if word == token:
            _improve(found, codes, trade=Fit.TRADE, label=Fit.LABEL)
        elif len(token) >= MIN_PREFIX_LENGTH and word.startswith(token):
            _improve(found, codes, trade=Fit.TRADE_START, label=Fit.LABEL_START)
    if not found and len(token) >= MIN_MISTYPED_LENGTH:
        for word, codes in _words().items():
            if is_one_typo(token, word):
                _improve(found, codes, trade=Fit.TRADE_TYPO, label=Fit.LABEL_TYPO)
    return found


def _improve(found: dict[str, Fit], codes: dict[str, bool], *, trade: Fit, label: Fit) -> None:
    for code, is_trade in codes.items():
        fit = trade if is_trade else label
        found[code] = min(fit, found.get(code, fit))


def _activity(code: str) -> Activity:
    return Activity(code=f"{code[:2]}.{code[2:]}", label=_labels()[code])


def _compact(text: str) -> str:
    return SEPARATORS.sub("", text).upper()


@cache
def _labels() -> dict[str, str]:
    """Label by compact code ("4334Z"), all levels, in the order of the classification."""
    return {_compact(row["code"]): row["label"] for row in _rows("naf.csv")}


@cache
def _words() -> dict[str, dict[str, bool]]:
    """For each word, the sub-classes that have it, and ``True`` where it is the name of a trade."""
    index: dict[str, dict[str, bool]] = defaultdict(dict)
    for code, text in _labels().items():
        if CODE.fullmatch(code):
            index.update({word: {**index[word], code: False} for word in keywords.extract(text)})
    for row in _rows("trades.csv"):
        for word in keywords.extract(row["words"]):
            index[word][_compact(row["code"])] = True
    return dict(index)


def _rows(name: str) -> Iterator[dict[str, str]]:
    with (DATA / name).open(encoding="utf-8", newline="") as source:
        yield from csv.DictReader(source)
