"""Re-offer of needs whose expert is gone: others are asked, staff and the company are mailed."""

from collections.abc import Iterable, Sequence
from datetime import datetime

from django.db import transaction
from django.db.models import Q

from experts.models import Expert
from mailing.models import OutgoingEmail
from solicitations.dispatch import alerts, closing, matching, routing
from solicitations.lifecycle import AlertCause, EventKind, MatchOrigin, MatchState
from solicitations.models import Event, Mailbox, Match, Need, Solicitation
from solicitations.models.matches import GONE
from solicitations.notifications import request_mails, to_company, to_staff

BACK = "De retour"


@transaction.atomic(durable=True)
def reoffer(pk: int, *, now: datetime) -> None:
    """Update request ``pk`` after experts have gone or come back; a second call finds nothing to do.

    Experts are gone when they left, are paused, were dropped by a file, or their office has closed. Those
    whose address refuses our mails get no new need, and keep those that they took.
    """
    reoffer_locked(Solicitation.objects.locked(pk), now=now)


def reoffer_locked(solicitation: Solicitation, *, now: datetime) -> None:
    """The same for a locked request: withdraw the waiting needs and ask others, report those taken."""
    rows = Match.objects.active().filter(need__solicitation=solicitation).with_people()
    active = list(rows.select_for_update(of=("self",)).in_order())
    gone = set(
        Expert.objects.gone(solicitation.today(now), now=now)
        .filter(pk__in=[match.expert_id for match in active])
        .values_list("pk", flat=True)
    )
    for match in active:
        match.mailbox.solicitation = match.need.solicitation = solicitation
    left = [
        match
        for match in active
        if (match.expert_id in gone and match.expert_left_at is None) or _waits_at_refusing_address(match)
    ]
    back = [match for match in active if match.expert_id not in gone and match.expert_left_at is not None]
    if not left and not back:
        return
    _set_left(back, None)
    withdrawn = [_withdraw(match, now=now) for match in left if match.state == MatchState.SENT]
    taken = [match for match in left if match.state == MatchState.TAKEN]
    _set_left(taken, now)
    _update_mailboxes({match.mailbox for match in (*left, *back)}, now=now)
    _ask_others(solicitation, withdrawn, now=now)
    for match in taken:
        _report(match, now=now)
    for expert in {
        match.expert: None for match in (*withdrawn, *taken) if match.expert.left_at or match in taken
    }:
        to_staff.expert_gone(expert, solicitation, now=now)
    closing.refresh(solicitation, now=now)


@transaction.atomic(durable=True)
def give_back(pk: int, *, now: datetime) -> None:
    """Send the withdrawn needs of request ``pk`` that nobody took to their experts who are back.

    Experts still gone for another reason, such as a closed office, get nothing.
    """
    solicitation = Solicitation.objects.locked(pk)
    rows = Match.objects.to_give_back(solicitation.today(now), now=now)
    rows = rows.filter(need__solicitation=solicitation)
    matches = list(rows.with_people().select_for_update(of=("self",)).in_order())
    for match in matches:
        match.mailbox.solicitation = match.need.solicitation = solicitation
        match.move_to(MatchState.SENT, at=now)
        match.sent_at, match.stand_in_asked_at = now, None
        match.save()
        Event.objects.record_move(match, MatchState.WITHDRAWN, reason=BACK, at=now)
    _update_mailboxes({match.mailbox for match in matches}, now=now)
    matching.notify(matches, now=now)
    closing.refresh(solicitation, now=now)


@transaction.atomic(durable=True)
def offer_to_successor(pk: int, gone_pk: int, *, successor_pk: int, since: datetime, now: datetime) -> None:
    """Send to a successor the needs of request ``pk`` withdrawn at the departure, if the rule says so."""
    solicitation = Solicitation.objects.locked(pk)
    if solicitation.refuses_answers:
        return
    withdrawn = Match.objects.withdrawn_as_gone(gone_pk, since=since).filter(need__solicitation=solicitation)
    matches: list[Match] = []
    for need in Need.objects.filter(pk__in=withdrawn.values("need")).select_related("subject").order_by("pk"):
        need.solicitation = solicitation
        chosen = routing.decide_today(need, now=now).chosen
        for_successor = [one for one in chosen if one.expert_pk == successor_pk]
        matches += matching.make_matches(need, for_successor, origin=MatchOrigin.ROUTING, now=now)
    matching.notify(matches, now=now)
    closing.refresh(solicitation, now=now)


