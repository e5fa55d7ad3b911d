"""The documentation in a real browser: it works, and breaks nothing of the security policy."""

import pytest

from tests.browser.test_accessibility import faults

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.reference]


def test_documentation_is_drawn_and_the_console_stays_silent(live_server, page):
    told = []
    page.on("console", lambda message: told.append(message.text))
    page.on("pageerror", lambda error: told.append(str(error)))
    outside = []
    page.on("request", lambda request: outside.append(request.url))

    page.goto(f"{live_server.url}/api/v1/docs/", wait_until="networkidle")
    page.get_by_text("/api/v1/answers/").click()
    page.get_by_role("button", name="Try it out").click()
    page.get_by_placeholder("subject").fill("autre")
    page.get_by_placeholder("commune").fill("21231")
    page.get_by_role("button", name="Execute").click()
    page.locator(".live-responses-table").get_by_text("fallback").first.wait_for()

    assert told == []
    assert [url for url in outside if not url.startswith((live_server.url, "data:", "blob:"))] == []


def test_documentation_is_accessible(open_page):
    assert faults(open_page("/api/v1/docs/")) == []
