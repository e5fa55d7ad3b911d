"""Facts about a company, each with its source and date.

Facts come from the register. The owner or staff may correct them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from datetime import date
from enum import StrEnum
from typing import Any, Generic, Self, TypeVar

from companies.headcounts import Headcount
from companies.register_responses import Company
from territories.spoken_time import MONTHS

T = TypeVar("T")


class FactSource(StrEnum):
    """The author of a fact."""

    REGISTER = "register"
    OWNER = "owner"
    STAFF = "staff"


@dataclass(frozen=True)
class Fact(Generic[T]):
    """A value with its source; ``on`` is the day when it was true or stated."""

    value: T
    source: FactSource
    on: date


@dataclass(frozen=True)
class CompanyFacts:
    """The facts that an office's criteria may ask for; ``None``: unknown."""

    headcount: Fact[Headcount] | None = None
    naf: Fact[str] | None = None
    legal_form: Fact[str] | None = None
    craft: Fact[bool] | None = None
    created_on: Fact[date] | None = None

    @classmethod
    def from_register(cls, company: Company) -> Self:
        """The register's facts; its headcount is dated 31 December of its year."""
        year = company.headcount_year
        return cls(
            headcount=_known(company.headcount, date(year, 12, 31) if year else company.read_on),
            naf=_known(company.naf, company.read_on),
            legal_form=_known(company.legal_form, company.read_on),
            craft=_known(company.craft, company.read_on),
            created_on=_known(company.created_on, company.read_on),
        )

    @classmethod
    def from_stored(cls, values: Mapping[str, Any], sources: Mapping[str, Mapping[str, str]]) -> Self:
        """Facts from stored columns: values by fact name, and the result of ``sources``."""
        return cls(
            **{
                name: Fact(values[name], FactSource(source["source"]), date.fromisoformat(source["on"]))
                for name, source in sources.items()
            }
        )

    def corrected(self, values: Mapping[str, Any], *, by: FactSource, on: date) -> Self:
        """A copy with these values, by fact name; ``None`` makes a fact unknown.

        A value that does not change keeps its source and date: sending a form unchanged corrects nothing.
        """
        changes = {
            name: None if value is None else Fact(value, by, on)
            for name, value in values.items()
            if value != self.value(name)
        }
        return replace(self, **changes)

    def value(self, name: str) -> Any:
        """The value of a fact without its source, for the routing engine; ``None`` when unknown."""
        fact: Fact[Any] | None = getattr(self, name)
        return fact.value if fact else None

    def sources(self) -> dict[str, dict[str, str]]:
        """``{"headcount": {"source": "register", "on": "2024-12-31"}}``, to be stored beside the values."""
        return {
            name: {"source": fact.source.value, "on": fact.on.isoformat()}
            for name in NAMES
            if (fact := getattr(self, name))
        }


NAMES = tuple(field.name for field in fields(CompanyFacts))


def source_label(name: str, source: str, on: date) -> str:
    """« registre, 2024 », « registre, lu le 3 mai 2026 », « indiqué par l'entreprise le 3 mai 2026 ».

    The register's headcounts are yearly, so only the year is shown.
    """
    if source == FactSource.REGISTER and name == "headcount":
        return f"registre, {on.year}"
    who = {
        FactSource.REGISTER: "registre, lu",
        FactSource.OWNER: "indiqué par l'entreprise",
        FactSource.STAFF: "corrigé par le service",
    }[FactSource(source)]
    number = "1er" if on.day == 1 else str(on.day)
    return f"{who} le {number} {MONTHS[on.month - 1]} {on.year}"


def _known(value: T | None, on: date) -> Fact[T] | None:
    return None if value is None else Fact(value, FactSource.REGISTER, on)
