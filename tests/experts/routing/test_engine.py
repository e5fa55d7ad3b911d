"""Steps 2 to 10 of the rule, a test for each sentence."""

from datetime import date, timedelta

import pytest

from experts.routing.engine import (
    AbsencePeriod,
    ApplicantFacts,
    AskedSubject,
    Criteria,
    Demand,
    decide,
    decide_fallback,
    decide_for_institution,
)
from tests.experts.routing.builders import (
    COMMUNE,
    DEPARTMENT,
    EPCI,
    NATIONAL,
    ON,
    OTHER_ZONE,
    REGION,
    SMALL_ZONE,
    SUBJECT,
    ZONE,
    expert,
    names,
    office,
    route,
)

DAY = timedelta(days=1)
TODAY = AbsencePeriod(ON, ON)
CLOSED = {"closes_on": ON}


def away(name: str = "away", deputy=None, **facts):
    return expert(name, absences=(AbsencePeriod(ON, ON, deputy and deputy.pk),), **facts)


def fallback(code: str = "F", *experts, areas=(REGION,), **facts):
    return office(code, *experts, areas=areas, institution="UR", is_fallback=True, **facts)


# Step 2


def test_institutions_that_the_subject_does_not_list_are_left_out():
    decision = route(office("A"), office("B", institution="CCI"))

    assert decision.offices == ("A",)


def test_subject_without_institution_goes_straight_to_the_fallback():
    decision = route(office("A"), fallback(), institutions=())

    assert (decision.offices, decision.is_fallback, decision.refused) == (("F",), True, ())


# Step 3


def test_fallback_offices_do_not_answer_for_their_institution():
    decision = route(office("A"), office("B", is_fallback=True))

    assert (decision.offices, decision.is_fallback) == (("A",), False)


@pytest.mark.parametrize(
    ("closes_on", "offices"),
    [(ON, ()), (ON - DAY, ()), (ON + DAY, ("A",)), (None, ("A",))],
    ids=["on its first closed day", "since the day before", "from tomorrow", "open"],
)
def test_closed_office_is_left_out_from_its_first_closed_day(closes_on, offices):
    assert route(office("A", closes_on=closes_on)).offices == offices


def test_criteria_leave_an_office_out():
    decision = route(
        office("A", criteria=Criteria(headcount_max=9)), facts=ApplicantFacts(headcount=(12, 12))
    )

    assert decision.offices == ()


# Step 4


def test_experts_have_the_subject_listed_or_all_of_them():
    staff = [
        expert("listed", subjects=frozenset({SUBJECT})),
        expert("all"),
        expert("other", subjects=frozenset({"former"})),
        expert("none", subjects=frozenset()),
    ]

    assert names(route(office("A", *staff))) == ["all", "listed"]


def test_own_areas_that_do_not_contain_the_commune_exclude_although_the_office_covers_it():
    assert names(route(office("A", expert("elsewhere", areas=()), expert("here")))) == ["here"]


def test_own_areas_that_contain_the_commune_count_although_the_office_does_not_cover_it():
    staff = expert("wider", areas=(REGION,)), expert("of-the-office")

    assert names(route(office("A", *staff, areas=()))) == ["wider"]


@pytest.mark.parametrize("facts", [{"is_paused": True}, {"is_bouncing": True}], ids=["paused", "bouncing"])
def test_paused_or_bouncing_expert_counts_as_absent(facts):
    decision = route(office("A", expert("a", **facts)), office("B", areas=[NATIONAL]))

    assert names(decision) == ["b"]


@pytest.mark.parametrize(
    ("left_on", "expected"), [(ON, []), (ON - DAY, []), (ON + DAY, ["a"])], ids=["today", "before", "later"]
)
def test_expert_who_has_left_counts_as_absent_from_then_on(left_on, expected):
    assert names(route(office("A", expert("a", left_on=left_on)))) == expected


# Step 5


@pytest.mark.parametrize(
    ("from_on", "to_on", "is_away"),
    [
        pytest.param(ON, ON + DAY, True, id="first day included"),
        pytest.param(ON - DAY, ON, True, id="last day included"),
        pytest.param(ON + DAY, ON + DAY, False, id="from tomorrow"),
        pytest.param(ON - DAY, ON - DAY, False, id="until yesterday"),
    ],
)
def test_absence_covers_both_its_days(from_on, to_on, is_away):
    staff = expert("a", absences=(AbsencePeriod(from_on, to_on),))

    assert names(route(office("A", staff))) == ([] if is_away else ["a"])


