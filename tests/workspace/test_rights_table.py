"""Rights as one table: each person, each request, each page, act, list, export, file, original and mail."""

from dataclasses import dataclass
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import URLResolver, reverse

from experts.models import CannedAnswer, Expert, Office, Seat
from mailing.accepted_files import AcceptedFile
from mailing.models import Channel, IncomingEmail
from solicitations.actions import company_requests
from solicitations.models import Mailbox, Match, Message, Solicitation
from territories.models import Region
from tests.attacks.addresses import PARAMETER, Address, every_address
from tests.experts.factories import ExpertFactory, NationalFactory, PersonFactory, RegionalFactory, signed_in
from tests.solicitations.factories import mailbox, send
from tests.workspace.conftest import answer_path
from workspace.models import SavedSearch

pytestmark = [pytest.mark.demo_directory, pytest.mark.django_db]

EXPERT, OTHER = "recrutement@france-travail-dijon", "entreprises@mission-locale-dijon"
WORD = "Zanzibar"  # in each request's text, and nowhere else
# P: its page by account; L: its line in the list; S: found by its words; E: its company named in the export;
# F: a file of the company; O: the original of a mail; R: the staff's page; M: its mails as staff read them.
# The requests: sent to the expert, to a colleague of her office, to another office, to her and confidential.
# Staff read a request on their own pages; nobody else sees it. A manager gets no original: another voice's.
TABLE = """
             visitor stranger expert colleague manager of_two elsewhere region office_region national
own          -       -        PLSEFO LE        PLSEF   PLSEF  -         RM     -             RM
office       -       -        LE     PLSEFO    PLSEF   PLSEF  -         RM     -             RM
other        -       -        -      -         -       PLSEF  -         RM     -             RM
confidential -       -        PLFO   L         PLF     PLF    -         RM     -             RM
"""


def _expected() -> dict[tuple[str, str], str]:
    heading, *rows = TABLE.strip().splitlines()
    people = heading.split()
    return {
        (line.split()[0], person): cell.replace("-", "")
        for line in rows
        for person, cell in zip(people, line.split()[1:], strict=True)
    }


EXPECTED = _expected()
KINDS = ("own", "office", "other", "confidential")
# Each address of the workspace: its method, then its answer to the expert by account, to who holds the link
# of her mail, to a colleague, to a manager, to a manager of another office. Pages are opened, acts are posted
# empty. 200: the page, or the page with an error; 409: the page was too old; 302: to a page that says what
# was done or why not; 286: nothing more to ask; 404: nothing is here; « - »: that door has no such address.
ACTS = """
                          method expert link colleague manager else
inbox                     GET    200    -    200       200     200
export_csv                GET    200    -    200       200     200
export_xlsx               GET    200    -    200       200     200
inbox_news                GET    200    -    200       200     200
bulk                      POST   302    -    302       302     302
bulk_undo                 POST   200    -    200       200     200
save_search               POST   302    -    302       302     302
remove_search             POST   404    -    404       404     404
request_news              GET    286    -    404       404     404
request                   GET    200    200  404       200     404
request_print             GET    302    302  404       404     404
request_file              GET    200    200  404       200     404
request_message_original  GET    200    200  404       404     404
request_internal          POST   200    -    404       200     404
request_message           POST   200    200  404       404     404
request_question          POST   200    200  404       404     404
request_withdraw          POST   302    302  404       404     404
request_introduce         POST   409    409  404       404     404
request_search_person     GET    200    200  404       404     404
request_hand_to_person    POST   409    409  404       404     404
request_decline           POST   409    409  404       404     404
request_conclude          POST   409    409  404       404     404
request_put_off           POST   409    409  404       404     404
request_undo              POST   409    409  404       404     404
request_phone             POST   200    200  404       404     404
request_take              POST   409    409  404       404     404
request_take_all          POST   302    302  404       404     404
open_inbox                GET    -      200  -         -       -
renew_answer              POST   -      302  -         -       -
undo_record_change        GET    -      410  -         -       -
team                      GET    403    -    403       200     200
team_new                  GET    404    -    404       200     404
team_record               GET    404    -    404       200     404
team_subjects             GET    404    -    404       200     404
team_absence              GET    404    -    404       200     404
team_remove_absence       GET    404    -    404       404     404
team_pause                GET    404    -    404       200     404
team_leave                GET    404    -    404       200     404
team_reassign             GET    404    -    404       200     404
canned_answers            GET    403    -    403       200     200
canned_answer             GET    404    -    404       200     404
remove_canned_answer      POST   404    -    404       302     404
request_call              POST   200    200  404       404     404
request_call_off          POST   302    302  404       404     404
request_call_undo         POST   302    302  404       404     404
request_call_file         GET    404    404  404       404     404
request_departure         POST   302    302  404       404     404
"""
DOORS = ("expert", "link", "colleague", "manager", "else")
# The others drop « request_ ».
BY_LINK = {"request": "answer", "request_phone": "correct_phone", "request_print": "answer_print"}


