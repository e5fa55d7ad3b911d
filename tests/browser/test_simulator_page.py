"""Accessibility of the simulator: empty, answered, with a choice to make, with errors."""

import pytest

from tests.browser.test_accessibility import accessibility_errors

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.demo_directory]

DEMAND = "sujet=trouver-candidats&commune=Dijon&commune_code=21231&jour=01/12/2026"


def test_the_simulator_is_accessible_without_console_messages(staff_page, console):
    queries = [
        "",
        f"?{DEMAND}&sujet_2=recruter-apprenti&antenne=PE-DIJON",
        f"?{DEMAND}&qui=dijon",
        "?sujet=trouver-candidats&commune=Saint-Apollinaire&commune_code=&effectif=x",
    ]

    found = [
        line
        for query in queries
        for line in accessibility_errors(staff_page(f"/annuaire/simulateur/{query}"))
    ]

    assert found == []
    assert console == []
