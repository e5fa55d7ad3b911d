"""Steps that answering and undoing share: locks, mails to send or cancel, the end of a move."""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Min

from mailing.models import OutgoingEmail
from solicitations import tasks
from solicitations.clock import mails
from solicitations.dispatch import closing
from solicitations.lifecycle import UNDO_DELAY, ForbiddenMove, MatchState, NeedState
from solicitations.models import Event, Mailbox, Match, Solicitation
from solicitations.notifications import to_company, to_experts

# The fallback looks a little after the refusal can no longer be undone.
FALLBACK_AFTER = UNDO_DELAY + timedelta(seconds=1)


def lock(match: Match, *, by: Mailbox) -> tuple[Solicitation, list[Match]]:
    """The request, then the matches that an answer is about, locked and read anew.

    The match itself comes first, then those of the same mailbox's other posts that stand where it stands: a
    mailbox answers once per need. Raises ``ForbiddenMove`` for a match of somebody else, and when nobody
    answers the request any more.
    """
    solicitation = Solicitation.objects.locked(by.solicitation_id)
    rows = Match.objects.filter(need=match.need_id, mailbox=by).with_people()
    mine = list(rows.select_for_update(of=("self",)).order_by("pk"))
    locked = next((row for row in mine if row.pk == match.pk), None)
    if locked is None or solicitation.refuses_answers:
        raise ForbiddenMove(MatchState(match.state), MatchState(match.state))
    return solicitation, [locked, *(row for row in mine if row != locked and row.state == locked.state)]


def notify_taken(matches: Sequence[Match], events: Sequence[Event], *, now: datetime) -> None:
    """Tell the company and the others who have these needs before them."""
    to_company.taken(matches, events=events, now=now)
    to_experts.taken(matches, events=events, now=now)


def cancel_notifications(events: Iterable[Event], *, now: datetime) -> set[str]:
    """Cancel what has not left about these events; returns the addresses that were told already.

    What the same click said of other needs is written anew.
    """
    told: set[str] = set()
    click: set[str] = set()
    names = {f"event:{event.pk}" for event in events}
    for name in names:
        # In this order: a mail that is leaving at this very moment is waited for, and counts as told.
        OutgoingEmail.objects.cancel_about(name, now=now)
        rows = OutgoingEmail.objects.about(name)
        told |= set(rows.exclude(sent_at=None).values_list("to", flat=True))
        for about in rows.filter(cancelled_at=now).values_list("about", flat=True):
            click |= {other for other in about if other.startswith("event:")}
    others = Event.objects.filter(pk__in=[name.removeprefix("event:") for name in click - names])
    remaining = list(Match.objects.taken().filter(events__in=others).with_people().in_order())
    if remaining:
        notify_taken(remaining, list(others.order_by("pk")), now=now)
    return told


def notify_withdrawn(match: Match, withdrawal: Event, *, now: datetime) -> None:
    """Somebody else withdrew the match: those who heard that its expert took it are told again."""
    told = cancel_notifications(Event.objects.moves().filter(match=match), now=now)
    mailboxes = Mailbox.objects.filter(solicitation=withdrawal.solicitation_id, email__in=told)
    others = mailboxes.exclude(pk=match.mailbox_id).select_related("solicitation__commune").order_by("pk")
    to_experts.undone(withdrawal, match=match, mailboxes=others, now=now)
    if match.mailbox.solicitation.email in told:
        to_company.undone(withdrawal, match=match, now=now)


def cancel_earlier_notifications(matches: Sequence[Match], *, now: datetime) -> None:
    """Cancel unsent mails about earlier moves of these matches."""
    events = Event.objects.moves().filter(match__in=matches)
    if matches[0].state == MatchState.HELPED:
        # Helped at once, the need was taken all the same: the others have to know.
        events = events.exclude(to_state=MatchState.TAKEN)
    cancel_notifications(events, now=now)


def finish(solicitation: Solicitation, *, now: datetime) -> None:
    """End a move: refresh and save the request, cancel obsolete mails, have fallbacks looked for."""
    outcomes = Match.objects.with_outcome().filter(need__solicitation=solicitation)
    solicitation.outcome_at = outcomes.aggregate(first=Min("ended_at"))["first"]
    closing.refresh(solicitation, now=now)
    mails.cancel_obsolete(solicitation, now=now)
    for need in solicitation.needs.filter(state=NeedState.DECLINED, exhausted_at=None):
        transaction.on_commit(
            lambda pk=need.pk: tasks.offer_fallback.apply_async((pk,), eta=now + FALLBACK_AFTER)  # type: ignore[misc]
        )
