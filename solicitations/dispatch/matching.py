"""What routing, people and the clock all need: putting a need before experts, alerts, holding, closing."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from experts.routing.decision import Chosen
from mailing.tasks import deliver_after_commit
from solicitations.lifecycle import (
    AlertCause,
    EventKind,
    HeldReason,
    MatchOrigin,
    MatchState,
    NeedState,
    RequestState,
    closing_reason,
)
from solicitations.models import Alert, Event, Mailbox, Match, Need, Solicitation
from solicitations.notifications import to_experts, to_staff


def hold(solicitation: Solicitation, reason: HeldReason, *, now: datetime) -> None:
    """Hold a locked request for staff and tell them. Saves the alert and the event, not the request."""
    solicitation.move_to(RequestState.HELD, at=now, reason=reason)
    Event.objects.create(solicitation=solicitation, kind=EventKind.HELD, reason=reason.label, at=now)
    raise_alert(solicitation, AlertCause.HELD, words=reason.label, now=now)


def raise_alert(
    solicitation: Solicitation, cause: AlertCause, *, now: datetime, words: str = "", by_mail: bool = True
) -> None:
    """A line in the staff's list and a mail to them: once per request and cause.

    Raised again while it stands, it says the one and the other; once settled, it stands again.
    """
    alert = solicitation.alerts.filter(cause=cause).first()
    if alert is None:
        alert = Alert(solicitation=solicitation, cause=cause, raised_at=now)
    said = alert.words if alert.settled_at is None else ""
    alert.words = said if words in said else ", ".join(filter(None, [said, words]))
    alert.settled_at = None
    alert.save()
    if by_mail:
        deliver_after_commit(*to_staff.alert(alert, now=now))


def make_matches(
    need: Need,
    chosen: Iterable[Chosen],
    *,
    origin: MatchOrigin,
    now: datetime,
    introduced_by: Match | None = None,
    again: bool = False,
) -> list[Match]:
    """Put a need before these experts; returns the matches that are new, or sent once more.

    ``again``: those that were withdrawn or replaced are brought in again.
    """
    matches: list[Match] = []
    for choice in chosen:
        match = need.matches.filter(expert=choice.expert_pk).first()
        if match is None:
            match = Match(need=need, expert_id=choice.expert_pk)
        elif again and match.is_gone:
            match.move_to(MatchState.SENT, at=now)
        else:
            continue
        match.mailbox = _mailbox(need.solicitation, choice.expert, now=now)
        match.origin, match.introduced_by, match.sent_at = origin, introduced_by, now
        match.reason = choice.as_json()
        match.save()
        matches.append(match)
    return matches


def _mailbox(solicitation: Solicitation, email: str, *, now: datetime) -> Mailbox:
    mailbox = Mailbox.objects.of(solicitation, email).first()
    return mailbox or Mailbox.objects.create(solicitation=solicitation, email=email, created_at=now)


def notify(
    matches: Sequence[Match],
    *,
    now: datetime,
    event: Event | None = None,
    introducer: str = "",
    word: str = "",
    not_before: datetime | None = None,
) -> None:
    """One mail per mailbox about these new matches, in a new round of it."""
    loaded = Match.objects.with_people().filter(pk__in=[match.pk for match in matches]).in_order()
    by_mailbox: dict[int, list[Match]] = {}
    for match in loaded:
        by_mailbox.setdefault(match.mailbox_id, []).append(match)
    for mine in by_mailbox.values():
        mailbox = mine[0].mailbox
        mailbox.round += 1
        mailbox.save(update_fields=["round"])
        rows = to_experts.notified(
            mailbox,
            matches=mine,
            now=now,
            event=event,
            introducer=introducer,
            word=word,
            not_before=not_before,
        )
        deliver_after_commit(*rows)


def settle_alerts(solicitation: Solicitation, *, now: datetime) -> None:
    """After an answer: staff no longer watch what the clock had told them and is not so any more."""
    over = [
        cause
        for cause, still in (
            (AlertCause.LATE, solicitation.needs.waiting()),
            (AlertCause.SILENT, Match.objects.taken().filter(need__solicitation=solicitation)),
            (AlertCause.LEGAL, solicitation.needs.without_legal_answer()),
        )
        if not still.exists()
    ]
    solicitation.alerts.standing().filter(cause__in=over).update(settled_at=now)


def close_if_done(solicitation: Solicitation, *, now: datetime) -> None:
    """Close a locked, routed request that nobody has to answer any more, or reopen it. Saves the event alone.

    A need that all declined waits for its fallback; an uncovered one waits for staff.
    """
    if solicitation.alerts.standing().exists():
        settle_alerts(solicitation, now=now)
    matches = Match.objects.filter(need__solicitation=solicitation)
    if matches.active().exists():
        if solicitation.state == RequestState.CLOSED:
            solicitation.move_to(RequestState.SUBMITTED, at=now)
            Event.objects.create(solicitation=solicitation, kind=EventKind.REOPENED, at=now)
        return
    if solicitation.state != RequestState.SUBMITTED or solicitation.routed_at is None:
        return
    waits = {NeedState.UNCOVERED, NeedState.RECEIVED}
    for need in solicitation.needs.all():
        if need.state in waits or (need.state == NeedState.DECLINED and need.exhausted_at is None):
            return
    reason = closing_reason([MatchState(state) for state in matches.values_list("state", flat=True)])
    solicitation.move_to(RequestState.CLOSED, at=now, reason=reason)
    Event.objects.create(solicitation=solicitation, kind=EventKind.CLOSED, reason=reason.label, at=now)
