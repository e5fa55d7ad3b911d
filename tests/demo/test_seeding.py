"""Seeding of the demo: the clock has nothing left to do, and the saved draft opens."""

from collections import Counter
from datetime import datetime, timedelta
from urllib.parse import urlsplit

import pytest
import time_machine
from django.utils import timezone

from demo import seeding
from directory.models import RecordRemark
from experts.models import Expert, Office
from mailing.models import OutgoingEmail
from solicitations import links, tasks
from solicitations.models import Draft, Event, Solicitation

pytestmark = [pytest.mark.demo_directory, pytest.mark.django_db(transaction=True)]
BY_THE_CLOCK = {"reminders", "where_things_stand", "manager_told", "call_check", "unanswered", "survey"}
# Number of requests by state, reason of closing and progress shown to the company.
STATES = {
    ("submitted", "", "in_progress"): 17,
    ("submitted", "", "waiting"): 7,
    ("submitted", "", "helped"): 4,
    ("held", "", "received"): 2,
    ("closed", "done", "helped"): 1,
    ("closed", "done", "unreachable"): 1,
    ("closed", "done", "no_help"): 1,
    ("closed", "unanswered", "unanswered"): 1,
    ("closed", "declined", "declined"): 1,
    ("closed", "staff", "uncovered"): 1,
    ("closed", "test", "uncovered"): 1,
    ("closed", "spam", "received"): 1,
    ("cancelled", "", "cancelled"): 1,
}


def test_the_draft_left_in_the_demo_opens_at_its_second_step(client):
    seeding.add_draft(now=timezone.now())

    answer = client.get(urlsplit(links.resume_url(Draft.objects.get())).path)

    assert answer.url == f"/demande/{seeding.DRAFT_SUBJECT}/entreprise/"
    assert client.get(answer.url).status_code == 200


def done() -> Counter[str]:
    """Number of events, and of mails by template."""
    mails = OutgoingEmail.objects.values_list("template", flat=True)
    return Counter(template.rpartition("/")[2] for template in mails) + Counter(events=Event.objects.count())


MOMENTS = {
    "Tuesday at ten": timedelta(),
    "Monday at nine": timedelta(days=5, hours=23),
}


@pytest.mark.parametrize("later", MOMENTS.values(), ids=MOMENTS)
def test_the_clock_has_nothing_left_to_do_after_seeding(now: datetime, later):
    seeding.seed(now=now + later)
    before = done()

    with time_machine.travel(now + later, tick=False):
        tasks.sweep()

    assert done() == before
    assert before.keys() >= BY_THE_CLOCK
    assert not OutgoingEmail.objects.due(now=now + later).exists()
    assert not Event.objects.filter(at__gt=now + later).exists()
    assert Counter(Solicitation.objects.values_list("state", "closed_reason", "progress")) == STATES
    assert Expert.objects.exclude(left_at=None).count() == 2, "people who have nothing to answer"


def test_regional_admin_finds_a_convention_that_ends_and_two_departures():
    seeding.add_directory_work(now=timezone.now())

    assert Office.objects.filter(agreement_ends_on__gt=timezone.localdate()).count() == 1
    assert Expert.objects.exclude(left_at=None).count() == 2
    assert not Expert.objects.exclude(left_at=None).filter(office__is_fallback=True).exists()
    assert RecordRemark.objects.filter(region="27").count() == 1
