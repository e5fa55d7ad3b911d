"""Refusals of the rule: who is not chosen, every obstacle, and the unknown facts."""

import pytest

from experts.routing.engine import AbsencePeriod, ApplicantFacts, AskedSubject, Criteria, Demand, decide
from tests.experts.routing.builders import DEPARTMENT, EPCI, ON, REGION, SUBJECT, expert, lines, office, route

ABSENT_TODAY = AbsencePeriod(ON, ON)
NO_SUBJECTS = frozenset()


def test_office_refused_as_a_whole_gives_one_line_with_every_obstacle():
    criteria = Criteria(headcount_max=9, naf=("43",), craft="only")
    staff = expert("a", subjects=NO_SUBJECTS), expert("b", absences=(ABSENT_TODAY,))

    decision = route(
        office("A", *staff, criteria=criteria, closes_on=ON),
        facts=ApplicantFacts((12, 12), "56.10A", craft=True),
    )

    assert lines(decision) == [("A", None, ["closed", "headcount", "naf"])]


def test_expert_refused_in_an_accepted_office_gives_a_line_with_every_obstacle():
    chosen = expert("chosen")
    staff = (
        expert("with_every_obstacle", areas=(REGION,), absences=(ABSENT_TODAY,), subjects=NO_SUBJECTS),
        expert("absent", absences=(AbsencePeriod(ON, ON, chosen.pk),)),
        chosen,
        expert("far", areas=(REGION,)),
        expert("unskilled", subjects=NO_SUBJECTS, areas=(EPCI,)),
        expert("elsewhere", areas=()),
    )

    assert lines(route(office("A", *staff, areas=[EPCI]))) == [
        ("A", "absent", ["absent"]),
        ("A", "far", ["less_local"]),
        ("A", "unskilled", ["no_skill"]),
        ("A", "with_every_obstacle", ["no_skill", "absent", "less_local"]),
    ]


def test_nobody_is_less_local_when_nobody_is_chosen():
    decision = route(
        office("A", expert("a", subjects=NO_SUBJECTS)),
        office("B", expert("b", absences=(ABSENT_TODAY,)), areas=[REGION]),
    )

    assert lines(decision) == [("A", "a", ["no_skill"]), ("B", "b", ["absent"])]


def test_less_local_is_an_obstacle_within_an_institution_only():
    decision = route(
        office("A", areas=[EPCI]),
        office("B", expert("b", subjects=NO_SUBJECTS), areas=[REGION], institution="CCI"),
        institutions=("PE", "CCI"),
    )

    assert lines(decision) == [("B", "b", ["no_skill"])]


def test_office_blocked_by_an_exclusive_one_gives_one_line():
    blocked = office("A", expert("a"), expert("b", subjects=NO_SUBJECTS), areas=[EPCI])
    less_local = office("B", areas=[DEPARTMENT])
    alone = office("X", institution="GUEA", areas=[REGION], exclusive_subjects=frozenset({SUBJECT}))

    decision = route(blocked, less_local, alone, institutions=("PE", "GUEA"))

    assert lines(decision) == [("A", None, ["exclusive"]), ("B", "b", ["less_local"])]


@pytest.mark.parametrize(
    "stranger",
    [
        pytest.param(office("B", areas=[]), id="office elsewhere"),
        pytest.param(office("B", expert("b", areas=())), id="expert elsewhere"),
        pytest.param(office("B", areas=[], closes_on=ON), id="closed office elsewhere"),
        pytest.param(office("B", institution="CCI"), id="institution that the subject does not list"),
        pytest.param(office("B", is_fallback=True), id="fallback office"),
    ],
)
def test_those_who_are_no_candidates_are_not_listed(stranger):
    assert lines(route(office("A"), stranger)) == []


def test_own_area_makes_a_candidate_although_the_office_is_elsewhere():
    decision = route(
        office("A", expert("own", areas=(EPCI,), subjects=NO_SUBJECTS), expert("office"), areas=[])
    )

    assert lines(decision) == [("A", "own", ["no_skill"])]


def test_person_mailed_for_one_office_is_not_refused_for_another():
    decision = route(office("A", expert("same"), areas=[EPCI]), office("B", expert("Same"), areas=[REGION]))

    assert lines(decision) == []


def test_stand_in_is_not_refused():
    deputy = expert("deputy", subjects=NO_SUBJECTS)
    absent = expert("absent", absences=(AbsencePeriod(ON, ON, deputy.pk),))

    assert lines(route(office("A", absent, deputy))) == [("A", "absent", ["absent"])]


def test_refusals_are_listed_when_the_fallback_answers():
    fallback = office("F", institution="UR", is_fallback=True)

    decision = route(office("A", closes_on=ON), fallback)

    assert (decision.offices, lines(decision)) == (("F",), [("A", None, ["closed"])])


def test_refusals_come_as_subjects_then_institutions_then_office_then_email():
    offices = [
        office("Z", expert("y", subjects=NO_SUBJECTS), expert("x", subjects=NO_SUBJECTS)),
        office("B", institution="CCI", closes_on=ON),
        office("A", institution="CCI", closes_on=ON),
    ]
    demand = Demand((AskedSubject("two", ("PE",)), AskedSubject("one", ("PE", "CCI"))), ApplicantFacts(), ON)

    decision = decide(demand, offices)

    assert [(line.subject, line.office, line.expert) for line in decision.refused] == [
        ("two", "Z", "x@example.org"),
        ("two", "Z", "y@example.org"),
        ("one", "Z", "x@example.org"),
        ("one", "Z", "y@example.org"),
        ("one", "A", None),
        ("one", "B", None),
    ]


def test_unknown_facts_are_those_that_a_criterion_could_not_check_sorted():
    offices = [
        office("A", criteria=Criteria(naf=("43",), headcount_max=20)),
        office("B", criteria=Criteria(craft="only", project_holders=False), closes_on=ON),
        office("C", criteria=Criteria(legal_forms=("5",)), areas=[]),
        office("D", criteria=Criteria(age_max_years=3), institution="CCI"),
    ]

    decision = route(*offices, facts=ApplicantFacts(headcount=(20, 49)))

    assert decision.unknown == ("craft", "headcount", "naf", "project_holder")


def test_unknown_facts_of_all_the_subjects_are_united():
    offices = [
        office("A", criteria=Criteria(naf=("43",))),
        office("B", institution="CCI", criteria=Criteria(craft="only")),
    ]
    demand = Demand((AskedSubject("one", ("PE",)), AskedSubject("two", ("PE", "CCI"))), ApplicantFacts(), ON)

    assert decide(demand, offices).unknown == ("craft", "naf")
