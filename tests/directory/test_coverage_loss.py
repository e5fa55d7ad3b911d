"""Communes that a change would leave without anybody, said before it is saved."""

from datetime import date
from urllib.parse import urlsplit

import pytest
from django.utils import timezone

from directory.coverage_loss import losses
from directory.own_record import record_actions, record_links
from experts.changes import editing, snapshot
from experts.changes.directory_facts import AbsenceEntry
from experts.changes.row_plans import Plan
from experts.models import Absence, Expert, Office, Seat
from tests.directory.pages import text, type_in
from tests.experts.factories import PersonFactory, signed_in

pytestmark = [pytest.mark.django_db, pytest.mark.demo_directory]


def closing(code: str) -> Plan:
    office = Office.objects.get(code=code)
    stored = snapshot.load(offices=[office.pk]).offices[code]
    return Plan(offices=(editing.close_office(code, stored, on=timezone.localdate()),))


def test_the_last_fallback_of_a_region_is_reported_first(now):
    fallback = Office.objects.get(region="27", is_fallback=True)
    Office.objects.filter(region=None, is_fallback=True).update(closed_on="2020-01-01")

    found = losses(closing(fallback.code), now=timezone.now())

    assert found[0].subject == "Antenne de repli"
    assert found[0].count > 3000


def left(code: str) -> Plan:
    office = Office.objects.get(code=code)
    people = snapshot.load(experts=list(office.experts.values_list("pk", flat=True))).experts
    return Plan(
        experts=tuple(editing.close_expert(key, one, at=timezone.now()) for key, one in people.items())
    )


def changed(code: str, **facts) -> Plan:
    office = Office.objects.get(code=code)
    stored = snapshot.load(offices=[office.pk]).offices[code]
    return Plan(offices=(editing.change(code, stored, facts),))


def moved(code: str, to: str) -> Plan:
    office = Office.objects.get(code=code)
    people = snapshot.load(experts=list(office.experts.values_list("pk", flat=True))).experts
    return Plan(experts=tuple(editing.change(key, one, {"office": to}) for key, one in people.items()))


@pytest.mark.parametrize(
    "made",
    [
        closing,
        left,
        lambda code: moved(code, "PE-DIJON"),
        lambda code: changed(code, agreement_ends_on=date(2030, 1, 1)),
        lambda code: changed(code, is_fallback=False),
        lambda code: changed(code, areas=frozenset()),
    ],
    ids=["closed", "departure", "move", "convention", "ordinary", "areas"],
)
def test_the_last_fallback_of_a_region_is_reported_though_the_national_one_stays(made):
    fallback = Office.objects.get(region="27", is_fallback=True)
    assert Office.objects.filter(region=None, is_fallback=True, closed_on=None).exists()

    [found] = losses(made(fallback.code), now=timezone.now())

    assert found.subject == "Antenne de repli de la région, où il ne reste que la nationale"
    assert found.count > 3000
    assert found.names[0] == "Dijon"


def test_who_takes_over_in_the_same_plan_is_counted():
    fallback = Office.objects.get(region="27", is_fallback=True)
    stored = snapshot.load(offices=[fallback.pk]).offices[fallback.code]
    facts = {name: stored.facts[name] for name in ("institution", "areas", "is_fallback")}
    heir = editing.new_office("REPLI-NEUF", facts | {"name": "Repli", "phone": "03 80 00 00 00"})
    person = editing.new_expert(("REPLI-NEUF", "neuf@repli.example.org"), {"name": "Repli"})

    plan = Plan((), (*closing(fallback.code).offices, heir), (person,))

    assert losses(plan, now=timezone.now()) == []


