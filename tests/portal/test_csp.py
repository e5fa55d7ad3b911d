"""The security policy of our pages, and templates that respect it."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
PAGES = [
    path
    for path in sorted((ROOT / "templates").rglob("*.html"))
    if "emails" not in path.parts and "mjml" not in path.name
]
INLINE = re.compile(r"""<style|\sstyle=|<script(?![^>]*\ssrc=)|\son[a-z]+=|javascript:""", re.IGNORECASE)


def test_no_template_has_an_inline_script_or_style():
    assert PAGES
    assert [page for page in PAGES if INLINE.search(page.read_text(encoding="utf-8"))] == []


@pytest.mark.parametrize("path", ["/contact/", "/nulle-part/"])
def test_policy_is_strict(client, path):
    policy = client.get(path)["Content-Security-Policy"]

    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy


def test_policy_is_sent_with_the_500_page(client):
    client.raise_request_exception = False  # without the database mark, the query of the home page fails

    assert "default-src 'none'" in client.get("/")["Content-Security-Policy"]


def test_no_page_asks_another_site_for_anything(client):
    page = client.get("/contact/").content.decode()

    assert not re.search(r"""<(?:script|link|img|iframe)[^>]+(?:src|href)=["'](?:https?:)?//""", page)
