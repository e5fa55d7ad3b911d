"""Map of a change of areas: EPCI that are whole in one state, and the communes of the others as marks."""

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from territories.maps import drawing
from territories.maps.drawing import Drawing, Frame
from territories.maps.outlines import SOURCE
from territories.models import Commune
from territories.models.communes import CommuneQuerySet

KEPT, GAINED, SHARED, LOST = "kept", "gained", "shared", "lost"
LABELS = {
    KEPT: "inchangé",
    GAINED: "en plus",
    SHARED: "en plus, déjà couvert par une autre antenne de l'institution",
    LOST: "en moins",
}
# A mark of each state, around its commune, told apart without colour.
MARKS = {
    KEPT: "m-4,0a4,4 0 1,0 8,0a4,4 0 1,0 -8,0",
    GAINED: "m-7,0h14m-7,-7v14",
    SHARED: "m-5,-5h10v10h-10z",
    LOST: "m-5,-5l10,10m0,-10l-10,10",
}
MAX_DEPARTMENTS = 20  # beyond, the nation is drawn, without communes
MANY = 5_000  # communes: beyond, all are read rather than named in a query


@dataclass(frozen=True, slots=True)
class AreaShape:
    """An EPCI and the state of all its communes, of most of them on the map of the nation; else empty."""

    path: str
    state: str


@dataclass(frozen=True, slots=True)
class AreaMap:
    """Shapes and marks under the borders of a larger level; ``marks``: one path by state."""

    width: int
    height: int
    borders: str
    insets: tuple[Frame, ...]
    shapes: tuple[AreaShape, ...]
    marks: tuple[tuple[str, str], ...]
    legend: tuple[tuple[str, str], ...]
    source: str = SOURCE


def area_map(*, had: set[str], has: set[str], shared: Collection[str]) -> AreaMap | None:
    """Map the communes kept, gained and lost, by their codes; ``None`` without any outline.

    ``shared``: communes gained that another office of the institution already covers. Two queries.
    """
    states = {code: KEPT if code in has else LOST for code in had}
    states |= {code: SHARED if code in shared else GAINED for code in has - had}
    around = _communes_around(states)
    drawn = _drawing(around, states)
    if drawn is None:
        return None
    by_epci: dict[str, dict[str, str]] = defaultdict(dict)
    for code, (_, epci) in around.items():
        by_epci[epci or ""][code] = states.get(code, "")
    whole = {
        epci: Counter(own.values()).most_common(1)[0][0]
        for epci, own in by_epci.items()
        if epci and (drawn.insets or len(set(own.values())) == 1)
    }
    marked = {
        code: state for epci, own in by_epci.items() if epci not in whole for code, state in own.items()
    }
    marks = _marks(drawn, marked)
    used = {*whole.values(), *(state for state, _ in marks)}
    return AreaMap(
        width=drawn.width,
        height=drawn.height,
        borders=drawn.borders,
        insets=drawn.insets,
        shapes=tuple(AreaShape(path, whole.get(code, "")) for code, path in drawn.paths.items()),
        marks=marks,
        legend=tuple((state, label) for state, label in LABELS.items() if state in used),
    )


def _communes_around(states: Collection[str]) -> dict[str, tuple[str, str | None]]:
    """Département and EPCI of the communes of these départements, and of the others of their EPCI."""
    current = Commune.objects.current()
    if len(states) > MANY:
        return _places(current)
    departments = current.filter(pk__in=states).values("department")
    inside = current.filter(department__in=departments)
    rows = inside | current.filter(epci__in=inside.exclude(epci=None).values("epci"))
    return _places(rows)


def _places(communes: CommuneQuerySet) -> dict[str, tuple[str, str | None]]:
    rows = communes.values_list("pk", "department", "epci")
    return {code: (department, epci) for code, department, epci in rows}


def _drawing(around: Mapping[str, tuple[str, str | None]], states: Collection[str]) -> Drawing | None:
    departments = {around[code][0] for code in states if code in around}
    if len(departments) > MAX_DEPARTMENTS:
        return drawing.nation()
    epci = {code for _, code in around.values() if code}
    return drawing.region(departments, epci, around)


def _marks(drawn: Drawing, marked: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    """A path for each state: its mark at every commune."""
    paths: dict[str, list[str]] = defaultdict(list)
    for code, state in marked.items():
        if state and code in drawn.points:
            x, y = drawn.points[code]
            paths[state].append(f"M{x},{y}{MARKS[state]}")
    return tuple((state, "".join(paths[state])) for state in LABELS if paths[state])