def test_deputy_answers_whatever_their_subjects_and_areas():
    deputy = expert("deputy", subjects=frozenset(), areas=())
    decision = route(office("A", away(deputy=deputy), deputy, expert("colleague", subjects=frozenset())))

    assert names(decision) == ["deputy"]
    assert decision.chosen[0].stand_in_for == "away@example.org"


def test_deputy_comes_beside_the_experts_who_answer_by_themselves():
    deputy = expert("deputy", subjects=frozenset())

    assert names(route(office("A", away(deputy=deputy), deputy, expert("able")))) == ["able", "deputy"]


@pytest.mark.parametrize(
    "reason", [{"absences": (TODAY,)}, {"is_paused": True}, {"is_bouncing": True}, {"left_on": ON}]
)
def test_deputy_who_is_away_gives_way_to_the_able_colleagues(reason):
    deputy = expert("deputy", **reason)
    staff = away(deputy=deputy), deputy, expert("able"), expert("other", subjects=frozenset())

    assert names(route(office("A", *staff))) == ["able"]


def test_deputies_do_not_chain():
    second = expert("second", subjects=frozenset())
    first = away("first", deputy=second, subjects=frozenset())
    third = expert("third", subjects=frozenset())

    assert names(route(office("A", away(deputy=first), first, second, third))) == ["second", "third"]


def test_deputy_of_another_office_is_not_a_deputy():
    stranger = expert("stranger", subjects=frozenset())

    decision = route(
        office("A", away(deputy=stranger), expert("colleague", subjects=frozenset())), office("B", stranger)
    )

    assert names(decision) == ["colleague"]


def test_paused_expert_has_the_deputy_of_an_absence_that_covers_the_day_only():
    deputy = expert("deputy", subjects=frozenset())
    later = AbsencePeriod(ON + DAY, ON + DAY, deputy.pk)
    colleague = expert("colleague", subjects=frozenset())

    now_and_then = route(office("A", away(deputy=deputy, is_paused=True), deputy, colleague))
    later_only = route(office("A", expert("away", is_paused=True, absences=(later,)), deputy, colleague))

    assert names(now_and_then) == ["deputy"]
    assert names(later_only) == ["colleague", "deputy"]


def test_without_deputy_the_able_and_available_colleagues_answer():
    staff = (
        away(),
        expert("able"),
        expert("other-subject", subjects=frozenset()),
        expert("elsewhere", areas=()),
    )

    assert names(route(office("A", *staff))) == ["able"]


def test_without_able_colleagues_all_the_available_ones_answer():
    staff = (
        away(),
        expert("other-subject", subjects=frozenset()),
        expert("elsewhere", areas=()),
        expert("paused", is_paused=True, subjects=frozenset()),
    )

    assert names(route(office("A", *staff))) == ["elsewhere", "other-subject"]


def test_without_anybody_the_office_is_unavailable_and_the_next_one_answers():
    decision = route(office("A", away(), areas=[EPCI]), office("B", areas=[REGION]))

    assert decision.offices == ("B",)


def test_nobody_stands_in_for_an_absent_expert_of_another_subject():
    decision = route(office("A", away(subjects=frozenset({"former"})), expert("b", subjects=frozenset())))

    assert names(decision) == []


def test_stand_in_takes_the_rank_of_the_expert_replaced():
    deputy = expert("deputy", subjects=frozenset(), areas=(NATIONAL,))
    near = office("A", away(areas=(EPCI,), deputy=deputy), deputy)
    far = office("B", areas=[DEPARTMENT])

    decision = route(near, far)

    assert names(decision) == ["deputy"]
    assert decision.chosen[0].area == EPCI.ref


def test_stand_in_who_is_less_local_by_himself_takes_the_better_rank():
    able = expert("able", areas=(REGION,))
    decision = route(office("A", away(areas=(EPCI,)), able), office("B", areas=[DEPARTMENT]))

    assert names(decision) == ["able"]
    assert decision.chosen[0].stand_in_for == "away@example.org"


def test_stand_in_who_is_more_local_by_himself_keeps_his_rank():
    able = expert("able", areas=(EPCI,))
    decision = route(office("A", away(areas=(REGION,)), able), office("B", areas=[DEPARTMENT]))

    assert names(decision) == ["able"]
    assert (decision.chosen[0].area, decision.chosen[0].stand_in_for) == (EPCI.ref, None)


