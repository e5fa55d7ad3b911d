"""Generates a national directory, the same for each seed: offices of every institution everywhere."""

import random
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from django.db.models import Q

from experts.models import Absence, Expert, Institution, Office, Subject
from territories.models import Area, AreaMember, Commune

SUBJECTS_EACH = 10
EPCI_IN_A_ZONE = 5
COMMUNES_EACH = 20
LARGE_TOWN = 40_000
BATCH = 5_000
PHONE = "01 99 00 00 01"
WITH_OWN_COMMUNES, AWAY, WITH_CRITERIA = 0.10, 0.03, 0.30
EXCLUSIVE_IN_A_REGION = 2
WITHOUT_AGREEMENT = 0.5
REGIONAL_FALLBACK, NATIONAL_FALLBACK = "UR", "EQUIPE-NAT"
CRITERIA: tuple[dict[str, object], ...] = (
    {"headcount_max": 249},
    {"headcount_max": 49},
    {"headcount_min": 11, "headcount_max": 299},
    {"naf": ["55", "56", "10"]},
    {"naf_excluded": ["64", "65", "84"]},
    {"legal_forms_excluded": ["7", "92"]},
    {"craft": "only"},
    {"age_max_years": 5},
    {"project_holders": False},
)


@dataclass(frozen=True)
class Place:
    """An area that an office covers, and its communes."""

    area: Area
    region: str | None
    communes: Sequence[str]


@dataclass(frozen=True)
class LocatedOffice:
    """An office and its place."""

    office: Office
    place: Place


def fill(*, seed: int, experts: int, region: str | None, on: date) -> None:
    """Write the directory of one region, or of all; absences include the day ``on``."""
    random_source = random.Random(seed)
    Office.objects.all().delete()
    communes = Commune.objects.current().select_related("department").order_by("pk")
    places = _places(list(communes.filter(department__region=region) if region else communes))
    institutions = Institution.objects.exclude(notified=Institution.Notified.NEVER).order_by("position", "pk")
    located_offices = [
        located for one in institutions for located in _located_offices(one, places, random_source)
    ]
    Office.objects.bulk_create([located.office for located in located_offices], batch_size=BATCH)
    through = Office.areas.through
    through.objects.bulk_create(
        [through(office=located.office, area=located.place.area) for located in located_offices],
        batch_size=BATCH,
    )
    answered = _answered()
    _make_exclusive(located_offices, answered, random_source)
    people = _people(located_offices, experts, random_source)
    _give_subjects(people, answered, random_source)
    _give_communes(people, random_source)
    _send_away(people, on, random_source)


def keep_reaching(commune: Commune) -> None:
    """Delete the offices that do not cover a commune: routing there has the same candidates as before."""
    areas = Area.objects.containing(commune).values("pk")
    through_experts = Expert.objects.filter(areas__in=areas).values("office")
    reached = Office.objects.filter(Q(areas__in=areas) | Q(pk__in=through_experts)).values("pk")
    Office.objects.exclude(pk__in=reached).delete()


def _places(communes: list[Commune]) -> dict[str, list[Place]]:
    """The places of each level. Zones are created here, from EPCI of one département."""
    inside: dict[tuple[str, str], list[Commune]] = defaultdict(list)
    for commune in communes:
        inside["national", ""].append(commune)
        inside["department", commune.department_id].append(commune)
        if commune.department.region_id:
            inside["region", commune.department.region_id].append(commune)
        if commune.epci_id:
            inside["epci", commune.epci_id].append(commune)
        if commune.population >= LARGE_TOWN:
            inside["commune", commune.pk].append(commune)
    towns = [own[0] for (kind, _), own in inside.items() if kind == "commune"]
    _make_areas(towns)
    _make_zones(inside)
    places: dict[str, list[Place]] = defaultdict(list)
    for area in Area.objects.filter(dropped_at=None).order_by("kind", "code"):
        if own := inside.get((area.kind, area.code)):
            region = None if area.kind == "national" else own[0].department.region_id
            places[area.kind].append(Place(area, region, [commune.pk for commune in own]))
    return places


def _make_areas(communes: Iterable[Commune]) -> None:
    """Create the areas of single communes."""
    areas = [
        Area(kind="commune", code=one.pk, current_code=one.pk, name=one.name, commune_count=1)
        for one in sorted(communes, key=lambda commune: commune.pk)
    ]
    Area.objects.bulk_create(areas, batch_size=BATCH, ignore_conflicts=True)


def _make_zones(inside: dict[tuple[str, str], list[Commune]]) -> None:
    by_department: dict[str, list[str]] = defaultdict(list)
    for code in sorted(code for kind, code in inside if kind == "epci"):
        by_department[inside["epci", code][0].department_id].append(code)
    areas = {area.code: area for area in Area.objects.of_kind("epci")}
    zones, members = [], []
    for department, codes in by_department.items():
        for start in range(0, len(codes), EPCI_IN_A_ZONE):
            own = codes[start : start + EPCI_IN_A_ZONE]
            slug = f"bassin-{department.lower()}-{start // EPCI_IN_A_ZONE + 1}"
            communes = [commune for code in own for commune in inside["epci", code]]
            inside["zone", slug] = communes
            zone = Area(kind="zone", code=slug, current_code=slug, name=slug, commune_count=len(communes))
            zones.append(zone)
            members += [AreaMember(zone=zone, member=areas[code]) for code in own]
    Area.objects.bulk_create(zones, batch_size=BATCH)
    AreaMember.objects.bulk_create(members, batch_size=BATCH)


