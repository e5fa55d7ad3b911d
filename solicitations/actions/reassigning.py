"""Reassigning: a manager gives needs of one request to another person of her offices."""

from collections.abc import Collection, Sequence
from datetime import datetime

from django.db import transaction

from experts.models import Expert, User
from experts.routing.decision import Chosen
from mailing.models import OutgoingEmail
from solicitations.actions import moves, receivers
from solicitations.actions.expert_answers import NobodyThere
from solicitations.dispatch import matching
from solicitations.lifecycle import UNDO_DELAY, EventKind, ForbiddenMove, MatchOrigin, MatchState
from solicitations.models import Event, Match, Solicitation
from solicitations.notifications import request_mails, to_company, to_experts

# States of the colleague's own match in which they may receive the need.
OPEN_TO = frozenset({MatchState.SENT, MatchState.TAKEN, MatchState.WITHDRAWN, MatchState.REPLACED})


@transaction.atomic(durable=True)
def reassign(
    pk: int, match_pks: Collection[int], target: Expert, *, by: User, now: datetime, comment: str = ""
) -> None:
    """Give these active matches of request ``pk`` to ``target``, who must be there today.

    A sent need is sent to them; a taken one stays taken, in their hands, and the company is told their name.
    ``by``: the manager, in whose name it is done. Raises ``ForbiddenMove`` when one of them is over, is
    theirs or was answered by ``target`` already, and ``NobodyThere`` when they are away; nothing moves then.
    """
    solicitation = Solicitation.objects.locked(pk)
    if not receivers.is_there(target, on=solicitation.today(now)):
        raise NobodyThere
    given = _lock(solicitation, match_pks, target)
    was_taken = {row.need_id for row in given if row.state == MatchState.TAKEN}
    events = [_replace(row, target, comment=comment, by=by, now=now) for row in given]
    moves.cancel_notifications(Event.objects.moves().filter(match__in=given), now=now)
    sent = [row for row in _give(given, target, now=now) if row.need_id not in was_taken]
    taken = _take(solicitation, target, was_taken)
    taking = [_record_taken(row, by=by, now=now) for row in taken]
    matching.notify(
        sent,
        event=events[0],
        introducer=f"{by} (responsable)",
        comment=comment,
        not_before=now + UNDO_DELAY,
        now=now,
    )
    if taken:
        to_experts.reassigned(taken, by=by, comment=comment, event=taking[0], now=now)
        to_company.taken(taken, events=taking, now=now)
        to_experts.taken(taken, events=taking, now=now)
    _release(given, target, by=by, event=events[0], now=now)
    moves.finish(solicitation, now=now)


def _lock(solicitation: Solicitation, match_pks: Collection[int], target: Expert) -> list[Match]:
    """The matches, locked.

    Raises ``ForbiddenMove`` unless all are active, and ``target`` may have their needs.
    """
    rows = Match.objects.active().filter(pk__in=match_pks, need__solicitation=solicitation).with_people()
    given = list(rows.select_for_update(of=("self",)).in_order())
    is_theirs = any(row.expert_id == target.pk for row in given)
    if is_theirs or len(given) < len(set(match_pks)) or solicitation.refuses_answers or not given:
        raise ForbiddenMove(MatchState.WITHDRAWN, MatchState.REPLACED)
    for row in given:
        row.mailbox.solicitation = row.need.solicitation = solicitation
    of_target = Match.objects.filter(need__in=[row.need_id for row in given], expert=target)
    for state in of_target.values_list("state", flat=True):
        if state not in OPEN_TO:
            raise ForbiddenMove(MatchState(state), MatchState.SENT)
    return given


def _replace(row: Match, target: Expert, *, comment: str, by: User, now: datetime) -> Event:
    before = row.state
    row.move_to(MatchState.REPLACED, at=now, comment=comment)
    row.save()
    reason = f"{target.name} : {comment}" if comment else target.name
    return Event.objects.record_move(row, before, kind=EventKind.HANDED_OVER, by=by, reason=reason, at=now)


def _give(given: Sequence[Match], target: Expert, *, now: datetime) -> list[Match]:
    """The matches of ``target`` that are new, or sent again."""
    office = target.office
    chosen = Chosen(office.code, office.institution.code, target.email, target.pk)
    return [
        made
        for row in given
        for made in matching.make_matches(
            row.need, [chosen], origin=MatchOrigin.HAND_OVER, introduced_by=row, again=True, now=now
        )
    ]


def _take(solicitation: Solicitation, target: Expert, needs: Collection[int]) -> list[Match]:
    """The matches of ``target`` on needs that were taken, and that they had not taken themselves."""
    rows = Match.objects.sent().filter(need__in=needs, expert=target).with_people()
    taken = list(rows.select_for_update(of=("self",)).in_order())
    for row in taken:
        row.mailbox.solicitation = row.need.solicitation = solicitation
    return taken


def _record_taken(row: Match, *, by: User, now: datetime) -> Event:
    row.move_to(MatchState.TAKEN, at=now)
    row.save()
    return Event.objects.record_move(row, MatchState.SENT, by=by, at=now)


def _release(given: Sequence[Match], target: Expert, *, by: User, event: Event, now: datetime) -> None:
    """Cancel the unsent mails of each mailbox that has nothing left to do; tell those mailed before."""
    mailboxes = {row.mailbox_id: row.mailbox for row in given}
    busy = set(Match.objects.active().filter(mailbox__in=mailboxes).values_list("mailbox_id", flat=True))
    for pk in sorted(mailboxes.keys() - busy):
        request_mails.remove_from_reminders(f"mailbox:{pk}")
        OutgoingEmail.objects.cancel_about(f"mailbox:{pk}", now=now)
        if OutgoingEmail.objects.about(f"mailbox:{pk}").exclude(sent_at=None).exists():
            to_experts.stopped(
                given[0].mailbox.solicitation,
                mailboxes=[mailboxes[pk]],
                event=event,
                why=f"{by}, responsable, a confié cette demande à {target.name}.",
                not_before=now + UNDO_DELAY,
                now=now,
            )
