"""A person with a browser: reads pages, fills in fields by their labels, follows links, presses buttons.

A person can only do what the page offers: a field without a label, a button outside its form or a missing
link fails the test.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any, Self
from urllib.parse import urlsplit

from django.http import HttpResponse
from django.test import Client
from django.test.html import Element, parse_html

TEXTS = {"text", "email", "tel", "search", "number", "date", "hidden"}

# Searches: posted so that words are in no address.
WRITE_NOTHING = {"/recherche/", "/demande/"}


@dataclass
class Control:
    """A field of a form and the value that the browser would send."""

    form: Element
    name: str
    label: str
    kind: str
    value: str
    is_sent: bool
    options: tuple[tuple[str, str], ...] = ()


class Person:
    """One browser.

    ``on_commit``: a context manager, such as ``django_capture_on_commit_callbacks``, that runs what a request
    registers with ``transaction.on_commit``; none in tests whose transactions are committed.
    """

    def __init__(self, on_commit: Callable[..., AbstractContextManager[Any]] | None = None) -> None:
        self.client = Client(enforce_csrf_checks=True)
        self.on_commit = on_commit or (lambda execute: nullcontext())
        self.response: HttpResponse
        self.page: Element
        self.path = ""
        self.controls: list[Control] = []

    def open(self, address: str) -> Self:
        """Open an address, such as a mail's link."""
        parts = urlsplit(address)
        return self._ask("get", f"{parts.path}?{parts.query}" if parts.query else parts.path)

    def follow(self, label: str) -> Self:
        """Click on the link with this label."""
        links = [link for link in _all(self.page, "a") if label in text(link)]
        assert links, f"no link « {label} » on {self.path}:\n{self.text}"
        return self.open(_attribute(links[0], "href"))

    def fill(self, label: str, value: str) -> Self:
        """Type in the field of this label, or choose in its list."""
        control = self._control(label, {*TEXTS, "textarea", "select"})
        if control.kind == "select":
            value = next(code for code, label in control.options if value in label)
        control.value = value
        return self

    def choose(self, label: str) -> Self:
        """Tick the checkbox or radio button of this label."""
        chosen = self._control(label, {"radio", "checkbox"})
        if chosen.kind == "radio":
            for control in self.controls:
                control.is_sent &= control.form is not chosen.form or control.name != chosen.name
        chosen.is_sent = True
        return self

    def untick(self, label: str) -> Self:
        self._control(label, {"checkbox"}).is_sent = False
        return self

    def press(self, label: str) -> Self:
        """Press the button with this label, in the first form that has it."""
        for form in _all(self.page, "form"):
            for button in _all(form, "button"):
                if label in text(button):
                    return self._send(form, button)
        raise AssertionError(f"no button « {label} » on {self.path}:\n{self.text}")

    @property
    def text(self) -> str:
        """Text of the page, with single spaces."""
        return text(next(_all(self.page, "main"), self.page))

    @property
    def title(self) -> str:
        return text(next(_all(self.page, "title")))

    def _send(self, form: Element, button: Element) -> Self:
        given = [(one.name, one.value) for one in self.controls if one.form is form and one.is_sent]
        if name := _attribute(button, "name"):
            given.append((name, _attribute(button, "value")))
        answers: dict[str, list[str]] = {}
        for name, value in given:
            answers.setdefault(name, []).append(value)
        action = _attribute(form, "action") or self.path
        if _attribute(form, "method").lower() == "post":
            return self._ask("post", action, answers)
        return self._ask("get", urlsplit(action).path, answers)

    def _ask(self, method: str, path: str, answers: dict[str, list[str]] | None = None) -> Self:
        with self.on_commit(execute=True):
            self.response = getattr(self.client, method)(path, answers or {})
        query = self.response.request["QUERY_STRING"]
        self.path = self.response.request["PATH_INFO"] + (f"?{query}" if query else "")
        if self.response.status_code in {301, 302, 303}:
            return self.open(self.response["Location"])
        self._read()
        return self

    def _read(self) -> None:
        """Parse the page, and check its security policy and the CSRF tokens of its forms."""
        policy = self.response["Content-Security-Policy"]
        assert "default-src 'none'" in policy, self.path
        assert "unsafe" not in policy, self.path
        self.page = parse_html(self.response.content.decode())
        for form in _all(self.page, "form"):
            if (
                _attribute(form, "method").lower() == "post"
                and _attribute(form, "action") not in WRITE_NOTHING
            ):
                tokens = [
                    one for one in _all(form, "input") if _attribute(one, "name") == "csrfmiddlewaretoken"
                ]
                assert tokens, f"a form without its token on {self.path}"
        labels = {_attribute(label, "for"): text(label) for label in _all(self.page, "label")}
        self.controls = [
            control
            for form in _all(self.page, "form")
            for field in _all(form, "input", "textarea", "select")
            if (control := _control(form, field, labels))
        ]

    def _control(self, label: str, kinds: set[str]) -> Control:
        found = [one for one in self.controls if one.kind in kinds and label in one.label]
        exact = [one for one in found if one.label == label]
        assert found, f"no field « {label} » on {self.path}:\n{self.text}"
        return (exact or found)[0]


def text(element: Element | str) -> str:
    """Text of an element."""
    if isinstance(element, str):
        return element
    if element.name in {"script", "style"}:
        return ""
    return " ".join(" ".join(text(child) for child in element.children).split())


def _control(form: Element, field: Element, labels: dict[str, str]) -> Control | None:
    name = _attribute(field, "name")
    if not name:
        return None
    kind = _attribute(field, "type") or "text" if field.name == "input" else str(field.name)
    value, options = _attribute(field, "value"), ()
    if kind == "textarea":
        value = text(field)
    elif kind == "select":
        listed = list(_all(field, "option"))
        options = tuple((_attribute(option, "value"), text(option)) for option in listed)
        value = next((_attribute(one, "value") for one in listed if _has(one, "selected")), options[0][0])
    elif kind in {"radio", "checkbox"}:
        value = value or "on"
    is_sent = kind not in {"radio", "checkbox"} or _has(field, "checked")
    return Control(form, name, labels.get(_attribute(field, "id"), ""), kind, value, is_sent, options)


def _all(element: Element | str, *names: str) -> Any:
    """All the elements of these names, in the order of the page."""
    if isinstance(element, str):
        return
    if element.name in names:
        yield element
    for child in element.children:
        yield from _all(child, *names)


def _attribute(element: Element, name: str) -> str:
    return dict(element.attributes).get(name) or ""


def _has(element: Element, name: str) -> bool:
    return name in dict(element.attributes)
