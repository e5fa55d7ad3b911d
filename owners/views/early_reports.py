"""Sentences for a company that reports too early that nobody called."""

from datetime import datetime

from owners.expected_calls import expected_call
from solicitations import progress
from solicitations.models import Solicitation
from territories.spoken_time import spoken_moment


def too_early_message(solicitation: Solicitation, *, now: datetime) -> str:
    """Say when a call may be expected; empty once it is late, or once the request is over."""
    expected = expected_call(solicitation, now=now)
    is_shown_over = solicitation.is_over and not progress.says_received_only(solicitation)
    if expected.is_late or is_shown_over:
        return ""
    if expected.by is None:
        return "Personne n'a encore à vous appeler : cette page le dira dès que votre demande sera transmise."
    by = spoken_moment(expected.by, time_zone=solicitation.time_zone, now=now)
    return f"Il est encore tôt : comptez jusqu'à {by}. Passé ce moment, dites-le-nous ici."
