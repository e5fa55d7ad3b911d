"""Points of communes, which have no outline, read from the bundled file."""

import csv
import gzip
from functools import cache

from territories.maps.outlines import FOLDER
from territories.maps.projection import Point


@cache
def commune_points() -> dict[str, Point]:
    """Longitude and latitude of each current commune, by code; a few overseas have none."""
    with gzip.open(FOLDER / "communes.csv.gz", "rt", encoding="utf-8", newline="") as file:
        return {row["code"]: (float(row["lon"]), float(row["lat"])) for row in csv.DictReader(file)}
