"""JSON of a decision, stored and printed."""

import json

from experts.routing.criteria import Obstacle
from experts.routing.decision import Chosen, Decision, NeedDecision, Refused
from territories.areas import AreaRef

CHOSEN = Chosen(
    "A",
    "PE",
    "a@example.org",
    7,
    AreaRef("national"),
    "France entière",
    "b@example.org",
    ("naf",),
    ("craft",),
)
DECISION = Decision(
    (
        NeedDecision(
            "one",
            (CHOSEN,),
            (Refused("one", "B", None, (Obstacle.CLOSED, Obstacle.NAF)),),
            unknown=("craft",),
        ),
        NeedDecision(
            "two", is_fallback=True, refused=(Refused("two", "A", "c@example.org", (Obstacle.ABSENT,)),)
        ),
    )
)


def test_json_has_the_keys_of_the_contract():
    answer = DECISION.as_json()

    assert {key: answer[key] for key in ("offices", "experts", "fallback", "refused", "unknown")} == {
        "offices": ["A"],
        "experts": ["a@example.org"],
        "fallback": True,
        "refused": [
            {"subject": "one", "office": "B", "expert": None, "obstacles": ["closed", "naf"]},
            {"subject": "two", "office": "A", "expert": "c@example.org", "obstacles": ["absent"]},
        ],
        "unknown": ["craft"],
    }
    for need in answer["needs"]:
        assert {"subject", "offices", "experts", "fallback", "refused", "unknown"} <= need.keys()


def test_json_says_why_each_is_chosen():
    assert DECISION.as_json()["needs"][0]["chosen"] == [
        {
            "office": "A",
            "institution": "PE",
            "expert": "a@example.org",
            "expert_pk": 7,
            "area": "national",
            "area_name": "France entière",
            "stand_in_for": "b@example.org",
            "checked": ["naf"],
            "unverified": ["craft"],
        }
    ]


def test_decision_comes_back_from_its_json():
    stored = json.loads(json.dumps(DECISION.as_json()))

    assert Decision.from_json(stored) == DECISION
    assert NeedDecision.from_json(stored["needs"][1]) == DECISION.needs[1]
