"""Services of the open directory, read leniently: any key may be absent, null, empty, or a text of JSON."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from django.core.exceptions import ValidationError

from companies.siret import InvalidSiret, clean_siret
from experts.directory_phones import InvalidPhone, clean_phone
from experts.directory_sites import clean_site
from mailing.addresses import clean_address
from mailing.text_cleaning import clean_line

MAX_LENGTH = 500


@dataclass(frozen=True, slots=True)
class PublicService:
    """A service: what could be read of it. ``areas``: communes served, by type of service.

    ``notes``: values that were not understood.
    """

    number: int
    id: str
    name: str
    siret: str
    commune: str
    phone: str
    email: str
    site: str
    areas: dict[str, frozenset[str]]
    notes: list[str] = field(default_factory=list)


def read_service(number: int, item: Any) -> PublicService | None:
    """Read an item of the file; ``None`` unless it is a JSON object."""
    if not isinstance(item, dict):
        return None
    notes: list[str] = []
    return PublicService(
        number=number,
        id=_text(item.get("id")),
        name=_text(item.get("nom")),
        siret=_siret(_text(item.get("siret")), notes),
        commune=_text(item.get("code_insee_commune")),
        phone=_first(_values(item.get("telephone")), _phone, "téléphone", notes),
        email=_first(_values(item.get("adresse_courriel")), _email, "courriel", notes),
        site=_first(_values(item.get("site_internet")), _site, "site", notes),
        areas=_areas(item.get("pivot"), notes),
        notes=notes,
    )


def _areas(pivots: Any, notes: list[str]) -> dict[str, frozenset[str]]:
    """Communes served by type; one type given several times serves them all."""
    found: dict[str, set[str]] = {}
    for pivot in _list(pivots):
        if isinstance(pivot, str):
            found.setdefault(pivot.strip(), set())
        elif isinstance(pivot, dict) and _text(pivot.get("type_service_local")):
            codes = {_text(code) for code in _list(pivot.get("code_insee_commune"))}
            found.setdefault(_text(pivot["type_service_local"]), set()).update(codes - {""})
        elif pivot:
            notes.append("un type de service n'est pas compris.")
    return {kind: frozenset(codes) for kind, codes in found.items()}


def _list(value: Any) -> list[Any]:
    """The value as a list: a single value becomes a list of one, a text of JSON is parsed."""
    if isinstance(value, str) and value.strip().startswith(("[", "{")):
        try:
            value = json.loads(value)
        except (json.JSONDecodeError, RecursionError):
            return [value]
    if value is None or value == "":
        return []
    return value if isinstance(value, list) else [value]


def _values(value: Any) -> Iterator[str]:
    """The texts of « valeur » keys, or of the list itself."""
    for one in _list(value):
        if text := _text(one.get("valeur") if isinstance(one, dict) else one):
            yield text


def _text(value: Any) -> str:
    """A text on one line; empty for anything that is neither a text nor a whole number."""
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(value)
    return clean_line(value)[:MAX_LENGTH] if isinstance(value, str) else ""


def _first(texts: Iterator[str], read: Any, what: str, notes: list[str]) -> str:
    """The first text that can be read; the others are noted when none can."""
    refused = []
    for text in texts:
        if found := read(text):
            return str(found)
        refused.append(text)
    if refused:
        notes.append(f"{what} non compris : « {refused[0][:60]} ».")
    return ""


def _phone(text: str) -> str:
    try:
        return clean_phone(text)
    except InvalidPhone:
        return ""


def _email(text: str) -> str:
    try:
        address = clean_address(text)
    except ValidationError:
        return ""
    return address if address.isascii() else ""


def _site(text: str) -> str:
    try:
        return clean_site(text)
    except ValidationError:
        return ""


def _siret(text: str, notes: list[str]) -> str:
    if not text:
        return ""
    try:
        return clean_siret(text)
    except InvalidSiret:
        notes.append(f"SIRET non compris : « {text[:60]} ».")
        return ""
