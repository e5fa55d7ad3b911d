"""Simulation of time and mail for the journeys: the clock advances, sweeps run, mails arrive."""

import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from email.message import EmailMessage
from typing import Any

import time_machine
from django.utils import timezone

from mailing import tasks as mailing_tasks
from solicitations import tasks
from solicitations.models import Solicitation
from tests.journeys.person import Person
from tests.smtp_sink import SmtpSink

UNDO_DELAY_PASSED = timedelta(seconds=62)  # mails delayed for undo are sent after it


class Simulation:
    """A simulated clock and the mails that arrived, in order, in ``mails``."""

    def __init__(self, clock: time_machine.Traveller, sink: SmtpSink, on_commit: Any) -> None:
        self.clock = clock
        self.sink = sink
        self.on_commit = on_commit

    def person(self) -> Person:
        """Make a person with a new browser."""
        return Person(self.on_commit)

    def advance(self, **durations: int) -> None:
        """Run the waiting tasks, advance the clock, then run the sweeps once."""
        self._run_workers()
        self.clock.shift(timedelta(**durations))
        with self.on_commit(execute=True):
            tasks.sweep()
        with self.on_commit(execute=True):
            mailing_tasks.sweep()

    def _run_workers(self) -> None:
        """Run the tasks that wait for a worker, except mails, which the sweep sends."""
        with self.on_commit(execute=True):
            for pk in Solicitation.objects.held_without_alert().values_list("pk", flat=True):
                tasks.tell_held(pk)

    def move_to(self, at: datetime) -> None:
        """Set the clock."""
        self.clock.move_to(at, tick=False)

    def deliver_mails(self) -> None:
        """Advance the clock until the mails of the last actions are sent."""
        self.advance(seconds=int(UNDO_DELAY_PASSED.total_seconds()))

    @property
    def now(self) -> datetime:
        return timezone.now()

    @property
    def mails(self) -> list[EmailMessage]:
        return self.sink.messages

    def inbox(self, address: str) -> list[EmailMessage]:
        """Mails received by one address."""
        return [mail for mail in self.mails if address in str(mail["To"])]

    def last_mail(self, address: str, text: str = "") -> EmailMessage:
        """The newest mail of an address that contains this text."""
        found = [mail for mail in self.inbox(address) if text in body(mail)]
        assert found, f"{address} got no mail saying « {text} »: {self.subjects(address)}"
        return found[-1]

    def subjects(self, address: str) -> list[str]:
        return [str(mail["Subject"]).strip() for mail in self.inbox(address)]

    def recipients(self) -> set[str]:
        """All the addresses that received a mail."""
        return {str(mail["To"]) for mail in self.mails}


def body(mail: EmailMessage) -> str:
    """Plain text of a mail."""
    part = mail.get_body(("plain",))
    assert part is not None
    return str(part.get_content())


def html_of(mail: EmailMessage) -> str:
    """HTML of a mail."""
    part = mail.get_body(("html",))
    assert part is not None
    return str(part.get_content())


def link(mail: EmailMessage, text: str) -> str:
    """Address that follows this text in the text of a mail."""
    found = re.search(rf"{re.escape(text)}[^\n]*?:\s+(https?://\S+)", body(mail))
    assert found, f"no link « {text} » in:\n{body(mail)}"
    return found[1]


def links(mail: EmailMessage) -> Sequence[str]:
    """All the addresses in the text of a mail."""
    return re.findall(r"https?://\S+", body(mail))
