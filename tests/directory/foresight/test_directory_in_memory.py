"""A directory in memory decides as the tables do."""

from dataclasses import replace
from random import Random

import pytest

from directory.foresight.areas_in_memory import KnownAreas, Location
from directory.foresight.directory_in_memory import DirectoryInMemory, decide_among
from experts.changes import snapshot
from experts.routing import loading
from tests.directory.foresight import seeded_directory

pytestmark = [pytest.mark.django_db, pytest.mark.demo_directory]


@pytest.mark.parametrize("seed", range(4))
def test_seeded_demands_get_the_same_decision_as_from_the_tables(seed):
    random_source = Random(seed)  # noqa: S311 (drawn again from the seed)
    seeded_directory.fill(random_source)
    in_memory = DirectoryInMemory(snapshot.load(), KnownAreas.load())
    mailed = 0

    for demand in seeded_directory.demands(random_source, 100):
        expected = loading.decide(**demand)

        found = in_memory.decide(
            loading.asked_subjects(demand["subjects"]),
            Location.of(demand["commune"]),
            loading.readable(demand["facts"]),
            on=demand["on"],
            without=demand["without_institutions"],
        )

        assert found == expected
        mailed += len(expected.emails)

    assert mailed > 100


def test_the_recipients_are_the_same_without_the_refusals():
    random_source = Random(5)  # noqa: S311 (drawn again from the seed)
    seeded_directory.fill(random_source)
    in_memory = DirectoryInMemory(snapshot.load(), KnownAreas.load())
    refused = 0

    for demand in seeded_directory.demands(random_source, 100):
        asked, facts = loading.asked_subjects(demand["subjects"]), loading.readable(demand["facts"])
        offices = in_memory.offices(asked, Location.of(demand["commune"]))
        decision = decide_among(offices, asked, facts, on=demand["on"])

        found = decide_among(offices, asked, facts, on=demand["on"], with_refusals=False)

        assert found.needs == tuple(replace(need, refused=()) for need in decision.needs)
        refused += len(decision.refused)

    assert refused > 100


def test_the_commune_of_a_merger_has_the_areas_of_its_successor():
    random_source = Random(1)  # noqa: S311 (drawn again from the seed)
    seeded_directory.fill(random_source)
    in_memory = DirectoryInMemory(snapshot.load(), KnownAreas.load())
    [demand] = seeded_directory.demands(random_source, 1)
    merged = type(demand["commune"]).objects.with_place().get(code=seeded_directory.COMMUNES[-1])
    asked = loading.asked_subjects(demand["subjects"])

    found = in_memory.decide(asked, Location.of(merged), demand["facts"], on=demand["on"])

    assert found.emails == loading.decide(**(demand | {"commune": merged, "without_institutions": ()})).emails
