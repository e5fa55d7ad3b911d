"""Erasing what is not needed any more: drafts after a week, what a request contained after two years."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import models, transaction
from django.db.models import Q, Value
from django.db.models.functions import Cast, Concat

from experts.routing.decision import Chosen, NeedDecision
from mailing.models import IncomingEmail, OutgoingEmail
from mailing.transactions import transaction_required
from solicitations.conversation import attachments
from solicitations.lifecycle import ClosedReason, EventKind, RequestState
from solicitations.models import (
    Addition,
    AddressChange,
    Alert,
    Draft,
    Event,
    InternalMessage,
    Mailbox,
    Match,
    Message,
    Need,
    Question,
    Solicitation,
    StaffMessage,
    StaffNote,
    Survey,
)
from solicitations.models.abandoned import abandoned
from solicitations.models.matches import ERASED

STRAY_AFTER = timedelta(days=1)
# What is emptied, by table: the lookup of the request, and the columns. Codes, dates and states stay.
MAILED = {"body": "", "sent_from": "", "attachments": []}
EMPTIED: tuple[tuple[Any, str, dict[str, Any]], ...] = (
    (Event, "solicitation", {"reason": ""}),
    (Message, "solicitation", {"author": "", "institution": "", **MAILED}),
    (InternalMessage, "solicitation", {"author": "", **MAILED}),
    (Question, "solicitation", {"author": "", "institution": "", **MAILED}),
    (Addition, "solicitation", MAILED),
    (Alert, "solicitation", {"details": ""}),
    (Survey, "solicitation", {"comment": ""}),
    (Match, "need__solicitation", {"comment": "", "answer": "", "taken_by": ""}),
    (Mailbox, "solicitation", {"email": Concat(Value(ERASED), Cast("pk", models.CharField()))}),
)
MAILED_ROWS = (Message, InternalMessage, Question, Addition)
DELETED: tuple[Any, ...] = (StaffNote, StaffMessage, AddressChange)  # the events say that they were written
EMPTIED_REQUEST: dict[str, Any] = {
    "description": "",
    "company_name": "",
    "siret": "",
    "fact_sources": {},
    "contact_name": "",
    "phone": "",
    "email": "",
    "callback_days": [],
    "callback_hours": [],
    "routing_error": "",
    "clock_error": "",
    "handled_by": None,
    "handled_since": None,
}


@transaction.atomic(durable=True)
def erase_draft(pk: int, *, now: datetime) -> None:
    """Erase a draft that is too old to keep, and the mails about it; a younger one is left alone."""
    draft = Draft.objects.to_erase(now=now).select_for_update().filter(pk=pk).first()
    if draft is not None:
        erase_any_draft(draft, now=now)


def erase_any_draft(draft: Draft, *, now: datetime) -> None:
    """Erase a draft of whatever age, and the mails about it."""
    OutgoingEmail.objects.about(f"draft:{draft.pk}").erase(now=now)
    draft.delete()


@transaction.atomic(durable=True)
def anonymise(pk: int, *, now: datetime) -> None:
    """Erase all that names or quotes somebody from a request that ended long ago; figures stay.

    An abandoned request is closed first. Does nothing to one that is open, ended lately, or was anonymised
    already. A duplicate of it, or the request that it duplicates, keeps its own content.
    """
    solicitation = Solicitation.objects.locked(pk)
    is_abandoned = abandoned(now=now).filter(pk=pk).exists()
    if is_abandoned:
        solicitation.move_to(RequestState.CLOSED, at=now, reason=ClosedReason.UNANSWERED)
    elif not Solicitation.objects.to_anonymise(now=now).filter(pk=pk).exists():
        return
    erase_contents(solicitation, now=now)
    if is_abandoned:
        _record_end(solicitation, now=now)
    Event.objects.record(EventKind.ANONYMISED, solicitation, at=now)


@transaction_required
def erase_contents(solicitation: Solicitation, *, now: datetime) -> None:
    """Erase all that names or quotes somebody from a locked request that is over; its mails are cancelled."""
    solicitation.move_to(RequestState.ANONYMISED, at=now)
    for column, empty in EMPTIED_REQUEST.items():
        setattr(solicitation, column, empty)
    solicitation.save()
    _erase_mails(solicitation, now=now)
    attachments.detach(solicitation.files.all())
    for model, lookup, columns in EMPTIED:
        model.objects.filter(**{lookup: solicitation}).update(**columns)
    for model in DELETED:
        model.objects.filter(solicitation=solicitation).delete()
    _erase_people(solicitation)
    for draft in solicitation.drafts.all():
        erase_any_draft(draft, now=now)


def _record_end(solicitation: Solicitation, *, now: datetime) -> None:
    """Record why an abandoned request is closed, in our own words, and resolve its alerts."""
    why = f"Rien ne s'y est passé depuis {settings.ANONYMISE_AFTER.days} jours"
    Event.objects.record(EventKind.CLOSED, solicitation, reason=why, at=now)
    solicitation.alerts.open().update(settled_at=now)


def erase_stray_files(*, now: datetime) -> None:
    """Delete the files that no message names: an interrupted upload left them a day ago or more."""
    attachments.delete_strays(until=now - STRAY_AFTER)


@transaction.atomic(durable=True)
def erase_stray_mails(*, now: datetime) -> None:
    """Erase the old mails that are about no kept request.

    Replies of strangers, replies received after the request was anonymised, sign-in codes; addresses that
    nobody confirmed too.
    """
    AddressChange.objects.too_old(now=now).delete()
    before = now - settings.ANONYMISE_AFTER
    for mails in (OutgoingEmail.objects.created_until(before), IncomingEmail.objects.received_until(before)):
        about = {email.pk: _requests(email.about) for email in mails.only("about").iterator()}
        named = {pk for requests in about.values() for pk in requests}
        kept = set(Solicitation.objects.not_erased().filter(pk__in=named).values_list("pk", flat=True))
        mails.filter(pk__in=[pk for pk, requests in about.items() if not requests & kept]).erase(now=now)


def _requests(about: Iterable[str]) -> set[int]:
    """The numbers of the requests that a mail is about."""
    return {int(name.partition(":")[2]) for name in about if name.startswith("request:")}


def _erase_people(solicitation: Solicitation) -> None:
    """Erase the addresses from the stored decisions; offices and obstacles stay."""
    for need in Need.objects.filter(solicitation=solicitation).exclude(decision=None):
        need.decision = NeedDecision.from_json(need.decision or {}).without_people().as_json()
        need.save(update_fields=["decision"])
    for match in Match.objects.filter(need__solicitation=solicitation).exclude(reason={}):
        match.reason = Chosen.from_json(match.reason).without_people().as_json()
        match.save(update_fields=["reason"])


def _erase_mails(solicitation: Solicitation, *, now: datetime) -> None:
    """Erase the mails about the request; one that lists several loses this line, the last one all of it."""
    name = f"request:{solicitation.pk}"
    alone: list[int] = []
    for email in OutgoingEmail.objects.about(name).order_by("pk").iterator():
        requests = _requests(email.about)
        if len(requests) > 1 and Solicitation.objects.not_erased().filter(pk__in=requests).exists():
            _remove_lines(email, solicitation)
        else:
            alone.append(email.pk)
    OutgoingEmail.objects.filter(pk__in=alone).erase(now=now)
    about_it = Q(about__contains=[name])
    for rows in MAILED_ROWS:
        about_it |= Q(pk__in=rows.objects.filter(solicitation=solicitation).values("incoming"))
    IncomingEmail.objects.filter(about_it).erase(now=now)


def _remove_lines(email: OutgoingEmail, solicitation: Solicitation) -> None:
    """Take the request's line off a mail that lists several."""
    lines = email.context.get("requests", [])
    email.context["requests"] = [line for line in lines if line["reference"] != solicitation.reference]
    email.save(update_fields=["context"])
