"""Simultaneous sweeps on real connections: nothing is done twice, nothing deadlocks."""

from collections import Counter
from datetime import timedelta

import pytest

from mailing.models import OutgoingEmail
from solicitations import tasks
from solicitations.actions import company_requests
from solicitations.lifecycle import CLOCK_EVENTS
from solicitations.models import Event, Match, Survey
from tests.solicitations.factories import send
from tests.solicitations.test_concurrency import errors, together

pytestmark = [pytest.mark.demo_directory, pytest.mark.django_db(transaction=True)]
DAY = timedelta(days=1)


def test_two_simultaneous_sweeps_do_each_step_once(now):
    for number in range(3):
        send("clause-insertion", commune="21166", siret="", email=f"g{number}@example.org", now=now)
    send(siret="", email="quatre@example.org", now=now)

    for day in (3, 7, 10, 14, 45, 55, 65):
        at = now + day * DAY
        assert errors(together(*[lambda at=at: tasks.run_clock(now=at)] * 2)) == []

    steps = Counter(
        Event.objects.filter(kind__in=CLOCK_EVENTS).values_list("match", "kind", "reason", "solicitation")
    )
    assert max(steps.values()) == 1
    keys = OutgoingEmail.objects.filter(template__endswith="/where_things_stand").values_list("to", flat=True)
    assert max(Counter(keys).values()) == 1
    assert Survey.objects.count() == len(set(Survey.objects.values_list("solicitation", flat=True)))
    mailed = OutgoingEmail.objects.filter(template__endswith="/notified").values_list("about", flat=True)
    names = Counter(name for names in mailed for name in names if name.startswith("match:"))
    assert max(names.values()) == 1


def test_a_cancellation_during_a_sweep_leaves_no_match_and_no_mail(now):
    request = send("clause-insertion", commune="21166", siret="", now=now)
    at = now + 10 * DAY

    def sweep() -> None:
        tasks.run_clock(now=at)

    outcomes = together(sweep, lambda: company_requests.cancel(request, now=at), sweep)

    assert errors(outcomes) == []
    assert not Match.objects.active().exists()
    pending = OutgoingEmail.objects.pending().exclude(template__endswith="/stopped")
    assert not pending.exists()
