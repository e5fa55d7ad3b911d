"""Plans drawn at random over a directory, for tests that hold for every plan."""

import random
from datetime import date, timedelta

from experts.changes import editing, snapshot
from experts.changes.directory_facts import AbsenceEntry
from experts.changes.row_plans import Plan
from experts.models import Subject
from territories.areas import AreaRef

AREAS = ["department:21", "department:71", "commune:21231", "commune:21054", "epci:242100410", "region:27"]
DAY = date(2027, 3, 1)


def random_plan(seed: int) -> Plan:
    """Changes of a zone, of three offices and six experts, a new office and its expert, two ends."""
    draw = random.Random(seed)  # noqa: S311
    stored = snapshot.load()
    subjects = sorted(Subject.objects.values_list("slug", flat=True))
    offices = draw.sample(sorted(stored.offices), 5)
    experts = draw.sample(sorted(stored.experts), 8)
    zone = draw.choice(sorted(stored.zones))
    edits = [editing.change(code, stored.offices[code], _office(draw, subjects)) for code in offices[:3]]
    ends = [editing.close_office(code, stored.offices[code], on=DAY) for code in offices[3:4]]
    new = editing.new_office(
        f"NEUF-{seed}",
        {
            "name": "Antenne neuve",
            "institution": "PE",
            "email": "neuve@example.org",
            **_office(draw, subjects),
        },
    )
    people = [editing.change(key, stored.experts[key], _expert(draw, subjects, seed)) for key in experts[:1]]
    people += [editing.change(key, stored.experts[key], _skills(draw, subjects)) for key in experts[1:7]]
    newcomer = {"name": "Conseil", "email": f"neuf{seed}@example.org", "phone": "03 53 01 00 02"}
    return Plan(
        zones=(editing.change(zone, stored.zones[zone], {"name": "Autre nom", "members": _areas(draw)}),),
        offices=(*edits, *ends, new),
        experts=(
            *people,
            editing.new_expert((new.key, newcomer["email"]), newcomer | _skills(draw, subjects)),
        ),
    )


def _areas(draw: random.Random) -> frozenset[AreaRef]:
    return frozenset(AreaRef.parse(text) for text in draw.sample(AREAS, draw.randint(1, 3)))


def _office(draw: random.Random, subjects: list[str]) -> dict[str, object]:
    return {
        "phone": f"03 53 01 {draw.randint(10, 99)} {draw.randint(10, 99)}",
        "areas": _areas(draw),
        "headcount_max": draw.choice([None, 49, 249]),
        "naf": draw.choice([[], ["43"], ["56", "47"]]),
        "exclusive_subjects": frozenset(draw.sample(subjects, draw.randint(0, 2))),
        "agreement_ends_on": draw.choice([None, DAY]),
    }


def _skills(draw: random.Random, subjects: list[str]) -> dict[str, object]:
    return {
        "subjects": frozenset(draw.sample(subjects, draw.randint(1, 4))),
        "has_all_subjects": False,
        "areas": draw.choice([frozenset(), _areas(draw)]),
        "is_paused": draw.choice([True, False]),
    }


def _expert(draw: random.Random, subjects: list[str], seed: int) -> dict[str, object]:
    absence = AbsenceEntry(DAY, DAY + timedelta(days=draw.randint(0, 20)), None)
    address = {"email": f"Autre{seed}@example.org", "former_emails": ["ancienne@example.org"]}
    return _skills(draw, subjects) | address | {"absence": None, "declared_absences": frozenset([absence])}
