"""The tables of states: what moves exist, what a need and a request show."""

from contextlib import suppress

import pytest

from solicitations import lifecycle
from solicitations.lifecycle import ClosedReason, ForbiddenMove, NeedState, RequestState
from solicitations.lifecycle import MatchState as M
from solicitations.lifecycle import NeedState as N

ALLOWED = {
    ("sent", "taken"), ("sent", "declined"), ("sent", "expired"), ("sent", "withdrawn"), ("sent", "replaced"),
    ("taken", "helped"), ("taken", "no_help"), ("taken", "unreachable"), ("taken", "expired"),
    ("taken", "withdrawn"), ("taken", "replaced"), ("unreachable", "taken"), ("unreachable", "helped"),
    ("no_help", "taken"), ("no_help", "helped"), ("expired", "taken"), ("withdrawn", "sent"),
    ("replaced", "sent"),
}  # fmt: skip


@pytest.mark.parametrize("current", list(M))
def test_a_match_moves_as_the_table_says_and_not_otherwise(current):
    allowed = set()
    for target in M:
        with suppress(ForbiddenMove):
            lifecycle.check_move(current, target)
            allowed.add((current.value, target.value))

    assert allowed == {move for move in ALLOWED if move[0] == current}


REQUEST_MOVES = {
    ("submitted", "held"), ("submitted", "closed"), ("submitted", "cancelled"), ("held", "submitted"),
    ("held", "closed"), ("held", "cancelled"), ("closed", "submitted"), ("closed", "anonymised"),
    ("cancelled", "anonymised"),
}  # fmt: skip


@pytest.mark.parametrize("current", list(RequestState))
@pytest.mark.parametrize("target", list(RequestState))
def test_a_request_moves_as_the_table_says_and_not_otherwise(current, target):
    if (current.value, target.value) in REQUEST_MOVES:
        lifecycle.check_request_move(current, target)
    else:
        with pytest.raises(ForbiddenMove):
            lifecycle.check_request_move(current, target)


def test_undo_goes_back_along_a_move_that_exists():
    lifecycle.check_undo(M.DECLINED, M.SENT)

    with pytest.raises(ForbiddenMove):
        lifecycle.check_undo(M.HELPED, M.SENT)


@pytest.mark.parametrize(
    ("matches", "shown"),
    [
        pytest.param([], N.UNCOVERED, id="nobody"),
        pytest.param([M.WITHDRAWN, M.REPLACED], N.UNCOVERED, id="withdrawn and replaced are not live"),
        pytest.param([M.SENT, M.TAKEN, M.HELPED], N.IN_PROGRESS, id="any taken comes first"),
        pytest.param([M.SENT, M.HELPED], N.HELPED, id="helped before sent"),
        pytest.param([M.SENT, M.NO_HELP], N.WAITING, id="sent before no help"),
        pytest.param([M.NO_HELP, M.UNREACHABLE], N.NO_HELP, id="no help before unreachable"),
        pytest.param([M.UNREACHABLE, M.EXPIRED], N.UNREACHABLE, id="unreachable before expired"),
        pytest.param([M.EXPIRED, M.DECLINED], N.UNANSWERED, id="expired before declined"),
        pytest.param([M.DECLINED, M.DECLINED], N.DECLINED, id="all declined"),
        pytest.param([M.DECLINED, M.WITHDRAWN], N.DECLINED, id="declined, the other withdrawn"),
        pytest.param([M.DECLINED, M.SENT], N.WAITING, id="one refusal closes nothing for the others"),
    ],
)
def test_a_need_shows_the_first_rule_that_holds(matches, shown):
    assert lifecycle.overall(matches, is_cancelled=False, is_routed=True) == shown


@pytest.mark.parametrize(
    ("matches", "shown"),
    [
        pytest.param([], N.UNANSWERED, id="nobody was found"),
        pytest.param([M.WITHDRAWN], N.UNANSWERED, id="who was found is gone"),
        pytest.param([M.DECLINED], N.DECLINED, id="all declined"),
        pytest.param([M.SENT], N.WAITING, id="an expert was added after all"),
    ],
)
def test_a_need_given_up_shows_what_its_matches_give(matches, shown):
    assert lifecycle.overall(matches, is_cancelled=False, is_routed=True, is_exhausted=True) == shown


def test_a_cancelled_request_shows_cancelled_whatever_its_matches():
    assert lifecycle.overall([M.TAKEN], is_cancelled=True, is_routed=True) == N.CANCELLED


def test_a_request_not_routed_yet_shows_received():
    assert lifecycle.overall([], is_cancelled=False, is_routed=False) == N.RECEIVED


def test_a_request_shows_the_first_state_that_one_of_its_needs_has():
    order = list(lifecycle.REQUEST_ORDER)

    for index, state in enumerate(order):
        assert lifecycle.summary(order[index:]) == state
    assert set(order) == set(NeedState)


@pytest.mark.parametrize(
    ("needs", "reason"),
    [
        ([N.HELPED, N.DECLINED], ClosedReason.DONE),
        ([N.NO_HELP], ClosedReason.DONE),
        ([N.UNREACHABLE, N.UNANSWERED], ClosedReason.DONE),
        ([N.UNANSWERED, N.DECLINED], ClosedReason.UNANSWERED),
        ([N.DECLINED, N.DECLINED], ClosedReason.DECLINED),
    ],
)
def test_a_request_closes_for_the_reason_its_needs_give(needs, reason):
    assert lifecycle.closing_reason(needs) == reason
