"""Logs of whole journeys: no name, text or token typed by people is in them."""

import io
import json
import logging
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import contextmanager

import pytest
from django.contrib.auth.decorators import login_not_required
from django.db import transaction
from django.test import Client
from django.urls import include, path

from demo.embedded.ports import free_port
from experts.models import User
from mailing import reception
from mailing.models import Channel, OutgoingEmail
from portal.logs import JsonLines
from solicitations.models import Solicitation
from tests.databases import ROOT
from tests.experts.factories import signed_in
from tests.journeys.person import Person
from tests.journeys.scenarios import SCENARIOS, fill_company, fill_need, open_as_expert
from tests.journeys.simulation import body, link
from tests.mailing.factories import OutgoingEmailFactory
from tests.scenario_names import FIND_CANDIDATES
from tests.workers import ARRIVAL_TIMEOUT, START, running_worker, wait_for

pytestmark = [pytest.mark.django_db, pytest.mark.demo_directory]

OWNER = "zephirine.quatrevaux@planted.example.org"
STAFF_EMAIL = "equipe.plantee@example.org"
EXPERT = "recrutement@france-travail-dijon.example.org"
PLANTED = {
    "contact": "Zéphirine Quatrevaux",
    "text": "Mon texte planté parle de pivoines.",
    "expert": "Mot planté : les tulipes attendront.",
    "question": "Question plantée sur les dahlias ?",
    "addition": "Ajout planté, avec des jonquilles.",
    "reply": "Réponse plantée par courriel, des iris.",
}
# Texts that would identify somebody: names, words, addresses, numbers, the client's address, tokens.
IDENTIFYING = re.compile(
    "zéphirine|zephirine|quatrevaux|planté|token-plante|pivoine|tulipe|dahlia|jonquille|iris|equipe.plantee"
    r"|vannier|@[\w-]+\.example|98 ?77 ?66|127\.0\.0\.1|\?nom=",
    re.IGNORECASE,
)


def fails(request, token):
    """View that violates a unique constraint: PostgreSQL quotes the key in its error."""
    with transaction.atomic():
        OutgoingEmailFactory(key=OWNER)
        OutgoingEmailFactory(key=OWNER)


urlpatterns = [path("panne/<str:token>/", login_not_required(fails)), path("", include("portal.urls"))]


