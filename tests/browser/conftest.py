"""A real Chromium on the live server: pages opened, with what the browser said."""

import os
from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from django.core.cache import cache
from playwright.sync_api import Browser, Page, Response, expect

from demo import fake_register
from demo.fake_register import RegisterServer

# Playwright's own loop runs in the test's thread, where Django refuses queries unless told.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"

# What a click brings is waited for, on a busy machine too.
PATIENCE_MS = 60_000
expect.set_options(timeout=PATIENCE_MS)

DESKTOP, HEIGHT = 1280, 800


@pytest.fixture(scope="session")
def base_url() -> None:
    """Every address is the live server's; the plugin's own fixture warns, and warnings are errors."""


@pytest.fixture
def page(page: Page) -> Page:
    page.set_default_timeout(PATIENCE_MS)
    return page


@pytest.fixture
def said(page: Page) -> list[str]:
    """The complaints of the browser, in their order."""
    return listen(page, [])


@pytest.fixture
def open_page(page: Page, live_server, said: list[str]) -> Callable[[str], Page]:
    """Open a path of the portal, on a desk's screen."""

    def opened(path: str) -> Page:
        page.set_viewport_size({"width": DESKTOP, "height": HEIGHT})
        page.goto(f"{live_server.url}{path}", wait_until="networkidle")
        return page

    return opened


@pytest.fixture
def someone(browser: Browser) -> Iterator[Callable[..., Page]]:
    """People with browsers of their own; their pages are strict and silent."""
    contexts, sentences = [], []

    def opened(*, javascript: bool = True, width: int = DESKTOP) -> Page:
        viewport = {"width": width, "height": HEIGHT}
        contexts.append(browser.new_context(java_script_enabled=javascript, viewport=viewport))
        page = contexts[-1].new_page()
        page.set_default_timeout(PATIENCE_MS)
        page.on("response", lambda response: sentences.extend(weaknesses(response)))
        listen(page, sentences)
        return page

    yield opened
    for context in contexts:
        context.close()
    assert sentences == []


@pytest.fixture
def register(settings) -> Iterator[RegisterServer]:
    """The company register, and nothing remembered from another test."""
    with fake_register.running() as server:
        settings.REGISTER_URL = server.url
        settings.REGISTER_TIMEOUT = timedelta(seconds=60)
        cache.clear()
        yield server


def listen(page: Page, sentences: list[str]) -> list[str]:
    """Write down what the browser says of this page."""
    page.on("console", lambda message: sentences.append(message.text))
    page.on("pageerror", lambda error: sentences.append(str(error)))
    return sentences


def weaknesses(response: Response) -> list[str]:
    """Directives of a page's policy that ours never allow; the frame of a mail has its own policy."""
    is_page = response.headers.get("content-type", "").startswith("text/html")
    if not is_page or response.url.endswith("/html/") or response.status in {301, 302}:
        return []
    policy = response.headers.get("content-security-policy", "")
    is_strict = "default-src 'none'" in policy and "unsafe" not in policy
    return [] if is_strict else [f"{response.url}: {policy}"]