def test_of_several_experts_replaced_the_best_rank_counts():
    deputy = expert("deputy", subjects=frozenset())
    staff = away("far", deputy=deputy, areas=(REGION,)), away("near", deputy=deputy, areas=(EPCI,)), deputy

    decision = route(office("A", *staff), office("B", areas=[DEPARTMENT]))

    assert names(decision) == ["deputy"]
    assert decision.chosen[0].stand_in_for == "near@example.org"


def test_less_local_expert_stays_out_when_the_stand_in_is_more_local():
    deputy = expert("deputy", subjects=frozenset())
    staff = away(deputy=deputy, areas=(EPCI,)), deputy, expert("far", areas=(REGION,))

    assert names(route(office("A", *staff))) == ["deputy"]


def test_less_local_able_colleague_who_stands_in_takes_the_better_rank_beside_others():
    staff = away(areas=(EPCI,)), expert("near", areas=(EPCI,)), expert("far", areas=(REGION,))

    assert names(route(office("A", *staff))) == ["far", "near"]


# Step 6


@pytest.mark.parametrize(
    ("near", "far"),
    [(COMMUNE, EPCI), (EPCI, SMALL_ZONE), (SMALL_ZONE, DEPARTMENT), (DEPARTMENT, REGION), (REGION, NATIONAL)],
    ids=lambda area: area.ref.kind,
)
def test_levels_rank_from_commune_to_national(near, far):
    assert route(office("A", areas=[far]), office("B", areas=[near])).offices == ("B",)


def test_level_counts_before_the_number_of_communes():
    many = ZONE.__class__(ZONE.ref, ZONE.name, 5000)

    assert route(office("A", areas=[DEPARTMENT]), office("B", areas=[many])).offices == ("B",)


def test_fewer_communes_first_at_the_same_level():
    assert route(office("A", areas=[ZONE]), office("B", areas=[SMALL_ZONE])).offices == ("B",)


@pytest.mark.parametrize("areas", [(ZONE, SMALL_ZONE), (SMALL_ZONE, ZONE)])
def test_best_of_several_references_counts_not_their_total(areas):
    decision = route(office("A", areas=[SMALL_ZONE]), office("B", areas=[*areas, NATIONAL]))

    assert decision.offices == ("A", "B")
    assert {chosen.area for chosen in decision.chosen} == {SMALL_ZONE.ref}


@pytest.mark.parametrize("own", [EPCI, REGION], ids=["narrower", "wider"])
def test_own_areas_replace_the_office_s_in_the_rank(own):
    decision = route(office("A", expert("a", areas=(own,))), office("B", areas=[DEPARTMENT]))

    assert decision.offices == (("A",) if own is EPCI else ("B",))


# Step 7


def test_per_institution_only_the_best_ranked_experts_are_kept():
    decision = route(
        office("A", areas=[REGION]),
        office("B", areas=[EPCI]),
        office("C", areas=[NATIONAL], institution="CCI"),
        institutions=("PE", "CCI"),
    )

    assert decision.offices == ("B", "C")


def test_in_one_office_the_less_local_expert_is_dropped():
    assert names(route(office("A", expert("near", areas=(EPCI,)), expert("far")))) == ["near"]


def test_equal_ranks_are_all_kept_even_in_two_offices():
    decision = route(office("A", areas=[ZONE]), office("B", areas=[OTHER_ZONE]))

    assert decision.offices == ("A", "B")


# Step 8


def exclusive(code: str, *experts, institution: str, areas, **facts):
    return office(
        code, *experts, institution=institution, areas=areas, exclusive_subjects=frozenset({SUBJECT}), **facts
    )


def test_exclusive_office_is_kept_alone_although_it_is_less_local():
    decision = route(
        office("A", areas=[EPCI]),
        exclusive("X", institution="GUEA", areas=[REGION]),
        institutions=("PE", "GUEA"),
    )

    assert decision.offices == ("X",)


def test_office_exclusive_on_another_subject_blocks_nobody():
    other = office("X", institution="GUEA", exclusive_subjects=frozenset({"former"}))

    assert route(office("A"), other, institutions=("PE", "GUEA")).offices == ("A", "X")


def test_best_ranked_of_the_exclusive_offices_is_kept_all_institutions_together():
    decision = route(
        exclusive("X", institution="GUEA", areas=[REGION]),
        exclusive("Y", institution="PE", areas=[DEPARTMENT]),
        institutions=("PE", "GUEA"),
    )

    assert decision.offices == ("Y",)


