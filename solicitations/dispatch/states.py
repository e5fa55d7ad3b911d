"""The states of a request and of its needs, computed from those of its matches."""

from collections import defaultdict
from collections.abc import Mapping, Sequence

from mailing.transactions import transaction_required
from solicitations import lifecycle
from solicitations.lifecycle import MatchState, NeedState, RequestState
from solicitations.models import Need, Solicitation

StatesBySubject = Mapping[int, Sequence[MatchState]]


@transaction_required
def refresh_states(solicitation: Solicitation, *, decided: Sequence[Need] = ()) -> None:
    """Compute the state of each need, then of the locked request; saves the needs, not the request.

    ``decided``: all the needs, when routing has just written ``decision`` and ``is_fallback``, saved too.
    """
    needs = list(decided) or list(solicitation.needs.all())
    set_states(solicitation, needs, _match_states(solicitation))
    fields = ["decision", "is_fallback"] if decided else []
    for need in needs:  # usually one
        need.save(update_fields=["state", "exhausted_at", *fields])


def set_states(solicitation: Solicitation, needs: Sequence[Need], states: StatesBySubject) -> None:
    """Compute the states from those of the matches. Saves nothing."""
    for need in needs:
        need.state = lifecycle.overall(
            states.get(need.subject_id, ()),
            is_cancelled=solicitation.state == RequestState.CANCELLED,
            is_routed=solicitation.routed_at is not None and solicitation.state != RequestState.HELD,
            is_exhausted=need.exhausted_at is not None,
        )
        if need.state in {NeedState.WAITING, NeedState.IN_PROGRESS}:
            need.exhausted_at = None  # if all decline later, others are looked for again
    solicitation.progress = lifecycle.summary([NeedState(need.state) for need in needs])
    solicitation.is_fallback = any(need.is_fallback for need in needs)


def _match_states(solicitation: Solicitation) -> StatesBySubject:
    """The states of all matches, by need's subject."""
    states: dict[int, list[MatchState]] = defaultdict(list)
    rows = solicitation.needs.filter(matches__isnull=False).values_list("subject", "matches__state")
    for subject, state in rows:
        states[subject].append(MatchState(state))
    return states
