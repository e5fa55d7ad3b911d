"""Each scenario as a journey: the form reaches exactly its experts, and what its checks say holds."""

import pytest

from tests.journeys.scenarios import EMAIL, SCENARIOS, tell

pytestmark = [pytest.mark.django_db, pytest.mark.reference]


@pytest.mark.parametrize("name", SCENARIOS)
def test_form_reaches_exactly_the_experts_of_the_scenario(world, name):
    tell(world, name)

    world.post()

    assert world.recipients() - {EMAIL} == set(SCENARIOS[name]["expected_experts"])
    assert len(world.mails) == 1 + len(SCENARIOS[name]["expected_experts"])
