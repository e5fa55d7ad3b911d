"""One call writes a mail and queues the task that sends it, once per transaction."""

from datetime import datetime, timedelta

import pytest
from django.db import transaction
from django.db.transaction import TransactionManagementError
from django.utils import timezone

from mailing import outbox
from mailing.models import OutgoingEmail
from mailing.models.outgoing_querysets import SWEEP_GRACE_PERIOD
from portal.celery import app
from tests.mailing.factories import CONTEXT, NOW
from tests.unresponsive_server import UnresponsiveServer
from tests.workers import ARRIVAL_TIMEOUT

pytestmark = pytest.mark.django_db


def enqueue(**values):
    defaults = {"key": "received:7", "to": "a@example.org", "template": "examples/emails/notice", "now": NOW}
    return outbox.enqueue(**{**defaults, "context": CONTEXT, **values})


def pks_of(*keys):
    return [OutgoingEmail.objects.get(key=key).pk for key in keys]


def published_tasks(count):
    """The mail ids of each task published to the broker."""
    with app.connection() as broker, broker.SimpleQueue("celery") as queue:
        return [queue.get(timeout=ARRIVAL_TIMEOUT).payload[0] for _ in range(count)]


@pytest.fixture
def empty_queue():
    app.control.purge()


def test_enqueue_writes_one_row_per_key():
    with transaction.atomic():
        assert enqueue() is True
        assert enqueue(to="b@example.org") is False

    assert OutgoingEmail.objects.get().to == "a@example.org"


def test_enqueue_of_a_known_key_does_not_break_the_callers_transaction():
    with transaction.atomic():
        enqueue()

    with transaction.atomic():
        enqueue()
        enqueue(key="received:8")

    assert OutgoingEmail.objects.count() == 2


def test_enqueue_costs_one_query(django_assert_num_queries):
    with transaction.atomic(), django_assert_num_queries(1):
        enqueue()


def test_enqueue_is_undone_with_its_transaction():
    with transaction.atomic():
        enqueue()
        transaction.set_rollback(True)

    assert not OutgoingEmail.objects.exists()


def test_enqueue_again_adds_at_most_one_row_a_minute():
    with transaction.atomic():
        enqueue(about=["request:7"], thread="request-7")
    email = OutgoingEmail.objects.get()

    with transaction.atomic():
        is_written = outbox.enqueue_again(email, now=NOW + timedelta(hours=1))
        is_written_twice = outbox.enqueue_again(email, now=NOW + timedelta(hours=1, seconds=5))

    assert (is_written, is_written_twice) == (True, False)
    again = OutgoingEmail.objects.exclude(pk=email.pk).get()
    assert again.message_id != email.message_id
    assert (again.to, again.context, again.thread_id) == (email.to, email.context, email.thread_id)


def test_one_task_for_the_mails_of_a_transaction_that_are_due_at_the_same_time(
    empty_queue, django_capture_on_commit_callbacks
):
    now = timezone.now()

    with django_capture_on_commit_callbacks(execute=True), transaction.atomic():
        enqueue(key="a", now=now)
        enqueue(key="b", now=now)
        enqueue(key="b", now=now)
        enqueue(key="later", not_before=now + timedelta(minutes=1), now=now)

    assert published_tasks(2) == [pks_of("a", "b"), pks_of("later")]


def test_no_task_is_queued_for_the_mails_of_a_rolled_back_savepoint(
    empty_queue, django_capture_on_commit_callbacks
):
    now = timezone.now()

    with django_capture_on_commit_callbacks(execute=True), transaction.atomic():
        enqueue(key="before", now=now)
        with transaction.atomic():
            enqueue(key="lost", now=now)
            transaction.set_rollback(True)
        enqueue(key="after", now=now)

    assert published_tasks(1) == [pks_of("before", "after")]


def test_a_new_task_is_queued_for_mails_whose_cancellation_is_undone(
    empty_queue, django_capture_on_commit_callbacks
):
    now = timezone.now()
    with django_capture_on_commit_callbacks(), transaction.atomic():
        enqueue(key="a", about=["event:1"], now=now)
    with transaction.atomic():
        OutgoingEmail.objects.cancel_about("event:1", now=now)

    with django_capture_on_commit_callbacks(execute=True), transaction.atomic():
        outbox.restore_about("event:1", cancelled_at=now)

    assert published_tasks(1) == [pks_of("a")]
    assert OutgoingEmail.objects.pending().exists()


def test_nothing_is_published_before_the_commit(django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks() as callbacks, transaction.atomic():
        enqueue()

    assert len(callbacks) == 1


def test_outside_a_transaction_nothing_is_written():
    with pytest.raises(TransactionManagementError):
        enqueue()

    assert not OutgoingEmail.objects.exists()


def test_an_unavailable_broker_is_tried_once_without_error_and_the_mails_stay_pending(
    unavailable_broker, monkeypatch, django_capture_on_commit_callbacks
):
    with UnresponsiveServer(closes_connections=True) as broker:
        monkeypatch.setitem(app.conf, "broker_url", f"redis://127.0.0.1:{broker.port}/0")
        with django_capture_on_commit_callbacks(execute=True), transaction.atomic():
            enqueue(key="a")
            enqueue(key="later", not_before=NOW + timedelta(minutes=1))

    assert broker.count == 1
    assert OutgoingEmail.objects.pending().count() == 2


@pytest.mark.parametrize("delay", [timedelta(), timedelta(minutes=1)], ids=["at once", "later"])
def test_a_task_that_sends_expires_when_the_sweep_takes_over(
    delay, empty_queue, django_capture_on_commit_callbacks
):
    """Otherwise, while a mail server hangs, old tasks would keep workers from the clock's tasks."""
    before = timezone.now()
    with django_capture_on_commit_callbacks(execute=True), transaction.atomic():
        enqueue(not_before=before + delay, now=before)

    with app.connection() as broker, broker.SimpleQueue("celery") as queue:
        headers = queue.get(timeout=ARRIVAL_TIMEOUT).headers

    expires = datetime.fromisoformat(headers["expires"])
    assert before <= expires - delay - SWEEP_GRACE_PERIOD <= timezone.now()
