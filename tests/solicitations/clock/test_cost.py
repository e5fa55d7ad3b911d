"""The queries of an idle sweep do not depend on the number of past requests."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from solicitations import tasks
from solicitations.actions import company_requests, expert_answers
from solicitations.lifecycle import MatchState
from tests.solicitations.factories import match, send

pytestmark = [pytest.mark.reference, pytest.mark.django_db]
DAY = timedelta(days=1)


def queries(at) -> int:
    with CaptureQueriesContext(
        connection,
    ) as captured:
        tasks.keep_time(now=at)
    return len(captured)


def test_an_idle_sweep_is_a_fixed_number_of_queries(commit, now):
    alone = queries(now)
    for number in range(3):
        over = commit(
            send, "clause-insertion", commune="21166", siret="", email=f"a{number}@example.org", now=now
        )
        mine = match(over, "facilitation@clauses")
        commit(
            expert_answers.move, mine, MatchState.DECLINED, by=mine.mailbox, decline_reason="other", now=now
        )
        commit(company_requests.cancel, over, now=now)
        commit(send, "clause-insertion", commune="21166", siret="", email=f"b{number}@example.org", now=now)
    tasks.keep_time(now=now)  # each change is looked at once

    assert queries(now + DAY) == alone
    assert alone <= 10


def test_a_sweep_at_night_has_no_more_queries(commit, now):
    commit(send, "clause-insertion", commune="21166", siret="", now=now)
    night = now + 3 * DAY + timedelta(hours=12)
    tasks.keep_time(now=night)  # what fell due since is put off to the morning

    assert queries(night) == queries(now)