def link_name(name: str) -> str:
    """Name of the address that does by link what that one does by account."""
    return BY_LINK.get(name, name.removeprefix("request_"))


@dataclass
class Scene:
    """The requests by kind, and a client for each person."""

    mailboxes: dict[str, Mailbox]
    clients: dict[str, Client]
    file: dict[str, int]
    original: dict[str, int]
    search: SavedSearch
    canned: CannedAnswer

    def path(self, address: Address) -> str:
        """Path of an address, about « own »."""
        own, match = self.mailboxes["own"], self.mailboxes["own"].matches.get()
        values: dict[str, Any] = {
            "mailbox": own.pk,
            "token": answer_path(own).strip("/").split("/")[-1],
            "office": match.expert.office_id,
            "kind": "message",
            "day": "2026-12-01",
            "signed": "x",
            "pk": next((pk for part, pk in self._keys(match) if f"/{part}/" in address.route), match.pk),
        }
        return "/" + PARAMETER.sub(lambda found: str(values[found[1]]), address.route)

    def _keys(self, match: Match) -> list[tuple[str, int]]:
        return [
            ("fichiers", self.file["own"]),
            ("originaux", self.original["own"]),
            ("retirer/<slug:kind>", self.original["own"]),
            ("postes", match.expert_id),
            ("personnes", match.expert_id),
            ("recherches", self.search.pk),
            ("reponses", self.canned.pk),
        ]


def build(commit: Any, now: Any) -> Scene:
    expert = Expert.objects.get(email__startswith=EXPERT)
    office, second = expert.office, Expert.objects.filter(email__startswith=OTHER).first().office
    colleague = ExpertFactory(office=office, email="collegue@france-travail-dijon.example.org")
    mailboxes, files, originals = {}, {}, {}
    receivers = {"own": EXPERT, "office": colleague.email, "other": OTHER, "confidential": EXPERT}
    for kind, email in receivers.items():
        sent = commit(
            send,
            now=now,
            text=f"{WORD} {kind}",
            company_name=f"Atelier {kind}",
            siret="",
            email=f"{kind}@x.fr",
        )
        found = mailbox(sent, email)
        Mailbox.objects.filter(solicitation=sent).exclude(pk=found.pk).delete()
        one = [AcceptedFile(f"{kind}.pdf", "application/pdf", b"%PDF-1.4")]
        added = commit(company_requests.add_information, sent, body="Suite", attached=one, now=now)
        incoming = IncomingEmail.objects.create(
            channel=Channel.PIPE,
            message_id=f"<{kind}@x>",
            raw=b"Subject: x\r\n\r\nx",
            received_at=now,
            next_try_at=now,
        )
        message = Message.objects.create(
            solicitation=sent,
            mailbox=found,
            author="x",
            institution="x",
            body="Bonjour",
            at=now,
            incoming=incoming,
        )
        mailboxes[kind], files[kind], originals[kind] = found, added.files.get().pk, message.pk
    confidential = mailboxes["confidential"].solicitation
    Solicitation.objects.filter(pk=confidential.pk).update(is_confidential=True)
    confidential.is_confidential = True
    Office.objects.filter(pk=office.pk).update(region=Region.objects.get(pk="84"))
    people = {
        "stranger": PersonFactory(email=ExpertFactory().email),
        "expert": PersonFactory(email=expert.email),
        "colleague": PersonFactory(email=colleague.email),
        "manager": PersonFactory(),
        "of_two": PersonFactory(),
        "elsewhere": PersonFactory(),
        "region": RegionalFactory(region=Region.objects.get(pk="27")),
        "office_region": RegionalFactory(region=Region.objects.get(pk="84")),
        "national": NationalFactory(),
    }
    seats = {"manager": [office], "of_two": [office, second], "elsewhere": [ExpertFactory().office]}
    for name, offices in seats.items():
        for one_office in offices:
            Seat.objects.create(user=people[name], office=one_office, given_at=now)
    clients = {"visitor": Client()} | {name: signed_in(user) for name, user in people.items()}
    search = SavedSearch.objects.create(user=people["stranger"], name="x", query="onglet=clos")
    canned = CannedAnswer.objects.create(institution=office.institution, title="x", body="x", changed_at=now)
    return Scene(mailboxes, clients, files, originals, search, canned)


