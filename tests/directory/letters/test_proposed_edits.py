"""Edits that refusals alike propose: criteria, areas."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from directory.area_effects import communes_of
from directory.letters import proposed_edits
from directory.letters.proposed_criteria import DecidedCompany, propose_criteria
from directory.letters.repeated_declines import DeclinedNeed, RepeatedDecline
from experts.models import Expert
from experts.routing.criteria import ApplicantFacts, Criteria
from solicitations.lifecycle import DeclineReason
from territories.areas import AreaRef

ON = date(2026, 11, 29)
SMALL = ApplicantFacts(headcount=(6, 6), naf="43.34Z", legal_form="5499", craft=True, project_holder=False)
COTE_DOR = AreaRef("department", "21")


def companies(*facts):
    return [DecidedCompany(one, ON) for one in facts]


@pytest.mark.parametrize(
    ("declined", "accepted", "proposed"),
    [
        ([{"headcount": (120, 120)}, {"headcount": (250, 499)}], [{}], {"headcount_max": 119}),
        ([{"headcount": (120, 120)}, {"headcount": (250, 499)}], [], {"headcount_max": 119}),
        ([{"headcount": (1, 2)}, {"headcount": (0, 0)}], [{}], {"headcount_min": 3}),
        ([{"project_holder": True}, {"project_holder": True}], [{}], {"project_holders": False}),
        ([{}, {"naf": "43.22A"}], [{"naf": "10.71C", "craft": True}], {"naf_excluded": ("43",)}),
        ([{}, {}], [{"legal_form": "1000"}], {"legal_forms_excluded": ("54",)}),
        ([{}, {}], [{"craft": False}], {"craft": "exclude"}),
        ([{"craft": False}, {"craft": False}], [{}], {"craft": "only"}),
        ([{}, {}], [{}], {}),
    ],
)  # fmt: skip
def test_proposed_criterion_refuses_the_refused_companies_and_none_that_was_taken(
    declined, accepted, proposed
):
    found = propose_criteria(
        Criteria(),
        declined=companies(*(replace(SMALL, **facts) for facts in declined)),
        accepted=companies(*(replace(SMALL, **facts) for facts in accepted)),
    )

    assert found == proposed


def refused(*communes):
    needs = tuple(DeclinedNeed("x", "X", code, 1, datetime(2026, 11, 1, tzinfo=UTC)) for code in communes)
    return RepeatedDecline(Expert(name="Une experte"), DeclineReason.NOT_MY_AREA, needs)


@pytest.mark.django_db
@pytest.mark.territories
class TestAreas:
    def test_one_commune_is_taken_out_alone(self):
        facts = proposed_edits.propose_areas(refused("21054", "21054", "21054"), [COTE_DOR])

        assert communes_of([COTE_DOR]) - communes_of(facts["areas"]) == {"21054"}

    def test_several_communes_take_out_their_epci(self):
        dijon = AreaRef("epci", "242100410")

        facts = proposed_edits.propose_areas(
            refused("21231", "21540"), [COTE_DOR, AreaRef("commune", "71076")]
        )

        assert communes_of([COTE_DOR]) - communes_of(facts["areas"]) == communes_of([dijon])
        assert AreaRef("commune", "71076") in facts["areas"]

    def test_nothing_is_proposed_when_nothing_would_be_left(self):
        assert proposed_edits.propose_areas(refused("21231"), [AreaRef("commune", "21231")]) == {}
