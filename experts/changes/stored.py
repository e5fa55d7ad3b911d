"""The directory's rows in memory, fact by fact. No query."""

from dataclasses import dataclass
from typing import Generic, TypeVar

from django.db import models

from experts.changes.directory_facts import Facts
from experts.models import Expert, Office
from territories.models import Area

RowKey = str | tuple[str, str]
Row = TypeVar("Row", bound=models.Model)


@dataclass(frozen=True, slots=True)
class StoredRow(Generic[Row]):
    """A row of the directory and its facts; ``instance``: its model, ``None`` when only a plan has it."""

    instance: Row | None
    facts: Facts


@dataclass(frozen=True, slots=True)
class StoredDirectory:
    """Rows of the directory, dropped ones included.

    Keys: a zone's slug, an office's code, an expert's office code and email in lower case.
    """

    zones: dict[str, StoredRow[Area]]
    offices: dict[str, StoredRow[Office]]
    experts: dict[tuple[str, str], StoredRow[Expert]]
