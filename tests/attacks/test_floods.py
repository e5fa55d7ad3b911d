"""Floods of requests and mails, from one address or many: limits, held requests, mails per mailbox."""

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from itertools import count

import pytest
import time_machine
from allauth.account import forms as account_forms
from allauth.mfa.totp.internal import auth as totp
from django.core import mail
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.urls import reverse

from experts.accounts import limits
from experts.models import RateCounter, Seat, User
from mailing.models import OutgoingEmail
from solicitations import tasks
from solicitations.lifecycle import HeldReason
from solicitations.models import Draft, Solicitation
from tests.experts.factories import ExpertFactory, signed_in
from tests.owners.visitor import CONTACT, NEED, Visitor

VICTIM = "victime@example.org"
MAX_MAILS_A_DAY = 21  # requests acknowledged, links asked for, and one line on like requests

pytestmark = [pytest.mark.django_db, pytest.mark.demo_directory]


@pytest.fixture
def strangers(django_capture_on_commit_callbacks) -> Iterator[Visitor]:
    """Endless visitors, each with a different network address."""
    return (
        Visitor(
            Client(REMOTE_ADDR=f"192.0.{number // 250}.{number % 250}"), django_capture_on_commit_callbacks
        )
        for number in count()
    )


def test_requests_count_one_by_one_even_sent_together(strangers, monkeypatch):
    monkeypatch.setattr(limits, "SENT_PER_EMAIL", limits.Limit("sent-email", 1, limits.DAY))
    visitor = next(strangers)
    visitor.reach_contact(subjects=["licenciement"], text_licenciement="Mon serveur ne vient plus.")

    assert visitor.contact().status_code == 429
    assert not Solicitation.objects.exists()


def test_same_words_from_many_addresses_are_held(strangers):
    for number, visitor in zip(range(4), strangers, strict=False):
        visitor.need()
        visitor.company(company="Rien de connu", action="typed")
        visitor.facts(name=f"Entreprise {number}", headcount="3")
        visitor.contact(email=f"robot{number}@example.org")

    reasons = list(Solicitation.objects.order_by("pk").values_list("held_reason", flat=True))
    assert reasons == ["", "", "", HeldReason.AUTOMATIC]


def test_more_than_a_commune_ever_sends_is_held(strangers, monkeypatch):
    monkeypatch.setattr(limits, "SENT_PER_COMMUNE", limits.Limit("sent-commune", 0, limits.HOUR))

    assert next(strangers).send().held_reason == HeldReason.AUTOMATIC


def test_what_strangers_cause_to_a_mailbox_in_a_day_is_bounded(strangers):
    """Each visitor has a new address and posts every form that takes an email."""
    for number, visitor in zip(range(15), strangers, strict=False):
        visitor.reach_contact(
            description=f"Je cherche un peintre, annonce {number}.",
            subjects=["licenciement"],
            text_licenciement=f"Mon salarié {number} ne vient plus.",
        )
        visitor.contact(email=VICTIM)
        visitor.need(description=f"Autre chose {number}")
        visitor.client.post("/demande/trouver-candidats/plus-tard/", {"email": VICTIM})
        visitor.client.post("/suivi/", {"email": VICTIM})

    tasks.sweep()

    assert 0 < OutgoingEmail.objects.filter(to__iexact=VICTIM).count() <= MAX_MAILS_A_DAY


def test_like_requests_under_other_addresses_are_told_once_a_day(strangers):
    next(strangers).send(contact={"email": VICTIM})
    for number, visitor in zip(range(4), strangers, strict=False):
        visitor.send(contact={"email": f"robot{number}@example.org"}, description=f"Annonce {number}.")
    tasks.sweep()

    tasks.sweep()

    mails = OutgoingEmail.objects.filter(to=VICTIM, template__endswith="second_came")
    assert mails.count() == 1


