"""Rebuild ``territories/data/`` from the npm package ``@etalab/decoupage-administratif``.

Every year, once the package of the new official geographic code is out:

    python scripts/build_territories.py 7.0.0      (needs npm; the version is the package's)

or, from an archive fetched before with ``npm pack``:

    python scripts/build_territories.py etalab-decoupage-administratif-7.0.0.tgz

The same package always gives the same bytes. Needs nothing but Python's standard library.
"""

import argparse
import csv
import gzip
import io
import json
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

PACKAGE = "@etalab/decoupage-administratif"
TARGET = Path(__file__).resolve().parent.parent / "territories" / "data"

FORMER_KINDS = {
    "arrondissement-municipal": "arrondissement",
    "commune-deleguee": "delegated",
    "commune-associee": "associated",
}
CURRENT = "commune-actuelle"
# The package repeats under "regions" the collectivities that have no regional office: they go to the
# national one. Saint-Pierre-et-Miquelon (975) has its own, and stays.
WITHOUT_REGION = {"977", "978", "984", "986", "987", "988", "989"}

Entries = list[dict[str, Any]]
DataRow = Sequence[object]


def fetch(version: str, folder: Path) -> Path:
    """Download the package with npm; return the path of the archive."""
    command = ["npm", "pack", "--silent", f"{PACKAGE}@{version}"]
    answer = subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True)  # noqa: S603
    return folder / answer.stdout.strip()


def read(archive: Path) -> tuple[str, dict[str, Entries]]:
    """The version of the package, and its lists by name."""
    with tarfile.open(archive) as package:

        def load(path: str) -> Any:
            member = package.extractfile(f"package/{path}")
            if member is None:
                sys.exit(f"{archive}: no file {path}")
            return json.load(member)

        names = ("regions", "departements", "epci", "communes")
        return load("package.json")["version"], {name: load(f"data/{name}.json") for name in names}


def communes(lists: dict[str, Entries]) -> list[DataRow]:
    """Current communes: code, name, département, EPCI or nothing, population, postcodes."""
    epci = {member["code"]: group["code"] for group in lists["epci"] for member in group["membres"]}
    return [
        (
            entry["code"],
            entry["nom"],
            entry["departement"],
            epci.get(entry["code"], ""),
            entry.get("population", 0),
            " ".join(sorted(entry.get("codesPostaux", []))),
        )
        for entry in lists["communes"]
        if entry["type"] == CURRENT
    ]


def former_communes(lists: dict[str, Entries]) -> list[DataRow]:
    """Former communes: code, kind, name (unknown for old codes), current commune.

    An old code that is also a delegated or associated commune is left out, since the latter has precedence.
    """
    named = [
        (
            entry["code"],
            FORMER_KINDS[entry["type"]],
            entry["nom"],
            entry.get("commune") or entry["chefLieu"],
        )
        for entry in lists["communes"]
        if entry["type"] != CURRENT
    ]
    known = {entry["code"] for entry in lists["communes"]}
    old = [
        (code, "former", "", entry["code"])
        for entry in lists["communes"]
        for code in entry.get("anciensCodes", [])
        if code not in known
    ]
    return [*named, *old]


def write(name: str, header: str, rows: Iterable[DataRow]) -> None:
    """Write a compressed table sorted by code, without date or name in the archive."""
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\n")
    table.writerow(header.split())
    table.writerows(sorted(rows, key=lambda row: tuple(map(str, row))))
    packed = gzip.compress(text.getvalue().encode(), compresslevel=9, mtime=0)
    (TARGET / f"{name}.csv.gz").write_bytes(packed)
    print(f"{name}: {text.getvalue().count(chr(10)) - 1} rows, {len(packed)} bytes")


def build(archive: Path) -> None:
    """Write the tables and the file that names their source."""
    version, lists = read(archive)
    regions = [entry for entry in lists["regions"] if entry["code"] not in WITHOUT_REGION]
    write("regions", "code name", ((entry["code"], entry["nom"]) for entry in regions))
    write(
        "departments",
        "code name region",
        (
            (
                entry["code"],
                entry["nom"],
                "" if entry["region"] in WITHOUT_REGION else entry["region"],
            )
            for entry in lists["departements"]
        ),
    )
    write("epci", "siren name", ((entry["code"], entry["nom"]) for entry in lists["epci"]))
    write("communes", "code name department epci population postcodes", communes(lists))
    write("former", "code kind name current", former_communes(lists))
    (TARGET / "SOURCE").write_text(f"npm {PACKAGE} {version}, Licence Ouverte\n", encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("package", help="an archive made by npm pack, or a version to fetch")
    package = parser.parse_args().package
    with tempfile.TemporaryDirectory() as folder:
        archive = Path(package) if package.endswith(".tgz") else fetch(package, Path(folder))
        build(archive)


if __name__ == "__main__":
    main()
