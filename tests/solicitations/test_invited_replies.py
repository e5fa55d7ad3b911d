"""Mails that say who reads a reply: none says so when the reply would be refused."""

from datetime import timedelta

import pytest

from experts.models import User
from mailing.models import IncomingState, OutgoingEmail
from mailing.replies import DELIMITER
from solicitations.actions import company_requests, expert_answers, staff_actions
from solicitations.lifecycle import ClosedReason, MatchState
from solicitations.models import Match, Solicitation
from tests.solicitations.factories import match, send
from tests.solicitations.incoming import receive
from workspace import record_changes

pytestmark = [pytest.mark.demo_directory, pytest.mark.django_db, pytest.mark.usefixtures("first_request")]

FACTS = {"commune": "21231", "naf": "72.19Z", "craft": False, "headcount_min": 38, "headcount_max": 38}
EXPERT = "recrutement@france-travail"


@pytest.fixture
def staff() -> User:
    return User.objects.create_user("nationale@equipe.example.org", name="Équipe", role="national")


@pytest.fixture
def sent(sent_once, now) -> Solicitation:
    """A request whose first mails have left."""
    request = sent_once
    OutgoingEmail.objects.update(sent_at=now)
    return request


def invites(mail: OutgoingEmail) -> bool:
    return DELIMITER in mail.rendered().text


def takes_reply(mail: OutgoingEmail, *, now) -> bool:
    """Return whether a reply of the mail's recipient is published."""
    lines = [
        f"From: {mail.to}",
        f"To: {mail.reply_to}",
        "Subject: Re",
        f"Message-ID: <r{mail.pk}@poste.example.org>",
        f"In-Reply-To: {mail.message_id}",
        "",
        f"Voici mes mots sur ce courriel, {mail.to} {mail.template}.",
    ]
    email = receive("\n".join(lines).encode(), recipient=mail.reply_to, now=now)
    return email.state == IncomingState.ACCEPTED


def checked(*, now) -> dict[str, bool]:
    """Check that a reply is taken when the mail invites one; return whether it does, by kind of mail."""
    mails = OutgoingEmail.objects.filter(sent_at=None, cancelled_at=None, reply_to__startswith="reponse+")
    found = {}
    for mail in mails.order_by("pk"):
        kind = mail.template.rpartition("/")[2]
        assert invites(mail) is takes_reply(mail, now=now), kind
        found[kind] = invites(mail)
    return found


def test_no_expert_may_write_to_a_cancelled_request(commit, sent, now):
    commit(company_requests.cancel, sent, now=now)

    assert checked(now=now) == {"stopped": False}


def test_nobody_may_write_to_a_request_that_staff_closed(commit, sent, staff, now):
    commit(staff_actions.close, sent, message="Nous vous avons répondu au téléphone.", by=staff, now=now)

    assert checked(now=now) == {"closed_by_staff": False, "stopped": False}


def test_the_company_may_write_to_a_request_that_staff_closed_after_help(commit, sent, staff, now):
    for state in (MatchState.TAKEN, MatchState.HELPED):
        helping = match(sent, EXPERT)
        commit(expert_answers.move, helping, state, by=helping.mailbox, now=now)
    OutgoingEmail.objects.update(sent_at=now)
    sent.refresh_from_db()

    commit(staff_actions.close, sent, message="Merci.", by=staff, now=now)

    assert checked(now=now) == {"closed_by_staff": True, "stopped": False}


def test_nobody_may_write_to_a_request_closed_as_spam(commit, sent, staff, now):
    commit(staff_actions.mark, sent, ClosedReason.SPAM, by=staff, now=now)

    assert checked(now=now) == {"stopped": False}


def test_replies_of_a_withdrawn_expert_are_taken_while_another_need_is_theirs(commit, sent, staff, now):
    two = commit(send, "recrutement-developpement", "financer-formation", now=now, **FACTS)
    OutgoingEmail.objects.update(sent_at=now)
    rows = list(Match.objects.sent().filter(need__solicitation=two).with_people())
    boxes = [row.mailbox_id for row in rows]
    shared = next(row for row in rows if boxes.count(row.mailbox_id) > 1)
    alone = match(sent, EXPERT)

    commit(staff_actions.withdraw, shared, reason="Erreur.", by=staff, now=now)
    assert checked(now=now) == {"stopped": True}

    OutgoingEmail.objects.update(sent_at=now)
    commit(staff_actions.withdraw, alone, reason="Erreur.", by=staff, now=now)
    assert checked(now=now) == {"stopped": False}


def test_replies_are_taken_after_a_new_number_and_not_after_a_departure(commit, sent, now):
    row = match(sent, EXPERT)
    commit(record_changes.correct_phone, row.expert, by=row.mailbox, phone="03 80 12 34 56", now=now)
    assert checked(now=now)["record_changed"] is True

    OutgoingEmail.objects.update(sent_at=now)
    later = now + timedelta(hours=1)
    commit(record_changes.report_departure, row.expert, by=row.mailbox, successor="", now=later)
    assert checked(now=now)["record_changed"] is False