def test_an_experts_link_in_the_wrong_hands_floods_nobody(sample_data, client, monkeypatch):
    monkeypatch.setattr(limits, "ACTS_PER_MAILBOX", limits.Limit("acts", 3, limits.HOUR))
    path = reverse("workspace:message", args=[sample_data.expert_token])
    before = OutgoingEmail.objects.count()

    answers = [client.post(path, {"body": f"Mot {number}"}).status_code for number in range(6)]

    assert answers == [302, 302, 302, 429, 429, 429]
    others = sample_data.solicitation.mailboxes.count() - 1
    assert OutgoingEmail.objects.count() - before == 3 * others


def ask_code(client: Client, email: str) -> int:
    """Ask for a sign-in code; returns the number of mails sent for it."""
    before = len(mail.outbox)
    client.post("/connexion/", {"email": email})
    return len(mail.outbox) - before


def test_asking_for_sign_in_codes_is_bounded(strangers, national, monkeypatch, today):
    monkeypatch.setattr(limits, "CODES_FROM_UNKNOWN_NETWORKS", limits.Limit("codes-unknown", 4, limits.HOUR))

    assert sum(ask_code(next(strangers).client, national.email) for _ in range(6)) == 4


@pytest.mark.parametrize("address", ["198.51.100.{}", "2001:db8:1:2::{:x}"], ids=["IPv4", "IPv6"])
def test_one_network_asks_for_so_many_codes_a_minute_whatever_the_mailbox(monkeypatch, address, today):
    monkeypatch.setattr(limits, "CODES_PER_NETWORK", limits.Limit("codes-network", 4, limits.MINUTE))
    for number in range(6):
        User.objects.create_user(f"agent{number}@equipe.example.org", role="national")
    here = address.format(1) if "." in address else None

    asked = [
        ask_code(Client(REMOTE_ADDR=here or address.format(number + 1)), f"agent{number}@equipe.example.org")
        for number in range(6)
    ]

    assert asked == [1, 1, 1, 1, 0, 0]
    assert ask_code(Client(REMOTE_ADDR="203.0.113.5"), "agent5@equipe.example.org") == 1


@pytest.mark.parametrize(
    "spelling",
    [str, str.upper, lambda email: email.replace("@", "+x@")],
    ids=["the same", "capitals", "plus"],
)
def test_one_network_locks_nobody_out(national, now, spelling, today):
    """Half an hour of requests from one place, then the colleague's own."""
    for minute in range(30):
        with time_machine.travel(now + timedelta(minutes=minute), tick=False):
            for host in range(3):
                stranger = Client(REMOTE_ADDR=f"2001:db8:1:2::{host}")
                stranger.post("/connexion/", {"email": spelling(national.email)})

    assert len(mail.outbox) <= 20
    with time_machine.travel(now + timedelta(minutes=30), tick=False):
        assert ask_code(Client(REMOTE_ADDR="198.51.100.7"), national.email) == 1


def test_a_thousand_networks_do_not_lock_out_who_signs_in_from_where_she_did(national, strangers, rf, today):
    home = "198.51.100.7"
    limits.remember_network(rf.get("/", REMOTE_ADDR=home), national.email, now=today)
    asked = sum(ask_code(next(strangers).client, national.email) for _ in range(80))

    assert asked == limits.CODES_FROM_UNKNOWN_NETWORKS.most
    assert ask_code(Client(REMOTE_ADDR=home), national.email) == 1


def test_signing_in_is_what_makes_a_network_known(national, rf, today):
    client = Client(REMOTE_ADDR="198.51.100.7")
    ask_code(client, national.email)
    client.post("/connexion/code/", {"code": re.search(r"[A-Z]{4}-[A-Z]{4}", mail.outbox[-1].body)[0]})

    assert "_auth_user_id" in client.session
    for _ in range(2):
        assert ask_code(Client(REMOTE_ADDR="198.51.100.7"), national.email) == 1
    keys = list(
        RateCounter.objects.filter(until__gt=today + timedelta(days=80)).values_list("key", flat=True)
    )
    assert len(keys) == 1
    assert national.email not in keys[0]


