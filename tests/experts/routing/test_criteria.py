"""Step 3 of the rule, criterion by criterion."""

from datetime import date

import pytest

from experts.routing.criteria import ApplicantFacts, Criteria, check_criteria, completed_years

ON = date(2026, 12, 1)

REFUSED, ACCEPTED, UNVERIFIED, NOT_ASKED = "refused", "accepted", "unverified", "not asked"


def criterion_result(criteria: Criteria, facts: ApplicantFacts, fact: str, on: date = ON) -> str:
    verdict = check_criteria(criteria, facts, on=on)
    if fact in verdict.obstacles:
        return REFUSED
    if fact in verdict.checked:
        return ACCEPTED
    return UNVERIFIED if fact in verdict.unverified else NOT_ASKED


@pytest.mark.parametrize(
    ("criteria", "fact"),
    [
        (Criteria(headcount_min=1), "headcount"),
        (Criteria(headcount_max=1), "headcount"),
        (Criteria(naf=("43",)), "naf"),
        (Criteria(naf_excluded=("43",)), "naf"),
        (Criteria(legal_forms=("5",)), "legal_form"),
        (Criteria(legal_forms_excluded=("5",)), "legal_form"),
        (Criteria(craft="only"), "craft"),
        (Criteria(craft="exclude"), "craft"),
        (Criteria(age_min_years=1), "age"),
        (Criteria(age_max_years=1), "age"),
        (Criteria(project_holders=False), "project_holder"),
    ],
)
def test_unknown_fact_never_excludes_and_is_not_verified(criteria, fact):
    assert criterion_result(criteria, ApplicantFacts(), fact) == UNVERIFIED


@pytest.mark.parametrize("code", ["", " ", "."])
def test_blank_code_is_unknown(code):
    assert criterion_result(Criteria(naf=("43",)), ApplicantFacts(naf=code), "naf") == UNVERIFIED


def test_no_criterion_asks_nothing():
    everything = ApplicantFacts((12, 12), "56.10A", "5499", False, date(2020, 1, 1), False)

    verdict = check_criteria(Criteria(), everything, on=ON)

    assert (verdict.obstacles, verdict.checked, verdict.unverified) == ((), (), ())


@pytest.mark.parametrize(
    ("band", "low", "high", "expected"),
    [
        pytest.param((0, 0), 1, None, REFUSED, id="0 is a known headcount"),
        pytest.param((0, 0), None, 0, ACCEPTED, id="0 is within 0"),
        pytest.param((10, 10), 10, 49, ACCEPTED, id="lower bound included"),
        pytest.param((49, 49), 10, 49, ACCEPTED, id="upper bound included"),
        pytest.param((9, 9), 10, 49, REFUSED, id="one below"),
        pytest.param((50, 50), 10, 49, REFUSED, id="one above"),
        pytest.param((20, 49), 10, 49, ACCEPTED, id="band wholly inside"),
        pytest.param((50, 99), 10, 49, REFUSED, id="band wholly above"),
        pytest.param((6, 9), 10, 49, REFUSED, id="band wholly below"),
        pytest.param((49, 99), 10, 49, UNVERIFIED, id="band astride the upper bound"),
        pytest.param((6, 10), 10, 49, UNVERIFIED, id="band astride the lower bound"),
        pytest.param((1, 99), 10, 49, UNVERIFIED, id="band astride both"),
        pytest.param((10000, None), 10, None, ACCEPTED, id="band without upper bound, inside"),
        pytest.param((10000, None), None, 49, REFUSED, id="band without upper bound, wholly above"),
        pytest.param((10000, None), 20000, None, UNVERIFIED, id="band without upper bound, astride"),
        pytest.param(
            (10000, None), None, 20000, UNVERIFIED, id="band without upper bound, astride the maximum"
        ),
    ],
)
def test_headcount_excludes_only_when_the_whole_band_is_outside_inclusive_bounds(band, low, high, expected):
    criteria = Criteria(headcount_min=low, headcount_max=high)

    assert criterion_result(criteria, ApplicantFacts(headcount=band), "headcount") == expected


