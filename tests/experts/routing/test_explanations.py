"""Decisions explained in French."""

from experts.routing import explanations
from experts.routing.criteria import CHECKS, Obstacle
from experts.routing.decision import Chosen, Refused
from territories.areas import AreaRef


def test_every_obstacle_and_fact_has_its_words():
    assert set(explanations.OBSTACLES) == set(Obstacle)
    assert set(explanations.FACTS) == {obstacle.value for obstacle in CHECKS}


def test_reasons_name_the_area_what_was_checked_what_is_not_known_and_who_is_replaced():
    chosen = Chosen(
        office="A",
        institution="PE",
        expert="b@example.org",
        expert_pk=1,
        area=AreaRef("epci", "242100410"),
        area_name="Dijon Métropole",
        stand_in_for="a@example.org",
        checked=("headcount", "naf"),
        unverified=("craft",),
    )

    assert explanations.reasons(chosen) == [
        "territoire : Dijon Métropole (intercommunalité)",
        "vérifié : effectif, activité",
        "non vérifié : qualité d'artisan",
        "remplace a@example.org",
    ]


def test_national_area_is_the_whole_country():
    chosen = Chosen("N", "UR", "n@example.org", 1, area=AreaRef("national"), area_name="France entière")

    assert explanations.reasons(chosen) == ["territoire : toute la France"]


def test_obstacles_are_told_one_by_one():
    refused = Refused("s", "A", None, (Obstacle.CLOSED, Obstacle.NAF))

    assert explanations.obstacles(refused) == [
        "antenne fermée à cette date",
        "n'intervient pas pour cette activité",
    ]
