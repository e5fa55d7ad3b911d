"""Map of a preview: the EPCI whose requests would be sent otherwise, those no longer covered apart."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from directory.foresight.preview import PreviewedRequest
from territories.maps import drawing
from territories.maps.drawing import Drawing, Frame
from territories.maps.outlines import SOURCE
from territories.models import Commune, Department, Epci

CHANGED, UNCOVERED = "changed", "uncovered"
LABELS = {CHANGED: "des demandes changent", UNCOVERED: "des demandes ne sont plus couvertes"}


@dataclass(frozen=True, slots=True)
class PreviewPlaces:
    """Places of requests that would be sent otherwise: régions, counts by EPCI, EPCI with uncovered ones."""

    regions: Sequence[str | None]
    changed: Mapping[str, int]
    uncovered: Sequence[str]

    @classmethod
    def of(cls, lines: Iterable[PreviewedRequest]) -> "PreviewPlaces":
        """The places of these requests, those without EPCI left out."""
        listed = [line for line in lines if line.request.place.epci]
        return cls(
            regions=list({line.request.place.region for line in listed}),
            changed=dict(Counter(str(line.request.place.epci) for line in listed)),
            uncovered=sorted({str(line.request.place.epci) for line in listed if line.is_uncovered}),
        )


@dataclass(frozen=True, slots=True)
class MapShape:
    """An EPCI on the map; ``effect`` is empty when none of its requests changes."""

    path: str
    effect: str
    title: str


@dataclass(frozen=True, slots=True)
class PreviewMap:
    """Shapes under the borders of a larger level, the legend of those there are, the source of outlines."""

    width: int
    height: int
    borders: str
    insets: tuple[Frame, ...]
    shapes: tuple[MapShape, ...]
    legend: tuple[tuple[str, str], ...]
    source: str = SOURCE


def preview_map(places: PreviewPlaces) -> PreviewMap | None:
    """Map these places, in their région or in the nation; ``None`` without any EPCI. Three queries."""
    drawn = _drawing(set(places.regions))
    if not places.changed or drawn is None:
        return None
    names = dict(Epci.objects.filter(pk__in=places.changed).values_list("pk", "name"))
    shapes = []
    for code, path in drawn.paths.items():
        effect = UNCOVERED if code in places.uncovered else CHANGED if code in places.changed else ""
        shapes.append(
            MapShape(path, effect, _title(names.get(code, ""), places.changed.get(code, 0), effect))
        )
    used = {shape.effect for shape in shapes}
    legend = tuple((effect, label) for effect, label in LABELS.items() if effect in used)
    return PreviewMap(drawn.width, drawn.height, drawn.borders, drawn.insets, tuple(shapes), legend)


def _drawing(regions: set[str | None]) -> Drawing | None:
    if len(regions) != 1:
        return drawing.nation()
    [region] = regions
    departments = list(Department.objects.filter(region=region).values_list("pk", flat=True))
    inside = Commune.objects.current().filter(department__in=departments).exclude(epci=None)
    epci = inside.order_by("epci").values_list("epci", flat=True).distinct()
    return drawing.region(departments, [code for code in epci if code])


def _title(name: str, count: int, effect: str) -> str:
    if not effect:
        return ""
    changed = "1 demande change" if count == 1 else f"{count} demandes changent"
    return f"{name} : {changed}"
