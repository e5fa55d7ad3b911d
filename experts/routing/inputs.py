"""Validation of what is asked of the router: keys and values, a French sentence per mistake. Pure."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, TypeGuard

from experts.batches import InvalidInput, parse_line
from experts.routing.criteria import ApplicantFacts, normalise
from mailing.text_cleaning import clean_line

_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_NAF = re.compile(r"[0-9]{2,4}[A-Z]?")
_LEGAL_FORM = re.compile(r"[0-9]{1,4}")
_BAND = re.compile(r"([0-9]{1,9})(?:(-)([0-9]{1,9})?)?")


@dataclass(frozen=True, slots=True)
class RoutingQuery:
    """A valid query, whose slugs and commune may not exist. ``on``: ``None`` is today."""

    subjects: tuple[str, ...]
    commune: str
    facts: ApplicantFacts
    on: date | None


def read_line(line: bytes) -> RoutingQuery:
    """Read one line of a batch. Raises ``InvalidInput``."""
    return read(parse_line(line))


def read(request: Mapping[str, Any]) -> RoutingQuery:
    """Check the keys of a query; those that are absent or ``None`` are unknown. Raises ``InvalidInput``."""
    values: dict[str, Any] = {}
    sentences = []
    for key, reader in _READERS.items():
        try:
            typed = _cleaned(request.get(key))
            values[key] = reader(typed) if typed is not None or key in _REQUIRED else None
        except InvalidInput as error:
            sentences.append(f"{key} : {error}")
    if sentences:
        raise InvalidInput(*sentences)
    subjects, commune, on = values.pop("subjects"), values.pop("commune"), values.pop("on")
    return RoutingQuery(subjects, commune, ApplicantFacts(**values), on)


def read_band(typed: str) -> int | list[int | None] | str:
    """Read a headcount of the command line: ``12``, ``20-49``, ``10000-`` without upper bound.

    Anything else is returned as it is, for ``read`` to refuse.
    """
    band = _BAND.fullmatch(clean_line(typed))
    if band is None:
        return typed
    low, dash, high = band.groups()
    return [int(low), int(high) if high else None] if dash else int(low)


def read_day(typed: object) -> date:
    """Read a day written as ``2026-12-01``. Raises ``InvalidInput``."""
    if not isinstance(typed, str) or not _DATE.fullmatch(typed):
        raise InvalidInput("indiquez une date comme « 2026-12-01 ».")
    try:
        return date.fromisoformat(typed)
    except ValueError:
        raise InvalidInput(f"le {typed} n'existe pas au calendrier.") from None


def _cleaned(typed: object) -> object:
    """A text without invisible characters; anything else as it is."""
    if isinstance(typed, list):
        return [_cleaned(item) for item in typed]
    return clean_line(typed) if isinstance(typed, str) else typed


def _subjects(typed: object) -> tuple[str, ...]:
    if not isinstance(typed, list) or not typed or not all(isinstance(slug, str) for slug in typed):
        raise InvalidInput("indiquez au moins un sujet, dans une liste.")
    return tuple(dict.fromkeys(typed))


def _commune(typed: object) -> str:
    if not isinstance(typed, str) or not typed.strip():
        raise InvalidInput("indiquez un code INSEE, par exemple « 21231 ».")
    return typed.strip().upper()


def _headcount(typed: object) -> tuple[int, int | None]:
    low, high = typed if isinstance(typed, list) and len(typed) == 2 else (typed, typed)
    if not _is_count(low) or not (high is None or _is_count(high)):
        raise InvalidInput("indiquez un nombre entier, par exemple 12, ou une tranche, par exemple 20 à 49.")
    if high is not None and high < low:
        raise InvalidInput("la tranche est à l'envers : commencez par le plus petit nombre.")
    return low, high


def _is_count(typed: object) -> TypeGuard[int]:
    return isinstance(typed, int) and not isinstance(typed, bool) and typed >= 0


def _naf(typed: object) -> str:
    return _code(typed, _NAF, "indiquez un code NAF, par exemple « 56.10A ».")


def _legal_form(typed: object) -> str:
    return _code(typed, _LEGAL_FORM, "indiquez une catégorie juridique, par exemple « 5499 ».")


def _code(typed: object, pattern: re.Pattern[str], sentence: str) -> str:
    if not isinstance(typed, str) or not pattern.fullmatch(normalise(typed)):
        raise InvalidInput(sentence)
    return normalise(typed)


def _yes_or_no(typed: object) -> bool:
    if not isinstance(typed, bool):
        raise InvalidInput("répondez par oui ou par non, ou n'indiquez rien si vous ne savez pas.")
    return typed


_REQUIRED = {"subjects", "commune"}
_READERS: Mapping[str, Callable[[object], Any]] = {
    "subjects": _subjects,
    "commune": _commune,
    "headcount": _headcount,
    "naf": _naf,
    "legal_form": _legal_form,
    "craft": _yes_or_no,
    "created_on": read_day,
    "project_holder": _yes_or_no,
    "on": read_day,
}
