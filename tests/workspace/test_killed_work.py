"""Work killed in the middle (a bulk, a re-offer, a digest, an upload), and a clock that stops for three days.

Each is really killed, between two statements of a real transaction; what it left is then taken up by another.
"""

import os
import signal
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import connection

from directory import weekly_summary
from experts.models import Expert, Seat
from experts.models.mail_preferences import MailChoice
from mailing.accepted_files import AcceptedFile
from mailing.models import OutgoingEmail
from solicitations import tasks
from solicitations.actions import expert_messages, mail_choice
from solicitations.clock import digests, erasure
from solicitations.dispatch import reoffer
from solicitations.lifecycle import EventKind, MatchState
from solicitations.models import AttachedFile, Event, Match, Message
from tests.experts.factories import ExpertFactory, PersonFactory
from tests.solicitations.factories import mailbox, match, send
from workspace.inbox import bulk
from workspace.inbox.readers import Reader

pytestmark = [pytest.mark.demo_directory, pytest.mark.django_db(transaction=True)]
DAY = timedelta(days=1)
EXPERT, OTHER = "recrutement@france-travail", "entreprises@mission-locale"


class KillAfter:
    """Kill the process once a statement with this text has been executed so many times."""

    def __init__(self, text: str, times: int = 1) -> None:
        self.text, self.left = text, times

    def __call__(self, execute, sql, params, many, context):
        result = execute(sql, params, many, context)
        self.left -= self.text in sql
        if not self.left:
            os.kill(os.getpid(), signal.SIGKILL)
        return result


def killed(work: Callable[[], object], *, after: KillAfter | None = None) -> None:
    """Do some work in a process that dies during it."""
    child = os.fork()
    if not child:
        try:
            connection.connection = None  # the parent's; a new one opens
            with connection.execute_wrapper(after or KillAfter("\0")):
                work()
        finally:
            os._exit(1)
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status), "it was to be killed before its end"


def mails(occasion: str, to: str) -> int:
    rows = OutgoingEmail.objects.filter(template__endswith=f"/{occasion}", cancelled_at=None)
    return rows.filter(to__iexact=to).count()


def test_killed_work_is_neither_lost_nor_done_twice(now, settings, tmp_path, monkeypatch):
    settings.PRIVATE_FILES = str(tmp_path)
    requests = [send(now=now, email=f"{number}@x.fr", siret="") for number in range(3)]
    needs = [match(request, EXPERT) for request in requests]
    person = PersonFactory(email=needs[0].mailbox.email)
    Seat.objects.create(user=person, office=needs[0].expert.office, given_at=now)
    colleague = ExpertFactory(office=needs[0].expert.office)
    author = mailbox(requests[0], OTHER)

    _bulk(Reader.of(person, now=now), needs, now=now)
    _upload(author, tmp_path, monkeypatch, now=now)
    _digest(author, needs[0].mailbox, now=now)
    _reoffer(needs, colleague, now=now)
    _three_days_without_clock(requests, needs, now=now)


def _bulk(reader: Reader, needs: list[Match], *, now) -> None:
    """Needs that moved stay moved, once; the others are done by the next press."""
    ending = bulk.ENDINGS["decline-no_capacity"][1]
    seen = Event.objects.latest("pk").pk

    def act():
        rows = bulk.chosen_needs(reader, [need.pk for need in needs])
        return bulk.close_each(reader, rows, ending, seen=seen, now=now)

    killed(act, after=KillAfter('UPDATE "solicitations_match"', 3))
    states = [Match.objects.get(pk=need.pk).state for need in needs]
    assert states == [MatchState.DECLINED, MatchState.DECLINED, MatchState.SENT]

    report = act()
    assert [row.pk for row in report.moved] == [needs[2].pk]
    assert all("y a répondu" in one.why for one in report.unmoved)
    moves = Event.objects.filter(match__in=needs, kind=EventKind.MOVED)
    assert sorted(moves.values_list("match", flat=True)) == [need.pk for need in needs]


def _upload(author, folder: Path, monkeypatch, *, now) -> None:
    """A half-written file never shows; what no row names is deleted."""
    one = [AcceptedFile("plan.pdf", "application/pdf", b"%PDF-1.4")]

    def post():
        expert_messages.post_message(author, body="Voici", attached=one, now=now)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "rename", lambda *_: os.kill(os.getpid(), signal.SIGKILL))
        killed(post)
    killed(post, after=KillAfter('INSERT INTO "solicitations_attachedfile"'))
    left = [path for path in folder.rglob("*") if path.is_file()]
    assert len(left) == 2
    assert not AttachedFile.objects.exists()
    assert not Message.objects.exists()

    post()
    for path in left:
        os.utime(path, (1, 1))
    erasure.erase_stray_files(now=now)
    assert [path.name for path in folder.rglob("*") if path.is_file()] == [AttachedFile.objects.get().key]


def _digest(author, reader, *, now) -> None:
    """The digest is sent once, with all that waited."""
    mail_choice.choose(reader.email, MailChoice.DIGEST, hour=16, now=now)
    Match.objects.filter(mailbox=reader).update(state=MatchState.SENT, decline_reason="", ended_at=None)
    expert_messages.post_message(author, body="Je l'appelle lundi.", now=now + timedelta(hours=1))
    at = now.replace(hour=16)

    killed(
        lambda: digests.gather(reader.email, now=at), after=KillAfter('INSERT INTO "mailing_outgoingemail"')
    )
    assert mails("digest", reader.email) == 0

    for _ in range(2):
        tasks.run_clock(now=at)
    assert mails("digest", reader.email) == 1


def _reoffer(needs: list[Match], colleague: Expert, *, now) -> None:
    """Other experts are asked once, and those who left are mailed no more."""
    need, later = needs[0], now + timedelta(hours=8)
    Expert.objects.filter(pk=need.expert_id).update(left_at=later)
    killed(
        lambda: reoffer.reoffer(need.need.solicitation_id, now=later),
        after=KillAfter('INSERT INTO "solicitations_match"'),
    )
    assert Match.objects.get(pk=need.pk).state == MatchState.SENT
    assert not Match.objects.filter(expert=colleague).exists()

    for _ in range(2):
        for pk in Match.objects.to_reoffer(now=later).values_list("need__solicitation", flat=True):
            reoffer.reoffer(pk, now=later)
    assert Match.objects.get(pk=need.pk).state == MatchState.WITHDRAWN
    assert Match.objects.filter(need=need.need, expert=colleague).count() == 1
    assert mails("notified", colleague.email) == 1


def _three_days_without_clock(requests, needs: list[Match], *, now) -> None:
    """The first sweep sends what is late, the next ones nothing more."""
    back = (now + 6 * DAY).replace(hour=8)  # a Monday
    other = match(requests[1], OTHER)

    for minute in range(2):
        tasks.run_clock(now=back + timedelta(minutes=minute))
        for place in weekly_summary.places_due(now=back):
            weekly_summary.send(place, now=back + timedelta(minutes=minute))

    assert mails("reminders", other.mailbox.email) == 1
    assert mails("weekly_summary", needs[0].expert.office.email) == 1
