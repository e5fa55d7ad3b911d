"""One mail per event: an address notified as expert or manager is not notified again as staff."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from experts.models import Expert, Office, User
from mailing.models import OutgoingEmail
from solicitations import tasks
from solicitations.actions import expert_answers, feedback
from solicitations.dispatch import fallback
from solicitations.lifecycle import AlertCause, MatchState
from solicitations.models import Match, Solicitation
from tests.solicitations.factories import send

pytestmark = [pytest.mark.demo_directory, pytest.mark.django_db]
DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)
SHARED_ADDRESS = "equipe@region.example.org"


@pytest.fixture
def solicitation(commit, now) -> Solicitation:
    """A labour-law question, sent to one office."""
    return commit(send, "contrat-travail", now=now, siret="")


def first_match(solicitation: Solicitation) -> Match:
    return Match.objects.with_people().filter(need__solicitation=solicitation).in_order().first()


def take(commit, solicitation, now) -> None:
    match = first_match(solicitation)
    commit(expert_answers.move, match, MatchState.TAKEN, by=match.mailbox, now=now)


def pass_legal_deadline(commit, solicitation, now) -> None:
    """Leave a question on labour law without answer for seven working days, which are nine days here."""
    commit(tasks.run_clock, now=now + 9 * DAY)


def stop_answering(commit, solicitation, now) -> None:
    """Take the need and never answer: call check, reminder, alert on silence, and a sweep some days later."""
    take(commit, solicitation, now)
    for days in (7, 21, 45, 48):
        commit(tasks.run_clock, now=now + days * DAY)


def report_no_call(commit, solicitation, now) -> None:
    take(commit, solicitation, now)
    commit(feedback.report_not_called, solicitation, now=now + DAY)


def decline_all(commit, solicitation, now) -> None:
    for match in Match.objects.with_people().filter(need__solicitation=solicitation).in_order():
        move = {"by": match.mailbox, "decline_reason": "no_capacity", "now": now}
        commit(expert_answers.move, match, MatchState.DECLINED, **move)
    commit(fallback.offer_fallback, solicitation.needs.get().pk, now=now + 2 * MINUTE)


CAUSES: dict[AlertCause, Callable[..., None]] = {
    AlertCause.LEGAL: pass_legal_deadline,
    AlertCause.SILENT: stop_answering,
    AlertCause.NOT_CALLED: report_no_call,
    AlertCause.ALL_DECLINED: decline_all,
}


def templates_mailed_to_region(solicitation: Solicitation, cause: AlertCause) -> list[str]:
    """Template names of the mails to the region's mailbox when that alert was raised."""
    raised: datetime = solicitation.alerts.get(cause=cause).raised_at
    rows = OutgoingEmail.objects.filter(to__iexact=SHARED_ADDRESS, created_at=raised, cancelled_at=None)
    return [row.template.rpartition("/")[2] for row in rows.order_by("pk")]


@pytest.mark.parametrize("cause", CAUSES)
def test_a_region_s_mailbox_that_is_the_office_s_too_gets_one_mail(commit, solicitation, now, cause):
    Office.objects.filter(code="REFERENT-27").update(email=SHARED_ADDRESS)
    Expert.objects.filter(office__code="REFERENT-27").update(email=SHARED_ADDRESS)
    Office.objects.filter(pk=first_match(solicitation).expert.office_id).update(email=SHARED_ADDRESS.upper())

    CAUSES[cause](commit, solicitation, now)

    [template] = templates_mailed_to_region(solicitation, cause)
    assert template != "alert"
    assert solicitation.alerts.open().filter(cause=cause).exists()


@pytest.mark.parametrize("cause", CAUSES)
def test_staff_with_their_own_address_get_the_alert(commit, solicitation, now, cause):
    Office.objects.filter(code="REFERENT-27").update(email="autre@region.example.org")
    User.objects.create_user(SHARED_ADDRESS, role=User.Role.REGION, region=solicitation.region)

    CAUSES[cause](commit, solicitation, now)

    assert templates_mailed_to_region(solicitation, cause) == ["alert"]
