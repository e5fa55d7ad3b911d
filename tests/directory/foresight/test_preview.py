"""A preview says what the plan does, request by request, and changes nothing."""

import json
from dataclasses import asdict, replace
from datetime import timedelta
from random import Random

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from directory.address_changes import plan_address_change
from directory.foresight.preview import foresee
from directory.foresight.preview_content import preview_content
from directory.foresight.preview_map import PreviewPlaces, preview_map
from experts.changes import applying, editing, snapshot
from experts.changes.directory_facts import AbsenceEntry
from experts.changes.row_plans import Plan
from experts.models import Cause, Expert, Office
from experts.routing import loading
from solicitations.models import Solicitation
from territories.models import Region
from tests.directory.foresight import past_demands, seeded_directory
from tests.directory.foresight.seeded_directory import NOW, ON
from tests.experts.factories import AbsenceFactory, NationalFactory, RegionalFactory
from tests.solicitations.factories import send

pytestmark = [pytest.mark.django_db, pytest.mark.demo_directory]

DAYS = [ON + timedelta(days=shift) for shift in range(7)]


def decisions(demands, days):
    """Return the decision about each demand on its day."""
    return [loading.decide(**(demand | {"on": day})) for demand, day in zip(demands, days, strict=True)]


def recipients(decision):
    return [(set(need.offices), set(need.emails), need.is_fallback) for need in decision.needs]


def without_refusals(decision):
    return replace(decision, needs=tuple(replace(need, refused=()) for need in decision.needs))


@pytest.mark.parametrize("directory", ["random", "another", "demo"])
def test_a_preview_says_exactly_what_the_apply_then_does(directory, commit):
    random_source = Random(directory)  # noqa: S311 (drawn again from the seed)
    if directory != "demo":
        seeded_directory.fill(random_source)
    demands = seeded_directory.demands(random_source, 15)
    for demand in demands:
        demand["facts"] = past_demands.stored_facts(demand["facts"])
    pks = [past_demands.write_request(demand).pk for demand in demands]
    changes = 0

    for _ in range(8):
        plan = past_demands.random_plan(random_source, snapshot.load())
        changed = {line.request.pk: line for line in foresee(plan, now=NOW).changed}
        lines = [changed.get(pk) for pk in pks]
        is_dated = [line is not None and line.on in DAYS for line in lines]
        days = [line.on if dated else ON for line, dated in zip(lines, is_dated, strict=True)]
        before = decisions(demands, days)
        commit(applying.apply, plan, cause=Cause.PAGE, now=NOW)

        after = decisions(demands, days)
        for line, dated, first, second in zip(lines, is_dated, before, after, strict=True):
            if dated:
                assert line.before == without_refusals(first)
                assert line.after == without_refusals(second)
            else:
                assert recipients(first) == recipients(second)
        changes += len(changed)

    assert changes


def office_plan(code: str, **facts) -> Plan:
    stored = snapshot.load()
    return Plan(offices=(editing.change(code, stored.offices[code], facts),))


def chosen_office(solicitation: Solicitation) -> str:
    return solicitation.needs.get().decision["offices"][0]


LATER = ON + timedelta(days=5)


@pytest.mark.parametrize(
    "facts",
    [
        pytest.param({"closed_on": LATER}, id="closing"),
        pytest.param({"agreement_ends_on": LATER}, id="end of the convention"),
    ],
)
def test_an_end_of_an_office_is_seen_on_its_day(commit, now, facts):
    sent = commit(send, now=now)

    preview = foresee(office_plan(chosen_office(sent), **facts), now=now)

    [line] = preview.changed
    assert (line.on, line.is_lost) == (LATER, True)
    assert preview.counts["lost"] == 1


@pytest.mark.parametrize(
    "facts",
    [
        pytest.param({"left_at": NOW + timedelta(days=5)}, id="departure"),
        pytest.param({"declared_absences": frozenset({AbsenceEntry(LATER, LATER, None)})}, id="absence"),
    ],
)
def test_an_end_of_an_expert_is_seen_on_its_day(commit, now, facts):
    sent = commit(send, now=now)
    stored = snapshot.load()
    [key] = [key for key in stored.experts if key[1] == sent.needs.get().decision["experts"][0].lower()]
    plan = Plan(experts=(editing.change(key, stored.experts[key], facts),))

    [line] = foresee(plan, now=now).changed

    assert (line.on, line.is_lost) == (LATER, True)


def test_a_change_about_somebody_away_is_seen_on_the_day_they_are_back(commit, now):
    sent = commit(send, now=now)
    stored = snapshot.load()
    [key] = [key for key in stored.experts if key[1] == sent.needs.get().decision["experts"][0].lower()]
    alone = stored.experts[key].instance
    Expert.objects.filter(office=alone.office_id).exclude(pk=alone.pk).update(dropped_at=NOW)
    AbsenceFactory(expert=alone, from_on=ON, to_on=LATER - timedelta(days=1))
    no_subject = {"has_all_subjects": False, "subjects": frozenset()}
    plan = Plan(experts=(editing.change(key, snapshot.load().experts[key], no_subject),))

    [line] = foresee(plan, now=now).changed

    assert (line.on, line.is_lost) == (LATER, True)


