"""Actions of the company: complete, correct or cancel a request, renew its links."""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from mailing.accepted_files import AcceptedFile
from mailing.models import OutgoingEmail
from solicitations.conversation import messages
from solicitations.dispatch import closing
from solicitations.lifecycle import ACTIVE, UNDO_DELAY, EventKind, ForbiddenMove, MatchState, RequestState
from solicitations.models import Addition, Draft, Event, Mailbox, Match, Question, Solicitation
from solicitations.models.request_querysets import LINK_LIFE_AFTER_END
from solicitations.notifications import request_mails, to_company, to_experts


@transaction.atomic(durable=True)
def add_information(
    solicitation: Solicitation,
    *,
    body: str,
    now: datetime,
    question: Question | None = None,
    attached: Sequence[AcceptedFile] = (),
) -> Addition:
    """Add a text of the company to its request and mail it to the experts who have not declined.

    The answer to a ``question`` goes to its author and to the experts who took a need. The same text and
    files again within a minute are a second click: they are sent once. Raises ``ForbiddenMove`` once the
    request is cancelled, spam or a test.
    """
    locked = lock_for_company(solicitation)
    recent = locked.additions.filter(question=question, at__gt=now - UNDO_DELAY)
    if repeated := messages.second_click(recent, body=body, attached=attached):
        return repeated
    return messages.add_company_message(
        locked, messages.MessageContent(body, files=attached), question=question, now=now
    )


@transaction.atomic(durable=True)
def correct_contact(
    solicitation: Solicitation,
    *,
    phone: str,
    days: Sequence[str],
    hours: Sequence[str],
    now: datetime,
    wish: str = "",
) -> None:
    """Change the phone number, when to call, and how to be contacted (``wish``; empty: as before).

    The experts who have not declined are mailed what changed.
    """
    locked = lock_for_company(solicitation)
    wanted = {
        "phone": phone,
        "callback_days": list(days),
        "callback_hours": list(hours),
        "contact_wish": wish or locked.contact_wish,
    }
    if all(getattr(locked, name) == value for name, value in wanted.items()):
        return
    for name, value in wanted.items():
        setattr(locked, name, value)
    locked.save(update_fields=list(wanted))
    event = Event.objects.record(EventKind.CONTACT_CORRECTED, locked, by=locked, at=now)
    to_experts.contact_corrected(locked, event=event, now=now)


@transaction.atomic(durable=True)
def cancel(solicitation: Solicitation, *, now: datetime) -> None:
    """Cancel a request that its company no longer needs, and its unsent mails.

    Raises ``ForbiddenMove`` when it is over already.
    """
    locked = Solicitation.objects.locked(solicitation.pk)
    locked.move_to(RequestState.CANCELLED, at=now)
    event = Event.objects.record(EventKind.CANCELLED, locked, by=locked, at=now)
    withdraw_all(
        locked, event=event, why="L'entreprise a annulé sa demande : vous n'avez plus rien à faire.", now=now
    )
    closing.refresh(locked, now=now)


def withdraw_all(solicitation: Solicitation, *, event: Event, why: str, now: datetime) -> None:
    """Withdraw a locked request's active matches; mail ``why`` to the experts already mailed about it."""
    request_mails.remove_from_reminders(f"request:{solicitation.pk}")
    OutgoingEmail.objects.cancel_about(f"request:{solicitation.pk}", now=now)
    asked = Mailbox.objects.filter(solicitation=solicitation, matches__state__in=list(ACTIVE)).distinct()
    notified = [
        mailbox
        for mailbox in asked.select_related("solicitation__commune").order_by("pk")
        if OutgoingEmail.objects.about(f"mailbox:{mailbox.pk}").exclude(sent_at=None).exists()
    ]
    matches = Match.objects.active().filter(need__solicitation=solicitation).select_related("mailbox")
    for match in matches.select_for_update(of=("self",)).order_by("pk"):
        before = match.state
        match.move_to(MatchState.WITHDRAWN, at=now)
        match.save()
        Event.objects.record_move(match, before, kind=EventKind.WITHDRAWN, at=now)
    to_experts.stopped(solicitation, mailboxes=notified, event=event, why=why, now=now)
    solicitation.alerts.open().update(settled_at=now)


def lock_for_company(solicitation: Solicitation) -> Solicitation:
    """Lock the request and return it. Raises ``ForbiddenMove`` once it is cancelled, spam or a test."""
    locked = Solicitation.objects.locked(solicitation.pk)
    if not messages.is_open_to_company(locked):
        raise ForbiddenMove(RequestState(locked.state), RequestState.SUBMITTED)
    return locked


@transaction.atomic(durable=True)
def send_lost_links(email: str, *, now: datetime) -> None:
    """Mail this address the links of all its requests; an unknown address gets nothing."""
    solicitations = list(Solicitation.objects.with_valid_link(email, now=now).newest_first())
    if solicitations:
        to_company.lost_links(solicitations, now=now)


@transaction.atomic(durable=True)
def send_resume_link(draft: Draft, *, email: str, now: datetime) -> None:
    """Store the address with the draft and mail the link that resumes it."""
    draft.email, draft.updated_at = email, now
    draft.save(update_fields=["email", "updated_at"])
    to_company.resume(draft, now=now)


@transaction.atomic(durable=True)
def renew_link(solicitation: Solicitation, *, now: datetime) -> None:
    """Mail the owner a new link in place of an expired one, which stays invalid."""
    locked = Solicitation.objects.locked(solicitation.pk)
    if locked.state == RequestState.ANONYMISED or locked.link_serial != solicitation.link_serial:
        return
    locked.link_serial += 1
    locked.link_extended_until = now + LINK_LIFE_AFTER_END
    locked.save(update_fields=["link_serial", "link_extended_until"])
    Event.objects.record(EventKind.LINK_REISSUED, locked, by=locked, at=now)
    to_company.lost_links([locked], now=now)
