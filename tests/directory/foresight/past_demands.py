"""Past requests written without being routed, and plans of change drawn at random."""

from dataclasses import replace
from datetime import datetime, timedelta
from random import Random
from typing import Any

from experts.changes import editing
from experts.changes.directory_facts import AbsenceEntry
from experts.changes.row_plans import Plan
from experts.changes.stored import StoredDirectory
from experts.models import Institution, Subject
from experts.routing.engine import ApplicantFacts
from solicitations.models import Need, Solicitation
from territories.areas import AreaRef
from tests.directory.foresight.seeded_directory import CRITERIA, NOW, SUBJECTS
from tests.solicitations.factories import blank

OUT_OF_USE = {AreaRef("zone", "ancienne")}
CRITERIA_OFF = {
    "headcount_min": None,
    "headcount_max": None,
    "naf": [],
    "naf_excluded": [],
    "craft": "",
    "project_holders": None,
}


def stored_facts(facts: ApplicantFacts) -> ApplicantFacts:
    """The facts as a request gives them back: one without a headcount, a project or not."""
    return replace(facts, project_holder=bool(facts.project_holder))


def write_request(demand: dict[str, Any], *, at: datetime = NOW) -> Solicitation:
    """Write the request of a demand of ``seeded_directory``."""
    facts = demand["facts"]
    low, high = facts.headcount or (None, None)
    request = blank(
        now=at,
        commune=demand["commune"].code,
        siret="",
        naf=facts.naf or "",
        legal_form=facts.legal_form or "",
        headcount_min=low,
        headcount_max=high,
        craft=facts.craft,
        company_created_on=facts.created_on,
        is_project_holder=bool(facts.project_holder),
        region=demand["commune"].region,
        submitted_at=at,
    )
    request.save()
    subjects = {subject.slug: subject for subject in Subject.objects.filter(slug__in=demand["subjects"])}
    Need.objects.bulk_create(
        Need(solicitation=request, subject=subjects[slug], position=place)
        for place, slug in enumerate(demand["subjects"])
    )
    request.unticked_institutions.set(Institution.objects.filter(code__in=demand["without_institutions"]))
    return request


def random_plan(random_source: Random, stored: StoredDirectory) -> Plan:
    """A plan that changes a few offices, experts and perhaps a zone."""
    offices = random_source.sample(sorted(stored.offices), 8)
    experts = random_source.sample(sorted(stored.experts), 8)
    zones = random_source.sample(sorted(stored.zones), 1 if random_source.random() < 0.3 else 0)
    return Plan(
        zones=tuple(
            editing.change(
                slug,
                stored.zones[slug],
                {"members": stored.zones[random_source.choice(sorted(stored.zones))].facts["members"]},
            )
            for slug in zones
        ),
        offices=tuple(
            editing.change(key, stored.offices[key], _office_facts(random_source, stored)) for key in offices
        ),
        experts=tuple(
            editing.change(key, stored.experts[key], _expert_facts(random_source, stored, key))
            for key in experts
        ),
    )


def _office_facts(random_source: Random, stored: StoredDirectory) -> dict[str, Any]:
    other = stored.offices[random_source.choice(sorted(stored.offices))].facts
    choices: list[dict[str, Any]] = [
        {"areas": other["areas"] - OUT_OF_USE},
        CRITERIA_OFF | random_source.choice(CRITERIA),
        {"closed_on": NOW.date() + timedelta(days=random_source.randint(-2, 4))},
        {"closed_on": None, "agreement_ends_on": None},
        {"exclusive_subjects": frozenset(random_source.sample(SUBJECTS, 1))},
        {"is_fallback": random_source.random() < 0.5},
        {"phone": "03 53 01 00 99"},
    ]
    return random_source.choice(choices)


def _expert_facts(random_source: Random, stored: StoredDirectory, key: tuple[str, str]) -> dict[str, Any]:
    other = stored.experts[random_source.choice(sorted(stored.experts))].facts
    start = NOW.date() + timedelta(days=random_source.randint(-2, 4))
    colleagues = [email for office, email in stored.experts if office == key[0] and email != key[1]]
    deputy = random_source.choice([None, *colleagues])
    choices: list[dict[str, Any]] = [
        {"areas": other["areas"] - OUT_OF_USE},
        {"has_all_subjects": False, "subjects": frozenset(random_source.sample(SUBJECTS, 2))},
        {"is_paused": random_source.random() < 0.5},
        {"left_at": NOW + timedelta(days=random_source.randint(0, 3))},
        {"declared_absences": frozenset({AbsenceEntry(start, start + timedelta(days=1), deputy)})},
        {"declared_absences": frozenset()},
        {"name": "Un autre nom"},
    ]
    return random_source.choice(choices)
