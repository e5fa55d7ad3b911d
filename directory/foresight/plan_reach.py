"""Reach of a plan of change: the offices, days and past requests for which the rule may answer otherwise."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Q
from django.utils import timezone

from directory.foresight.areas_in_memory import NATIONAL, KnownAreas, Location
from experts.changes import snapshot
from experts.changes.directory_facts import AbsenceEntry
from experts.changes.row_plans import Plan, RowOutcome, RowPlan
from experts.changes.stored import StoredDirectory
from experts.models import Absence, Expert, Office
from experts.routing.criteria import Criteria
from solicitations.models import Solicitation
from solicitations.models.request_querysets import SolicitationQuerySet
from territories.areas import AreaRef
from territories.models import Area, Commune

MANY_PLACES = 1_000  # beyond, the whole directory is loaded
MANY_OFFICES = 500  # beyond, requests of the whole nation are read
# Facts that the routing rule reads, by table.
OFFICE_FACTS = {
    *Criteria.__dataclass_fields__,
    "institution",
    "areas",
    "exclusive_subjects",
    "is_fallback",
    "closed_on",
    "agreement_ends_on",
    "dropped_at",
}
EXPERT_FACTS = {
    "office",
    "email",
    "has_all_subjects",
    "subjects",
    "areas",
    "absence",
    "declared_absences",
    "is_paused",
    "is_bouncing",
    "left_at",
    "dropped_at",
}
ZONE_FACTS = {"members", "dropped_at"}
# Facts that take effect on a day of their own.
DATED_FACTS = {"closed_on", "agreement_ends_on", "left_at", "absence", "declared_absences"}


@dataclass(frozen=True)
class Reach:
    """Days on which a plan takes effect, by office's code, and the areas where it does, zones replaced.

    ``areas`` are those of the offices and of their experts, before and after; of many offices, the nation.
    """

    days: dict[str, frozenset[date]]
    areas: frozenset[AreaRef]

    def requests(self, *, since: datetime) -> SolicitationQuerySet:
        """Requests submitted since then in these areas; spam, tests and duplicates left out."""
        recent = Solicitation.objects.counted().not_erased().filter(submitted_at__gte=since)
        if NATIONAL in self.areas:
            return recent
        inside = Commune.objects.inside(self.areas).values("pk")
        return recent.filter(Q(commune__in=inside) | Q(commune__merged_into__in=inside))


def find_reach(plan: Plan, *, today: date) -> Reach:
    """The reach of a plan; without effect on the routing, no office and no area.

    A change without a date takes effect today, and again when somebody of the office is back.
    """
    days: dict[str, set[date]] = defaultdict(set)
    undated: set[str] = set()
    for office in _rows(plan.offices, OFFICE_FACTS):
        days[str(office.key)] |= _effect_days(office, OFFICE_FACTS, today)
        undated |= {str(office.key)} if _is_undated(office, OFFICE_FACTS) else set()
    for expert in _rows(plan.experts, EXPERT_FACTS):
        codes = {expert.key[0], expert.after.get("office", expert.key[0])}
        for code in codes:
            days[code] |= _effect_days(expert, EXPERT_FACTS, today)
        undated |= codes if _is_undated(expert, EXPERT_FACTS) else set()
    zones = {AreaRef("zone", str(zone.key)) for zone in _rows(plan.zones, ZONE_FACTS)}
    for code in _offices_in(zones):
        days[code].add(today)
    for code, day in _return_days(undated, today):
        days[code].add(day)
    touched = {code: frozenset(found) for code, found in days.items() if found}
    areas = _areas(plan, touched) if len(touched) <= MANY_OFFICES else {NATIONAL}
    return Reach(touched, frozenset(areas))


def _return_days(codes: Collection[str], today: date) -> Iterator[tuple[str, date]]:
    """The days when people of these offices who are away today are back: a change may show only then."""
    away = Absence.objects.filter(expert__office__code__in=codes, from_on__lte=today, to_on__gte=today)
    for code, last in away.values_list("expert__office__code", "to_on").order_by("to_on", "pk"):
        yield code, last + timedelta(days=1)


def load_around(places: Collection[Location], codes: Collection[str], known: KnownAreas) -> StoredDirectory:
    """Load the offices that an area links to these places, and those with these codes, with their experts."""
    if len(places) > MANY_PLACES:
        return snapshot.load()
    refs = {ref for place in places for ref in place.refs}
    zones = {AreaRef("zone", slug) for slug, members in known.members.items() if members & refs}
    areas = _area_pks(refs | zones)
    offices = Q(code__in=codes) | Q(
        pk__in=Office.areas.through.objects.filter(area__in=areas).values("office")
    )
    offices |= Q(pk__in=Expert.objects.filter(areas__in=areas).values("office"))
    pks = list(Office.objects.filter(offices).values_list("pk", flat=True))
    experts = list(Expert.objects.filter(office__in=pks).values_list("pk", flat=True))
    zone_pks = list(Area.objects.of_kind("zone").values_list("pk", flat=True))
    return snapshot.load(zones=zone_pks, offices=pks, experts=experts)


def _rows(plans: Iterable[RowPlan[Any]], facts: set[str]) -> Iterator[RowPlan[Any]]:
    """The rows that are created, removed, or changed in one of these facts."""
    for plan in plans:
        is_whole = plan.outcome in {RowOutcome.CREATED, RowOutcome.REMOVED}
        if plan.changes_something and (is_whole or plan.written_facts.keys() & facts):
            yield plan


def _effect_days(plan: RowPlan[Any], facts: set[str], today: date) -> set[date]:
    """Days, today or later, on which a row answers otherwise for the first time."""
    if plan.outcome in {RowOutcome.CREATED, RowOutcome.REMOVED}:
        return {today}
    days: set[date] = set()
    for change in plan.changes:
        if change.fact not in facts:
            continue
        if change.fact in DATED_FACTS:
            days |= {day for value in (change.before, change.after) for day in _days_of(value, today)}
        else:
            days.add(today)
    return days


def _is_undated(plan: RowPlan[Any], facts: set[str]) -> bool:
    """Return whether a row changes a fact that has no day of its own."""
    return any(change.fact in facts - DATED_FACTS for change in plan.changes)


def _days_of(value: object, today: date) -> Iterator[date]:
    """The first days, today or later, of a dated fact: an end, a departure, absences."""
    if isinstance(value, datetime):
        yield max(timezone.localdate(value), today)
    elif isinstance(value, date):
        yield max(value, today)
    elif isinstance(value, AbsenceEntry):
        if value.to_on >= today:
            yield max(value.from_on, today)
    elif isinstance(value, frozenset):
        for absence in value:
            yield from _days_of(absence, today)


def _offices_in(zones: Collection[AreaRef]) -> set[str]:
    """Codes of the offices that have one of these zones, or an expert who has."""
    if not zones:
        return set()
    areas = Area.objects.of_kind("zone").filter(code__in=[ref.code for ref in zones]).values("pk")
    through_experts = Expert.objects.filter(areas__in=areas).values("office")
    found = Office.objects.filter(Q(areas__in=areas) | Q(pk__in=through_experts))
    return set(found.values_list("code", flat=True))


def _areas(plan: Plan, codes: Collection[str]) -> set[AreaRef]:
    """Areas of these offices and of their experts, before and after; zones are replaced by their members."""
    of_offices = Office.areas.through.objects.filter(office__code__in=codes)
    of_experts = Expert.areas.through.objects.filter(expert__office__code__in=codes)
    columns = ("area__kind", "area__current_code")
    found = {
        AreaRef(kind, code)
        for rows in (of_offices, of_experts)
        for kind, code in rows.values_list(*columns).distinct()
    }
    rows: list[RowPlan[Any]] = [*plan.offices, *plan.experts]
    for row in rows:
        found |= row.written_facts.get("areas", frozenset())
    zones = {ref for ref in found if ref.kind == "zone"}
    return (found - zones) | _members(plan, zones)


def _members(plan: Plan, zones: Collection[AreaRef]) -> set[AreaRef]:
    """Members of these zones, in the tables and in the plan."""
    slugs = {ref.code for ref in zones}
    rows = Area.objects.of_kind("zone").filter(code__in=slugs).exclude(members=None)
    found = {
        AreaRef(kind, code)
        for kind, code in rows.values_list("members__kind", "members__current_code").distinct()
    }
    for row in plan.zones:
        if row.key in slugs:
            found |= row.written_facts.get("members", frozenset())
    return found


def _area_pks(refs: Iterable[AreaRef]) -> list[int]:
    """Primary keys of the areas with these current codes."""
    codes: dict[str, list[str]] = defaultdict(list)
    for ref in refs:
        codes[ref.kind].append(ref.code)
    wanted = Q(pk__in=[])
    for kind, own in codes.items():
        wanted |= Q(kind=kind, current_code__in=own)
    return list(Area.objects.filter(wanted).values_list("pk", flat=True))
