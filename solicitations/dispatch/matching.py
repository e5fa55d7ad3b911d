"""Send a need to experts: matches, their mailboxes, their first mail."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from django.db.models import F

from experts.routing.decision import Chosen, NeedDecision
from mailing import outbox
from solicitations.lifecycle import MatchOrigin, MatchState
from solicitations.models import Event, Mailbox, Match, Need, Solicitation
from solicitations.notifications import to_experts


def make_first_matches(
    solicitation: Solicitation, needs: Sequence[Need], decided: Sequence[NeedDecision], *, now: datetime
) -> list[Match]:
    """Match the needs of a request just written with the experts chosen for each, in a first round."""
    mailboxes: dict[str, Mailbox] = {}
    emails = [email for one in decided for email in one.emails]
    _complete(mailboxes, solicitation, emails, first_round=1, now=now)
    return Match.objects.bulk_create(
        Match(
            need=need,
            expert_id=choice.expert_pk,
            mailbox=mailboxes[choice.expert.lower()],
            origin=MatchOrigin.ROUTING,
            reason=choice.as_json(),
            sent_at=now,
        )
        for need, one in zip(needs, decided, strict=True)
        for choice in one.chosen
    )


def make_matches(
    need: Need,
    chosen: Iterable[Chosen],
    *,
    origin: MatchOrigin,
    now: datetime,
    introduced_by: Match | None = None,
    again: bool = False,
) -> list[Match]:
    """Match a need with these experts; return the matches that are new, or sent again.

    ``again``: send withdrawn or replaced matches again.
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
    mailboxes = {mailbox.email.lower(): mailbox for mailbox in need.solicitation.mailboxes.all()}
    emails = [choice.expert for _, choice in wanted]
    _complete(mailboxes, need.solicitation, emails, first_round=0, now=now)
    _reopen(mailboxes[email.lower()] for email in emails)
    for match, choice in wanted:
        match.mailbox = mailboxes[choice.expert.lower()]
        match.origin, match.introduced_by, match.sent_at = origin, introduced_by, now
        match.stand_in_asked_at = None  # sent again: a stand-in may be asked again
        match.reason = choice.as_json()
        if match.pk is not None:
            match.save()
    Match.objects.bulk_create(match for match, _ in wanted if match.pk is None)
    return [match for match, _ in wanted]


def _complete(
    mailboxes: dict[str, Mailbox],
    solicitation: Solicitation,
    emails: Iterable[str],
    *,
    first_round: int,
    now: datetime,
) -> None:
    """Create the missing mailboxes of these addresses."""
    new = {
        email.lower(): Mailbox(solicitation=solicitation, email=email, round=first_round, created_at=now)
        for email in emails
        if email.lower() not in mailboxes
    }
    Mailbox.objects.bulk_create(new.values())
    mailboxes |= new


def _reopen(mailboxes: Iterable[Mailbox]) -> None:
    """Let mails be sent again to mailboxes that had nobody left: the experts chosen now are there."""
    for mailbox in mailboxes:
        if mailbox.left_at is not None:
            mailbox.left_at = None
            mailbox.save(update_fields=["left_at"])


def notify(
    matches: Sequence[Match],
    *,
    now: datetime,
    event: Event | None = None,
    introducer: str = "",
    comment: str = "",
    not_before: datetime | None = None,
) -> None:
    """One mail per mailbox about these new matches of one request, in a new round of it."""
    if not matches:
        return
    _begin_round(matches)
    mails = to_experts.notified(
        matches,
        now=now,
        event=event,
        introducer=introducer,
        comment=comment,
        not_before=not_before,
    )
    outbox.enqueue_all(mails)


def _begin_round(matches: Sequence[Match]) -> None:
    Mailbox.objects.filter(pk__in={match.mailbox_id for match in matches}).update(round=F("round") + 1)
    for mailbox in {id(match.mailbox): match.mailbox for match in matches}.values():
        mailbox.round += 1