@dataclass
class Lists:
    """Lists as a person reads them: mailboxes, by line and by words; text of the export and of the mails."""

    lines: set[int]
    found: set[int]
    export: str
    mails: str


def lists_of(client: Client) -> Lists:
    shown, mails = client.get("/besoins/", {"onglet": "tous"}), client.get("/courrier/")
    seen = Lists(set(), set(), "", mails.content.decode() if mails.status_code == 200 else "")
    scopes = (shown.context or {}).get("scopes", []) if shown.status_code == 200 else []
    for tab in scopes:
        path = f"/besoins/{tab.query}"
        seen.lines |= {row.mailbox for row in client.get(path).context["rows"]}
        seen.found |= {row.mailbox for row in client.get(f"{path}&q={WORD}").context["rows"]}
        seen.export += b"".join(client.get(f"/besoins/export.csv{tab.query}").streaming_content).decode()
    assert WORD not in seen.export
    return seen


def cell(scene: Scene, kind: str, client: Client, seen: Lists) -> str:
    """The keys of what a person has of a request."""
    own = scene.mailboxes[kind]

    def opens(name: str, *args: Any) -> bool:
        return client.get(reverse(name, args=args)).status_code == 200

    has = {
        "P": opens("workspace:request", own.pk),
        "L": own.pk in seen.lines,
        "S": own.pk in seen.found,
        "E": f"Atelier {kind}" in seen.export,
        "F": opens("workspace:request_file", own.pk, scene.file[kind]),
        "O": opens("workspace:request_message_original", own.pk, scene.original[kind]),
        "R": opens("oversight:request", own.solicitation.reference),
        "M": f"{kind}@x.fr" in seen.mails,
    }
    return "".join(key for key, is_so in has.items() if is_so)


_read: dict[tuple[str, str], str] = {}


@pytest.fixture
def scene(commit, now, settings, tmp_path, monkeypatch) -> Scene:
    settings.PRIVATE_FILES = str(tmp_path)
    # The page of what does not exist has tests of its own, and hundreds of cells would render it.
    usual = URLResolver.resolve_error_handler

    def handler(resolver, code):
        plain = lambda request, exception: HttpResponse(status=404)  # noqa: E731
        return plain if code == 404 else usual(resolver, code)

    monkeypatch.setattr(URLResolver, "resolve_error_handler", handler)
    return build(commit, now)


@pytest.fixture
def table(request) -> dict[tuple[str, str], str]:
    """The keys of everybody on every request, read once."""
    if not _read:
        scene = request.getfixturevalue("scene")
        for person, client in scene.clients.items():
            seen = lists_of(client)
            _read.update({(kind, person): cell(scene, kind, client, seen) for kind in KINDS})
    return _read


@pytest.mark.parametrize(("kind", "person"), list(EXPECTED))
def test_what_each_person_has_of_each_request(table, kind, person):
    assert table[kind, person] == EXPECTED[kind, person]


def acts_table() -> list[list[str]]:
    return [line.split() for line in ACTS.strip().splitlines()[1:]]


def test_every_address_of_the_workspace_is_in_the_table():
    named = {
        address.name.removeprefix("workspace:")
        for address in every_address()
        if address.name.startswith("workspace:") and not address.name.endswith(":None")
    }
    rows = acts_table()
    listed = {row[0] for row in rows} | {link_name(row[0]) for row in rows if row[3] != "-"}

    assert listed == named, "write here who may open the new address, and who may not"


def test_each_address_answers_each_person_as_the_table_says(scene):
    clients = scene.clients | {"else": scene.clients["elsewhere"], "link": Client()}
    routes = {address.name: address for address in every_address()}
    wrong = []
    for name, method, *expected in acts_table():
        for door, code in sorted(
            zip(DOORS, expected, strict=True), reverse=True
        ):  # who may nothing comes first
            if code == "-":
                continue
            address = routes[f"workspace:{link_name(name) if door == 'link' else name}"]
            path = scene.path(address)
            answer = getattr(clients[door], method.lower())(path)
            if answer.streaming:
                list(answer.streaming_content)  # which closes its file
            if str(answer.status_code) != code:
                wrong.append(f"{name}, {door}: {answer.status_code} instead of {code}")

    assert not wrong
