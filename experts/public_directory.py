"""The open offices of the directory as open data: names, phones, sites, areas and subjects, no person."""

from collections import defaultdict
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q
from django.utils import timezone

from experts.models import Expert, Institution, Office, SubjectInstitution
from experts.public_answers import PublicOffice, public_office
from mailing.addresses import strip_addresses
from territories.models import Area, Department

PART = 500  # offices read at a time
MAX_NAMES = 8


@dataclass(frozen=True, slots=True)
class DirectoryLine:
    """An office of the open data; ``areas``: references such as « department:21 », with their names.

    ``is_notified``: requests are sent there; a relay is only shown. ``is_fallback``: it answers what nobody
    covers, whatever the subject.
    """

    office: PublicOffice
    code: str
    institution: Institution
    region: str
    areas: tuple[tuple[str, str], ...]
    subjects: tuple[str, ...]
    is_fallback: bool

    @property
    def places(self) -> str:
        """Names of the areas: « Côte-d'Or, Pays Beaunois », the first of them when there are many."""
        names = [name for _, name in self.areas]
        shown = ", ".join(names[:MAX_NAMES])
        return f"{shown} et {len(names) - MAX_NAMES} autres" if len(names) > MAX_NAMES else shown

    @property
    def is_notified(self) -> bool:
        return self.institution.notified != Institution.Notified.NEVER


def lines(
    *,
    now: datetime,
    closed_regions: Collection[str] = (),
    department: Department | None = None,
    codes: Collection[str] | None = None,
) -> Iterator[DirectoryLine]:
    """The public offices open today, by institution and name, but those of closed regions.

    An office that nobody would answer for is left out, unless it is a relay. Five queries per part.
    ``department``: only the offices that answer in a part of it. ``codes``: only these offices, and relays.
    """
    found = Office.objects.open_on(timezone.localdate(now))
    found = found.filter(is_public=True, institution__dropped_at=None)
    if department:
        found = found.filter(_reached(department))
    if codes is not None:
        found = found.filter(Q(code__in=codes) | Q(institution__notified=Institution.Notified.NEVER))
    pks = list(
        found.exclude(region__in=closed_regions)
        .order_by("institution__position", "name", "pk")
        .values_list("pk", flat=True)
    )
    subjects = _subjects_of_institutions()
    for start in range(0, len(pks), PART):
        yield from _part(pks[start : start + PART], subjects, now=now)


def _reached(department: Department) -> Q:
    """The offices that have an area, or an expert's own area, in this département."""
    areas = list(Area.objects.reaching_department(department.code).values_list("pk", flat=True))
    own_areas = Expert.objects.listed().filter(areas__in=areas).values("office")
    return Q(pk__in=Office.objects.filter(areas__in=areas).values("pk")) | Q(pk__in=own_areas)


def _part(pks: list[int], of_institutions: dict[int, list[str]], *, now: datetime) -> Iterator[DirectoryLine]:
    offices = Office.objects.select_related("institution", "region").in_bulk(pks)
    experts = Expert.objects.listed().filter(office__in=pks, is_paused=False, is_bouncing=False)
    serving = experts.filter(Q(left_at=None) | Q(left_at__gt=now))
    able: dict[int, set[str]] = defaultdict(set)
    knows_all = set()
    for pk, has_all, slug in serving.values_list("office", "has_all_subjects", "subjects__slug"):
        able[pk].add(slug)
        knows_all |= {pk} if has_all else set()
    areas = _areas(pks, serving.values_list("pk", flat=True))
    for pk in pks:
        office = offices[pk]
        listed = of_institutions[office.institution_id]
        subjects = [slug for slug in listed if pk in knows_all or slug in able[pk]]
        is_relay = office.institution.notified == Institution.Notified.NEVER
        if is_relay or office.is_fallback or subjects:
            yield DirectoryLine(
                office=public_office(office),
                code=office.code,
                institution=office.institution,
                region=office.region.name if office.region else "",
                areas=tuple(areas[pk]),
                subjects=tuple(() if office.is_fallback else listed if is_relay else subjects),
                is_fallback=office.is_fallback,
            )


def _areas(offices: Collection[int], experts: Collection[int]) -> dict[int, list[tuple[str, str]]]:
    """References and names of the areas of these offices and of their experts, each once, by office."""
    kinds = list(Area.Kind.values)
    columns = ("area__kind", "area__current_code", "area__name")
    own = Office.areas.through.objects.filter(office__in=offices, area__dropped_at=None)
    others = Expert.areas.through.objects.filter(expert__in=experts, area__dropped_at=None)
    found: dict[int, set[tuple[str, str, str]]] = defaultdict(set)
    for rows in (own.values_list("office_id", *columns), others.values_list("expert__office_id", *columns)):
        for pk, kind, code, name in rows:
            found[pk].add((kind, code, name))
    return defaultdict(
        list,
        {
            pk: [
                (f"{kind}:{code}" if code else kind, strip_addresses(name))
                for kind, code, name in sorted(areas, key=lambda area: (kinds.index(area[0]), *area[1:]))
            ]
            for pk, areas in found.items()
        },
    )


def _subjects_of_institutions() -> dict[int, list[str]]:
    """The subjects that each institution answers or, for a relay, is shown for; in catalogue order."""
    members: dict[int | None, list[int]] = defaultdict(list)
    for group, pk in Institution.objects.listed().order_by("pk").values_list("group", "pk"):
        members[group].append(pk)
    answers = SubjectInstitution.objects.filter(subject__dropped_at=None)
    answers = answers.filter(Q(is_relay=False) | Q(institution__notified=Institution.Notified.NEVER))
    found: dict[int, dict[str, None]] = defaultdict(dict)
    in_order = answers.order_by("subject__position", "position", "pk")
    for slug, institution, group in in_order.values_list("subject__slug", "institution", "group"):
        for pk in members[group] if group else [institution]:
            found[pk].setdefault(slug)
    return defaultdict(list, {pk: list(slugs) for pk, slugs in found.items()})
