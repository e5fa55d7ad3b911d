"""Parses the register's responses. Any value may be null, missing or of the wrong type."""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any, TypeAlias

from companies import naf
from companies.headcounts import BANDS, Headcount

JSON: TypeAlias = Any  # what json.loads returns
Row: TypeAlias = dict[str, Any]

# "[NON-DIFFUSIBLE]", "[ND]", "[Non diffusé]": the register writes them in place of words, several at times.
UNDISCLOSED = re.compile(
    r"^\s*(?:\[[^\[\]\w]*\w[^\[\]]*\]\s*)+(?=$|[0-9]{5}\b)"  # in whatever words: no name is all in brackets
    r"|[\[{<«]\W*(?:n(?:on)?[\W_]*d(?:iff(?:us\w*)?)?|n[\W_]*[cr]|(?:masqu|anonym|confidentiel|occult)\w*"
    r"|non[\W_]+(?:communiqu|divulgu|renseign|disponib|publi)\w*|partiel\w*[\W_]+diffus\w*)\W*[\]}>»]"
    r"|\(\s*(?:n[./_-]?\s?d\.?\s*)+\)"
    r"|\b(?:informations? |données? )?non[ _-]diffus(?:[ia]bles?|ée?s?)\b",
    re.IGNORECASE,
)
BARE = r"(?:\W*\bn\W?d\b\W*)+"  # « ND »: a mask, or the real name of a legal person
BARE_NAME = re.compile(BARE, re.IGNORECASE)
BARE_STREET = re.compile(rf"^{BARE}(?=$|[0-9])", re.IGNORECASE)
EMPTY_BRACKETS = re.compile(r"[(\[{<«]\W*[)\]}>»]")
NATURAL_PERSON = "1"  # first digit of the legal forms of entrepreneurs in their own name
CLOSED_STATES = ("C", "F")  # companies "cessent", establishments "ferment"
# The register gives NAF 2025 beside rév. 2 or in its place; the codes of the two have other letters.
NAF_FIELDS = ("activite_principale", "activite_principale_naf25", "activite_principale_naf2025")
SIRET = re.compile(r"[0-9]{14}")
COMMUNE = re.compile(r"[0-9]{5}|2[AB][0-9]{3}")
LEGAL_FORM = re.compile(r"[0-9]{4}")


class UnreadableResponse(Exception):
    """The response is not a list of companies."""


@dataclass(frozen=True)
class Company:
    """One establishment and its company, as the register described them on ``read_on``.

    Headcount, activity, legal form and creation date are the company's, since an office's criteria apply to
    companies. Address and commune are the establishment's; ``is_closed`` is true when either is closed.
    """

    siret: str
    siren: str
    name: str  # "" when undisclosed or unknown
    commune_code: str | None  # from the register: may be an arrondissement or a former code
    address: str
    naf: str | None  # "43.34Z", or "95.31Y" in NAF 2025
    legal_form: str | None  # four digits
    headcount: Headcount | None
    headcount_year: int | None
    craft: bool | None  # never False: absence from the craft register proves nothing
    created_on: date | None
    is_closed: bool
    is_company_closed: bool
    closed_on: date | None
    is_undisclosed: bool
    read_on: date


def parse(response: JSON, *, on: date) -> list[Company]:
    """The establishments of a response, in its order, each once. Raises ``UnreadableResponse``."""
    results = response.get("results") if isinstance(response, dict) else None
    if not isinstance(results, list):
        raise UnreadableResponse
    companies: dict[str, Company] = {}
    for result in filter(_is_row, results):
        for establishment in _establishments(result):
            company = _company(result, establishment, on=on)
            companies.setdefault(company.siret, company)
    return list(companies.values())


def _establishments(result: Row) -> Iterator[Row]:
    """The establishments that matched the query, else the head office; without a SIRET they are skipped."""
    matching = result.get("matching_etablissements")
    rows = list(filter(_is_row, matching)) if isinstance(matching, list) else []
    for row in rows or [_row(result.get("siege"))]:
        if _code(row.get("siret"), SIRET):
            yield row


