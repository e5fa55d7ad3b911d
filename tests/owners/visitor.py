"""A visitor who fills in the form through Django's client."""

import html
import re
from typing import Any

from django.http import HttpResponse
from django.test import Client

from solicitations.models import Solicitation

SUBJECT = "trouver-candidats"
NEED = {
    "commune": "Is-sur-Tille",
    "description": "Je cherche un peintre depuis quatre mois et je n'ai reçu que deux CV.",
}
COMPANY = {"company": "00010037000014"}
FACTS: dict[str, Any] = {}
CONTACT = {
    "contact_name": "La gérante",
    "phone": "06 39 98 12 34",
    "email": "contact@peintures.example.org",
    "consent": "on",
}


class Visitor:
    """Post the steps one after the other; given values replace the usual answers."""

    def __init__(self, client: Client, on_commit: Any) -> None:
        self.client = client
        self.on_commit = on_commit

    def get(self, step: str = "", *, subject: str = SUBJECT, **query: str) -> HttpResponse:
        return self.client.get(f"/demande/{subject}/{step}", query)

    def need(self, *, subject: str = SUBJECT, **answers: Any) -> HttpResponse:
        return self.client.post(f"/demande/{subject}/", NEED | answers)

    def company(self, *, subject: str = SUBJECT, **answers: Any) -> HttpResponse:
        return self.client.post(f"/demande/{subject}/entreprise/", answers or COMPANY)

    def facts(self, *, subject: str = SUBJECT, **answers: Any) -> HttpResponse:
        return self.client.post(f"/demande/{subject}/entreprise/", FACTS | answers)

    def contact(self, *, subject: str = SUBJECT, **answers: Any) -> HttpResponse:
        with self.on_commit(execute=True):
            return self.client.post(f"/demande/{subject}/contact/", CONTACT | answers)

    def reach_contact(self, *, subject: str = SUBJECT, **need: Any) -> None:
        """Post the first two steps; hints on the text are read and left."""
        page = self.need(subject=subject, **need)
        if page.status_code == 200 and page.context["hints"]:
            page = self.need(subject=subject, hints_seen=page.context["hints_mark"], **need)
        assert page.status_code == 302
        self.company(subject=subject)
        assert self.facts(subject=subject).url == f"/demande/{subject}/contact/"

    def send(self, *, subject: str = SUBJECT, contact: dict | None = None, **need: Any) -> Solicitation:
        """Post the three steps; return the request that was created."""
        self.reach_contact(subject=subject, **need)
        answer = self.contact(subject=subject, **(contact or {}))
        assert answer.status_code == 302, answer.content.decode()
        return Solicitation.objects.filter(sent_with=None).latest("pk")


def text_of(response: HttpResponse) -> str:
    """Return the text of the page without tags, with single spaces."""
    bare = re.sub(r"<[^>]+>", " ", response.content.decode())
    return " ".join(html.unescape(bare).split())
