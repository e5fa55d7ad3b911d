"""A seeded directory around Dijon: areas, absences, criteria and exclusive offices meet in each commune."""

import random
from datetime import date, timedelta

from experts.models import Absence, Expert, Institution, Office, Subject
from territories.areas import AreaRef
from territories.models import Area, Commune

ON = date(2026, 12, 1)
PHONE = "03 53 01 00 01"
DEPARTMENTS = ("21", "71", "89")
REGION = "27"
INSTITUTIONS = 14
OFFICES = 110
CRITERIA = (
    {"headcount_max": 49},
    {"naf": ["55"], "naf_excluded": ["56"]},
    {"craft": "only"},
    {"project_holders": False},
    {"project_holders": True},
    {"age_min_years": 2},
    {"legal_forms": ["54"]},
)


def fill(seed: int) -> list[str]:
    """Replace the directory; return the codes of the communes around it, and of some far away."""
    random_source = random.Random(seed)  # noqa: S311
    Office.objects.all().delete()
    communes = list(Commune.objects.current().order_by("pk"))
    near = [commune for commune in communes if commune.department_id in DEPARTMENTS]
    places = _areas(near, random_source)
    answered = Institution.objects.exclude(notified=Institution.Notified.NEVER).filter(answers__isnull=False)
    institutions = list(answered.distinct().order_by("position", "pk"))
    institutions = random_source.sample(institutions, min(INSTITUTIONS, len(institutions)))
    subjects = list(Subject.objects.listed().order_by("position", "pk"))
    for number in range(OFFICES):
        _office(number, random_source.choice(institutions), places, subjects, random_source)
    return [commune.code for commune in near] + [
        commune.code for commune in random_source.sample(communes, 30)
    ]


def _areas(communes: list[Commune], random_source: random.Random) -> list[Area]:
    """Areas of every kind; some zones have the same number of communes, some are dropped."""
    codes = [commune.code for commune in random_source.sample(communes, 30)]
    epci = sorted({commune.epci_id for commune in communes if commune.epci_id})
    refs = [AreaRef("commune", code) for code in codes]
    refs += [AreaRef("epci", code) for code in epci]
    refs += [AreaRef("department", code) for code in DEPARTMENTS] * 4
    refs += [AreaRef("region", REGION), AreaRef("region", "93"), AreaRef("national")] * 4
    for number in range(6):
        members = {AreaRef("commune", code) for code in random_source.sample(codes, 5)}
        if number % 2:
            members |= {AreaRef("epci", code) for code in random_source.sample(epci, len(epci) // 2)}
        zone = Area.objects.make_zone(f"zone-{number}", f"Zone {number}", members)
        refs += [zone.ref] * 8
    found = Area.objects.find_or_create(refs)
    Area.objects.filter(pk__in=[found[AreaRef("zone", "zone-5")].pk]).drop(now="2026-11-01T00:00Z")
    return [found[ref] for ref in refs]


def _office(
    number: int,
    institution: Institution,
    places: list[Area],
    subjects: list[Subject],
    random_source: random.Random,
) -> None:
    office = Office.objects.create(
        code=f"antenne-{random_source.randint(0, 10**6)}-{number}",
        institution=institution,
        name=f"Antenne {number}",
        phone=PHONE,
        email=f"antenne{number}@example.org",
        is_fallback=random_source.random() < 0.1,
        closed_on=_day(random_source),
        agreement_ends_on=_day(random_source),
        **(random_source.choice(CRITERIA) if random_source.random() < 0.4 else {}),
    )
    office.areas.set(random_source.sample(places, random_source.choice([0, 1, 1, 2, 3])))
    office.exclusive_subjects.set(random_source.sample(subjects, 30) if random_source.random() < 0.2 else [])
    people = [
        _expert(office, place, places, subjects, random_source)
        for place in range(random_source.choice([0, 1, 2, 4]))
    ]
    for expert in people:
        for _ in range(random_source.choice([0, 0, 0, 1, 2])):
            others = [other for other in people if other is not expert]
            deputy = random_source.choice(others) if others and random_source.random() < 0.6 else None
            start = ON - timedelta(days=random_source.randint(0, 3))
            end = max(start, ON + timedelta(days=random_source.randint(-1, 3)))
            Absence.objects.create(expert=expert, from_on=start, to_on=end, deputy=deputy)


def _day(random_source: random.Random) -> date | None:
    return ON + timedelta(days=random_source.randint(-1, 1)) if random_source.random() < 0.15 else None


def _expert(
    office: Office, place: int, places: list[Area], subjects: list[Subject], random_source: random.Random
) -> Expert:
    expert = Expert.objects.create(
        office=office,
        name=f"Référent {place}",
        # The same person may be an expert of two offices, whatever the capitals.
        email=random_source.choice(["{}@example.org", "R{}@example.org"]).format(
            random_source.randint(0, 150) + place * 1000
        ),
        phone=PHONE,
        has_all_subjects=random_source.random() < 0.3,
        is_paused=random_source.random() < 0.05,
        is_bouncing=random_source.random() < 0.05,
        left_at="2026-11-30T12:00Z" if random_source.random() < 0.05 else None,
    )
    expert.subjects.set(random_source.sample(subjects, len(subjects) // 2))
    if random_source.random() < 0.3:
        expert.areas.set(random_source.sample(places, random_source.choice([1, 3])))
    return expert