def test_exclusive_offices_of_equal_rank_are_all_kept():
    decision = route(
        exclusive("X", institution="GUEA", areas=[DEPARTMENT]),
        exclusive("Y", institution="PE", areas=[DEPARTMENT]),
        institutions=("PE", "GUEA"),
    )

    assert decision.offices == ("Y", "X")


def test_rank_of_an_exclusive_office_is_the_best_among_its_experts_still_there():
    staff = (
        expert("near", areas=(EPCI,), is_paused=True, subjects=frozenset()),
        expert("far", areas=(REGION,)),
    )
    decision = route(
        exclusive("X", *staff, institution="GUEA", areas=[COMMUNE]),
        exclusive("Y", institution="PE", areas=[DEPARTMENT]),
        institutions=("PE", "GUEA"),
    )

    assert decision.offices == ("Y",)


@pytest.mark.parametrize(
    "dropped",
    [
        pytest.param(exclusive("X", institution="GUEA", areas=[EPCI], **CLOSED), id="closing"),
        pytest.param(
            exclusive("X", institution="GUEA", areas=[EPCI], criteria=Criteria(headcount_max=1)),
            id="criteria",
        ),
        pytest.param(exclusive("X", away(), institution="GUEA", areas=[EPCI]), id="absence"),
        pytest.param(
            exclusive("X", expert(subjects=frozenset()), institution="GUEA", areas=[EPCI]), id="subject"
        ),
        pytest.param(exclusive("X", institution="PE", areas=[REGION]), id="more local office of the same"),
        pytest.param(exclusive("X", institution="CCI", areas=[EPCI]), id="institution of another subject"),
    ],
)
def test_exclusive_office_already_dropped_blocks_nobody(dropped):
    decision = route(
        office("A", areas=[DEPARTMENT]),
        dropped,
        institutions=("PE", "GUEA"),
        facts=ApplicantFacts(headcount=(12, 12)),
    )

    assert decision.offices == ("A",)


# Step 9


def test_nobody_left_leads_to_the_fallback_and_flags_the_subject():
    decision = route(office("A", **CLOSED), fallback())

    assert (decision.offices, decision.is_fallback) == (("F",), True)


def test_somebody_left_is_no_fallback():
    assert route(office("A"), fallback()).is_fallback is False


def test_the_region_s_fallback_comes_before_the_national_one():
    assert route(fallback("N", areas=[NATIONAL]), fallback("R", areas=[REGION])).offices == ("R",)


@pytest.mark.parametrize(
    "regional",
    [
        pytest.param(fallback("R", **CLOSED), id="closed"),
        pytest.param(fallback("R", away()), id="nobody available"),
        pytest.param(fallback("R", expert(left_on=ON)), id="everybody left"),
        pytest.param(fallback("R", areas=[]), id="elsewhere"),
        pytest.param(
            fallback("R", expert(areas=(EPCI,)), areas=[]), id="covered by an expert's own area only"
        ),
    ],
)
def test_fallback_that_cannot_answer_leaves_it_to_the_national_one(regional):
    assert route(regional, fallback("N", areas=[NATIONAL])).offices == ("N",)


def test_all_the_available_experts_of_the_fallback_are_mailed():
    staff = expert("a"), expert("b"), away("c"), expert("d", is_paused=True)

    assert names(route(fallback("F", *staff))) == ["a", "b"]


def test_fallback_ignores_criteria_skills_and_the_experts_own_areas():
    staff = (
        expert("no-skill", subjects=frozenset()),
        expert("elsewhere", areas=()),
        expert("wide", areas=(NATIONAL,)),
    )
    decision = route(
        fallback("F", *staff, criteria=Criteria(headcount_max=1)),
        fallback("N", areas=[NATIONAL]),
        facts=ApplicantFacts(headcount=(12, 12)),
    )

    assert names(decision) == ["elsewhere", "no-skill", "wide"]
    assert {(chosen.area, chosen.checked, chosen.unverified) for chosen in decision.chosen} == {
        (REGION.ref, (), ())
    }


def test_fallback_offices_of_equal_rank_are_all_kept():
    assert route(fallback("F"), fallback("G")).offices == ("F", "G")


