"""What routing, people and the clock all need: putting a need before experts, alerts, holding, closing."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from django.db.models import F

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
    known = {match.expert_id: match for match in need.matches.all()}
    wanted: list[tuple[Match, Chosen]] = []
    for choice in chosen:
        match = known.get(choice.expert_pk)
        if match is None:
            wanted.append((Match(need=need, expert_id=choice.expert_pk), choice))
        elif again and match.is_gone:
            match.move_to(MatchState.SENT, at=now)
            wanted.append((match, choice))
    mailboxes = _mailboxes(need.solicitation, [choice.expert for _, choice in wanted], now=now)
    for match, choice in wanted:
        match.mailbox = mailboxes[choice.expert.lower()]
        match.origin, match.introduced_by, match.sent_at = origin, introduced_by, now
        match.reason = choice.as_json()
        if match.pk is not None:
            match.save()
    Match.objects.bulk_create(match for match, _ in wanted if match.pk is None)
    return [match for match, _ in wanted]


def _mailboxes(solicitation: Solicitation, emails: Iterable[str], *, now: datetime) -> dict[str, Mailbox]:
    """The mailboxes of these addresses within the request, by address in lower case; made where missing."""
    mailboxes = {mailbox.email.lower(): mailbox for mailbox in solicitation.mailboxes.all()}
    new = {
        email.lower(): Mailbox(solicitation=solicitation, email=email, created_at=now)
        for email in emails
        if email.lower() not in mailboxes
    }
    Mailbox.objects.bulk_create(new.values())
    return mailboxes | new


def notify(
    matches: Sequence[Match],
    *,
    now: datetime,
    event: Event | None = None,
    introducer: str = "",
    word: str = "",
    not_before: datetime | None = None,
) -> None:
    """One mail per mailbox about these new matches of one request, in a new round of it."""
    if not matches:
        return
    Mailbox.objects.filter(pk__in={match.mailbox_id for match in matches}).update(round=F("round") + 1)
    for mailbox in {id(match.mailbox): match.mailbox for match in matches}.values():
        mailbox.round += 1
    rows = to_experts.notified(
        matches,
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

    A need that all declined waits for its fallback; an uncovered one waits for staff, or for the clock.
    """
    if solicitation.alerts.standing().exists():
        settle_alerts(solicitation, now=now)
    if Match.objects.active().filter(need__solicitation=solicitation).exists():
        if solicitation.state == RequestState.CLOSED:
            solicitation.move_to(RequestState.SUBMITTED, at=now)
            Event.objects.create(solicitation=solicitation, kind=EventKind.REOPENED, at=now)
        return
    if solicitation.state != RequestState.SUBMITTED or solicitation.routed_at is None:
        return
    waits = {NeedState.UNCOVERED, NeedState.RECEIVED}
    needs = list(solicitation.needs.all())
    for need in needs:
        if need.state in waits or (need.state == NeedState.DECLINED and need.exhausted_at is None):
            return
    reason = closing_reason([NeedState(need.state) for need in needs])
    solicitation.move_to(RequestState.CLOSED, at=now, reason=reason)
    Event.objects.create(solicitation=solicitation, kind=EventKind.CLOSED, reason=reason.label, at=now)
