"""The sweep does what was left undone: nothing is lost without a broker, a mail server or a routing."""

from datetime import timedelta

import pytest
import time_machine
from celery.exceptions import SoftTimeLimitExceeded

from mailing import tasks as mailing_tasks
from mailing.models import OutgoingEmail
from solicitations import tasks
from solicitations.actions import expert_answers
from solicitations.lifecycle import MatchState, NeedState, RequestState
from tests.solicitations.factories import match, send

pytestmark = [pytest.mark.demo_directory, pytest.mark.django_db]


@pytest.fixture
def sweep(commit):
    def swept(*, at):
        with time_machine.travel(at, tick=False):
            commit(tasks.sweep)
            commit(mailing_tasks.sweep)

    return swept


def test_without_a_broker_the_request_is_routed_and_the_sweep_sends_its_mails(
    unavailable_broker, commit, sweep, smtp_sink, now
):
    request = commit(send, now=now)
    assert request.progress == NeedState.WAITING

    sweep(at=now + timedelta(minutes=2))

    assert not OutgoingEmail.objects.about(f"request:{request.pk}").filter(sent_at=None).exists()
    assert len(smtp_sink.messages) == 5


def test_without_a_mail_server_mails_wait_and_are_sent_when_it_is_back(
    commit, sweep, settings, smtp_sink, now
):
    settings.EMAIL_PORT, port = 1, settings.EMAIL_PORT
    request = commit(send, now=now)
    sweep(at=now + timedelta(minutes=2))
    assert not OutgoingEmail.objects.about(f"request:{request.pk}").exclude(sent_at=None).exists()

    settings.EMAIL_PORT = port
    sweep(at=now + timedelta(minutes=30))

    assert not OutgoingEmail.objects.about(f"request:{request.pk}").filter(sent_at=None).exists()


def test_a_failed_routing_is_done_by_the_sweep_and_does_not_stop_the_others(commit, sweep, monkeypatch, now):
    with monkeypatch.context() as broken:
        broken.setattr("experts.routing.loading.decide", None)
        first = commit(send, now=now)
    second = commit(send, "saisonniers", now=now)
    assert (first.progress, second.progress) == (NeedState.RECEIVED, NeedState.WAITING)

    sweep(at=now + timedelta(minutes=2))

    first.refresh_from_db()
    assert first.progress == NeedState.WAITING


def test_the_sweep_finds_a_fallback_for_a_need_that_all_declined(commit, sweep, now):
    request = commit(send, "clause-insertion", commune="21166", now=now)
    expert = match(request, "facilitation@clauses")
    commit(
        expert_answers.move, expert, MatchState.DECLINED, by=expert.mailbox, decline_reason="other", now=now
    )

    sweep(at=now + timedelta(minutes=2))

    request.refresh_from_db()
    assert request.progress == NeedState.WAITING
    assert request.is_fallback


def test_the_sweep_releases_held_requests_after_four_working_hours(commit, sweep, now):
    request = commit(send, now=now, text="Voir https://a.example.org et https://b.example.org")

    sweep(at=now + timedelta(hours=5))

    request.refresh_from_db()
    assert request.state == RequestState.SUBMITTED
    assert request.progress == NeedState.WAITING


def test_a_sweep_run_twice_does_nothing_more(commit, sweep, now):
    request = commit(send, now=now)
    sweep(at=now + timedelta(minutes=2))
    before = OutgoingEmail.objects.count()

    sweep(at=now + timedelta(minutes=3))

    assert OutgoingEmail.objects.count() == before
    assert request.mailboxes.count() == 4


def test_end_of_the_time_of_a_task_stops_the_sweep(now):
    done = []

    def work(pk, *, now):
        done.append(pk)
        raise SoftTimeLimitExceeded if pk == 2 else ValueError

    with pytest.raises(SoftTimeLimitExceeded):
        tasks.each_safely(work, [1, 2, 3], now=now)

    assert done == [1, 2]
