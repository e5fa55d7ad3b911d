"""Drawing of outlines as paths of an SVG: the mainland in a frame, each overseas territory in its own."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache, lru_cache

from territories.areas import Level
from territories.maps.commune_points import commune_points
from territories.maps.outlines import Outline, outlines
from territories.maps.projection import Point, Projection, lambert_93, mercator

WIDTH = 1_000
MAINLAND_HEIGHT, REGION_HEIGHT, MARGIN = 930, 900, 8
OVERSEAS = {
    "971": "Guadeloupe",
    "972": "Martinique",
    "973": "Guyane",
    "974": "La Réunion",
    "976": "Mayotte",
}
OVERSEAS_REGIONS = {"01", "02", "03", "04", "06"}
INSET_HEIGHT = 170


@dataclass(frozen=True, slots=True)
class Frame:
    """A rectangle of the drawing; an inset bears the name of its territory."""

    left: int
    top: int
    width: int
    height: int
    name: str = ""

    @property
    def middle(self) -> int:
        """The abscissa of the name, which is centred."""
        return self.left + self.width // 2

    @property
    def name_top(self) -> int:
        """The ordinate of the name."""
        return self.top + self.height + 16


@dataclass(frozen=True, slots=True)
class Drawing:
    """Paths of the shapes, by code; ``borders`` is one path, of a larger level drawn above them.

    ``points``: the abscissa and ordinate of communes, by code.
    """

    width: int
    height: int
    paths: dict[str, str]
    borders: str
    insets: tuple[Frame, ...] = ()
    points: Mapping[str, tuple[int, int]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Placement:
    """A projection, then a scale and a shift into a frame; ordinates go down."""

    projection: Projection
    scale: float
    left: float
    bottom: float

    def path(self, outline: Outline) -> str:
        """The outline as the commands of a path, in whole units, relative to each other."""
        return "".join(_commands([self.place(point) for point in ring]) for ring in outline.rings)

    def place(self, point: Point) -> tuple[int, int]:
        x, y = self.projection(*point)
        return round(self.left + x * self.scale), round(self.bottom - y * self.scale)


@cache
def nation() -> Drawing:
    """The EPCI of the mainland and of the overseas départements, under the borders of régions."""
    mainland = Frame(0, 0, WIDTH, MAINLAND_HEIGHT)
    width = WIDTH // len(OVERSEAS)
    insets = {
        code: Frame(place * width, MAINLAND_HEIGHT + 20, width, INSET_HEIGHT, name)
        for place, (code, name) in enumerate(OVERSEAS.items())
    }
    departments = outlines(Level.DEPARTMENT)
    on_land = [outline for code, outline in departments.items() if code not in OVERSEAS]
    placements = {code: _fit([departments[code]], mercator, frame) for code, frame in insets.items()}
    land = _fit(on_land, lambert_93, mainland)
    borders = (
        land.path(outline) for code, outline in outlines(Level.REGION).items() if code not in OVERSEAS_REGIONS
    )
    return Drawing(
        width=WIDTH,
        height=MAINLAND_HEIGHT + INSET_HEIGHT + 45,
        paths={
            code: placements.get(outline.department, land).path(outline)
            for code, outline in outlines(Level.EPCI).items()
        },
        borders="".join(borders),
        insets=tuple(insets.values()),
    )


def region(
    departments: Collection[str], epci: Collection[str], communes: Collection[str] = ()
) -> Drawing | None:
    """The EPCI of a région under the borders of its départements; ``None`` without any outline.

    All are codes; those without outline, and the communes without point, are left out.
    """
    drawn = _region(tuple(sorted(departments)), tuple(sorted(epci)))
    if drawn is None:
        return None
    drawing, placement = drawn
    points = {code: placement.place(point) for code in communes if (point := commune_points().get(code))}
    return replace(drawing, points=points)


@lru_cache(maxsize=32)  # the régions: thousands of points are projected for one
def _region(departments: tuple[str, ...], epci: tuple[str, ...]) -> tuple[Drawing, _Placement] | None:
    known, shapes = outlines(Level.DEPARTMENT), outlines(Level.EPCI)
    own = [known[code] for code in departments if code in known]
    if not own:
        return None
    projection = mercator if own[0].code in OVERSEAS else lambert_93
    placement = _fit(own, projection, Frame(0, 0, WIDTH, REGION_HEIGHT))
    _, low, _, high = _bounds(own, projection)
    height = min(REGION_HEIGHT, round((high - low) * placement.scale) + 2 * MARGIN)
    placement = _fit(own, projection, Frame(0, 0, WIDTH, height))
    drawing = Drawing(
        width=WIDTH,
        height=height,
        paths={code: placement.path(shapes[code]) for code in epci if code in shapes},
        borders="".join(placement.path(outline) for outline in own),
    )
    return drawing, placement


def _bounds(shapes: Sequence[Outline], projection: Projection) -> tuple[float, float, float, float]:
    points = [projection(*point) for outline in shapes for ring in outline.rings for point in ring]
    across, up = [x for x, _ in points], [y for _, y in points]
    return min(across), min(up), max(across), max(up)


def _fit(shapes: Sequence[Outline], projection: Projection, frame: Frame) -> _Placement:
    """The largest scale at which the shapes hold in a frame, in its middle."""
    left, low, right, high = _bounds(shapes, projection)
    scale = min((frame.width - 2 * MARGIN) / (right - left), (frame.height - 2 * MARGIN) / (high - low))
    return _Placement(
        projection,
        scale,
        frame.left + frame.width / 2 - scale * (left + right) / 2,
        frame.top + frame.height / 2 + scale * (low + high) / 2,
    )


def _commands(ring: Sequence[tuple[int, int]]) -> str:
    """A closed path; points that fall on the one before are left out."""
    kept = [ring[0]]
    for point in ring[1:]:
        if point != kept[-1]:
            kept.append(point)
    if len(kept) < 3:
        return ""
    moves = (
        f"{x - before_x},{y - before_y}"
        for (x, y), (before_x, before_y) in zip(kept[1:], kept[:-1], strict=True)
    )
    return f"M{kept[0][0]},{kept[0][1]}l{' '.join(moves)}z"
