"""Time and mail, as a journey meets them: minutes pass, mails arrive, links in them are opened."""

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

PATIENCE = timedelta(seconds=62)  # after it, what may no longer be undone has left


class World:
    """``mails``: all that arrived, in order."""

    def __init__(self, clock: time_machine.Traveller, sink: SmtpSink, on_commit: Any) -> None:
        self.clock = clock
        self.sink = sink
        self.on_commit = on_commit

    def person(self) -> Person:
        """Somebody with a browser of their own."""
        return Person(self.on_commit)

    def later(self, **durations: int) -> None:
        """Let time pass: workers do what they were told to, then the sweeps of the last minute run."""
        self._work()
        self.clock.shift(timedelta(**durations))
        with self.on_commit(execute=True):
            tasks.sweep()
        with self.on_commit(execute=True):
            mailing_tasks.sweep()

    def _work(self) -> None:
        """Run the tasks that wait for a worker, except deliveries: here the sweep sends mails."""
        with self.on_commit(execute=True):
            for pk in Solicitation.objects.held_without_alert().values_list("pk", flat=True):
                tasks.tell_held(pk)

    def go_to(self, at: datetime) -> None:
        """Start another day."""
        self.clock.move_to(at, tick=False)

    def post(self) -> None:
        """Wait until the mails of what was just done have left."""
        self.later(seconds=int(PATIENCE.total_seconds()))

    @property
    def now(self) -> datetime:
        return timezone.now()

    @property
    def mails(self) -> list[EmailMessage]:
        return self.sink.messages

    def inbox(self, address: str) -> list[EmailMessage]:
        """The mails of one address."""
        return [mail for mail in self.mails if address in str(mail["To"])]

    def last(self, address: str, words: str = "") -> EmailMessage:
        """The newest mail of an address that says these words."""
        found = [mail for mail in self.inbox(address) if words in body(mail)]
        assert found, f"{address} got no mail saying « {words} »: {self.subjects(address)}"
        return found[-1]

    def subjects(self, address: str) -> list[str]:
        return [str(mail["Subject"]).strip() for mail in self.inbox(address)]

    def recipients(self) -> set[str]:
        """Everybody who got a mail."""
        return {str(mail["To"]) for mail in self.mails}


def body(mail: EmailMessage) -> str:
    """The text of a mail."""
    part = mail.get_body(("plain",))
    assert part is not None
    return str(part.get_content())


def page_of(mail: EmailMessage) -> str:
    """The HTML of a mail."""
    part = mail.get_body(("html",))
    assert part is not None
    return str(part.get_content())


def link(mail: EmailMessage, words: str) -> str:
    """The address that follows these words in the text of a mail."""
    found = re.search(rf"{re.escape(words)}[^\n]*?:\s+(https?://\S+)", body(mail))
    assert found, f"no link « {words} » in:\n{body(mail)}"
    return found[1]


def links(mail: EmailMessage) -> Sequence[str]:
    """Every address in the text of a mail."""
    return re.findall(r"https?://\S+", body(mail))
