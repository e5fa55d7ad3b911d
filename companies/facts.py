"""What is known of a company, fact by fact, with who said it and for when.

The register speaks first; what the owner or staff correct is kept, and another reading of the register does
not undo it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from datetime import date
from enum import StrEnum
from typing import Any, Generic, Self, TypeVar

from companies.answers import Company
from companies.headcounts import Headcount
from territories.spoken_time import MONTHS

T = TypeVar("T")


class Source(StrEnum):
    """Who said it."""

    REGISTER = "register"
    OWNER = "owner"
    STAFF = "staff"


@dataclass(frozen=True)
class Fact(Generic[T]):
    """A value that someone vouches for; ``on`` is the day it was true or said."""

    value: T
    source: Source
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
    def of(cls, company: Company) -> Self:
        """What the register knows; its headcount is the one of 31 December of its year."""
        year = company.headcount_year
        return cls(
            headcount=_known(company.headcount, date(year, 12, 31) if year else company.read_on),
            naf=_known(company.naf, company.read_on),
            legal_form=_known(company.legal_form, company.read_on),
            craft=_known(company.craft, company.read_on),
            created_on=_known(company.created_on, company.read_on),
        )

    @classmethod
    def restored(cls, values: Mapping[str, Any], sources: Mapping[str, Mapping[str, str]]) -> Self:
        """What was stored: bare values by fact name, and the outcome of ``sources``."""
        return cls(
            **{
                name: Fact(values[name], Source(said["source"]), date.fromisoformat(said["on"]))
                for name, said in sources.items()
            }
        )

    def corrected(self, values: Mapping[str, Any], *, by: Source, on: date) -> Self:
        """With what someone says instead, by fact name; ``None`` makes a fact unknown.

        A value that does not change keeps its source and date: sending a form as it was corrects nothing.
        """
        changes = {
            name: None if value is None else Fact(value, by, on)
            for name, value in values.items()
            if value != self.value(name)
        }
        return replace(self, **changes)

    def value(self, name: str) -> Any:
        """The bare value of a fact, ``None`` when unknown: what the routing engine reads."""
        fact: Fact[Any] | None = getattr(self, name)
        return fact.value if fact else None

    def sources(self) -> dict[str, dict[str, str]]:
        """``{"headcount": {"source": "register", "on": "2024-12-31"}}``: what is stored beside the values."""
        return {
            name: {"source": fact.source.value, "on": fact.on.isoformat()}
            for name in NAMES
            if (fact := getattr(self, name))
        }


NAMES = tuple(field.name for field in fields(CompanyFacts))


def source_label(name: str, source: str, on: date) -> str:
    """« registre, 2024 », « registre, lu le 3 mai 2026 », « indiqué par l'entreprise le 3 mai 2026 ».

    The register's headcounts are yearly: their day says nothing more.
    """
    if source == Source.REGISTER and name == "headcount":
        return f"registre, {on.year}"
    who = {
        Source.REGISTER: "registre, lu",
        Source.OWNER: "indiqué par l'entreprise",
        Source.STAFF: "corrigé par le service",
    }[Source(source)]
    number = "1er" if on.day == 1 else str(on.day)
    return f"{who} le {number} {MONTHS[on.month - 1]} {on.year}"


def _known(value: T | None, on: date) -> Fact[T] | None:
    return None if value is None else Fact(value, Source.REGISTER, on)
