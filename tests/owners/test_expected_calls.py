"""The moment until which a company may expect a call, and what its page says before and after."""

from datetime import datetime, timedelta
from urllib.parse import urlsplit

import pytest
import time_machine

from owners.expected_calls import expected_call
from solicitations import links
from solicitations.actions import company_requests, expert_answers, feedback
from solicitations.lifecycle import EventKind, HeldReason, MatchState, RequestState
from solicitations.models import Solicitation
from tests.owners.visitor import text_of
from tests.solicitations.factories import match, send

pytestmark = [pytest.mark.django_db, pytest.mark.demo_directory]

BUTTON = "Dire qu'on ne m'a pas rappelé"


@pytest.fixture
def sent(commit, now) -> Solicitation:
    """A request sent on a Tuesday at ten."""
    return commit(send, now=now)


@pytest.fixture
def read_page(client):
    """The owner's page as it reads at a moment, or what a post to one of its addresses says."""

    def opened(solicitation: Solicitation, at: datetime, act: str = "") -> str:
        path = urlsplit(links.follow_url(solicitation)).path
        with time_machine.travel(at, tick=False):
            if act:
                return text_of(client.post(path + act, follow=True)).replace(" .", ".")
            return text_of(client.get(path)).replace(" .", ".")

    return opened


def local(now: datetime, day: int, hour: int, minute: int = 0, month: int = 12) -> datetime:
    return now.replace(month=month, day=day, hour=hour, minute=minute)


@pytest.mark.parametrize(
    ("sent_on", "hour", "day", "due_hour"),
    [
        (1, 10, 3, 10),  # Tuesday, until Thursday
        (1, 22, 3, 19),  # in the evening, counted from Wednesday morning
        (3, 18, 7, 18),  # Thursday, until Monday
        (5, 11, 8, 19),  # Saturday, until Tuesday's closing
        (23, 15, 28, 15),  # over Christmas, a Friday, and the week-end
    ],
    ids=["day", "evening", "over a week-end", "on a Saturday", "over a holiday"],
)
def test_a_call_is_expected_within_two_working_days(commit, now, sent_on, hour, day, due_hour):
    at = local(now, sent_on, hour)
    request = commit(send, now=at)

    assert expected_call(request, now=at).by == local(now, day, due_hour)


@pytest.mark.parametrize(
    ("days", "hours", "day", "due_hour"),
    [
        (["mon"], [], 7, 19),
        (["thu"], ["afternoon"], 3, 17),
        (["tue"], ["morning"], 3, 10),  # there is still time this very morning
        (["fri"], ["morning"], 4, 12),
        (["sat"], [], 5, 19),
        ([], ["evening"], 3, 10),
    ],
)
def test_the_days_that_the_company_wished_put_it_off(commit, now, days, hours, day, due_hour):
    request = commit(send, now=now, callback_days=days, callback_hours=hours)

    assert expected_call(request, now=now).by == local(now, day, due_hour)


def test_taking_starts_the_delay_again(commit, sent, now):
    expert_match = match(sent, "recrutement@france-travail")
    commit(
        expert_answers.move, expert_match, MatchState.TAKEN, by=expert_match.mailbox, now=local(now, 2, 16)
    )

    assert expected_call(sent, now=now).by == local(now, 4, 16)


def test_the_territory_s_own_hours_count(commit, now):
    request = commit(send, now=now, commune="97411")

    by = expected_call(request, now=now).by.astimezone(request.time_zone)

    assert (by.day, by.hour) == (3, 13)  # ten in Paris is one in the afternoon at La Réunion


def test_before_it_the_page_says_until_when_and_shows_no_button(read_page, sent, now):
    text = read_page(sent, now + timedelta(minutes=1))

    assert "Comptez deux jours ouvrés : d'ici jeudi 3 décembre à 10 h." in text
    assert BUTTON not in text


def test_after_it_the_button_shows(read_page, sent, now):
    assert BUTTON in read_page(sent, local(now, 3, 10, 1))


def test_pressed_too_early_from_another_page_nobody_is_told(read_page, sent, now):
    text = read_page(sent, now + timedelta(minutes=1), "insister/")

    assert "Il est encore tôt : comptez jusqu'à jeudi 3 décembre à 10 h." in text
    assert not sent.events.filter(kind=EventKind.STILL_WAITING).exists()


@pytest.mark.parametrize("reason", list(HeldReason))
def test_a_held_request_never_shows_the_button(read_page, commit, now, reason):
    held = commit(send, now=now, text="Cherche https://a.example et https://b.example")
    assert held.state == RequestState.HELD
    first = commit(send, now=now, siret="", email="x@example.org") if reason == "duplicate" else None
    Solicitation.objects.filter(pk=held.pk).update(held_reason=reason, duplicate_of=first)

    assert BUTTON not in read_page(held, local(now, 10, 10))
    assert "Personne n'a encore à vous appeler" in read_page(held, local(now, 10, 10), "insister/")
    assert not held.events.filter(kind=EventKind.STILL_WAITING).exists()


def test_said_once_the_page_says_when_it_may_be_said_again(read_page, commit, sent, now):
    commit(feedback.report_not_called, sent, now=local(now, 4, 10))

    text = read_page(sent, local(now, 4, 11))

    assert BUTTON not in text
    assert "vendredi 4 décembre à 10 h que personne ne vous a rappelé" in text
    assert "Vous pourrez le redire samedi 5 décembre à 10 h." in text
    assert BUTTON in read_page(sent, local(now, 5, 11))


def test_a_company_that_was_called_waits_two_more_days(read_page, commit, sent, now):
    commit(feedback.report_called, sent, now=local(now, 4, 10))

    assert BUTTON not in read_page(sent, local(now, 7, 10))
    assert BUTTON in read_page(sent, local(now, 8, 11))


def test_a_request_that_nobody_has_shows_no_button(read_page, commit, sent, now):
    for row in sent.mailboxes.all():
        expert_match = row.matches.with_people().get()
        commit(
            expert_answers.move,
            expert_match,
            MatchState.DECLINED,
            by=row,
            decline_reason="no_capacity",
            now=now,
        )

    assert BUTTON not in read_page(sent, local(now, 10, 10))


def test_a_cancelled_request_shows_none(read_page, commit, sent, now):
    commit(company_requests.cancel, sent, now=now)

    assert BUTTON not in read_page(sent, local(now, 10, 10))
