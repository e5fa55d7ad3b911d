"""Code shared by answers and their undoing: locks, mails to send or cancel, the last step of each.

A mailbox may have several *posts* in a request: the same address is then that of several experts.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Min

from mailing.models import OutgoingEmail
from mailing.prepared_queries import PreparedQuery
from solicitations import tasks
from solicitations.clock import mails
from solicitations.dispatch import closing
from solicitations.lifecycle import UNDO_DELAY, ForbiddenMove, MatchState, NeedState
from solicitations.models import Event, Mailbox, Match, Solicitation
from solicitations.notifications import request_mails, to_company, to_experts

# Just after the last moment when a decline can be undone.
FALLBACK_AFTER = UNDO_DELAY + timedelta(seconds=1)


_LOCKED: PreparedQuery[Match] = PreparedQuery(
    lambda need, mailbox: (
        Match.objects.filter(need=need, mailbox=mailbox)
        .with_people()
        .select_for_update(of=("self",))
        .order_by("pk")
    )
)


def lock(match: Match, *, by: Mailbox) -> tuple[Solicitation, list[Match]]:
    """Lock the request, then the matches that an answer is about, and return them as they are now.

    The match itself comes first, then the matches of the mailbox's other posts that are in the same state: a
    mailbox answers once per need. Raises ``ForbiddenMove`` for another mailbox's match, and when the request
    takes no more answers.
    """
    solicitation = Solicitation.objects.locked(by.solicitation_id)
    of_mailbox = _LOCKED.rows(need=match.need_id, mailbox=by.pk)
    locked = next((row for row in of_mailbox if row.pk == match.pk), None)
    if locked is None or solicitation.refuses_answers:
        state = MatchState(match.state)
        raise ForbiddenMove(state, state)  # no move at all is allowed, whatever its target
    return solicitation, [locked, *(row for row in of_mailbox if row != locked and row.state == locked.state)]


def notify_taken(matches: Sequence[Match], events: Sequence[Event], *, now: datetime) -> None:
    """Mail the company, and the other experts who were sent these needs."""
    to_company.taken(matches, events=events, now=now)
    to_experts.taken(matches, events=events, now=now)


def cancel_notifications(events: Iterable[Event], *, now: datetime) -> set[str]:
    """Cancel unsent mails about these events; return the addresses that have received one.

    A cancelled mail may also be about other needs, taken by the same click: a new one is written about these.
    """
    notified: set[str] = set()
    in_the_same_mails: set[str] = set()
    keys = {f"event:{event.pk}" for event in events}
    for key in keys:
        request_mails.remove_from_reminders(key)
        # Cancel first: it waits for a mail that is being sent, which is then read as sent.
        OutgoingEmail.objects.cancel_about(key, now=now)
        rows = OutgoingEmail.objects.about(key)
        notified |= set(rows.exclude(sent_at=None).values_list("to", flat=True))
        for about in rows.filter(cancelled_at=now).values_list("about", flat=True):
            in_the_same_mails |= {other for other in about if other.startswith("event:")}
    if told_with := in_the_same_mails - keys:
        others = Event.objects.filter(pk__in=[key.removeprefix("event:") for key in told_with])
        remaining = list(Match.objects.taken().filter(events__in=others).with_people().in_order())
        if remaining:
            notify_taken(remaining, list(others.order_by("pk")), now=now)
    return notified


def notify_withdrawn(match: Match, withdrawal: Event, *, now: datetime) -> None:
    """Mail everybody who was told that the expert took this match, now withdrawn by somebody else."""
    notified = cancel_notifications(Event.objects.moves().filter(match=match), now=now)
    mailboxes = Mailbox.objects.filter(solicitation=withdrawal.solicitation_id, email__in=notified)
    others = mailboxes.exclude(pk=match.mailbox_id).select_related("solicitation__commune").order_by("pk")
    to_experts.undone(withdrawal, match=match, mailboxes=others, now=now)
    if match.mailbox.solicitation.email in notified:
        to_company.undone(withdrawal, match=match, now=now)


def cancel_earlier_notifications(matches: Sequence[Match], *, now: datetime) -> None:
    """Cancel unsent mails about earlier moves of these matches."""
    events = Event.objects.moves().filter(match__in=matches)
    if matches[0].state == MatchState.HELPED:
        # Closed as helped right after taking: the others must still be told that it was taken.
        events = events.exclude(to_state=MatchState.TAKEN)
    cancel_notifications(events, now=now)


def finish(solicitation: Solicitation, *, now: datetime) -> None:
    """End a move: refresh and save the request, cancel obsolete mails, schedule the search for fallbacks."""
    outcomes = Match.objects.with_outcome().filter(need__solicitation=solicitation)
    solicitation.outcome_at = outcomes.aggregate(first=Min("ended_at"))["first"]
    closing.refresh(solicitation, now=now)
    mails.cancel_obsolete(solicitation, now=now)
    for need in solicitation.needs.filter(state=NeedState.DECLINED, exhausted_at=None):
        transaction.on_commit(
            lambda pk=need.pk: tasks.offer_fallback.apply_async((pk,), eta=now + FALLBACK_AFTER)  # type: ignore[misc]
        )
