"""Maps of coverage: each EPCI shaded by the share of what nobody answers there."""

from collections.abc import Mapping
from dataclasses import dataclass

from directory.coverage.coverage_texts import percent
from directory.coverage.place_figures import PlaceFigures
from territories.maps.drawing import Drawing
from territories.maps.outlines import SOURCE

# The upper bounds of the shades, as shares; each shade is also a hatch, since colour is never alone.
BOUNDS = (0.0, 0.1, 0.25, 0.5, 1.0)
SHADE_LABELS = (
    "tout a une réponse",
    "jusqu'à 10\xa0% sans réponse",
    "de 10 à 25\xa0%",
    "de 25 à 50\xa0%",
    "plus de la moitié",
)


@dataclass(frozen=True, slots=True)
class Shape:
    """An EPCI on the map."""

    path: str
    shade: int
    title: str


@dataclass(frozen=True, slots=True)
class CoverageMap:
    """A map with its legend and the source of its outlines."""

    drawing: Drawing
    shapes: tuple[Shape, ...]
    legend: tuple[tuple[int, str], ...]
    source: str = SOURCE


def shade_of(share: float) -> int:
    """The shade of a share: 0 when nothing lacks, then by the bounds above."""
    return next(shade for shade, bound in enumerate(BOUNDS) if share <= bound)


def make_map(drawing: Drawing, figures: Mapping[str, PlaceFigures], names: Mapping[str, str]) -> CoverageMap:
    """Shade each EPCI that has figures, by its code."""
    shapes = tuple(
        Shape(
            path=drawing.paths[code],
            shade=shade_of(each.uncovered_share),
            title=f"{names.get(code, code)} : {percent(each.uncovered_share)} sans réponse",
        )
        for code, each in figures.items()
        if code in drawing.paths
    )
    used = {shape.shade for shape in shapes}
    legend = tuple((shade, label) for shade, label in enumerate(SHADE_LABELS) if shade in used)
    return CoverageMap(drawing, shapes, legend)
