"""Sending over a real socket, with every answer of a mail server."""

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.conf import settings as project
from django.db import connection, transaction

from mailing.delivery import deliver, send_now
from mailing.failures import Failure
from mailing.models import OutgoingEmail, OutgoingState
from tests.mailing.factories import CONTEXT, NOW, OutgoingEmailFactory
from tests.workers import ARRIVAL_TIMEOUT, wait_for_a_blocked_session

pytestmark = pytest.mark.django_db


def after(email):
    return OutgoingEmail.objects.get(pk=email.pk)


def test_sent(sink):
    reply_to = f"r@{project.REPLY_DOMAIN}"
    email = OutgoingEmailFactory(thread="request-7", reply_to=reply_to, from_name="Chambre de métiers")

    deliver(email.pk, now=NOW)

    assert (after(email).state, after(email).sent_at, after(email).attempts) == (OutgoingState.SENT, NOW, 1)
    message = sink.to(email.to)[0]
    assert message["Message-ID"] == email.message_id
    assert message["From"].addresses[0].display_name == "Chambre de métiers"
    delimiter, _, typed = message.get_body("plain").get_content().splitlines()[:3]
    assert delimiter == "— Répondez au-dessus de cette ligne —"
    assert typed.startswith("L'entreprise Martin & Fils écrit")
    assert "Je prends en charge" in message.get_body("html").get_content()


def test_sent_once(sink):
    email = OutgoingEmailFactory()

    deliver(email.pk, now=NOW)

    assert deliver(email.pk, now=NOW) is None
    assert len(sink.messages) == 1


@pytest.mark.parametrize(
    "values", [{"cancelled_at": NOW}, {"not_before": NOW + timedelta(seconds=1)}, {"is_secret": True}]
)
def test_not_to_be_sent(sink, values):
    assert deliver(OutgoingEmailFactory(**values).pk, now=NOW) is None
    assert not sink.messages


@pytest.mark.parametrize(
    ("step", "answer", "failure", "is_refused"),
    [
        ("on_rcpt", "550 5.1.1 no such user", Failure.REFUSED, True),
        ("on_rcpt", "552 5.2.2 mailbox full", Failure.REFUSED, True),
        ("on_data", "554 5.7.1 refused", Failure.REFUSED, True),
        ("on_rcpt", "450 4.2.0 greylisted", Failure.RECIPIENT, False),
        ("on_data", "452 4.2.2 mailbox full", Failure.RECIPIENT, False),
        ("on_rcpt", "421 4.3.2 closing", Failure.SERVER, False),
        ("on_data", "421 4.3.2 closing", Failure.SERVER, False),
        ("on_rcpt", "530 5.7.0 authentication required", Failure.SERVER, False),
    ],
)
def test_error_of_the_server(sink, step, answer, failure, is_refused):
    setattr(sink, step, answer)
    email = OutgoingEmailFactory()

    deliver(email.pk, now=NOW)

    row = after(email)
    assert (row.failure, bool(row.refused_at)) == (failure, is_refused)
    assert row.last_error.startswith(answer[:3])
    assert row.sent_at is None
    if not is_refused:
        assert row.next_try_at >= NOW + timedelta(minutes=1)


def test_server_that_never_answers_is_tried_once(unresponsive_server):
    email = OutgoingEmailFactory()

    deliver(email.pk, now=NOW)

    assert unresponsive_server.count == 1
    assert (after(email).state, after(email).failure) == (OutgoingState.LATE, Failure.SERVER)


def test_server_has_seconds_to_answer():
    assert project.EMAIL_TIMEOUT == 5


def test_server_away(no_server):
    email = OutgoingEmailFactory()

    deliver(email.pk, now=NOW)

    assert (after(email).state, after(email).failure) == (OutgoingState.LATE, Failure.SERVER)
    assert "Connection refused" in after(email).last_error


def test_retry_keeps_the_message_id(sink):
    email = OutgoingEmailFactory()
    sink.on_rcpt = "421 later"
    deliver(email.pk, now=NOW)
    sink.on_rcpt = "250 OK"

    deliver(email.pk, now=after(email).next_try_at)

    assert sink.messages[0]["Message-ID"] == email.message_id
    assert (after(email).attempts, after(email).failure, after(email).last_error) == (2, "", "")