def test_absent_expert_of_a_fallback_office_has_no_stand_in_but_his_available_colleagues():
    decision = route(fallback("F", away("away", subjects=frozenset()), expert("colleague")))

    assert [(chosen.expert, chosen.stand_in_for) for chosen in decision.chosen] == [
        ("colleague@example.org", None)
    ]


def test_without_any_fallback_office_the_subject_is_flagged_all_the_same():
    decision = route(office("A", **CLOSED))

    assert (decision.chosen, decision.is_fallback) == ((), True)


def test_fallback_alone_asks_the_offices_that_are_left():
    decision = decide_fallback(SUBJECT, ON, [fallback("N", areas=[NATIONAL]), office("A")])

    assert (decision.subject, decision.offices, decision.is_fallback) == (SUBJECT, ("N",), True)


# Step 10


def ask(*subjects: str, offices, institutions=("PE",)):
    return decide(
        Demand(tuple(AskedSubject(slug, tuple(institutions)) for slug in subjects), ApplicantFacts(), ON),
        offices,
    )


def test_several_subjects_are_decided_each_then_united_each_office_and_expert_once():
    both = expert("both")
    only = expert("only", subjects=frozenset({"b"}))

    decision = ask("a", "b", offices=[office("A", both, only)])

    assert [names(need) for need in decision.needs] == [["both"], ["both", "only"]]
    assert (decision.offices, names(decision)) == (("A",), ["both", "only"])


def test_request_is_flagged_as_soon_as_one_subject_is():
    decision = ask("a", "b", offices=[office("A", expert(subjects=frozenset({"a"}))), fallback()])

    assert [need.is_fallback for need in decision.needs] == [False, True]
    assert decision.is_fallback is True


def test_subject_named_twice_counts_once():
    decision = ask("a", "b", "a", offices=[office("A")])

    assert [need.subject for need in decision.needs] == ["a", "b"]


def test_institution_named_twice_counts_once_at_its_first_place():
    decision = ask(
        "a", offices=[office("A"), office("C", institution="CCI")], institutions=("PE", "CCI", "PE")
    )

    assert decision.offices == ("A", "C")


def test_one_person_with_two_posts_is_mailed_once_and_named_for_both_offices():
    decision = ask(
        "a",
        offices=[office("A", expert("same")), office("C", expert("SAME"), institution="CCI")],
        institutions=("PE", "CCI"),
    )

    assert (decision.offices, names(decision)) == (("A", "C"), ["same"])


# Order, and one institution alone


def test_order_is_that_of_subjects_then_institutions_then_office_then_email():
    offices = [
        office("Z", expert("y"), expert("x")),
        office("B", expert("w"), institution="CCI"),
        office("A", expert("v"), institution="CCI"),
    ]

    decision = route(*offices, institutions=("PE", "CCI"))

    assert decision.offices == ("Z", "A", "B")
    assert names(decision) == ["x", "y", "v", "w"]


def test_one_institution_alone_knows_neither_exclusivity_nor_fallback():
    offices = [
        exclusive("X", institution="GUEA", areas=[COMMUNE]),
        exclusive("B", institution="PE", areas=[DEPARTMENT]),
        office("A", areas=[DEPARTMENT]),
        office("C", areas=[REGION]),
        fallback(),
    ]

    decision = decide_for_institution(AskedSubject(SUBJECT, ("PE",)), ApplicantFacts(), ON, offices)

    assert (decision.offices, decision.is_fallback) == (("A", "B"), False)


def test_one_institution_alone_may_have_nobody():
    decision = decide_for_institution(
        AskedSubject(SUBJECT, ("PE",)), ApplicantFacts(), ON, [office("A", **CLOSED), fallback()]
    )

    assert (decision.chosen, decision.is_fallback) == ((), False)


def test_chosen_says_why():
    criteria = Criteria(headcount_max=49, naf=("43",))
    decision = route(
        office("A", areas=[REGION, EPCI], criteria=criteria), facts=ApplicantFacts(headcount=(6, 9))
    )

    (chosen,) = decision.chosen
    assert (chosen.office, chosen.institution, chosen.expert) == ("A", "PE", "a@example.org")
    assert (chosen.area, chosen.area_name) == (EPCI.ref, "Dijon Métropole")
    assert (chosen.checked, chosen.unverified) == (("headcount",), ("naf",))


def test_date_of_the_demand_counts_not_today():
    on = date(2020, 2, 29)

    assert route(office("A", closes_on=on + DAY), on=on).offices == ("A",)
