from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import transaction

from experts.changes import applying, editing, history, snapshot
from experts.changes.applying import StalePlan
from experts.changes.directory_facts import AbsenceEntry
from experts.changes.row_plans import Plan, RowOutcome
from experts.changes.undoing import plan_undo
from experts.models import Absence, Cause, Expert, Office, RevisedRow, Revision
from territories.areas import AreaRef
from territories.models import Area, AreaMember
from tests.experts.changes.plans import random_plan
from tests.experts.factories import NationalFactory, stored_rows

pytestmark = [pytest.mark.django_db, pytest.mark.demo_directory]
NOW = datetime(2026, 11, 30, 9, tzinfo=UTC)
TODAY = date(2026, 11, 30)
TABLES = (Office, Expert, AreaMember)


def rows() -> list[dict]:
    """Rows of the directory; areas of communes that a plan first named stay, hence only the zones."""
    zones = [
        (zone.code, zone.name, zone.commune_count, zone.dropped_at)
        for zone in Area.objects.of_kind("zone").order_by("code")
    ]
    absences = Absence.objects.order_by("expert", "from_on").values_list(
        "expert", "from_on", "to_on", "deputy"
    )
    members = stored_rows([Office, Expert])
    return [zones, list(absences), members, facts(snapshot.load())]


def facts(directory):
    return [
        {key: stored.facts for key, stored in part.items()}
        for part in (directory.zones, directory.offices, directory.experts)
    ]


def change_office(code, **changes):
    stored = snapshot.load(offices=[Office.objects.get(code=code).pk])
    return Plan(offices=(editing.change(code, stored.offices[code], changes),))


def apply(plan, **options):
    return applying.apply(plan, **{"cause": Cause.PAGE, "now": NOW} | options)


@pytest.mark.parametrize("seed", range(6))
def test_plan_in_memory_is_what_its_application_writes(seed):
    plan, before = random_plan(seed), snapshot.load()

    apply(plan)

    assert facts(plan.applied_to(before)) == facts(snapshot.load())


@pytest.mark.parametrize("seed", range(6))
def test_plan_then_its_undo_leaves_every_table_as_it_was(seed):
    before = rows()
    revision = apply(random_plan(seed))
    assert rows() != before

    undo = plan_undo(revision, today=TODAY, now=NOW)
    with transaction.atomic():
        applying.write(undo.plan, cause=Cause.UNDO, now=NOW, undoes=revision)

    assert not undo.left
    assert rows() == before


def test_journal_gives_the_directory_of_each_past_moment():
    moments, states = [], []
    for step in range(4):
        moment = NOW + timedelta(days=step)
        moments.append(moment - timedelta(hours=1))
        states.append(facts(snapshot.load()))
        revision = apply(random_plan(step), now=moment)
    undo = plan_undo(revision, today=TODAY, now=NOW)
    with transaction.atomic():
        applying.write(undo.plan, cause=Cause.UNDO, now=NOW + timedelta(days=5), undoes=revision)

    assert [facts(history.as_of(moment)) for moment in moments] == states


def test_revision_says_who_when_why_and_what():
    author = NationalFactory()

    revision = apply(change_office("PE-DIJON", phone="03 53 01 99 99"), author=author, note="Déménagement")

    row = revision.rows.get()
    assert (revision.author, revision.made_at, revision.note) == (author, NOW, "Déménagement")
    assert (row.kind, row.key, row.label) == ("office", "PE-DIJON", "France Travail Dijon")
    assert row.before == {"phone": "03 53 01 00 01", "edited_fields": []}
    assert row.after == {"phone": "03 53 01 99 99", "edited_fields": ["phone"]}


def test_plan_that_changes_nothing_leaves_no_revision():
    assert apply(change_office("PE-DIJON", phone="03 53 01 00 01")) is None
    assert not Revision.objects.filter(cause=Cause.PAGE).exists()


