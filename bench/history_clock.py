"""SQL for the past work of the clock: everything due, except in the last hours."""

from datetime import timedelta

from django.conf import settings

from bench.history_tables import SURVEYED_AT, Table
from solicitations.models import Survey


def _mark_matches(state: str, since: str, kind: str, after: timedelta) -> str:
    """Record this step of the clock for all matches in ``state``, ``after`` their date ``since``."""
    return f"""
        INSERT INTO bench.mark
        SELECT number, id, '{kind}', {since} + interval '{after.days} days' FROM bench.match WHERE {state}
    """


def _mark_requests(kind: str, after: timedelta) -> str:
    """Record this step of the clock for the requests that reach no expert, ``after`` they were sent."""
    return f"""
        INSERT INTO bench.mark
        SELECT number, NULL::bigint, '{kind}', sent_at + interval '{after.days} days'
        FROM bench.request WHERE outcome = 'uncovered'
    """


SENT, TAKEN, NOBODY_TOOK = "state = 'sent'", "state = 'taken'", "state = 'sent' AND is_first"
MARKS = (
    *(_mark_matches(SENT, "sent_at", "reminded", after) for after in settings.REMIND_AFTER),
    _mark_matches(SENT, "sent_at", "manager_told", settings.TELL_MANAGER_AFTER),
    _mark_matches(NOBODY_TOOK, "sent_at", "company_told", settings.TELL_COMPANY_AFTER),
    _mark_matches(NOBODY_TOOK, "sent_at", "widened", settings.WIDEN_AFTER),
    _mark_matches(NOBODY_TOOK, "sent_at", "region_told", settings.TELL_REGION_AFTER),
    _mark_matches(TAKEN, "taken_at", "call_checked", settings.CHECK_CALL_AFTER),
    _mark_matches(TAKEN, "taken_at", "reminded", settings.REMIND_TAKER_AFTER),
    _mark_matches(TAKEN, "taken_at", "manager_told", settings.TELL_SILENCE_AFTER),
    _mark_requests("company_told", settings.TELL_COMPANY_AFTER),
    _mark_requests("widened", settings.WIDEN_AFTER),
    # Working days: about two more in the calendar.
    f"""
        INSERT INTO bench.mark
        SELECT number, match.id, 'legal_escalated',
            sent_at + interval '{settings.LEGAL_ESCALATION_DAYS + 2} days'
        FROM bench.match AS match
        JOIN bench.example_need AS need USING (example, position)
        JOIN experts_subject AS subject ON subject.id = need.subject
        WHERE state IN ('sent', 'taken') AND is_first AND is_labour_law
    """,
    f"""
        INSERT INTO bench.mark
        SELECT DISTINCT number, NULL::bigint, 'followed_up',
            sent_at + interval '{settings.FOLLOW_UP_AFTER.days} days'
        FROM bench.request
        JOIN bench.example_need AS need USING (example)
        JOIN experts_subject AS subject ON subject.id = need.subject
        JOIN experts_theme AS theme ON theme.id = subject.theme_id
        WHERE theme.slug = 'difficultes'
    """,
    "DELETE FROM bench.mark WHERE at > bench.done_until()",
)

SURVEY = Table(
    Survey,
    {"id": "number", "solicitation_id": "number", "asked_at": SURVEYED_AT},
    f"FROM bench.request WHERE {SURVEYED_AT} IS NOT NULL",
)