def _company(result: Row, establishment: Row, *, on: date) -> Company:
    siret: str = establishment["siret"]
    is_company_closed = _is_closed(result)
    band = result.get("tranche_effectif_salarie")
    legal_form = _code(result.get("nature_juridique"), LEGAL_FORM)
    is_secret = _is_undisclosed(result) or (not _is_legal_person(legal_form) and _has_bare_mask(result))
    return Company(
        siret=siret,
        siren=siret[:9],
        name=""
        if is_secret and (not _is_legal_person(legal_form) or _has_bare_mask(result))
        else _name(result),
        commune_code=_code(establishment.get("commune"), COMMUNE),
        address=BARE_STREET.sub("", _text(establishment.get("adresse"))),
        naf=_naf(result) or _naf(establishment),
        legal_form=legal_form,
        headcount=BANDS.get(band) if isinstance(band, str) else None,
        headcount_year=_year(result.get("annee_tranche_effectif_salarie")),
        craft=True if _is_craft(establishment) or _is_craft(_row(result.get("siege"))) else None,
        created_on=_date(result.get("date_creation")),
        is_closed=is_company_closed or _is_closed(establishment),
        is_company_closed=is_company_closed,
        closed_on=_closed_on(result, establishment),
        is_undisclosed=is_secret or _is_undisclosed(establishment),
        read_on=on,
    )


def _closed_on(result: Row, establishment: Row) -> date | None:
    """The earlier closing date of the two; ``None`` when the register gives none."""
    dates = [_date(row.get("date_fermeture")) for row in (result, establishment) if _is_closed(row)]
    return min((day for day in dates if day), default=None)


def _is_closed(row: Row) -> bool:
    return row.get("etat_administratif") in CLOSED_STATES


def _is_undisclosed(row: Row) -> bool:
    status = row.get("statut_diffusion") or row.get("statut_diffusion_etablissement")
    return status in ("P", "N") or any(UNDISCLOSED.search(name) for name in _names(row))


def _has_bare_mask(row: Row) -> bool:
    """True when the name is « ND » and nothing else."""
    return bool(BARE_NAME.fullmatch(_name(row)))


def _is_legal_person(legal_form: str | None) -> bool:
    """True for a legal person, whose name is public though its address may not be; false when unknown."""
    return legal_form is not None and not legal_form.startswith(NATURAL_PERSON)


def _names(row: Row) -> list[str]:
    names = (row.get("nom_complet"), row.get("nom_raison_sociale"))
    return [unicodedata.normalize("NFKC", name) for name in names if isinstance(name, str)]


def _name(row: Row) -> str:
    """The first name that is not a mask; « ND » when there is no other; empty when there is none."""
    names = [name for name in map(_text, _names(row)) if name]
    return next((name for name in names if not BARE_NAME.fullmatch(name)), next(iter(names), ""))


def _is_craft(row: Row) -> bool:
    return bool(_text(row.get("activite_principale_registre_metier")))


def _naf(row: Row) -> str | None:
    """The activity in NAF rév. 2 when the row has it, else in the edition that it has."""
    codes = [naf.normalize(value) for name in NAF_FIELDS if isinstance(value := row.get(name), str)]
    given = [code for code in codes if code]
    return next(filter(naf.label, given), None) or next(iter(given), None)


def _text(value: JSON) -> str:
    """One line of at most 200 characters, without control characters or the masks of ``UNDISCLOSED``."""
    if not isinstance(value, str):
        return ""
    shown = EMPTY_BRACKETS.sub(" ", UNDISCLOSED.sub(" ", unicodedata.normalize("NFKC", value)))
    printable = "".join(char if char.isprintable() else " " for char in shown)
    return " ".join(printable.split())[:200] if any(map(str.isalnum, printable)) else ""


def _code(value: JSON, pattern: re.Pattern[str]) -> str | None:
    return value if isinstance(value, str) and pattern.fullmatch(value) else None


def _date(value: JSON) -> date | None:
    try:
        return date.fromisoformat(value[:10]) if isinstance(value, str) else None
    except ValueError:
        return None


def _year(value: JSON) -> int | None:
    return int(value) if isinstance(value, str) and re.fullmatch(r"(?:19|20)[0-9]{2}", value) else None


def _row(value: JSON) -> Row:
    return value if isinstance(value, dict) else {}


def _is_row(value: JSON) -> bool:
    return isinstance(value, dict)