@pytest.fixture
def written():
    """Log lines as production writes them."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonLines())
    logging.getLogger().addHandler(handler)
    # The tests' own mail server logs recipients; it is no part of the portal.
    logging.getLogger("mail").propagate = False
    yield stream
    logging.getLogger("mail").propagate = True
    logging.getLogger().removeHandler(handler)


def fill_contact(owner):
    """Fill in the third step with the planted contact."""
    owner.fill("Vos prénom et nom", PLANTED["contact"]).fill("Votre téléphone", "06 39 98 77 66")
    owner.fill("Votre adresse électronique", OWNER).choose("J'accepte que ma demande")
    return owner.press("Envoyer ma demande")


def tokens_of(mails):
    """Tokens of the links and reply addresses of these mails."""
    found = set()
    for mail in mails:
        found |= set(re.findall(r"/(?:suivi|reponse|reprise|avis|rappel)/([^/\s]{8,})", body(mail)))
        found |= {str(mail["Reply-To"]).partition("@")[0]} if mail["Reply-To"] else set()
    return found


def assert_nobody_in(text, mails):
    assert [line for line in text.splitlines() if IDENTIFYING.search(line)] == []
    assert [token for token in tokens_of(mails) if token in text] == []


@pytest.mark.urls(__name__)
def test_nobody_is_in_the_lines_of_whole_journeys(simulation, written, settings):
    scenario = SCENARIOS[FIND_CANDIDATES] | {"message": PLANTED["text"]}
    simulation.sink.refusals["recrutement@cap-emploi-21.example.org"] = (
        "550 5.1.1 <recrutement@cap-emploi-21.example.org> refused"
    )

    owner = fill_need(simulation.person(), scenario)
    fill_company(owner, scenario["company"])
    simulation.clock.shift(20)
    fill_contact(owner)
    simulation.deliver_mails()
    expert = open_as_expert(simulation, EXPERT).press("Je prends en charge")
    expert.fill("Votre message", PLANTED["expert"]).press("Envoyer aux autres")
    expert.fill("Votre question à l'entreprise", PLANTED["question"]).press("Envoyer à l'entreprise")
    simulation.deliver_mails()
    asked = simulation.last_mail(OWNER, "vous demande une précision")
    owner.open(link(asked, "Répondre")).fill("Votre réponse", PLANTED["addition"])
    owner.press("Envoyer ma réponse")
    reply_by_mail(simulation, asked)
    sign_in_badly_then_well(simulation)
    ask_for_what_is_not_there()
    settings.REGISTER_URL = "http://127.0.0.1:1"
    Client().post("/demande/trouver-candidats/entreprise/", {"search": "Quatrevaux"})
    Client(raise_request_exception=False).get("/panne/12-1.token-plante/?nom=Quatrevaux")
    OutgoingEmailFactory(
        template="solicitations/emails/received", context={"contact": OWNER}, created_at=simulation.now
    )
    simulation.deliver_mails()

    text = written.getvalue()
    assert_nobody_in(text, simulation.mails)
    assert PLANTED["reply"] in {addition.body for addition in Solicitation.objects.get().additions.all()}
    lines = [json.loads(line) for line in text.splitlines()]
    assert {"suivi/<str:token>/", "reponse/<str:token>/", "panne/<str:token>/", None} <= {
        line["route"] for line in lines if line["logger"] == "portal.request_logging"
    }
    assert {"mail sent", "mail did not leave", "answered"} <= {line["message"] for line in lines}
    assert {line.get("code") for line in lines if "IntegrityError" in line.get("error", "")} == {"23505"}


def reply_by_mail(simulation, asked):
    raw = (
        f"From: {PLANTED['contact']} <{OWNER}>\r\nTo: {asked['Reply-To']}\r\n"
        "Message-ID: <1@planted.example.org>\r\n"
        f"Subject: Re: plant\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n{PLANTED['reply']}\r\n"
    )
    with simulation.on_commit(execute=True):
        reception.store(
            raw.encode(), channel=Channel.PIPE, recipient=str(asked["Reply-To"]), now=simulation.now
        )
    simulation.deliver_mails()


def sign_in_badly_then_well(simulation):
    account = User.objects.create_user(STAFF_EMAIL, name="Agent planté", role=User.Role.NATIONAL)
    browser = Client()
    for address in (STAFF_EMAIL, OWNER):
        browser.post("/connexion/", {"email": address})
        browser.post("/connexion/code/confirm/", {"code": "PLAN-TULI"})
    staff = signed_in(account)
    staff.get("/demandes/?q=Quatrevaux")
    staff.get(f"/demandes/{Solicitation.objects.get().reference}/")


def ask_for_what_is_not_there():
    browser = Client(enforce_csrf_checks=True)
    browser.get("/suivi/12-1.token-plante/?nom=Quatrevaux")
    browser.get("/quatrevaux/zephirine/")
    browser.post("/reponse/12-1.token-plante/message/", {"text": PLANTED["expert"]})
    browser.get("/", headers={"Host": "quatrevaux.example.org"})
    browser.get("/metrics", headers={"Authorization": "Bearer planté"})


@pytest.mark.django_db(transaction=True)
def test_identifier_goes_from_the_visit_through_the_worker_to_the_mail(
    company_register, smtp_sink, process_environment
):
    """The worker's logs name nobody, even when the mail server's error does."""
    owner = Person()
    smtp_sink.refusals[EXPERT] = f"550 5.1.1 <{EXPERT}> refused"
    scenario = SCENARIOS[FIND_CANDIDATES] | {"message": PLANTED["text"]}
    with running_worker(process_environment, smtp_sink) as worker_output:
        fill_need(owner, scenario)
        fill_company(owner, scenario["company"])
        time.sleep(3)  # the form takes a faster visitor for a robot
        fill_contact(owner)
        wait_for(lambda: OWNER in {str(mail["To"]) for mail in smtp_sink.messages})
        wait_for(lambda: OutgoingEmail.objects.refused().exists() and "mail did not leave" in worker_output())
        wait_for(lambda: re.search("task done .*task=mailing.tasks.deliver", worker_output()))
        text = worker_output()

    [caused_by] = set(OutgoingEmail.objects.values_list("request_id", flat=True))
    sent = [line for line in text.splitlines() if "mail sent" in line]
    assert sent
    assert {mail["X-Request-ID"] for mail in smtp_sink.messages} == {caused_by}
    assert all(f"request_id={caused_by}" in line and f"cause={caused_by}" in line for line in sent)
    assert f"task done request_id={caused_by} task=mailing.tasks.deliver" in text
    assert_nobody_in(text.partition("ready.")[2], smtp_sink.messages)


@pytest.mark.django_db(transaction=True)
def test_web_server_keeps_no_list_of_visits(process_environment, tmp_path):
    """gunicorn's output contains routes, never addresses."""
    with running_web(process_environment, tmp_path / "web.log") as site:
        for address in ("/", "/suivi/12-1.token-plante/?nom=Quatrevaux", "/zephirine/"):
            ask(f"{site}{address}")
        send(site, b"GET /suivi/zephirine 12-1.token-plante HTTP/1.1\r\nHost: quatrevaux.example.org\r\n\r\n")

    text = (tmp_path / "web.log").read_text()
    assert "route=suivi/<str:token>/" in text
    assert "Invalid request from" in text
    assert_nobody_in(text, [])
    assert "token-plante" not in text


@contextmanager
def running_web(environment, log):
    """Run gunicorn, with its output in ``log``, and yield its address."""
    port = free_port()
    with log.open("wb") as output:
        process = subprocess.Popen(  # noqa: S603 (fixed commands)
            [
                *(sys.executable, "-m", "gunicorn", "portal.wsgi", "--bind", f"127.0.0.1:{port}"),
                *("--threads", "2", "--no-control-socket"),
            ],
            cwd=ROOT,
            env=environment | {"DJANGO_SETTINGS_MODULE": "portal.settings.test"},
            stdout=output,
            stderr=output,
        )
    site = f"http://127.0.0.1:{port}"
    try:
        wait_for(lambda: ask(f"{site}/sante/?vivant") == 200, START)
        yield site
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=ARRIVAL_TIMEOUT)


def send(site, request):
    """Send a raw request, answered or not."""
    host, _, port = site.removeprefix("http://").partition(":")
    with socket.create_connection((host, int(port)), timeout=ARRIVAL_TIMEOUT) as connection:
        connection.sendall(request)
        connection.recv(1000)


def ask(address):
    """Status of the response; ``None`` without response."""
    try:
        return urllib.request.urlopen(address, timeout=ARRIVAL_TIMEOUT).status  # noqa: S310 (our own address)
    except urllib.error.HTTPError as refusal:
        return refusal.code
    except OSError:
        return None
