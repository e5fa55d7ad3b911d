"""Identity of the applicant: a company of the register, one typed by hand, or a person without a company."""

from dataclasses import asdict, dataclass, fields
from datetime import date
from enum import StrEnum
from typing import Any, Self

from companies import register, siret
from companies.facts import CompanyFacts
from companies.naf_editions import in_rev2
from companies.register import Company

_DATES = ("created_on", "closed_on", "read_on")


class Kind(StrEnum):
    FOUND = "found"
    TYPED = "typed"
    PROJECT = "project"


@dataclass(frozen=True)
class Identity:
    """The applicant, as chosen at the second step; ``siret`` may be known without the register."""

    kind: Kind
    siret: str = ""
    name: str = ""
    company: Company | None = None
    is_register_away: bool = False  # the register did not answer; this name is stored in drafts

    @property
    def is_project(self) -> bool:
        return self.kind == Kind.PROJECT

    @property
    def facts(self) -> CompanyFacts:
        """The facts that the register gave."""
        return CompanyFacts.from_register(self.company) if self.company else CompanyFacts()

    @property
    def asks_activity(self) -> bool:
        """True when criteria cannot read the activity: it is unknown, or of another edition of the list."""
        code = self.facts.value("naf")
        return code is None or in_rev2(code) is None

    def as_json(self) -> dict[str, Any]:
        """Return the identity as stored in a draft."""
        stored = asdict(self)
        if self.company:
            stored["company"] |= {name: _iso(getattr(self.company, name)) for name in _DATES}
        return stored

    @classmethod
    def from_json(cls, stored: dict[str, Any]) -> Self:
        """Read what ``as_json`` wrote; a company stored in an older format is ignored."""
        row = stored["company"]
        company = None
        if row and row.keys() == {field.name for field in fields(Company)}:
            dates = {name: date.fromisoformat(row[name]) if row[name] else None for name in _DATES}
            size = tuple(row["headcount"]) if row["headcount"] else None
            company = Company(**{**row, **dates, "headcount": size})
        return cls(**{**stored, "kind": Kind(stored["kind"]), "company": company})


@dataclass(frozen=True)
class Found:
    """The register's answer to a SIRET or a name."""

    companies: tuple[Company, ...] = ()
    is_register_unavailable: bool = False


def looks_like_a_number(text: str) -> bool:
    """Return ``True`` when the text was meant as a SIRET rather than as a name."""
    compact = siret.SEPARATORS.sub("", text)
    digits = sum(char.isdigit() for char in compact)
    return (digits >= 5 and digits >= len(compact) / 2) or siret.PREFIX.match(compact) is not None


def look_up(*, number: str, name: str, commune_code: str) -> Found:
    """Ask the register; ``is_register_unavailable`` when it does not answer."""
    try:
        if number:
            company = register.find_by_siret(number)
            return Found((company,) if company else ())
        found = register.search(name, commune_code) or register.search(name)  # its seat may be elsewhere
        return Found(tuple(found))
    except register.RegisterUnavailable:
        return Found(is_register_unavailable=True)


def _iso(on: date | None) -> str | None:
    return on.isoformat() if on else None
