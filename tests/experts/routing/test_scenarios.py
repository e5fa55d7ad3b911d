"""The scenarios, with all the real communes, the catalogue and the demo's directory."""

from datetime import date

import pytest

from demo.seeding import read_scenarios
from experts.routing.engine import ApplicantFacts
from experts.routing.loading import decide
from territories.models import Commune
from tests.scenario_names import (
    APPRENTICE_AID,
    FIND_CANDIDATES,
    HIRE_AND_TRAIN,
    INSERTION_CLAUSE,
    SUNDAY_WORK,
    TAKEOVER,
)

SCENARIOS = list(read_scenarios().values())

pytestmark = [pytest.mark.django_db, pytest.mark.demo_directory]


def route(scenario: dict, on: str | None = None, **facts):
    company = scenario["company"]
    known = {
        "headcount": None if company["headcount"] is None else (company["headcount"], company["headcount"]),
        "naf": company["naf"],
        "craft": company["craft"],
        "project_holder": company["project_holder"],
        "legal_form": company.get("legal_form"),
        "created_on": company.get("created_on") and date.fromisoformat(company["created_on"]),
    }
    return decide(
        subjects=scenario["subjects"],
        commune=Commune.objects.resolve(scenario["commune"]),
        facts=ApplicantFacts(**known | facts),
        on=date.fromisoformat(on or scenario["date"]),
    )


def scenario(name: str) -> dict:
    return next(scenario for scenario in SCENARIOS if scenario["id"] == name)


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario["id"])
def test_scenario(scenario):
    decision = route(scenario)

    assert set(decision.offices) == set(scenario["expected_offices"])
    assert set(decision.emails) == set(scenario["expected_experts"])
    assert decision.is_fallback is scenario["fallback"]
    assert set(decision.offices).isdisjoint(scenario["excluded_offices"])


def test_there_are_fifteen_scenarios_or_so():
    assert len(SCENARIOS) >= 14


def test_sc01_only_the_most_local_of_two_offices_of_an_institution():
    refused = {line.office: line.obstacles for line in route(scenario(FIND_CANDIDATES)).refused}

    assert refused["MDE-CREATIV"] == ("less_local",)
    assert "PLIE-DIJON" not in refused


def test_sc01_beyond_its_headcount_the_wider_office_answers():
    offices = route(scenario(FIND_CANDIDATES), headcount=(50, 50)).offices

    assert "MDE-CREATIV" in offices
    assert "MDE-RCE" not in offices


def test_sc02_office_that_answers_both_subjects_is_notified_once():
    decision = route(scenario(HIRE_AND_TRAIN))

    assert all("REGION-27" in need.offices for need in decision.needs)
    assert decision.offices.count("REGION-27") == 1


@pytest.mark.parametrize("on", ["2026-12-21", "2027-01-01"])
def test_sc10_while_its_only_expert_is_away_the_fallback_answers(on):
    decision = route(scenario(INSERTION_CLAUSE), on=on)

    assert (decision.offices, decision.is_fallback) == (("REFERENT-27",), True)


@pytest.mark.parametrize("on", ["2026-12-20", "2027-01-02"])
def test_sc10_the_day_before_and_the_day_after_its_expert_answers(on):
    assert route(scenario(INSERTION_CLAUSE), on=on).offices == ("CLAUSE-DIJON",)


def test_sc12_deputy_answers_although_the_subject_is_not_in_their_list():
    chosen = {who.office: who for who in route(scenario(SUNDAY_WORK)).needs[0].chosen}

    assert chosen["SRE-21"].stand_in_for == "contrats@droit-travail-21.example.org"


def test_sc19_craft_is_unknown_and_reported():
    assert route(scenario(TAKEOVER)).unknown == ("craft",)


def test_sc21_offices_blocked_by_the_one_stop_office_are_refused():
    refused = {
        line.office for line in route(scenario(APPRENTICE_AID)).refused if line.obstacles == ("exclusive",)
    }

    assert refused == {"CMA-972", "UD-972", "PE-972"}
