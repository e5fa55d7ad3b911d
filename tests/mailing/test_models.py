"""The outbox's rules."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction

from mailing.failures import Failure
from mailing.models import NoContent, OutgoingEmail, OutgoingState, beat, last_beat_at, oldest_due_at
from mailing.replies import DELIMITER
from tests.mailing.factories import NOW, OutgoingEmailFactory

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("values", "is_due"),
    [
        ({}, True),
        ({"not_before": NOW + timedelta(seconds=60)}, False),
        ({"next_try_at": NOW + timedelta(minutes=2)}, False),
        ({"sent_at": NOW}, False),
        ({"refused_at": NOW}, False),
        ({"cancelled_at": NOW}, False),
        ({"is_secret": True}, False),
    ],
)
def test_due(values, is_due):
    OutgoingEmailFactory(**values)

    assert OutgoingEmail.objects.due(now=NOW).exists() is is_due


def test_sweep_leaves_new_mails_to_the_worker_for_a_minute():
    OutgoingEmailFactory()

    assert not OutgoingEmail.objects.for_sweep(now=NOW + timedelta(seconds=59)).exists()
    assert OutgoingEmail.objects.for_sweep(now=NOW + timedelta(seconds=60)).exists()


def test_cancel_about_touches_only_unsent_mails_of_that_subject():
    waiting = OutgoingEmailFactory(about=["request:7", "match:1"])
    sent = OutgoingEmailFactory(about=["request:7"], sent_at=NOW)
    other = OutgoingEmailFactory(about=["request:77"])

    with transaction.atomic():
        cancelled = OutgoingEmail.objects.cancel_about("request:7", now=NOW)

    assert cancelled == 1
    states = [OutgoingEmail.objects.get(pk=email.pk).state for email in (waiting, sent, other)]
    assert states == [OutgoingState.CANCELLED, OutgoingState.SENT, OutgoingState.WAITING]


def test_a_mail_has_one_outcome():
    with pytest.raises(IntegrityError):
        OutgoingEmailFactory(sent_at=NOW, cancelled_at=NOW)


def test_a_thread_cannot_carry_a_header():
    with pytest.raises(IntegrityError):
        OutgoingEmailFactory(thread="request-7>\nBcc: all")


def test_waits_double_up_to_an_hour():
    email = OutgoingEmailFactory()

    waits = []
    for email.attempts in range(1, 10):
        email.record_failure(Failure.SERVER, "421", at=NOW)
        waits.append((email.next_try_at - NOW) / timedelta(minutes=1))

    expected = [1, 2, 4, 8, 16, 32, 60, 60, 60]
    assert all(least <= wait <= least * 1.25 for least, wait in zip(expected, waits, strict=True))


@pytest.mark.parametrize(
    ("failure", "gives_up"),
    [(Failure.RECIPIENT, True), (Failure.SERVER, False), (Failure.CONTENT, False)],
)
def test_after_days_a_silent_recipient_is_given_up_but_not_our_own_failures(failure, gives_up):
    email = OutgoingEmailFactory()

    email.record_failure(failure, "452 mailbox full", at=NOW + timedelta(days=6))

    assert bool(email.refused_at) is gives_up


def test_refused_secrets_are_not_counted():
    OutgoingEmailFactory(refused_at=NOW, is_secret=True)
    refused = OutgoingEmailFactory(refused_at=NOW)

    assert list(OutgoingEmail.objects.refused()) == [refused]


def test_a_mail_that_is_answered_here_says_where_to_type(settings):
    answerable = OutgoingEmailFactory(reply_to=f"reponse+e1-aa@{settings.REPLY_DOMAIN}")

    assert answerable.rendered().text.startswith(DELIMITER)


def test_a_mail_whose_reply_nobody_would_read_does_not(settings):
    email = OutgoingEmailFactory(reply_to=f"reponse+e1-aa@{settings.REPLY_DOMAIN}")
    email.context = {**email.context, "answer_readers": ""}  # not in place: the factory's mails share one

    assert DELIMITER not in email.rendered().text
    assert DELIMITER not in email.rendered().html


@pytest.mark.parametrize("reply_to", ["", "zoe@dreets.example.org"])
def test_a_mail_that_somebody_answers_elsewhere_does_not(reply_to):
    assert DELIMITER not in OutgoingEmailFactory(reply_to=reply_to).rendered().text


def test_a_secret_without_content_cannot_be_shown():
    with pytest.raises(NoContent):
        OutgoingEmailFactory(is_secret=True, context={}).rendered()


def test_heartbeat():
    assert last_beat_at("mailing.sweep") is None

    beat("mailing.sweep", now=NOW)
    beat("mailing.sweep", now=NOW + timedelta(minutes=1))

    assert last_beat_at("mailing.sweep") == NOW + timedelta(minutes=1)


def test_oldest_due_counts_retries_but_not_recipients_who_put_us_off():
    OutgoingEmailFactory(not_before=NOW - timedelta(hours=2), failure=Failure.RECIPIENT)
    OutgoingEmailFactory(not_before=NOW - timedelta(hours=3), sent_at=NOW)
    OutgoingEmailFactory(
        not_before=NOW - timedelta(hours=1), next_try_at=NOW + timedelta(hours=1), failure=Failure.SERVER
    )
    OutgoingEmailFactory(not_before=NOW + timedelta(minutes=1))

    assert oldest_due_at(now=NOW) == NOW - timedelta(hours=1)


def test_due_mails_of_a_large_outbox_are_read_from_their_index():
    OutgoingEmailFactory()

    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
    plan = OutgoingEmail.objects.due(now=NOW).explain()

    assert "outgoing_email_pending" in plan
