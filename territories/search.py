"""Find a commune as people write it: name, beginning of a name, with a typo, former name, or postcode."""

import re
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from django.db.models import Case, Expression, Func, IntegerField, Q, Value, When
from django.db.models.functions import Left, Length
from django.db.models.lookups import LessThanOrEqual

from territories.models import Commune, Department, FormerCommune
from territories.names import is_one_typo, normalise, starts_with_one_typo

_POSTCODE = re.compile(r"\b[0-9]{5}\b")
_SOME_DIGITS = re.compile(r"[0-9]{2,5}")
_IN_BRACKETS = re.compile(r"\(([^()]*)\)\s*$")
_SHORTEST_WORD = 3  # letters: shorter words occur inside too many names
_SHORTEST_TYPO = 4  # letters: below, one typo turns it into too many names
_SHORTEST_TYPO_OF_START = 6
_MANY = 60  # more than the homonyms of any name (12) and the communes of any postcode (46)


class Likeness(IntEnum):
    """Likeness of a name to the typed text, best first."""

    EXACT = 0
    START = 1
    WORDS = 2
    TYPO = 3
    TYPO_OF_START = 4


@dataclass(frozen=True, order=True)
class _Hit:
    """A matching name; the order of the fields sorts the answer."""

    likeness: Likeness
    is_former: bool
    negative_population: int
    code: str
    name: str


def search_communes(text: str, *, limit: int = 10) -> list[Commune]:
    """Current communes that match the typed text: likeliest first, then the most populated.

    All homonyms and all communes of a whole postcode are returned, even beyond ``limit``. The name of a
    former commune gives the current one, with ``found_as`` set to that name. A postcode or a département in
    brackets beside the name ("Dijon (Côte-d'Or)", "Dijon (21)") narrows the search.
    """
    digits = text.replace(" ", "")
    if _SOME_DIGITS.fullmatch(digits):
        found = Commune.objects.current().with_place().filter(search_postcodes__contains=f" {digits}")
        return list(found.order_by("-population", "pk")[: limit if len(digits) < 5 else _MANY])
    name, scope = _read(text)
    typed = normalise(name)
    hits = _matches(typed, scope) if typed else []
    nearest = min(hits).likeness if hits else Likeness.TYPO_OF_START
    if len(hits) < limit and nearest is not Likeness.EXACT:
        hits += [
            hit for hit in _typos(typed, scope) if hit.likeness is Likeness.TYPO or nearest > Likeness.START
        ]
    return _communes(hits, limit=limit)


def _read(text: str) -> tuple[str, dict[str, Any]]:
    """Split a text into the name to look for and a filter: its postcode, or the département in brackets."""
    if postcode := _POSTCODE.search(text):
        return _POSTCODE.sub(" ", text), {"search_postcodes__contains": postcode.group()}
    if brackets := _IN_BRACKETS.search(text):
        wanted = normalise(brackets.group(1))
        for department in Department.objects.all():
            if wanted in {normalise(department.code), normalise(department.name)}:
                return text[: brackets.start()], {"department": department}
    return text, {}


def _likeness(typed: str, name: str) -> Likeness | None:
    """Compare two normalised names; ``None`` when they differ by more than a typo."""
    if name == typed:
        return Likeness.EXACT
    if name.startswith(typed):
        return Likeness.START
    if all(f" {name}".find(f" {word}") >= 0 for word in typed.split()):
        return Likeness.WORDS
    if is_one_typo(typed, name):
        return Likeness.TYPO
    if len(typed) >= _SHORTEST_TYPO_OF_START and starts_with_one_typo(typed, name):
        return Likeness.TYPO_OF_START
    return None


def _hits(typed: str, condition: Q, order: Expression, scope: dict[str, Any]) -> list[_Hit]:
    """The best current and former names that meet a condition, in one query."""
    current = (
        Commune.objects.current()
        .filter(condition, **scope)
        .order_by(order, "-population", "pk")
        .values_list("code", "name", "search_name", "population", Value(value=False))[:_MANY]
    )
    former = (
        FormerCommune.objects.filter(condition, **{f"current__{key}": value for key, value in scope.items()})
        .order_by(order, "-current__population", "pk")
        .values_list(
            "current_id",
            "name",
            "search_name",
            "current__population",
            Value(value=True),
        )[:_MANY]
    )
    return [
        _Hit(likeness, is_former, -population, code, name)
        for code, name, compared, population, is_former in current.union(former, all=True)
        if (likeness := _likeness(typed, compared)) is not None
    ]


def _matches(typed: str, scope: dict[str, Any]) -> list[_Hit]:
    """Names equal to the typed text, that start with it, or whose words start with its words."""
    words = typed.split()
    condition = Q(search_name__startswith=typed)
    if max(map(len, words)) >= _SHORTEST_WORD:
        condition = Q(
            *(Q(search_name__startswith=word) | Q(search_name__contains=f" {word}") for word in words)
        )
    order = Case(
        When(search_name=typed, then=Likeness.EXACT),
        When(search_name__startswith=typed, then=Likeness.START),
        default=Likeness.WORDS,
    )
    return _hits(typed, condition, order, scope)


def _typos(typed: str, scope: dict[str, Any]) -> list[_Hit]:
    """Names with one typo in them, or in their beginning.

    One typo leaves one half of the letters intact, unless it swaps the two in the middle: this lets the
    indexes find the candidates. PostgreSQL's Levenshtein distance counts two for a swap.
    """
    size = len(typed)
    if size < _SHORTEST_TYPO:
        return []
    half = size // 2
    swapped = typed[: half - 1] + typed[half] + typed[half - 1]
    condition = (
        Q(search_name__startswith=typed[:half])
        | Q(search_name__contains=typed[half:])
        | Q(search_name__startswith=swapped)
    )
    distance = Func(
        Left("search_name", size),
        Value(typed),
        Value(2),
        function="levenshtein_less_equal",
        output_field=IntegerField(),
    )
    condition &= Q(LessThanOrEqual(distance, 2))
    if size < _SHORTEST_TYPO_OF_START:
        condition &= Q(LessThanOrEqual(Length("search_name"), size + 1))
    return _hits(typed, condition, distance, scope)


def _communes(hits: list[_Hit], *, limit: int) -> list[Commune]:
    """The communes of the best hits, each once."""
    best: dict[str, _Hit] = {}
    for hit in sorted(hits):
        if len(best) < limit or hit.likeness is Likeness.EXACT:
            best.setdefault(hit.code, hit)
    communes = Commune.objects.with_place().in_bulk(best)
    for code, hit in best.items():
        communes[code].found_as = hit.name if hit.is_former else ""
    return [communes[code] for code in best]
