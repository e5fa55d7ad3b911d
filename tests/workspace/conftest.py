"""Fixtures to open the expert's page, fill its forms and press its buttons."""

import html
import re
from collections.abc import Callable, Iterator
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urlsplit

import pytest
import time_machine

from solicitations import links
from solicitations.models import Mailbox, Solicitation
from tests.solicitations.factories import mailbox, send


class HiddenFieldsParser(HTMLParser):
    """Parser of the hidden fields of each form of a page, by the form's address."""

    def __init__(self) -> None:
        super().__init__()
        self.found: dict[str, dict[str, str]] = {}
        self.action = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        if tag == "form":
            self.action = values.get("action") or ""
            self.found[self.action] = {}
        elif tag == "input" and values.get("type") == "hidden" and self.action in self.found:
            self.found[self.action][values["name"]] = values.get("value") or ""


def answer_path(mailbox: Mailbox) -> str:
    """Path of the page that this mailbox's mails link to."""
    return urlsplit(links.answer_url(mailbox)).path


def hidden_fields(response: Any) -> dict[str, dict[str, str]]:
    """Hidden fields of each form of a page, by the form's address."""
    parser = HiddenFieldsParser()
    parser.feed(response.content.decode())
    return parser.found


def page_text(response: Any) -> str:
    """Text of a page, without its tags, on one line."""
    text = re.sub(r"<(script|style)\b.*?</\1>", " ", response.content.decode(), flags=re.DOTALL)
    line = " ".join(re.sub(r"<[^>]+>", " ", text).split())
    return re.sub(r" (?=[.,])", "", html.unescape(line))


@pytest.fixture(autouse=True)
def clock(now) -> Iterator[time_machine.Traveller]:
    """Stop the clock that views read at ``now``; tests may shift it."""
    with time_machine.travel(now, tick=False) as traveller:
        yield traveller


@pytest.fixture
def sent(commit, now) -> Solicitation:
    return commit(send, now=now, phone="03 53 02 00 01")


@pytest.fixture(scope="module")
def first_request(undone, commit, now) -> Iterator[Solicitation]:
    """The same request, that all tests of a module find sent; ``sent_once`` is read again for each."""
    with undone():
        with time_machine.travel(now, tick=False):
            request = commit(send, now=now, phone="03 53 02 00 01")
        yield request


@pytest.fixture
def sent_once(first_request) -> Solicitation:
    return Solicitation.objects.get(pk=first_request.pk)


@pytest.fixture
def expert_mailbox(sent) -> Mailbox:
    """The mailbox of one expert of the request."""
    return mailbox(sent, "recrutement@france-travail")


@pytest.fixture
def two_needs(commit, now) -> Solicitation:
    """A request one of whose mailboxes has two needs."""
    facts = {"commune": "21231", "naf": "72.19Z", "craft": False, "headcount_min": 38, "headcount_max": 38}
    return commit(send, "recrutement-developpement", "financer-formation", now=now, **facts)


@pytest.fixture
def submit(client, django_capture_on_commit_callbacks) -> Callable[..., Any]:
    """Press a button of the page: post the form of that address with its hidden fields and these values."""

    def submitted(mailbox: Mailbox, action: str, *, page: Any = None, **typed: str) -> Any:
        path = answer_path(mailbox)
        page = page or client.get(path)
        hidden = hidden_fields(page)[f"{path}{action}"]
        with django_capture_on_commit_callbacks(execute=True):
            return client.post(f"{path}{action}", hidden | typed, follow=True)

    return submitted
