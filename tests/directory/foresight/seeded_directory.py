"""A small directory drawn at random, with everything that the routing rule reads."""

from datetime import date, datetime, timedelta
from random import Random
from zoneinfo import ZoneInfo

from experts.models import Absence, Expert, Institution, Office, Subject
from experts.routing.engine import ApplicantFacts
from territories.areas import AreaRef
from territories.models import Area, Commune
from tests.experts.routing.directory_rows import PHONE, areas

ON = date(2026, 12, 1)
NOW = datetime(2026, 12, 1, 10, 0, tzinfo=ZoneInfo("Europe/Paris"))
SUBJECTS = ("trouver-candidats", "recruter-apprenti", "dettes-urssaf", "autre")
# Dijon, Chenôve, Beaune, Montbard, Besançon, Paris, Lons-le-Saunier; the last one merges into the one before.
COMMUNES = ("21231", "21166", "21054", "21425", "25056", "75056", "39300", "39331")
CRITERIA = (
    {},
    {},
    {},
    {"headcount_max": 49},
    {"headcount_min": 11, "headcount_max": 299},
    {"naf": ["43", "56.1"]},
    {"naf_excluded": ["43"]},
    {"legal_forms": ["5"]},
    {"legal_forms_excluded": ["54"]},
    {"craft": "only"},
    {"craft": "exclude"},
    {"age_max_years": 5},
    {"project_holders": False},
)


def fill(random_source: Random, *, offices: int = 40) -> None:
    """Replace the directory by a random one."""
    Office.objects.all().delete()
    refs = _refs(random_source)
    subjects = list(Subject.objects.listed().filter(slug__in=SUBJECTS).order_by("pk"))
    institutions = list(Institution.objects.order_by("position", "pk"))
    answering = [one for one in institutions if one.code in {"PE", "ML", "CCI", "CMA", "MDE", "UR", "BDF"}]
    for place in range(offices):
        institution = random_source.choice(answering if random_source.random() < 0.8 else institutions)
        office = Office.objects.create(
            code=f"A{place}",
            name=f"Antenne {place}",
            institution=institution,
            email=f"a{place}@example.org",
            phone=PHONE,
            is_fallback=random_source.random() < 0.15,
            closed_on=random_source.choice([None] * 6 + [_day(random_source)]),
            agreement_ends_on=random_source.choice([None] * 6 + [_day(random_source)]),
            **_dropped(random_source),
            **random_source.choice(CRITERIA),
        )
        office.areas.set(areas(*random_source.sample(refs, random_source.randint(0, 3))))
        office.exclusive_subjects.set(subject for subject in subjects if random_source.random() < 0.1)
        _fill_office(office, random_source, refs, subjects)
    _age()


def _fill_office(office: Office, random_source: Random, refs: list[str], subjects: list[Subject]) -> None:
    staff = []
    for place in range(random_source.randint(0, 4)):
        expert = Expert.objects.create(
            office=office,
            name=f"Référent {place}",
            email=f"{random_source.choice('abcdefgh')}{place}@Example.org",
            phone=PHONE,
            has_all_subjects=random_source.random() < 0.4,
            is_paused=random_source.random() < 0.1,
            is_bouncing=random_source.random() < 0.1,
            left_at=random_source.choice(
                [None] * 6 + [NOW + timedelta(hours=random_source.randint(-40, 40))]
            ),
            **_dropped(random_source),
        )
        expert.subjects.set(subject for subject in subjects if random_source.random() < 0.6)
        if random_source.random() < 0.3:
            expert.areas.set(areas(*random_source.sample(refs, random_source.randint(1, 3))))
        staff.append(expert)
    for expert in staff:
        for source in random_source.sample(["file", "hand", "hand"], random_source.choice([0, 0, 1, 2])):
            start = _day(random_source)
            others = [one for one in staff if one != expert]
            Absence.objects.create(
                expert=expert,
                from_on=start,
                to_on=start + timedelta(days=random_source.randint(0, 3)),
                deputy=random_source.choice([None, *others]),
                source=source,
            )


def _refs(random_source: Random) -> list[str]:
    """References of areas around the communes."""
    places = [Commune.objects.resolve(code) for code in COMMUNES]
    refs = {"national", "region:27", "region:11"}
    for place in places:
        refs |= {f"commune:{place.code}", f"department:{place.department_id}"}
        refs |= {f"epci:{place.epci_id}"} if place.epci_id else set()
    plain = sorted(refs - {"national"})
    for slug in ("pays", "bassin", "ancienne"):
        members = [AreaRef.parse(ref) for ref in random_source.sample(plain, 3)]
        Area.objects.make_zone(slug, slug.title(), members)
        refs.add(f"zone:{slug}")
    return sorted(refs)


def _age() -> None:
    """Drop a zone and merge two communes, whose areas offices still have."""
    Area.objects.filter(kind="zone", code="ancienne").update(dropped_at=NOW)
    merged, into = COMMUNES[-1], COMMUNES[-2]
    Area.objects.filter(kind="commune", code=merged).update(
        current_code=into, name=Commune.objects.get(code=into).name
    )
    Commune.objects.filter(code=merged).update(merged_into=into, epci=None)


def _day(random_source: Random) -> date:
    return ON + timedelta(days=random_source.randint(-3, 3))


def _dropped(random_source: Random) -> dict[str, object]:
    return {"source": "file", "dropped_at": NOW} if random_source.random() < 0.1 else {}


def demands(random_source: Random, count: int) -> list[dict[str, object]]:
    """Arguments of ``loading.decide``, drawn at random."""
    places = {code: Commune.objects.resolve(code) for code in COMMUNES[:-1]}
    codes = [[], [], ["PE"], ["UR", "CCI"]]
    return [
        {
            "subjects": random_source.sample(SUBJECTS, random_source.randint(1, 2)),
            "commune": places[random_source.choice(list(places))],
            "facts": ApplicantFacts(
                headcount=random_source.choice([None, (6, 6), (20, 49), (10000, None)]),
                naf=random_source.choice([None, "43.34Z", "56.10A"]),
                legal_form=random_source.choice([None, "5499", "1000"]),
                craft=random_source.choice([None, True, False]),
                created_on=random_source.choice([None, date(2025, 1, 1), date(1990, 1, 1)]),
                project_holder=random_source.choice([None, True, False]),
            ),
            "on": _day(random_source),
            "without_institutions": frozenset(random_source.choice(codes)),
        }
        for _ in range(count)
    ]
