"""Facts of needs, written from requests, matches and events soon after these change.

The definitions of all figures begin here, in one statement: it is run for a need, for each institution that
was asked, and for each office.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection, models, transaction
from django.db.models import Max

from indicators.models import FactsState, InstitutionNeed, OfficeNeed, WholeNeed
from solicitations.lifecycle import EventKind, MatchState, NeedState
from solicitations.models import Event, Solicitation
from solicitations.models.request_querysets import NOT_COUNTED
from solicitations.models.surveys import Usefulness

BATCH = 20_000  # requests or events a transaction
# An event may be committed after others with higher keys: the last ones are read again each time.
READ_AGAIN = 500
TIME_ZONE = "Europe/Paris"
WAITING_STATES = (NeedState.RECEIVED, NeedState.UNCOVERED, NeedState.WAITING)
# A move that was undone is followed by its undoing.
STATEMENT = """
WITH move AS (
    SELECT match_id, kind, to_state, at, by_mailbox_id,
        lead(kind) OVER (PARTITION BY match_id ORDER BY at, id) IS NOT DISTINCT FROM %(undone)s AS is_undone
    FROM solicitations_event
    WHERE match_id IS NOT NULL AND kind IN (%(moved)s, %(handed_over)s, %(undone)s) AND {of_requests}
), answer AS (
    SELECT match_id, min(at) AS answered_at, min(at) FILTER (WHERE to_state = %(taken)s) AS taken_at
    FROM move
    -- A manager who gives a need to a colleague answers nobody.
    WHERE NOT is_undone AND (
        to_state IN (%(taken)s, %(declined)s) OR kind = %(handed_over)s AND by_mailbox_id IS NOT NULL)
    GROUP BY match_id
)
INSERT INTO {table} (
    need_id, {key_column} subject_id, department_id, region_id, received_on,
    answer_hours, taking_hours, is_helped, is_waiting, was_called, was_useful
)
SELECT need.id, {key} need.subject_id, commune.department_id, request.region_id,
    (request.submitted_at AT TIME ZONE %(time_zone)s)::date,
    CASE WHEN count(answer.answered_at) > 0 THEN
        ceil(extract(epoch FROM greatest(min(answer.answered_at) - min(match.sent_at), '0')) / 3600) END,
    CASE WHEN count(answer.taken_at) > 0 THEN
        ceil(extract(epoch FROM greatest(min(answer.taken_at) - min(match.sent_at), '0')) / 3600) END,
    coalesce(bool_or(match.state = %(helped)s), false),
    {is_waiting},
    survey.was_called,
    CASE WHEN survey.answered_at IS NOT NULL THEN survey.usefulness IN %(useful)s END
FROM solicitations_need AS need
JOIN solicitations_solicitation AS request ON request.id = need.solicitation_id
JOIN territories_commune AS commune ON commune.code = request.commune_id
{matches}
LEFT JOIN answer ON answer.match_id = match.id
LEFT JOIN solicitations_survey AS survey ON survey.solicitation_id = request.id
WHERE need.{of_requests} AND request.closed_reason NOT IN %(not_counted)s
GROUP BY need.id, {key} request.id, commune.department_id, survey.id
"""
SENT_ONLY = "bool_or(match.state = %(sent)s) AND NOT bool_or(match.state IN (%(taken)s, %(helped)s))"
ASKED = """
JOIN solicitations_match AS match ON match.need_id = need.id
JOIN experts_expert AS expert ON expert.id = match.expert_id
JOIN experts_office AS office ON office.id = expert.office_id
"""


@dataclass(frozen=True)
class Grouping:
    """Table of facts: the matches of a need that are counted together."""

    model: type[models.Model]
    key_column: str
    key: str
    matches: str
    is_waiting: str


GROUPINGS = (
    Grouping(
        WholeNeed,
        "",
        "",
        "LEFT JOIN solicitations_match AS match ON match.need_id = need.id",
        "need.state IN %(waiting_states)s",
    ),
    Grouping(InstitutionNeed, "institution_id,", "office.institution_id,", ASKED, SENT_ONLY),
    Grouping(OfficeNeed, "office_id,", "office.id,", ASKED, SENT_ONLY),
)
CODES: dict[str, Any] = {
    "moved": EventKind.MOVED.value,
    "handed_over": EventKind.HANDED_OVER.value,
    "undone": EventKind.UNDONE.value,
    "sent": MatchState.SENT.value,
    "taken": MatchState.TAKEN.value,
    "declined": MatchState.DECLINED.value,
    "helped": MatchState.HELPED.value,
    "waiting_states": tuple(state.value for state in WAITING_STATES),
    "not_counted": tuple(reason.value for reason in NOT_COUNTED),
    "useful": (Usefulness.YES.value, Usefulness.PARTLY.value),
    "time_zone": TIME_ZONE,
}


def refresh(*, now: datetime) -> None:
    """Write the facts of the requests to which something happened; all of them the first time.

    One transaction a batch: what was interrupted goes on at the next call.
    """
    while _refresh_batch(now=now):
        pass


@transaction.atomic(durable=True)
def _refresh_batch(*, now: datetime) -> bool:
    """Write the facts of a batch; return whether more waits."""
    state = _locked_state(now=now)
    state.counted_at = now
    if state.filled_to < state.fill_until:
        upper = min(state.filled_to + BATCH, state.fill_until)
        _write("solicitation_id BETWEEN %(lower)s AND %(upper)s", lower=state.filled_to + 1, upper=upper)
        state.filled_to = upper
        state.save()
        return True
    events = Event.objects.filter(pk__gt=state.last_event - READ_AGAIN).order_by("pk")
    read = list(events.values_list("pk", "solicitation")[:BATCH])
    if read:
        _write("solicitation_id = ANY(%(requests)s)", requests=sorted({request for _, request in read}))
        state.last_event = read[-1][0]
    state.save()
    return len(read) == BATCH


def _locked_state(*, now: datetime) -> FactsState:
    """The state, which nobody else writes during this transaction; made the first time."""
    last_event = Event.objects.aggregate(last=Max("pk"))["last"] or 0
    last_request = Solicitation.objects.aggregate(last=Max("pk"))["last"] or 0
    FactsState.objects.get_or_create(
        pk=1, defaults={"counted_at": now, "last_event": last_event, "fill_until": last_request}
    )
    return FactsState.objects.select_for_update().get(pk=1)


def _write(of_requests: str, **values: Any) -> None:
    """Write again the facts of these requests: ``of_requests`` is a condition on ``solicitation_id``."""
    with connection.cursor() as cursor:
        for grouping in GROUPINGS:
            table = grouping.model._meta.db_table
            cursor.execute(
                f"DELETE FROM {table} WHERE need_id IN"  # noqa: S608 (constants of ours)
                f" (SELECT id FROM solicitations_need WHERE {of_requests})",
                values,
            )
            statement = STATEMENT.format(
                table=table,
                key_column=grouping.key_column,
                key=grouping.key,
                matches=grouping.matches,
                is_waiting=grouping.is_waiting,
                of_requests=of_requests,
            )
            cursor.execute(statement, CODES | values)