def test_an_absence_that_is_over_changes_nothing(commit, now):
    sent = commit(send, now=now)
    stored = snapshot.load()
    past = AbsenceEntry(ON - timedelta(days=9), ON - timedelta(days=8), None)
    plan = Plan(
        experts=tuple(
            editing.change(key, row, {"declared_absences": frozenset({past})})
            for key, row in stored.experts.items()
            if key[0] == chosen_office(sent)
        )
    )

    assert foresee(plan, now=now).total == 0


def test_the_last_office_of_a_subject_leaves_its_requests_uncovered(commit, now):
    sent = commit(send, now=now)
    codes = sent.needs.get().decision["offices"]
    institutions = {code: Office.objects.get(code=code).institution.code for code in codes}
    stored = snapshot.load()
    plan = Plan(
        offices=tuple(
            editing.change(code, row, {"closed_on": now.date()})
            for code, row in stored.offices.items()
            if row.facts["institution"] in institutions.values()
        )
    )

    preview = foresee(plan, now=now)

    assert preview.counts["uncovered"] == 1


def test_more_than_eight_experts_hold_a_request(commit, now):
    sent = commit(send, now=now)
    code = chosen_office(sent)
    new = tuple(
        editing.new_expert(
            (code, f"n{place}@example.org"),
            {"name": "Nouveau", "phone": "03 53 01 00 01", "has_all_subjects": True},
        )
        for place in range(9)
    )

    preview = foresee(Plan(experts=new), now=now)

    assert preview.counts == {"gained": 1, "held": 1}


def test_a_change_that_routing_does_not_read_reaches_nobody(commit, now):
    sent = commit(send, now=now)

    preview = foresee(office_plan(chosen_office(sent), phone="03 53 01 00 99"), now=now)

    assert (preview.total, preview.changed) == (0, ())


def test_requests_older_than_90_days_do_not_count(commit, now):
    sent = commit(send, now=now - timedelta(days=91))

    assert foresee(office_plan(chosen_office(sent), closed_on=now.date()), now=now).total == 0


def test_confidential_requests_and_those_of_other_regions_are_counted_but_not_listed(commit, now):
    sent = commit(send, now=now)
    plan = office_plan(chosen_office(sent), closed_on=now.date())
    regional = RegionalFactory(region=Region.objects.get(pk="27"))
    other_regional = RegionalFactory(email="voisine@example.org", region=Region.objects.get(pk="94"))

    preview = foresee(plan, now=now)

    assert [line.reference for line in preview_content(preview, user=regional).lines] == [sent.reference]
    hidden = preview_content(preview, user=other_regional)
    assert (hidden.lines, hidden.unlisted, hidden.counts[0].count) == ((), 1, 1)
    Solicitation.objects.filter(pk=sent.pk).update(is_confidential=True)
    secret = preview_content(foresee(plan, now=now), user=NationalFactory())
    assert (secret.lines, secret.unlisted) == ((), 1)


def test_the_number_of_queries_does_not_depend_on_the_requests(commit, now):
    sent = commit(send, now=now)
    plan = office_plan(chosen_office(sent), closed_on=now.date())
    with CaptureQueriesContext(connection) as one:
        foresee(plan, now=now)
    for place in range(3):
        commit(send, now=now, siret="", email=f"autre{place}@example.org")

    with CaptureQueriesContext(connection) as four:
        preview = foresee(plan, now=now)

    assert len(preview.changed) == 4
    assert len(four) == len(one)


def test_the_map_shows_the_intercommunalities_of_the_requests_that_are_listed(commit, now):
    sent = commit(send, now=now)
    preview = foresee(office_plan(chosen_office(sent), closed_on=now.date()), now=now)

    shown = preview_content(preview, user=NationalFactory()).map

    [shape] = [shape for shape in shown.shapes if shape.effect]
    assert shape.title == f"{sent.commune.epci.name} : 1 demande change"
    assert len(shown.shapes) > 100
    assert preview_content(preview, user=RegionalFactory(region=Region.objects.get(pk="94"))).map is None


def test_a_map_drawn_from_stored_places_is_the_same():
    places = PreviewPlaces(["27"], {"242100410": 3, "242101434": 1}, ["242101434"])

    stored = PreviewPlaces(**json.loads(json.dumps(asdict(places))))

    drawn = preview_map(stored)
    assert drawn == preview_map(places)
    assert sorted(shape.effect for shape in drawn.shapes if shape.effect) == ["changed", "uncovered"]


def test_who_has_another_address_is_the_same_person(commit):
    sent = commit(send, now=NOW)
    asked = Expert.objects.filter(matches__need__solicitation=sent).order_by("pk").first()

    preview = foresee(plan_address_change(asked.email, "Nouvelle@example.org"), now=NOW)

    assert (preview.total, preview.changed) == (1, ())


def test_who_takes_the_address_of_somebody_asked_too_is_lost(commit):
    sent = commit(send, now=NOW)
    first, second = Expert.objects.filter(matches__need__solicitation=sent).order_by("pk")[:2]

    preview = foresee(plan_address_change(first.email, second.email), now=NOW)

    assert preview.counts == {"lost": 1}