def _waits_at_refusing_address(match: Match) -> bool:
    return match.state == MatchState.SENT and match.expert.is_bouncing


def _withdraw(match: Match, *, now: datetime) -> Match:
    before, who = match.state, _who(match)
    match.move_to(MatchState.WITHDRAWN, at=now, comment=GONE)
    match.save()
    Event.objects.record_move(match, before, kind=EventKind.DEPARTURE, reason=who, at=now)
    return match


def _set_left(matches: Iterable[Match], at: datetime | None) -> None:
    for match in matches:
        match.expert_left_at = at
        match.save(update_fields=["expert_left_at"])


def _update_mailboxes(mailboxes: Iterable[Mailbox], *, now: datetime) -> None:
    """Mark mailboxes without any expert, and cancel their unsent mails; open those that have one again."""
    for mailbox in sorted(mailboxes, key=lambda mailbox: mailbox.pk):
        posts = Expert.objects.filter(matches__mailbox=mailbox)
        today = mailbox.solicitation.today(now)
        reached = Q(is_bouncing=False) | Q(matches__in=Match.objects.taken().filter(mailbox=mailbox))
        has_somebody = posts.filter(reached).exclude(pk__in=Expert.objects.gone(today, now=now)).exists()
        mailbox.left_at = None if has_somebody else mailbox.left_at or now
        mailbox.save(update_fields=["left_at"])
        if not has_somebody:
            request_mails.remove_from_reminders(f"mailbox:{mailbox.pk}")
            OutgoingEmail.objects.cancel_about(f"mailbox:{mailbox.pk}", now=now)


def _ask_others(solicitation: Solicitation, withdrawn: Sequence[Match], *, now: datetime) -> None:
    """Apply steps 5 and 7 to 9 of the routing rule again to needs that lost an expert; mail the new ones."""
    institutions: dict[Need, set[str]] = {}
    for match in withdrawn:
        institutions.setdefault(match.need, set()).add(match.expert.office.institution.code)
    new: list[Match] = []
    for need, codes in institutions.items():
        states = set(need.matches.values_list("state", flat=True))
        if MatchState.HELPED not in states:
            new += _replace(need, codes, has_nobody=not states & {MatchState.SENT, MatchState.TAKEN}, now=now)
    matching.notify(new, now=now)


def _replace(need: Need, institutions: set[str], *, has_nobody: bool, now: datetime) -> list[Match]:
    """New matches of a need: in these institutions, or in any when nobody has it any more (``has_nobody``).

    Then, offices not asked yet, or else the fallback, which the company is told; staff are alerted of nobody.
    """
    decided = routing.decide_today(need, now=now)
    chosen = [one for one in decided.chosen if has_nobody or one.institution in institutions]
    made = (
        []
        if decided.is_fallback
        else matching.make_matches(need, chosen, origin=MatchOrigin.ROUTING, now=now)
    )
    if made or not has_nobody:
        return made
    decided = routing.decide_again(need, now=now)
    origin = MatchOrigin.FALLBACK if decided.is_fallback else MatchOrigin.ROUTING
    made = matching.make_matches(need, decided.chosen, origin=origin, now=now)
    if not made:
        alerts.raise_alert(need.solicitation, AlertCause.NOBODY, details=need.subject.label, now=now)
    elif decided.is_fallback:
        need.is_fallback = True
        need.save(update_fields=["is_fallback"])
        event = Event.objects.record(
            EventKind.FALLBACK, need.solicitation, match=made[0], reason=need.subject.label, at=now
        )
        offices = sorted({match.expert.office.name for match in made})
        to_company.taken_over(need, offices=offices, event=event, now=now)
    return made


def _report(match: Match, *, now: datetime) -> None:
    """Raise an alert about a need whose expert is gone; mail the company, with the colleague who goes on."""
    solicitation = match.need.solicitation
    event = Event.objects.record(EventKind.DEPARTURE, solicitation, match=match, reason=_who(match), at=now)
    details = f"{_who(match)} avait pris en charge : {match.need.subject.label}"
    alerts.raise_alert(solicitation, AlertCause.DEPARTURE, details=details, by_mail=False, now=now)
    others = Match.objects.taken().filter(need=match.need, expert_left_at=None).with_people()
    to_company.taker_gone(match, follower=others.order_by("taken_at", "pk").first(), event=event, now=now)


def _who(match: Match) -> str:
    refusal = ", dont l'adresse refuse nos courriels" if _waits_at_refusing_address(match) else ""
    return f"{match.expert.name} ({match.expert.office.name}){refusal}"