def test_asking_again_for_a_code_counts_as_asking(national, today):
    """allauth counts those of one session, which several sessions or lost writes go round."""
    client = Client(REMOTE_ADDR="198.51.100.7")
    sent = ask_code(client, national.email)
    kept = client.session["account_login"]
    for _ in range(6):
        session = client.session
        session["account_login"] = kept
        session.save()
        client.post("/connexion/code/", {"action": "resend"})
    sent = len(mail.outbox)

    assert sent == 3


def tries_after(client: Client, path: str, wrong: int, right: str, *, put_back: bool) -> None:
    """Post wrong codes, then the right one; ``put_back``: the session is as before each of them.

    So it is when they are posted at the same time: each reads it, and writes what it knows.
    """
    kept = dict(client.session.items())
    for number in range(wrong + 1):
        if put_back:
            session = client.session
            session.update(kept)
            session.save()
            cache.clear()
        client.post(path, {"code": right if number == wrong else "000000"})


@pytest.mark.parametrize(("wrong", "is_in"), [(2, True), (3, False)])
def test_codes_tried_at_once_are_judged_three_times(national, today, wrong, is_in):
    client = Client()
    ask_code(client, national.email)
    code = re.search(r"[A-Z]{4}-[A-Z]{4}", mail.outbox[-1].body)[0]

    tries_after(client, "/connexion/code/", wrong, code, put_back=True)

    assert ("_auth_user_id" in client.session) == is_in


@pytest.mark.parametrize(("wrong", "seats"), [(2, 1), (3, 0), (19, 0)])
def test_codes_of_a_shared_mailbox_tried_at_once_are_judged_three_times(national, today, wrong, seats):
    expert = ExpertFactory(email="equipe@office.example.org")
    client = signed_in(national)
    client.post(reverse("ask_mailbox"), {"mailbox": expert.email})
    code = re.search(r"[A-Z]{4}-[A-Z]{4}", mail.outbox[-1].body)[0]

    tries_after(client, reverse("confirm_mailbox"), wrong, code, put_back=True)

    assert Seat.objects.filter(expert=expert).count() == seats


@pytest.mark.parametrize(("wrong", "is_in"), [(4, True), (5, False)])
def test_second_factors_tried_at_once_are_judged_five_times(national, today, wrong, is_in):
    key = totp.generate_totp_secret()
    totp.TOTP.activate(national, key)
    client = Client()
    ask_code(client, national.email)
    code = re.search(r"[A-Z]{4}-[A-Z]{4}", mail.outbox[-1].body)[0]
    path = client.post("/connexion/code/", {"code": code})["Location"]
    right = totp.format_hotp_value(totp.hotp_value(key, max(totp.yield_hotp_counters_from_time())))

    tries_after(client, path, wrong, right, put_back=True)

    assert ("_auth_user_id" in client.session) == is_in


@pytest.mark.django_db(transaction=True)
def test_twenty_codes_posted_together_are_judged_three_times(national, monkeypatch):
    judged = []
    monkeypatch.setattr(
        account_forms, "compare_user_code", lambda *, actual, expected: bool(judged.append(actual))
    )
    client = Client()
    ask_code(client, national.email)
    cookies = client.cookies["sessionid"].value

    def attempt(number: int) -> None:
        each = Client()
        each.cookies["sessionid"] = cookies
        try:
            each.post("/connexion/code/", {"code": f"ABCD-EF{number:02}"})
        finally:
            connection.close()

    with ThreadPoolExecutor(max_workers=20) as threads:
        list(threads.map(attempt, range(20)))

    assert len(judged) <= 3


@pytest.mark.parametrize(("step", "posted"), [("", NEED), ("contact/", CONTACT)])
def test_one_address_writes_no_endless_drafts(client, monkeypatch, step, posted):
    monkeypatch.setattr(limits, "STEPS_PER_ADDRESS", limits.Limit("steps", 2, limits.HOUR))

    for _ in range(5):
        Client().post(f"/demande/trouver-candidats/{step}", posted)

    assert Draft.objects.count() <= 2