def _located_offices(
    institution: Institution, places: dict[str, list[Place]], random_source: random.Random
) -> Iterator[LocatedOffice]:
    """One office of the institution in each place of its usual level."""
    fallback = institution.code in {REGIONAL_FALLBACK, NATIONAL_FALLBACK}
    by_agreement = institution.notified == Institution.Notified.BY_AGREEMENT
    for place in places[institution.usual_level]:
        if by_agreement and random_source.random() < WITHOUT_AGREEMENT:
            continue
        criteria = (
            random_source.choice(CRITERIA) if not fallback and random_source.random() < WITH_CRITERIA else {}
        )
        code = f"{institution.code}-{place.area.code or 'france'}".lower()
        office = Office(
            code=code,
            institution=institution,
            name=f"{institution.code} {place.area.name}",
            phone=PHONE,
            email=f"{code}@example.org",
            region_id=place.region,
            is_fallback=fallback,
            source="file",
            **criteria,
        )
        yield LocatedOffice(office, place)


def _answered() -> dict[int, list[Subject]]:
    """The subjects that each institution answers, alone or through its group."""
    found: dict[int, list[Subject]] = defaultdict(list)
    for subject in Subject.objects.listed().order_by("position", "pk").prefetch_related("answers"):
        for answer in subject.answers.all():
            members = Q(pk=answer.institution_id) if answer.institution_id else Q(group=answer.group_id)
            for institution in Institution.objects.filter(members):
                found[institution.pk].append(subject)
    return found


def _make_exclusive(
    located_offices: list[LocatedOffice], answered: dict[int, list[Subject]], random_source: random.Random
) -> None:
    """Make a few offices of each region exclusive for one of their subjects."""
    by_region: dict[str, list[Office]] = defaultdict(list)
    for located in located_offices:
        if (
            located.place.region
            and not located.office.is_fallback
            and answered[located.office.institution_id]
        ):
            by_region[located.place.region].append(located.office)
    for _, offices in sorted(by_region.items()):
        for office in random_source.sample(offices, EXCLUSIVE_IN_A_REGION):
            office.exclusive_subjects.add(random_source.choice(answered[office.institution_id]))


def _people(
    located_offices: list[LocatedOffice], count: int, random_source: random.Random
) -> list[tuple[Expert, LocatedOffice]]:
    """Create one expert in each office, then the others in random offices."""
    chosen = [*located_offices, *random_source.choices(located_offices, k=count - len(located_offices))]
    people = [
        (
            Expert(
                office=located.office,
                name=f"Référent {number}",
                email=f"referent-{number}@example.org",
                phone=PHONE,
                source="file",
            ),
            located,
        )
        for number, located in enumerate(chosen, start=1)
    ]
    Expert.objects.bulk_create([expert for expert, _ in people], batch_size=BATCH)
    return people


def _give_subjects(
    people: list[tuple[Expert, LocatedOffice]],
    answered: dict[int, list[Subject]],
    random_source: random.Random,
) -> None:
    """Give each expert ``SUBJECTS_EACH`` subjects, those of the institution first."""
    everything = list(Subject.objects.listed().order_by("position", "pk"))
    through = Expert.subjects.through
    rows = []
    for expert, located in people:
        own = list(dict.fromkeys(answered[located.office.institution_id]))
        random_source.shuffle(own)
        ranked = dict.fromkeys([*own, *random_source.sample(everything, SUBJECTS_EACH)])
        rows += [through(expert=expert, subject=subject) for subject in list(ranked)[:SUBJECTS_EACH]]
    through.objects.bulk_create(rows, batch_size=BATCH)


def _give_communes(people: list[tuple[Expert, LocatedOffice]], random_source: random.Random) -> None:
    """Give some experts a list of communes of their office's area."""
    lists = {
        expert: random_source.sample(located.place.communes, min(COMMUNES_EACH, len(located.place.communes)))
        for expert, located in random_source.sample(people, int(len(people) * WITH_OWN_COMMUNES))
    }
    _make_areas(Commune.objects.in_bulk({code for codes in lists.values() for code in codes}).values())
    areas = {area.code: area for area in Area.objects.of_kind("commune")}
    through = Expert.areas.through
    rows = [through(expert=expert, area=areas[code]) for expert, codes in lists.items() for code in codes]
    through.objects.bulk_create(rows, batch_size=BATCH)


def _send_away(people: list[tuple[Expert, LocatedOffice]], on: date, random_source: random.Random) -> None:
    """Make some experts absent that day, half of them with a colleague as deputy."""
    colleagues: dict[int, list[Expert]] = defaultdict(list)
    for expert, located in people:
        colleagues[located.office.pk].append(expert)
    rows = []
    for expert, located in random_source.sample(people, int(len(people) * AWAY)):
        others = [one for one in colleagues[located.office.pk] if one is not expert]
        deputy = random_source.choice(others) if others and random_source.random() < 0.5 else None
        start = on - timedelta(days=random_source.randint(0, 10))
        rows.append(Absence(expert=expert, from_on=start, to_on=on + timedelta(days=10), deputy=deputy))
    Absence.objects.bulk_create(rows)