@pytest.mark.parametrize(
    ("naf", "accepted", "excluded", "expected"),
    [
        pytest.param("43.34Z", ("43",), (), ACCEPTED, id="prefix"),
        pytest.param("43.34Z", ("33", "43.3"), (), ACCEPTED, id="at least one"),
        pytest.param("43.34Z", ("4334z",), (), ACCEPTED, id="dots and case of the criterion ignored"),
        pytest.param("4334z", ("43.34Z",), (), ACCEPTED, id="dots and case of the fact ignored"),
        pytest.param(" 43 . 34 z", ("43.34Z",), (), ACCEPTED, id="spaces ignored"),
        pytest.param("81.30Z", ("812",), (), REFUSED, id="prefix of another class"),
        pytest.param("34.43Z", ("43",), (), REFUSED, id="prefix, not part"),
        pytest.param("43.34Z", (), ("01", "43"), REFUSED, id="none of the excluded"),
        pytest.param("56.10A", (), ("01", "43"), ACCEPTED, id="not excluded"),
        pytest.param("43.34Z", ("43",), ("43.3",), REFUSED, id="excluded wins over accepted"),
        pytest.param("43.34Z", ("",), (), NOT_ASKED, id="an empty prefix is no criterion"),
    ],
)
def test_naf_is_compared_by_prefix_at_least_one_accepted_none_excluded(naf, accepted, excluded, expected):
    criteria = Criteria(naf=accepted, naf_excluded=excluded)

    assert criterion_result(criteria, ApplicantFacts(naf=naf), "naf") == expected


@pytest.mark.parametrize(
    ("form", "accepted", "excluded", "expected"),
    [
        ("5458", ("51", "5458"), (), ACCEPTED),
        ("5499", ("51", "5458"), (), REFUSED),
        ("1000", (), ("1",), REFUSED),
        ("5499", (), ("1",), ACCEPTED),
        ("54 99", ("54.9",), (), ACCEPTED),
    ],
)
def test_legal_category_is_compared_by_prefix(form, accepted, excluded, expected):
    criteria = Criteria(legal_forms=accepted, legal_forms_excluded=excluded)

    assert criterion_result(criteria, ApplicantFacts(legal_form=form), "legal_form") == expected


@pytest.mark.parametrize(
    ("criterion", "is_craft", "expected"),
    [
        ("only", False, REFUSED),
        ("only", True, ACCEPTED),
        ("exclude", True, REFUSED),
        ("exclude", False, ACCEPTED),
        ("", True, NOT_ASKED),
    ],
)
def test_craft_only_refuses_the_others_and_exclude_refuses_craft(criterion, is_craft, expected):
    assert criterion_result(Criteria(craft=criterion), ApplicantFacts(craft=is_craft), "craft") == expected


@pytest.mark.parametrize(
    ("criterion", "is_project_holder", "expected"),
    [
        (False, True, REFUSED),
        (False, False, ACCEPTED),
        (True, True, NOT_ASKED),
        (True, False, NOT_ASKED),
        (None, True, NOT_ASKED),
        (None, False, NOT_ASKED),
    ],
)
def test_project_holders_false_refuses_them_and_true_or_absent_sets_no_condition(
    criterion, is_project_holder, expected
):
    criteria = Criteria(project_holders=criterion)

    assert (
        criterion_result(criteria, ApplicantFacts(project_holder=is_project_holder), "project_holder")
        == expected
    )


@pytest.mark.parametrize(
    ("since", "on", "years"),
    [
        pytest.param(date(2023, 12, 1), ON, 3, id="on the anniversary"),
        pytest.param(date(2023, 12, 2), ON, 2, id="the day before"),
        pytest.param(date(2026, 12, 1), ON, 0, id="the first day"),
        pytest.param(date(2027, 1, 1), ON, 0, id="not created yet"),
        pytest.param(date(2024, 2, 29), date(2026, 2, 28), 1, id="29 February, not complete on the 28th"),
        pytest.param(date(2024, 2, 29), date(2026, 3, 1), 2, id="29 February, complete on 1 March"),
        pytest.param(date(2024, 2, 29), date(2028, 2, 29), 4, id="29 February of another leap year"),
    ],
)
def test_age_is_completed_years(since, on, years):
    assert completed_years(since, on) == years


@pytest.mark.parametrize(
    ("created_on", "low", "high", "expected"),
    [
        (date(2023, 12, 1), 3, None, ACCEPTED),
        (date(2023, 12, 2), 3, None, REFUSED),
        (date(2022, 12, 2), None, 3, ACCEPTED),
        (date(2022, 12, 1), None, 3, REFUSED),
    ],
)
def test_age_bounds_are_inclusive(created_on, low, high, expected):
    criteria = Criteria(age_min_years=low, age_max_years=high)

    assert criterion_result(criteria, ApplicantFacts(created_on=created_on), "age") == expected


def test_every_criterion_must_hold_and_every_obstacle_is_told():
    criteria = Criteria(headcount_max=9, naf=("43",), craft="only", age_min_years=3, project_holders=False)
    facts = ApplicantFacts((12, 12), "56.10A", None, False, None, False)

    verdict = check_criteria(criteria, facts, on=ON)

    assert [str(obstacle) for obstacle in verdict.obstacles] == ["headcount", "naf", "craft"]
    assert verdict.checked == ("project_holder",)
    assert verdict.unverified == ("age",)
