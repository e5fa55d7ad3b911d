"""Communes that a change would leave without anybody, said before it is saved."""

import pytest
from django.utils import timezone

from directory.coverage_loss import losses
from experts.changes import editing, snapshot
from experts.changes.row_plans import Plan
from experts.models import Office
from tests.directory.pages import text, type_in

pytestmark = [pytest.mark.django_db, pytest.mark.reference]


def closing(code: str) -> Plan:
    office = Office.objects.get(code=code)
    stored = snapshot.load(offices=[office.pk]).offices[code]
    return Plan(offices=(editing.close_office(code, stored, on=timezone.localdate()),))


def test_the_last_fallback_of_a_region_is_said_first(now):
    fallback = Office.objects.get(region="27", is_fallback=True)
    Office.objects.filter(region=None, is_fallback=True).update(closed_on="2020-01-01")

    found = losses(closing(fallback.code), now=timezone.now())

    assert found[0].subject == "Antenne de repli"
    assert found[0].count > 3000


def test_the_last_to_answer_a_subject_is_said_with_the_communes(as_regional):
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
