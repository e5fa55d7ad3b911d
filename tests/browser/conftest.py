"""Fixtures of the browser tests: pages of a real Chromium, and its console messages."""

import os
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import axe_playwright_python
import pytest
from django.conf import settings as django_settings
from django.core.cache import cache
from playwright.sync_api import Browser, BrowserContext, Page, Response, expect

from demo import fake_register
from demo.fake_register import RegisterServer
from experts.models import User
from tests.experts.factories import signed_in

# Playwright's event loop runs in the test's thread, where Django refuses queries without this.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"

# Maximum wait after a click, on a busy machine.
PATIENCE_MS = 180_000
expect.set_options(timeout=PATIENCE_MS)

DESKTOP_WIDTH, HEIGHT = 1280, 800
AXE_URL = "/static/axe/axe.min.js"


@pytest.fixture(scope="session")
def base_url() -> None:
    """Override the plugin's fixture, which warns: addresses are the live server's."""


@pytest.fixture(autouse=True)
def axe_is_served(settings) -> None:
    """Serve axe's script as one of ours: Chromium caches it, and our security policy lets it in."""
    folder = Path(axe_playwright_python.__file__).parent
    settings.STATICFILES_DIRS = [*settings.STATICFILES_DIRS, ("axe", folder)]


@pytest.fixture(scope="session")
def shared_context(browser: Browser) -> BrowserContext:
    """A browser context whose cache keeps our styles and scripts from one test to the next."""
    return browser.new_context()


@pytest.fixture
def context(shared_context: BrowserContext) -> Iterator[BrowserContext]:
    """The shared context without cookies; all its pages but the first are closed."""
    yield shared_context
    for page in shared_context.pages[1:]:
        page.close()
    shared_context.clear_cookies()


@pytest.fixture
def page(context: BrowserContext) -> Iterator[Page]:
    """The first page of the context, emptied after each test: a new one costs five times as much."""
    page = context.pages[0] if context.pages else context.new_page()
    page.set_default_timeout(PATIENCE_MS)
    set_width(page, DESKTOP_WIDTH)
    yield page
    page.unroute_all()
    page.mouse.move(0, 0)
    page.goto("about:blank")


@pytest.fixture
def console(page: Page) -> list[str]:
    """Console messages and page errors, in order."""
    return record_console(page, [])


@pytest.fixture
def open_page(page: Page, live_server, console: list[str]) -> Callable[[str], Page]:
    """Open a path of the portal on a desktop screen."""

    def opened(path: str) -> Page:
        set_width(page, DESKTOP_WIDTH)
        page.goto(f"{live_server.url}{path}")
        wait_for_scripts(page)
        return page

    return opened


@pytest.fixture
def signed_in_page(live_server) -> Callable[[Page], Page]:
    """Sign a browser page in as a member of the national team."""
    staff = User.objects.create_user("nationale@equipe.example.org", role=User.Role.NATIONAL)
    name = django_settings.SESSION_COOKIE_NAME
    cookie = {"name": name, "value": signed_in(staff).cookies[name].value, "url": live_server.url}

    def signed(page: Page) -> Page:
        page.context.add_cookies([cookie])
        return page

    return signed


@pytest.fixture
def staff_page(open_page, page, signed_in_page):
    """Open pages as a signed-in member of the national team."""
    signed_in_page(page)
    return open_page


@pytest.fixture
def new_browser_page(browser: Browser) -> Iterator[Callable[..., Page]]:
    """Make pages in separate browser contexts; fail on console messages or a weak security policy."""
    contexts, messages = [], []

    def opened(*, javascript: bool = True, width: int = DESKTOP_WIDTH) -> Page:
        viewport = {"width": width, "height": HEIGHT}
        contexts.append(browser.new_context(java_script_enabled=javascript, viewport=viewport))
        page = contexts[-1].new_page()
        page.set_default_timeout(PATIENCE_MS)
        page.on("response", lambda response: messages.extend(policy_weaknesses(response)))
        record_console(page, messages)
        return page

    yield opened
    for context in contexts:
        context.close()
    assert messages == []


@pytest.fixture
def company_register(settings) -> Iterator[RegisterServer]:
    """The company register, and nothing remembered from another test."""
    with fake_register.running() as server:
        settings.REGISTER_URL = server.url
        settings.REGISTER_TIMEOUT = timedelta(seconds=60)
        cache.clear()
        yield server


def set_width(page: Page, width: int) -> None:
    """Give the page's window a width, unless it has it: each call makes the page lay itself out again."""
    size = {"width": width, "height": HEIGHT}
    if page.viewport_size != size:
        page.set_viewport_size(size)


def press(page: Page, label: str) -> None:
    """Press a button that leads to another page of the portal, and wait for that page."""
    with page.expect_navigation():
        page.get_by_role("button", name=label, exact=True).click()
    wait_for_scripts(page)


def wait_for_scripts(page: Page) -> None:
    """Wait until the design system's script has started, and the texts have their fonts.

    This script works at each frame: waiting for longer costs as much as loading the page.
    """
    page.locator("html[data-fr-js]").wait_for()
    page.evaluate("document.fonts.ready.then(() => null)")


def record_console(page: Page, messages: list[str]) -> list[str]:
    """Record the console messages and errors of this page."""
    page.on("console", lambda message: messages.append(message.text))
    page.on("pageerror", lambda error: messages.append(str(error)))
    return messages


def policy_weaknesses(response: Response) -> list[str]:
    """Weak security policy of a page, if any; the frame of a mail has a policy of its own."""
    is_page = response.headers.get("content-type", "").startswith("text/html")
    if not is_page or response.url.endswith("/html/") or response.status in {301, 302}:
        return []
    policy = response.headers.get("content-security-policy", "")
    is_strict = "default-src 'none'" in policy and "unsafe" not in policy
    return [] if is_strict else [f"{response.url}: {policy}"]
