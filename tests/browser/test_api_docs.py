"""The API documentation in a real browser: it works within the security policy."""

import pytest

from tests.browser.test_accessibility import accessibility_errors

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.demo_directory]


def test_documentation_is_drawn_and_the_console_stays_silent(live_server, page):
    messages = []
    page.on("console", lambda message: messages.append(message.text))
    page.on("pageerror", lambda error: messages.append(str(error)))
    outside = []
    page.on("request", lambda request: outside.append(request.url))

    page.goto(f"{live_server.url}/api/v1/docs/", wait_until="networkidle")
    page.get_by_text("/api/v1/answers/").click()
    page.get_by_role("button", name="Try it out").click()
    page.get_by_placeholder("subject").fill("autre")
    page.get_by_placeholder("commune").fill("21231")
    page.get_by_role("button", name="Execute").click()
    page.locator(".live-responses-table").get_by_text("fallback").first.wait_for()

    assert messages == []
    assert [url for url in outside if not url.startswith((live_server.url, "data:", "blob:"))] == []


def test_documentation_is_accessible(live_server, page):
    page.goto(f"{live_server.url}/api/v1/docs/", wait_until="networkidle")

    assert accessibility_errors(page) == []
