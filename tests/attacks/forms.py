"""Forms of a page, with all their controls, hidden ones included."""

from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urlsplit

from django.test import Client

from tests.attacks.addresses import every_address
from tests.attacks.sample_data import SampleData

TYPED = {"text", "email", "tel", "search", "number", "date", "textarea", "hidden"}
FILES = (".csv", ".xlsx", ".json", ".ics")


@dataclass
class Form:
    """A form: its action, its method, and its controls by name, with their kind and value."""

    action: str
    method: str
    controls: dict[str, tuple[str, str]] = field(default_factory=dict)

    @property
    def values(self) -> dict[str, str]:
        return {name: value for name, (_, value) in self.controls.items()}

    @property
    def typed(self) -> list[str]:
        """Names of the controls to type in, unlike lists and boxes."""
        return [name for name, (kind, _) in self.controls.items() if kind in TYPED]


class FormParser(HTMLParser):
    """Parser of the forms of one page; of several choices, the last value is kept."""

    def __init__(self, path: str) -> None:
        super().__init__()
        self.path = path
        self.forms: list[Form] = []
        self.select = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "form":
            method = (given.get("method") or "get").lower()
            self.forms.append(Form(urlsplit(given.get("action") or self.path).path, method))
        if not self.forms:
            return
        name = given.get("name") or ""
        if tag in {"input", "textarea", "select", "button"} and name:
            kind = given.get("type") or "text" if tag == "input" else tag
            self.forms[-1].controls[name] = (kind, given.get("value") or ("on" if kind == "checkbox" else ""))
        self.select = name if tag == "select" else self.select
        if tag == "option" and given.get("value"):
            self.forms[-1].controls[self.select] = ("select", given["value"] or "")


def forms_of(client: Client, path: str) -> list[Form]:
    """Forms of the page at this path; none when it is not an HTML page."""
    answer: Any = client.get(path)
    if answer.status_code != 200 or "text/html" not in answer["Content-Type"]:
        return []
    reader = FormParser(path)
    reader.feed(answer.content.decode())
    return reader.forms


def every_form(sample_data: SampleData, client: Client) -> list[Form]:
    """The forms of every page that this browser can open, each once; files have none."""
    found = {}
    for address in every_address():
        if not address.is_admin and not address.route.endswith(FILES):
            for form in forms_of(client, sample_data.path(address)):
                found.setdefault((form.action, form.method, *form.controls), form)
    return list(found.values())
