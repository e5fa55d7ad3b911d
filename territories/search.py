"""Find a commune as people write it: name, beginning of a name, with a typo, former name, or postcode."""

import re
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from django.db.models import Case, Expression, Func, IntegerField, Q, Value, When
from django.db.models.functions import Left, Length
from django.db.models.lookups import LessThanOrEqual

from territories.models import Commune, Department, FormerCommune
from territories.names import is_one_typo, normalise, plain_digits, starts_with_one_typo

# "F-21000 Dijon", "21 000 Dijon".
_POSTCODE = re.compile(r"\b(?:fr?[ -]?)?([0-9]{2}) ?([0-9]{3})\b", re.IGNORECASE)
_POSTCODE_LENGTH = 5
# "CS 12345", "BP 10": the box of a company at its post office.
_POST_BOX = re.compile(r"\b(?:bp|cs|tsa)[ n°]{0,3}[0-9]{1,5}\b", re.IGNORECASE)
_SOME_DIGITS = re.compile(r"[0-9]{2,5}")
_CORSICA = re.compile(r"2[AB]([0-9]{3})?", re.IGNORECASE)  # INSEE's code of a commune or a département
# The code of a département after the name: « Saint-Denis 974 ».
_DEPARTMENT_AT_END = re.compile(r"^(.*\D)[ ,]+\(?(0[1-9]|[1-9][0-9]|2[AB]|9[78][0-9])\)?\s*$", re.IGNORECASE)
_IN_BRACKETS = re.compile(r"\(([^()]*)\)\s*$")
_MIN_WORD_LENGTH = 3  # letters: shorter words occur inside too many names
_MAX_WORDS = 8
_MIN_TYPO = 4  # letters: below, one typo turns it into too many names
_MIN_TYPO_OF_START = 6
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
    brackets beside the name ("Dijon (Côte-d'Or)", "Dijon (21)") narrows the search, unless nothing is left:
    CEDEX postcodes and those that people make up ("75000") are in no list. When name and postcode disagree,
    the communes of both are returned, with ``is_guess`` set.
    """
    text = plain_digits(text)
    name, postcode = _split(text)
    typed, digits = normalise(name), text.replace(" ", "")
    if _SOME_DIGITS.fullmatch(digits) or (postcode and not typed):
        return _of_postcode(postcode or digits, limit=limit)
    if corsica := _CORSICA.fullmatch(digits):
        scope = {"pk" if corsica[1] else "department": digits.upper()}
        return _most_populated(scope, limit)
    if not postcode:
        return _of_name(text, typed, limit=limit)
    for known in (postcode, _department_part(postcode)):
        if hits := _named(typed, _starts(known), limit=limit):
            return _communes(hits, limit=limit)
    by_postcode = {commune.pk: commune for commune in _of_postcode(postcode, limit=limit)}
    by_name = _communes(_named(typed, {}, limit=limit), limit=limit)
    guesses = by_postcode | {commune.pk: commune for commune in by_name}
    for commune in guesses.values():
        commune.is_guess = True
    return list(guesses.values())


def without_postcode(text: str) -> str:
    """The typed text without its postcode, or the words in brackets at its end."""
    return _IN_BRACKETS.sub("", _split(text)[0])


def _split(text: str) -> tuple[str, str]:
    """Split a text into a name and a postcode of five digits; either may be empty."""
    text = _POST_BOX.sub(" ", text)
    postcode = _POSTCODE.search(text)
    return (_POSTCODE.sub(" ", text), "".join(postcode.groups())) if postcode else (text, "")


def _department_part(postcode: str) -> str:
    """The first digits of a postcode, which belong to one département, or to both of Corsica."""
    return postcode[: 3 if postcode.startswith(("97", "98")) else 2]


def _starts(postcode: str) -> dict[str, Any]:
    """Filter of the communes that have a postcode with this beginning."""
    return {"search_postcodes__contains": f" {postcode}"}


def _of_postcode(digits: str, *, limit: int) -> list[Commune]:
    """The communes whose postcode starts with these digits; if none, with as many of the five as exist."""
    shortest = len(_department_part(digits)) if len(digits) == _POSTCODE_LENGTH else len(digits)
    for length in range(len(digits), max(shortest, 1) - 1, -1):
        if found := _starting(digits[:length], _MANY if length == _POSTCODE_LENGTH else limit):
            return found
    return []


def _of_name(text: str, typed: str, *, limit: int) -> list[Commune]:
    """The communes of a name; a département beside it narrows the search, when one there has that name."""
    if named := _DEPARTMENT_AT_END.match(text):
        scope = {"department": named[2].upper()}
        exact = [hit for hit in _matches(normalise(named[1]), scope) if hit.likeness is Likeness.EXACT]
        if exact:
            return _communes(exact, limit=limit)
    name, scope = _without_department(text)
    hits = _named(normalise(name), scope, limit=limit) or _named(typed, {}, limit=limit)
    return _communes(hits, limit=limit)


def _starting(postcode: str, most: int) -> list[Commune]:
    """The communes that have a postcode with this beginning, the most populated first."""
    return _most_populated(_starts(postcode), most)


def _most_populated(scope: dict[str, Any], most: int) -> list[Commune]:
    communes = Commune.objects.current().with_place().filter(**scope)
    return list(communes.order_by("-population", "pk")[:most])


def _without_department(text: str) -> tuple[str, dict[str, Any]]:
    """Split a text into the name to look for and a filter: the département in brackets."""
    if brackets := _IN_BRACKETS.search(text):
        wanted = normalise(brackets.group(1))
        for department in Department.objects.all():
            if wanted in {normalise(department.code), normalise(department.name)}:
                return text[: brackets.start()], {"department": department}
    return text, {}


def _named(typed: str, scope: dict[str, Any], *, limit: int) -> list[_Hit]:
    """The names that resemble the typed one, else those that it contains ("dijon centre")."""
    hits = _matches(typed, scope) if typed else []
    nearest = min(hits).likeness if hits else Likeness.TYPO_OF_START
    if len(hits) < limit and nearest is not Likeness.EXACT:
        hits += [
            hit for hit in _typos(typed, scope) if hit.likeness is Likeness.TYPO or nearest > Likeness.START
        ]
    return hits or _contained(typed, scope)


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
    if len(typed) >= _MIN_TYPO_OF_START and starts_with_one_typo(typed, name):
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
    if max(map(len, words)) >= _MIN_WORD_LENGTH:
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
    if size < _MIN_TYPO:
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
    if size < _MIN_TYPO_OF_START:
        condition &= Q(LessThanOrEqual(Length("search_name"), size + 1))
    return _hits(typed, condition, distance, scope)


def _contained(typed: str, scope: dict[str, Any]) -> list[_Hit]:
    """The names made of the most words that follow each other in the typed text."""
    words = typed.split()[:_MAX_WORDS]
    for length in range(len(words) - 1, 0, -1):
        parts = [" ".join(words[at : at + length]) for at in range(len(words) - length + 1)]
        if names := [part for part in parts if len(part) >= _MIN_WORD_LENGTH]:
            found = _hits("", Q(search_name__in=names), Value(0), scope)
            if found:
                return found
    return []


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
