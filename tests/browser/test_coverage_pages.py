"""Accessibility of the pages of coverage, on the demo directory."""

import pytest
from django.conf import settings

from experts.models import User
from tests.browser.test_accessibility import accessibility_errors
from tests.experts.factories import signed_in

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.demo_directory]

PATHS = [
    "/annuaire/couverture/",
    "/annuaire/couverture/27/?le=2026-12-01",
    "/annuaire/couverture/27/?sujet=trouver-candidats&epci=242100410",
    "/annuaire/couverture/27/?commune=21231",
    "/annuaire/couverture/975/",
]


def test_pages_of_coverage_are_accessible_without_console_messages(open_page, page, live_server, console):
    staff = User.objects.create_user("nationale@equipe.example.org", role=User.Role.NATIONAL)
    name = settings.SESSION_COOKIE_NAME
    session = signed_in(staff).cookies[name].value
    page.context.add_cookies([{"name": name, "value": session, "url": live_server.url}])

    found = {path: accessibility_errors(open_page(path)) for path in PATHS}

    assert {path: errors for path, errors in found.items() if errors} == {}
    assert console == []
