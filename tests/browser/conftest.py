"""A real Chromium on the live server: pages opened, with what the browser said."""

import os
from collections.abc import Callable

import pytest
from playwright.sync_api import Page

# Playwright's own loop runs in the test's thread, where Django refuses queries unless told.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"

DESK, HEIGHT = 1280, 800


@pytest.fixture(scope="session")
def base_url() -> None:
    """Every address is the live server's; the plugin's own fixture warns, and warnings are errors."""


@pytest.fixture
def said(page: Page) -> list[str]:
    """What the browser complained of, in the order it did."""
    sentences: list[str] = []
    page.on("console", lambda message: sentences.append(message.text))
    page.on("pageerror", lambda error: sentences.append(str(error)))
    return sentences


@pytest.fixture
def open_page(page: Page, live_server, said: list[str]) -> Callable[[str], Page]:
    """Open a path of the portal, on a desk's screen."""

    def opened(path: str) -> Page:
        page.set_viewport_size({"width": DESK, "height": HEIGHT})
        page.goto(f"{live_server.url}{path}", wait_until="networkidle")
        return page

    return opened