@pytest.mark.parametrize("template", ["examples/emails/nowhere", "examples/emails/broken"])
def test_a_mail_that_cannot_be_rendered_is_tried_again(sink, template):
    email = OutgoingEmailFactory(template=template)

    deliver(email.pk, now=NOW)

    row = after(email)
    assert (row.state, row.failure) == (OutgoingState.LATE, Failure.CONTENT)
    assert row.last_error
    assert row.next_try_at > NOW
    assert not sink.messages


def test_invalid_address_is_refused(sink):
    email = OutgoingEmailFactory(to="nobody")

    deliver(email.pk, now=NOW)

    assert after(email).state == OutgoingState.REFUSED


def test_long_lines_and_accents_arrive_whole(sink):
    typed = "été — « œuf » " * 200
    email = OutgoingEmailFactory(context={**CONTEXT, "words": typed})

    deliver(email.pk, now=NOW)

    assert typed.strip() in sink.messages[0].get_body("html").get_content()
    assert typed.strip() in sink.messages[0].get_body("plain").get_content()


@pytest.fixture
def held(sink):
    """A mail server that holds the first mail: ``begun`` is set on arrival, ``goes_on`` lets it answer."""
    begun, goes_on = threading.Event(), threading.Event()
    sink.at_data = lambda: (begun.set(), goes_on.wait(ARRIVAL_TIMEOUT))
    return begun, goes_on


@pytest.fixture
def begin():
    """Call a function in a thread, with its own connection; return the future."""

    def work(act, *args, **kwargs):
        try:
            return act(*args, **kwargs)
        finally:
            connection.close()

    with ThreadPoolExecutor() as pool:
        yield lambda act, *args, **kwargs: pool.submit(work, act, *args, **kwargs)


@pytest.mark.django_db(transaction=True)
def test_two_workers_send_once(sink, held, begin):
    begun, goes_on = held
    email = OutgoingEmailFactory()

    first = begin(deliver, email.pk, now=NOW)
    assert begun.wait(ARRIVAL_TIMEOUT)
    assert begin(deliver, email.pk, now=NOW).result(ARRIVAL_TIMEOUT) is None
    goes_on.set()

    assert first.result(ARRIVAL_TIMEOUT).state == OutgoingState.SENT
    assert len(sink.messages) == 1
    assert after(email).attempts == 1


@pytest.mark.django_db(transaction=True)
def test_a_cancel_during_the_sending_leaves_it_sent(held, begin):
    begun, goes_on = held
    email = OutgoingEmailFactory()

    begin(deliver, email.pk, now=NOW)
    assert begun.wait(ARRIVAL_TIMEOUT)
    cancelled = begin(transaction.atomic(OutgoingEmail.objects.cancel_about), "play:1", now=NOW)
    wait_for_a_blocked_session()
    goes_on.set()

    assert cancelled.result(ARRIVAL_TIMEOUT) == 0
    assert after(email).state == OutgoingState.SENT


@pytest.mark.django_db(transaction=True)
def test_deliver_refuses_to_run_inside_a_transaction():
    with pytest.raises(RuntimeError), transaction.atomic():
        deliver(1, now=NOW)


def test_a_secret_is_sent_at_once_and_leaves_no_content(sink):
    row = send_now(
        key="code:1", to="a@example.org", template="examples/emails/notice", context=CONTEXT, now=NOW
    )

    assert after(row).state == OutgoingState.SENT
    assert after(row).context == {}
    assert len(sink.messages) == 1


def test_the_demo_shows_secrets(sink, settings):
    settings.DEMO = True

    row = send_now(
        key="code:1", to="a@example.org", template="examples/emails/notice", context=CONTEXT, now=NOW
    )

    assert "Martin & Fils" in after(row).rendered().text


def test_a_secret_is_tried_once(no_server):
    row = send_now(
        key="code:1", to="a@example.org", template="examples/emails/notice", context=CONTEXT, now=NOW
    )

    assert after(row).sent_at is None
    assert after(row).state == OutgoingState.REFUSED
    assert not OutgoingEmail.objects.due(now=NOW + timedelta(days=1)).exists()