def test_fact_changed_since_the_plan_refuses_it_and_writes_nothing():
    first, second = (
        change_office("PE-DIJON", phone="03 53 01 11 11"),
        change_office("PE-DIJON", phone="03 53 01 22 22", name="Autre nom"),
    )
    apply(first)

    with pytest.raises(StalePlan) as refused:
        apply(second)

    [conflict] = [conflict for conflict in refused.value.conflicts if conflict.fact == "phone"]
    assert (conflict.expected, conflict.found, conflict.proposed) == (
        "03 53 01 00 01",
        "03 53 01 11 11",
        "03 53 01 22 22",
    )
    assert Office.objects.get(code="PE-DIJON").name == "France Travail Dijon"


def test_other_facts_of_the_same_row_do_not_refuse_it():
    first, second = (
        change_office("PLIE-DIJON", phone="03 53 01 11 11"),
        change_office("PLIE-DIJON", is_public=False),
    )
    apply(first)

    apply(second)

    office = Office.objects.get(code="PLIE-DIJON")
    assert (office.phone, office.is_public) == ("03 53 01 11 11", False)


def test_plan_applied_twice_writes_one_revision():
    new = editing.new_office(
        "NEUVE", {"name": "Neuve", "institution": "PE", "phone": "3949", "email": "n@example.org"}
    )
    apply(Plan(offices=(new,)))

    with pytest.raises(StalePlan):
        apply(Plan(offices=(new,)))

    assert Office.objects.filter(code="NEUVE").count() == 1


def test_undo_leaves_what_was_changed_since_and_says_so():
    revision = apply(change_office("PE-DIJON", phone="03 53 01 11 11", name="Autre nom"))
    apply(change_office("PE-DIJON", phone="03 53 01 22 22"))

    undo = plan_undo(revision, today=TODAY, now=NOW)

    assert [(conflict.label, conflict.fact) for conflict in undo.left] == [("Autre nom", "phone")]
    assert undo.plan.offices[0].written_facts == {"name": "France Travail Dijon", "edited_fields": ["phone"]}


def test_created_office_that_got_other_experts_is_closed_by_an_undo_not_deleted():
    facts = {"name": "Neuve", "institution": "PE", "phone": "3949", "email": "n@example.org"}
    revision = apply(Plan(offices=(editing.new_office("NEUVE", facts),)))
    person = {"name": "Conseil", "email": "c@example.org", "phone": "03 53 01 00 02"}
    apply(Plan(experts=(editing.new_expert(("NEUVE", person["email"]), person),)))

    undo = plan_undo(revision, today=TODAY, now=NOW)

    assert undo.plan.offices[0].outcome is RowOutcome.CLOSED
    assert undo.plan.offices[0].written_facts == {"closed_on": TODAY}


def test_declared_absence_keeps_that_of_the_file_and_its_deputy():
    key = ("PE-DIJON", "formation@france-travail-dijon.example.org")
    stored = snapshot.load(experts=[Expert.objects.get(email=key[1]).pk])
    deputy = "mutations@france-travail-dijon.example.org"
    declared = frozenset([AbsenceEntry(TODAY, TODAY, deputy)])

    apply(Plan(experts=(editing.change(key, stored.experts[key], {"declared_absences": declared}),)))

    absences = Expert.objects.get(email=key[1]).absences
    assert absences.get(source="hand").deputy.email == deputy
    assert absences.filter(source="file").exists()


def test_region_of_an_office_follows_its_areas():
    apply(change_office("PE-DIJON", areas=frozenset([AreaRef.parse("department:75")])))

    assert Office.objects.get(code="PE-DIJON").region_id == "11"


def test_file_is_journaled_too():
    assert RevisedRow.objects.filter(revision__cause=Cause.FILE, kind="office", key="PE-DIJON").exists()


def test_office_keeps_a_zone_that_is_no_longer_in_use():
    Area.objects.filter(kind="zone", code="bassin-dijonnais").update(dropped_at=NOW)
    kept = frozenset(map(AreaRef.parse, ["zone:bassin-dijonnais", "department:71"]))

    apply(change_office("PE-DIJON", areas=kept))

    assert set(Office.objects.get(code="PE-DIJON").areas.values_list("kind", flat=True)) == {
        "zone",
        "department",
    }
