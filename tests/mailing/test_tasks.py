"""Delivery tasks, the sweep, and failures of the mail server."""

import threading
from datetime import timedelta

import pytest
import time_machine
from django.db import connection

from mailing import tasks
from mailing.failures import Failure
from mailing.models import OutgoingEmail, OutgoingState, last_beat_at
from tests.mailing.factories import NOW, OutgoingEmailFactory

pytestmark = pytest.mark.django_db
LATER = NOW + timedelta(minutes=2)


def states():
    return list(OutgoingEmail.objects.order_by("pk").values_list("failure", "sent_at"))


def test_the_sweep_sends_mails_missed_by_workers_and_beats(sink):
    emails = OutgoingEmailFactory.create_batch(3)

    with time_machine.travel(LATER, tick=False):
        tasks.sweep()

    assert sink.recipients == [email.to for email in emails]
    assert last_beat_at("mailing.sweep") == LATER


def test_a_mail_that_fails_stops_no_other(sink):
    OutgoingEmailFactory(template="examples/emails/nowhere")
    fine = OutgoingEmailFactory()

    with time_machine.travel(LATER, tick=False):
        tasks.sweep()

    assert sink.recipients == [fine.to]


TRIGGER = """
    CREATE FUNCTION pg_temp.refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'refused'; END $$;
    CREATE TRIGGER refusing BEFORE UPDATE ON mailing_outgoingemail
    FOR EACH ROW WHEN ({}) EXECUTE FUNCTION pg_temp.refuse()
"""


def test_a_row_that_cannot_be_updated_is_not_sent(sink):
    stone, fine = OutgoingEmailFactory.create_batch(2)
    with connection.cursor() as cursor:
        cursor.execute(TRIGGER.format(f"OLD.id = {stone.pk}"))

    with time_machine.travel(LATER, tick=False):
        tasks.sweep()

    assert sink.recipients == [fine.to]


def test_a_mail_whose_outcome_cannot_be_saved_is_postponed(sink):
    email = OutgoingEmailFactory()
    with connection.cursor() as cursor:
        cursor.execute(TRIGGER.format("NEW.sent_at IS NOT NULL"))

    for minutes in range(30):
        with time_machine.travel(LATER + timedelta(minutes=minutes), tick=False):
            tasks.sweep()

    assert sink.recipients == [email.to]
    assert OutgoingEmail.objects.get().last_error.startswith("InternalError refused")


def test_a_refusal_with_invalid_characters_is_stored(sink):
    email = OutgoingEmailFactory()
    sink.on_rcpt = "550 no\0such\x1bone"

    with time_machine.travel(LATER, tick=False):
        tasks.sweep()

    assert OutgoingEmail.objects.get(pk=email.pk).last_error == "550 no such one"


@pytest.mark.parametrize(
    ("values", "is_saved"),
    [
        ({}, True),
        ({"created_at": NOW - timedelta(days=1), "not_before": NOW}, True),
        ({"created_at": NOW - timedelta(days=1), "not_before": LATER - timedelta(seconds=1)}, False),
        ({"attempts": 1, "failure": Failure.SERVER}, False),
    ],
    ids=["a lost message", "a lost delayed message", "delayed, due right now", "tried by a worker before"],
)
def test_a_mail_that_no_worker_tried_in_its_head_start_counts_as_saved_by_the_sweep(sink, values, is_saved):
    email = OutgoingEmailFactory(**values)

    with time_machine.travel(LATER, tick=False):
        tasks.sweep()

    assert len(sink.messages) == 1
    assert OutgoingEmail.objects.get(pk=email.pk).is_saved_by_sweep is is_saved


def test_a_mail_sent_late_by_a_worker_does_not_count(sink):
    email = OutgoingEmailFactory()

    with time_machine.travel(LATER, tick=False):
        tasks.deliver(email.pk)

    assert not OutgoingEmail.objects.get(pk=email.pk).is_saved_by_sweep


def test_a_mail_that_the_sweep_cannot_send_does_not_count(no_server):
    email = OutgoingEmailFactory()

    with time_machine.travel(LATER, tick=False):
        tasks.sweep()

    assert not OutgoingEmail.objects.get(pk=email.pk).is_saved_by_sweep


def test_the_sweep_stops_when_the_mail_server_is_down(no_server):
    OutgoingEmailFactory.create_batch(5)

    with time_machine.travel(LATER, tick=False):
        tasks.sweep()

    assert [failure for failure, _ in states()] == [Failure.SERVER] * 3 + [""] * 2


def test_a_sweep_that_lasts_leaves_the_rest_to_the_next(sink, monkeypatch):
    OutgoingEmailFactory.create_batch(3)
    monkeypatch.setattr(tasks, "DELIVERY_LIMIT", timedelta())

    for expected in (1, 2, 3):
        with time_machine.travel(LATER):
            tasks.sweep()

        assert len(sink.messages) == expected


def test_after_an_outage_everything_leaves(sink):
    OutgoingEmailFactory.create_batch(5)
    sink.on_rcpt = "421 closing"
    with time_machine.travel(LATER, tick=False):
        tasks.sweep()
    sink.on_rcpt = "250 OK"

    with time_machine.travel(LATER + timedelta(minutes=2), tick=False):
        tasks.sweep()

    assert all(sent_at for _, sent_at in states())


@pytest.mark.django_db(transaction=True)
def test_two_sweeps_at_once_send_once(sink):
    OutgoingEmailFactory.create_batch(12)

    def work():
        tasks.sweep()
        connection.close()

    with time_machine.travel(LATER):
        sweeps = [threading.Thread(target=work) for _ in range(2)]
        for sweep in sweeps:
            sweep.start()
        for sweep in sweeps:
            sweep.join()

    assert len(sink.messages) == 12


def test_tasks_named_in_settings_are_called_on_a_refusal(sink, settings, django_capture_on_commit_callbacks):
    refused_pks = []
    settings.MAILING_REFUSED_TASKS = ["tests.mailing.test_tasks.on_refused"]
    on_refused.run = refused_pks.append
    sink.on_rcpt = "550 no such user"
    email = OutgoingEmailFactory()

    with time_machine.travel(NOW), django_capture_on_commit_callbacks(execute=True):
        tasks.deliver(email.pk)

    assert refused_pks == [email.pk]
    assert OutgoingEmail.objects.get(pk=email.pk).state == OutgoingState.REFUSED


class on_refused:  # noqa: N801 (stands for a task)
    @classmethod
    def delay(cls, pk):
        cls.run(pk)
