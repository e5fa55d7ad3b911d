"""Voices as one table: each text, each role, each way of coming across it."""

import pytest
from django.test import Client
from django.urls import reverse

from experts.models import MailPreference, Seat
from experts.models.mail_preferences import MailChoice
from mailing.accepted_files import AcceptedFile
from mailing.models import OutgoingEmail
from solicitations import links
from solicitations.actions import company_requests, expert_answers, expert_messages
from solicitations.lifecycle import MatchState
from solicitations.models import Addition, InternalMessage, Message, Question
from tests.experts.factories import PersonFactory, signed_in
from tests.solicitations.factories import mailbox, match, send
from tests.solicitations.incoming import answer
from tests.workspace.conftest import answer_path

pytestmark = [pytest.mark.demo_directory, pytest.mark.django_db]

# I: to the author's institution; T: to the experts; Q: asked of the company; R: its answer; A: what it added.
WORDS = {"I": "Zanzibar", "T": "Tombouctou", "Q": "Quimperle", "R": "Rocamadour", "A": "Abbeville"}
# The author asked without taking, « taker » took, « other » did neither, « linked » is her by her mail.
# Search covers the thread and what all may read; no export has a text; originals are those of the thread,
# and of her own mails for the owner; the printed page is the page.
TABLE = """
          author linked other taker manager owner stranger
page      ITQRA  TQRA   TQA   TQRA  IQRA    QRA   -
print     ITQRA  TQRA   TQA   TQRA  IQRA    QRA   -
digest    -      -      TA    TRA   -       -     -
search    TA     -      TA    TA    A       -     -
export    -      -      -     -     -       -     -
original  T      T      T     T     -       RA    -
file      ITQRA  TQRA   TQA   TQRA  IQRA    QRA   -
"""


class Scene:
    """A request with one text in each voice, each with a file, and everybody who may come across them."""

    def __init__(self, commit, now) -> None:
        self.sent = commit(send, now=now)
        sent = self.sent
        self.author, other = mailbox(sent, "recrutement@france-travail"), mailbox(sent, "entreprises@mission")
        rest = sent.mailboxes.exclude(pk__in=[self.author.pk, other.pk]).order_by("pk")
        taker = mailbox(sent, rest[0].email)
        commit(expert_answers.move, match(sent, taker.email), MatchState.TAKEN, by=taker, now=now)
        for box in (other, taker):
            MailPreference.objects.create(address=box.email, choice=MailChoice.DIGEST, changed_at=now)
        people = {
            "author": PersonFactory(email=self.author.email),
            "other": PersonFactory(email=other.email),
            "taker": PersonFactory(email=taker.email),
            "manager": PersonFactory(),
        }
        office = self.author.speaker().office
        Seat.objects.create(user=people["manager"], office=office, given_at=now)
        self.addresses = {"other": other.email, "taker": taker.email, "author": self.author.email}
        self.clients = {name: signed_in(person) for name, person in people.items()}
        self.clients |= {"linked": Client(), "owner": Client(), "stranger": signed_in(PersonFactory())}
        by_account = {name: reverse("workspace:request", args=[self.author.pk]) for name in self.clients}
        by_account["other"] = reverse("workspace:request", args=[other.pk])
        by_account["taker"] = reverse("workspace:request", args=[taker.pk])
        self.paths = by_account | {
            "linked": answer_path(self.author),
            "owner": links.follow_url(sent).partition("//")[2].partition("/")[2].join(["/", ""]),
        }
        self.texts = self._write(commit, now)

    def _write(self, commit, now):
        bodies = {key: f"Vu {word}." for key, word in WORDS.items()}
        file = {key: [AcceptedFile(f"{key}.pdf", "application/pdf", b"%PDF-1.4")] for key in WORDS}
        common = {"now": now}
        commit(
            expert_messages.post_internal_message, self.author, body=bodies["I"], attached=file["I"], **common
        )
        commit(expert_messages.post_message, self.author, body=bodies["T"], attached=file["T"], **common)
        asked = commit(expert_messages.ask, self.author, body=bodies["Q"], attached=file["Q"], **common)
        add = company_requests.add_information
        commit(add, self.sent, body=bodies["R"], question=asked, attached=file["R"], **common)
        commit(add, self.sent, body=bodies["A"], attached=file["A"], **common)
        incoming = commit(answer, self.author, "Original.", message_id="<original@poste.example>", **common)
        Message.objects.filter(incoming=incoming).delete()
        for rows in (InternalMessage, Message, Question, Addition):
            rows.objects.update(incoming=incoming)
        return {
            "I": InternalMessage.objects.get(),
            "T": Message.objects.get(),
            "Q": asked,
            "R": Addition.objects.exclude(question=None).get(),
            "A": Addition.objects.get(question=None),
        }

    def read(self, way: str, role: str) -> str:
        found = getattr(self, way)(role)
        return "".join(key for key in "ITQRA" if key in found) or "-"

    def page(self, role: str) -> set[str]:
        shown = self.clients[role].get(self.paths[role]).content.decode()
        return {key for key, word in WORDS.items() if word in shown}

    print = page

    def digest(self, role: str) -> set[str]:
        rows = OutgoingEmail.objects.filter(is_for_digest=True, to=self.addresses.get(role, ""))
        mailed_text = " ".join(row.context["body"] for row in rows if "body" in row.context)
        return {key for key, word in WORDS.items() if word in mailed_text}

    def search(self, role: str) -> set[str]:
        scope = {"manager": "antennes"}.get(role, "moi")
        reference = self.sent.company_name
        return {
            key
            for key, word in WORDS.items()
            if reference in self._list(role, {"q": word, "pour": scope, "onglet": "tous"})
        }

    def _list(self, role: str, query: dict[str, str], *, path: str = "/besoins/") -> str:
        answered = self.clients[role].get(path, query)
        parts = answered.streaming_content if answered.streaming else [answered.content]
        return b"".join(parts).decode() if answered.status_code == 200 else ""

    def export(self, role: str) -> set[str]:
        kept = self._list(role, {"pour": "moi", "onglet": "tous"}, path="/besoins/export.csv")
        return {key for key, word in WORDS.items() if word in kept}

    def original(self, role: str) -> set[str]:
        return {key for key, text in self.texts.items() if self._opens(role, f"originaux/{text.pk}/", text)}

    def file(self, role: str) -> set[str]:
        return {
            key
            for key, text in self.texts.items()
            if self._opens(role, f"fichiers/{text.files.get().pk}/", None)
        }

    def _opens(self, role: str, end: str, text) -> bool:
        """True when the address answers; an original is looked up among the texts of the role's door."""
        if text is not None and isinstance(text, Addition) != (role == "owner"):
            return False
        if text is not None and isinstance(text, Question | InternalMessage):
            return False
        answered = self.clients[role].get(f"{self.paths[role]}{end}")
        b"".join(answered.streaming_content if answered.streaming else [])
        return answered.status_code == 200


def test_each_text_is_come_across_by_its_readers_alone(commit, now, settings, tmp_path):
    settings.PRIVATE_FILES = str(tmp_path)
    scene = Scene(commit, now)
    heading, *rows = TABLE.strip().splitlines()
    expected = {
        (line.split()[0], role): cell
        for line in rows
        for role, cell in zip(heading.split(), line.split()[1:], strict=True)
    }

    assert {(way, role): scene.read(way, role) for way, role in expected} == expected