def test_the_last_to_answer_a_subject_is_reported_with_the_communes(as_regional):
    Office.objects.exclude(code="PE-DIJON").filter(is_fallback=False).update(closed_on="2020-01-01")

    page = type_in(as_regional, "/annuaire/antennes/PE-DIJON/fermer/", closed_on="2030-01-01")

    lost = {loss.subject: loss for loss in page.context["losses"]}
    assert "Recruter des saisonniers ou faire face à un pic d'activité" in lost
    assert all(loss.count > 0 for loss in lost.values())
    assert "Plus personne" in text(page)


def test_a_change_that_takes_nobody_away_loses_nothing():
    office = Office.objects.get(code="PE-DIJON")
    stored = snapshot.load(offices=[office.pk]).offices["PE-DIJON"]
    plan = Plan(offices=(editing.change("PE-DIJON", stored, {"phone": "03 53 09 09 09"}),))

    assert losses(plan, now=timezone.now()) == []


class TestAbsences:
    """Days away of the people of one office, all others being closed."""

    FIRST, LAST = date(2030, 1, 7), date(2030, 1, 25)

    @pytest.fixture
    def two(self):
        Office.objects.exclude(code="PE-DIJON").update(closed_on="2020-01-01")
        people = Expert.objects.listed().filter(office__code="PE-DIJON").order_by("pk")
        kept = list(people[:2])
        people.exclude(pk__in=[one.pk for one in kept]).update(left_at=timezone.now())
        for one in kept:
            one.areas.clear()
        people.update(has_all_subjects=True)
        return kept

    def away(self, expert, deputy=None):
        return losses(
            record_actions.absence_plan(expert, AbsenceEntry(self.FIRST, self.LAST, deputy)),
            now=timezone.now(),
        )

    def test_the_last_person_of_an_office_is_reported_with_the_communes(self, two):
        one, other = two
        assert self.away(one) == []
        Expert.objects.filter(pk=other.pk).update(is_paused=True)

        found = self.away(one)

        assert "Recruter des saisonniers ou faire face à un pic d'activité" in {
            loss.subject for loss in found
        }
        assert all(loss.names for loss in found)

    def test_a_deputy_who_is_there_takes_all(self, two):
        one, other = two
        Expert.objects.filter(pk=other.pk).update(has_all_subjects=False)
        other.subjects.clear()

        assert self.away(one, deputy=other.email.lower()) == []

    def test_a_colleague_who_leaves_on_holiday_meanwhile_counts(self, two):
        one, other = two
        Absence.objects.create(expert=other, from_on=date(2030, 1, 21), to_on=date(2030, 2, 1), source="hand")

        assert self.away(one)
        Absence.objects.filter(expert=other, source="hand").update(from_on=date(2030, 1, 26))
        assert self.away(one) == []

    def test_on_one_s_own_record_it_is_reported_before_it_is_saved(self, client, two):
        one, other = two
        Expert.objects.filter(pk=other.pk).update(is_paused=True)
        path = urlsplit(record_links.record_url(one, today=timezone.localdate())).path
        typed = {"from_on": "2030-01-07", "to_on": "2030-01-25", "deputy": ""}

        page = client.post(f"{path}postes/{one.pk}/absence/", typed)

        assert "Plus personne n'y répondra" in text(page)
        assert not one.absences.filter(source="hand").exists()
        client.post(f"{path}postes/{one.pk}/absence/", typed | {"malgre_tout": "1"})
        assert one.absences.filter(source="hand").count() == 1

    def test_a_manager_reads_it_before_saving_an_absence_or_a_pause(self, two, now):
        one, other = two
        Expert.objects.filter(pk=other.pk).update(is_paused=True)
        manager = PersonFactory()
        Seat.objects.create(user=manager, office=one.office, given_at=now)
        team = f"/mes-antennes/personnes/{one.pk}"
        client = signed_in(manager)

        absence = {"from_on": "2030-01-07", "to_on": "2030-01-25"}
        for page in (type_in(client, f"{team}/absence/", **absence), client.get(f"{team}/pause/")):
            assert page.context["losses"]
            assert "Plus personne n'y répondra" in text(page)
        one.refresh_from_db()
        assert not one.is_paused
