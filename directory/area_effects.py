"""Effects of a change of areas: communes gained and lost, and other offices that cover those gained."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Q

from directory.area_map import AreaMap, area_map
from experts.changes.row_plans import Plan
from experts.models import Office
from territories.areas import AreaRef
from territories.models import Area, AreaMember, Commune

MAX_NAMES = 30
MAX_OVERLAPS = 10


@dataclass(frozen=True, slots=True)
class CommuneList:
    """The number of communes, and the names of the most populated."""

    count: int
    names: tuple[str, ...]

    @property
    def others(self) -> int:
        """The number of communes that are not named."""
        return self.count - len(self.names)

    def __bool__(self) -> bool:
        return self.count > 0


@dataclass(frozen=True, slots=True)
class Overlap:
    """An office of the same institution that covers communes gained."""

    office: str
    count: int


@dataclass(frozen=True, slots=True)
class AreaEffect:
    """Communes that an office, expert or zone gains and loses; ``total``: those it has after the change."""

    label: str
    total: int
    gained: CommuneList
    lost: CommuneList
    overlaps: tuple[Overlap, ...]
    map: AreaMap | None


def area_effects(plan: Plan, *, on: date) -> list[AreaEffect]:
    """The effects of the areas that a plan changes: of offices, of experts, of zones."""
    effects = []
    for row in plan.rows():
        for name in ("areas", "members"):
            if row.changes_something and name in row.written_facts:
                institution = row.after.get("institution", "")
                before = row.before.get(name, frozenset())
                label, pk = row.label, getattr(row.instance, "pk", None)
                effects.append(_effect(label, before, row.after[name], institution=institution, pk=pk, on=on))
    return [effect for effect in effects if effect.total or effect.lost]


def communes_of(refs: Iterable[AreaRef]) -> set[str]:
    """The codes of the current communes of these areas, zones included."""
    wanted = set(refs)
    zones = [ref.code for ref in wanted if ref.kind == "zone"]
    members = AreaMember.objects.filter(zone__kind="zone", zone__code__in=zones).values_list(
        "member__kind", "member__current_code"
    )
    without_zones = [ref for ref in wanted if ref.kind != "zone"] + [AreaRef(*pair) for pair in members]
    return set(Commune.objects.inside(without_zones).values_list("pk", flat=True)) if without_zones else set()


def _effect(
    label: str,
    before: Collection[AreaRef],
    after: Collection[AreaRef],
    *,
    institution: str,
    pk: int | None,
    on: date,
) -> AreaEffect:
    had, has = communes_of(before), communes_of(after)
    covered = _covered_by_others(has - had, institution=institution, pk=pk, on=on) if institution else {}
    overlaps = sorted(
        (Overlap(name, len(codes)) for name, codes in covered.items() if codes),
        key=lambda overlap: (-overlap.count, overlap.office),
    )
    return AreaEffect(
        label,
        len(has),
        _commune_list(has - had),
        _commune_list(had - has),
        tuple(overlaps[:MAX_OVERLAPS]),
        area_map(had=had, has=has, shared=set().union(*covered.values())),
    )


def _commune_list(codes: set[str]) -> CommuneList:
    largest = Commune.objects.filter(pk__in=codes).order_by("-population", "pk")
    return CommuneList(len(codes), tuple(largest.values_list("name", flat=True)[:MAX_NAMES]))


def _covered_by_others(codes: set[str], *, institution: str, pk: int | None, on: date) -> dict[str, set[str]]:
    """The communes among ``codes`` that the institution's other open offices cover, by name of office.

    ``pk``: the office that changes, which is left out; ``None`` for a new one.
    """
    if not codes:
        return {}
    communes = Commune.objects.filter(pk__in=codes)
    containing = Q(kind="national") | Q(kind="commune", current_code__in=codes)
    for kind, column in (("epci", "epci"), ("department", "department"), ("region", "department__region")):
        containing |= Q(kind=kind, current_code__in=communes.values(column))
    ordinary = Area.objects.filter(containing, dropped_at=None)
    zones = AreaMember.objects.filter(member__in=ordinary.values("pk")).values("zone")
    areas = Area.objects.filter(Q(pk__in=ordinary.values("pk")) | Q(pk__in=zones), dropped_at=None)
    offices = Office.objects.open_on(on).filter(institution__code=institution).exclude(pk__in=[pk])
    linked = Office.areas.through.objects.filter(area__in=areas.values("pk"), office__in=offices)
    refs: dict[str, set[AreaRef]] = {}
    rows: Any = linked.values_list("office__name", "area__kind", "area__current_code")
    for name, kind, code in rows:
        refs.setdefault(name, set()).add(AreaRef(kind, code))
    return {name: communes_of(found) & codes for name, found in refs.items()}
