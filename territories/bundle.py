"""Reads the bundled geographic code, written by ``scripts/build_territories.py``, as unsaved rows."""

import csv
import gzip
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from territories.models import Commune, Department, Epci, FormerCommune, Region
from territories.names import normalise

FOLDER = Path(__file__).resolve().parent / "data"
Places = Mapping[str, str | None]  # the code of a place, by commune


@dataclass(frozen=True)
class Bundle:
    """Unsaved rows of one year's geographic code."""

    regions: list[Region]
    departments: list[Department]
    epci: list[Epci]
    communes: list[Commune]
    former: list[FormerCommune]

    @cached_property
    def places(self) -> Mapping[str, Places]:
        """The EPCI, département and région of each commune with this code, of those that merged too."""
        regions = {row.code: row.region_id for row in self.departments}
        departments = {commune.code: commune.department_id for commune in self.communes}
        found: dict[str, dict[str, str | None]] = {
            "epci": {commune.code: commune.epci_id for commune in self.communes},
            "department": {**departments},
            "region": {code: regions.get(department) for code, department in departments.items()},
        }
        for places in found.values():
            for row in self.former:
                places.setdefault(row.code, places.get(row.current_id))
        return found


def _rows(folder: Path, name: str) -> list[dict[str, str]]:
    with gzip.open(folder / f"{name}.csv.gz", "rt", encoding="utf-8", newline="") as table:
        return list(csv.DictReader(table))


def read(folder: Path = FOLDER) -> Bundle:
    """Read the five files."""
    return Bundle(
        regions=[Region(code=row["code"], name=row["name"]) for row in _rows(folder, "regions")],
        departments=[
            Department(code=row["code"], name=row["name"], region_id=row["region"] or None)
            for row in _rows(folder, "departments")
        ],
        epci=[Epci(siren=row["siren"], name=row["name"]) for row in _rows(folder, "epci")],
        communes=[
            Commune(
                code=row["code"],
                name=row["name"],
                department_id=row["department"],
                epci_id=row["epci"] or None,
                population=int(row["population"]),
                postcodes=row["postcodes"].split(),
                search_postcodes=f" {row['postcodes']}",
                search_name=normalise(row["name"]),
            )
            for row in _rows(folder, "communes")
        ],
        former=[
            FormerCommune(
                code=row["code"],
                kind=row["kind"],
                name=row["name"],
                current_id=row["current"],
                search_name=normalise(row["name"]),
            )
            for row in _rows(folder, "former")
        ],
    )
