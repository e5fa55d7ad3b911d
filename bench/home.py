"""Weight of two public pages at a first visit: empty cache, JavaScript on, phone and desktop screens.

Static files are collected and compressed as in production; pages are not, since a proxy does it.
"""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from playwright.sync_api import Browser, CDPSession, sync_playwright

from bench import contents, databases, serving
from bench.harness import Result
from tests.browsers import LAUNCH_ARGUMENTS, find_chromium

MAX_BYTES, MAX_REQUESTS = 300_000, 20
WIDTHS = (360,) if contents.IS_SMALL else (360, 1280)
COLLECT = "import django; django.setup(); from demo import static_files; static_files.collect(announce=str)"
PAGES = {
    "Home page": "/",
    "Who can help, a theme": f"/qui-peut-aider/?besoin=theme-recrutement&commune_code={contents.TOWN}",
}


@dataclass
class Visit:
    """Requests and bytes transferred for one page."""

    requests: int = 0
    bytes: int = 0
    by_kind: dict[str, int] = field(default_factory=dict)


def measure() -> list[Result]:
    """One result per page and width of screen."""
    if find_chromium() is None:
        return [Result("Public pages, first visit", "no Chromium on this machine")]
    database = databases.build(contents.NATIONAL)
    with tempfile.TemporaryDirectory() as folder:
        variables = {
            "DJANGO_SETTINGS_MODULE": "bench.page_weight_settings",
            "DATABASE_URL": databases.url(database),
            "STATIC_ROOT": folder,
        }
        subprocess.run(
            [sys.executable, "-c", COLLECT],
            cwd=serving.ROOT,
            env=os.environ | variables,
            check=True,
        )
        with serving.serving(database, variables=variables) as site, chromium() as browser:
            return [
                _row(page, width, open_page(browser, f"http://127.0.0.1:{site.port}{path}", width))
                for page, path in PAGES.items()
                for width in WIDTHS
            ]


@contextmanager
def chromium() -> Iterator[Browser]:
    """A browser for several visits."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=find_chromium(), args=LAUNCH_ARGUMENTS)
        yield browser
        browser.close()


def open_page(browser: Browser, url: str, width: int) -> Visit:
    """Open a page with an empty cache. Raises ``RuntimeError`` when a file is missing."""
    counted, kinds, failed = Visit(), {}, []
    with browser.new_page(viewport={"width": width, "height": 800}) as page:
        session: CDPSession = page.context.new_cdp_session(page)
        session.send("Network.enable")
        session.send("Network.setCacheDisabled", {"cacheDisabled": True})

        def asked(event: dict) -> None:
            if event["request"]["url"].startswith("http"):
                counted.requests += 1
                kinds[event["requestId"]] = event.get("type", "Other")

        def finished(event: dict) -> None:
            if kind := kinds.get(event["requestId"]):
                counted.bytes += event["encodedDataLength"]
                counted.by_kind[kind] = counted.by_kind.get(kind, 0) + int(event["encodedDataLength"])

        def answered(event: dict) -> None:
            if event["response"]["status"] >= 400:
                failed.append(event["response"]["url"])

        session.on("Network.requestWillBeSent", asked)
        session.on("Network.responseReceived", answered)
        session.on("Network.loadingFinished", finished)
        page.goto(url, wait_until="networkidle")
    if failed:
        raise RuntimeError(f"files of the page are missing: {failed}")
    return counted


def _row(page: str, width: int, visit: Visit) -> Result:
    parts = ", ".join(f"{kind.lower()} {size / 1000:.0f}" for kind, size in sorted(visit.by_kind.items()))
    return Result(
        title=f"{page}, first visit, {width} px",
        measured=f"{visit.bytes / 1000:.0f} kB, {visit.requests} requests",
        limit="≤ 300 kB, ≤ 20 requests",
        is_met=visit.bytes <= MAX_BYTES and visit.requests <= MAX_REQUESTS,
        evidence=f"At {width} px, in kB: {parts}.",
    )
