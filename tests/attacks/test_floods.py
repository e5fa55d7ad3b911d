"""Floods of requests and mails, from one address or many: limits, held requests, mails per mailbox."""

from collections.abc import Iterator
from itertools import count

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse

from experts.accounts import limits
from mailing.models import OutgoingEmail
from solicitations import tasks
from solicitations.lifecycle import HeldReason
from solicitations.models import Draft, Solicitation
from tests.solicitations.company.visitor import CONTACT, NEED, Visitor

VICTIM = "victime@example.org"
MOST_MAILS_A_DAY = 21  # requests acknowledged, links asked for, and one line on like requests

pytestmark = [pytest.mark.django_db, pytest.mark.reference]


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

    assert 0 < OutgoingEmail.objects.filter(to__iexact=VICTIM).count() <= MOST_MAILS_A_DAY


def test_like_requests_under_other_addresses_are_told_once_a_day(strangers):
    next(strangers).send(contact={"email": VICTIM})
    for number, visitor in zip(range(4), strangers, strict=False):
        visitor.send(contact={"email": f"robot{number}@example.org"}, description=f"Annonce {number}.")
    tasks.sweep()

    tasks.sweep()

    told = OutgoingEmail.objects.filter(to=VICTIM, template__endswith="second_came")
    assert told.count() == 1


def test_an_experts_link_in_the_wrong_hands_floods_nobody(sample_data, client, monkeypatch):
    monkeypatch.setattr(limits, "ACTS_PER_MAILBOX", limits.Limit("acts", 3, limits.HOUR))
    path = reverse("workspace:message", args=[sample_data.expert_token])
    before = OutgoingEmail.objects.count()

    answers = [client.post(path, {"body": f"Mot {number}"}).status_code for number in range(6)]

    assert answers == [302, 302, 302, 429, 429, 429]
    others = sample_data.solicitation.mailboxes.count() - 1
    assert OutgoingEmail.objects.count() - before == 3 * others


def test_asking_for_sign_in_codes_is_bounded(strangers, national):
    for _, stranger in zip(range(6), strangers, strict=False):
        stranger.client.post("/connexion/", {"email": national.email})

    assert len(mail.outbox) == 3


@pytest.mark.parametrize(("step", "posted"), [("", NEED), ("contact/", CONTACT)])
def test_one_address_writes_no_endless_drafts(client, monkeypatch, step, posted):
    monkeypatch.setattr(limits, "STEPS_PER_ADDRESS", limits.Limit("steps", 2, limits.HOUR))

    for _ in range(5):
        Client().post(f"/demande/trouver-candidats/{step}", posted)

    assert Draft.objects.count() <= 2
