"""Outlines of régions, départements and EPCI, read from the bundled TopoJSON files."""

import gzip
import json
from dataclasses import dataclass
from functools import cache
from itertools import accumulate
from pathlib import Path
from typing import Any

from territories.areas import Level
from territories.maps.projection import Point

FOLDER = Path(__file__).resolve().parent.parent / "data" / "outlines"
SOURCE = "IGN Admin Express, INSEE COG 2026, Licence Ouverte 2.0"
FILES = {
    Level.REGION: ("regions", "r"),
    Level.DEPARTMENT: ("departements", "d"),
    Level.EPCI: ("epci", "e"),
}
Ring = tuple[Point, ...]  # longitudes and latitudes


@dataclass(frozen=True, slots=True)
class Outline:
    """Outline of an area; ``department`` is empty for a région, the main one of an EPCI otherwise."""

    code: str
    department: str
    rings: tuple[Ring, ...]


@cache
def outlines(level: Level) -> dict[str, Outline]:
    """The outlines of a level, by code."""
    name, key = FILES[level]
    topology = json.loads(gzip.decompress((FOLDER / f"{name}.topo.json.gz").read_bytes()))
    arcs = [_positions(arc, topology["transform"]) for arc in topology["arcs"]]
    found = {}
    for shape in topology["objects"]["raw"]["geometries"]:
        properties = shape["properties"]
        code = properties[key]
        found[code] = Outline(code, properties.get("d", ""), _rings(shape, arcs))
    return found


def _positions(arc: list[list[int]], transform: dict[str, list[float]]) -> list[Point]:
    """Decode an arc: each point is a difference with the one before, on an integer grid."""
    (width, height), (left, bottom) = transform["scale"], transform["translate"]
    columns = accumulate(point[0] for point in arc)
    rows = accumulate(point[1] for point in arc)
    return [(left + width * column, bottom + height * row) for column, row in zip(columns, rows, strict=True)]


def _rings(shape: dict[str, Any], arcs: list[list[Point]]) -> tuple[Ring, ...]:
    polygons = [shape["arcs"]] if shape["type"] == "Polygon" else shape["arcs"]
    return tuple(_ring(ring, arcs) for polygon in polygons for ring in polygon)


def _ring(numbers: list[int], arcs: list[list[Point]]) -> Ring:
    """Join arcs; as in TopoJSON, ``~n`` is the arc ``n`` followed backwards."""
    points: list[Point] = []
    for number in numbers:
        arc = arcs[number] if number >= 0 else arcs[~number][::-1]
        points += arc[1:] if points else arc
    return tuple(points)
