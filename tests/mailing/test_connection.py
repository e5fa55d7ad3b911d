"""Mails that share a connection to the mail server."""

import asyncio
from datetime import timedelta

import pytest
import time_machine

from mailing import connection, tasks
from mailing.failures import Failure
from mailing.models import OutgoingEmail
from tests.mailing.conftest import TalkativeSink, send_by_smtp
from tests.mailing.factories import NOW, OutgoingEmailFactory

pytestmark = pytest.mark.django_db


class CountingSink(TalkativeSink):
    """``callers``: the client's end of each mail's connection; ``closes``: disconnect after each mail.

    ``at_next_sender``: answer to the sender of a mail that is not the first of its connection.
    """

    def __init__(self):
        super().__init__()
        self.callers, self.closes = [], False
        self.at_next_sender = self.at_sender = "250 OK"

    async def handle_MAIL(self, server, session, envelope, address, options):  # noqa: N802
        envelope.mail_from = address
        return self.at_next_sender if session.peer in self.callers else self.at_sender

    async def handle_DATA(self, server, session, envelope):  # noqa: N802
        self.callers.append(session.peer)
        if self.closes:
            asyncio.get_running_loop().call_soon(server.transport.close)
        return await super().handle_DATA(server, session, envelope)


@pytest.fixture
def sink(settings):
    sink = CountingSink()
    send_by_smtp(settings, sink.address[1])
    yield sink
    sink.stop()


def deliver_all(emails):
    with time_machine.travel(NOW + timedelta(seconds=1), tick=False):
        tasks.deliver(*(email.pk for email in emails))


def failures():
    return list(OutgoingEmail.objects.order_by("pk").values_list("failure", flat=True))


def test_mails_of_an_order_share_a_connection(sink):
    emails = OutgoingEmailFactory.create_batch(3)

    deliver_all(emails)

    assert sink.recipients == [email.to for email in emails]
    assert len(set(sink.callers)) == 1


def test_a_connection_is_closed_after_a_number_of_mails(sink, monkeypatch):
    monkeypatch.setattr(connection, "MAX_MAILS", 2)

    deliver_all(OutgoingEmailFactory.create_batch(5))

    assert [sink.callers.count(caller) for caller in dict.fromkeys(sink.callers)] == [2, 2, 1]


def test_a_server_that_closes_after_each_mail_gets_them_all(sink):
    sink.closes = True

    deliver_all(OutgoingEmailFactory.create_batch(3))

    assert failures() == ["", "", ""]
    assert len(set(sink.callers)) == 3


@pytest.mark.parametrize(
    "answer", ["421 4.7.0 too many mails on this connection", "452 4.5.3 too many mails", "550 5.7.1 no more"]
)
def test_a_server_that_takes_one_mail_per_connection_gets_them_all(sink, answer):
    sink.at_next_sender = answer

    deliver_all(OutgoingEmailFactory.create_batch(3))

    assert failures() == ["", "", ""]
    assert len(set(sink.callers)) == 3


def test_a_sender_that_a_new_connection_refuses_is_a_failure(sink):
    sink.at_sender = "421 closing"

    deliver_all(OutgoingEmailFactory.create_batch(1))

    assert failures() == [Failure.SERVER]


@pytest.mark.parametrize("answer", ["550 5.1.1 no such mailbox", "450 full", "421 closing"])
def test_no_mail_fails_because_of_the_one_before(sink, answer):
    emails = OutgoingEmailFactory.create_batch(3)
    sink.refusals[emails[1].to] = answer

    deliver_all(emails)

    assert sink.recipients == [emails[0].to, emails[2].to]
    assert [bool(failure) for failure in failures()] == [False, True, False]


def test_an_order_stops_when_the_mail_server_is_down(no_server):
    deliver_all(OutgoingEmailFactory.create_batch(5))

    assert failures() == [Failure.SERVER] * 3 + [""] * 2
