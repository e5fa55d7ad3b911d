"""Erasure of people who left: the post stays, for figures; name, address and phone go, in the journal too."""

from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, Q

from directory.models import Letter, RecordRemark
from experts.changes import applying
from experts.models import Expert, MailPreference, RevisedRow, Revision
from solicitations.models import Match

ERASED = "efface-"
NAME = "Personne partie"
PERSONAL = {"name": NAME, "job": "", "phone": "", "booking_url": "", "successor": "", "former_emails": []}


def people_to_erase(*, now: datetime) -> list[int]:
    """Primary keys of the posts left, closed or dropped long ago, that no request has named since."""
    limit = now - settings.ERASE_DEPARTED_AFTER
    named = Match.objects.filter(expert=OuterRef("pk"), sent_at__gt=limit)
    left = Q(left_at__lte=limit) | Q(dropped_at__lte=limit) | Q(office__closed_on__lte=limit.date())
    rows = Expert.objects.filter(left).exclude(email__startswith=ERASED).exclude(Exists(named))
    return list(rows.order_by("pk").values_list("pk", flat=True))


@transaction.atomic(durable=True)
def erase(pk: int, *, now: datetime) -> None:
    """Erase a person from their post and from the journal; nothing of it is kept by the erasure itself."""
    applying.lock_directory()
    if pk not in people_to_erase(now=now):
        return
    expert = Expert.objects.select_related("office").get(pk=pk)
    former = {expert.email.lower(), *expert.former_emails}
    expert.email = f"{ERASED}{pk}@{settings.REPLY_DOMAIN}"
    expert.name, expert.job, expert.successor, expert.former_emails = NAME, "", "", []
    expert.phone = expert.office.phone
    expert.save()
    _erase_journal(pk, expert.email)
    if not Expert.objects.filter(email__in=former).exists():
        Letter.objects.filter(email__in=former).delete()
        MailPreference.objects.filter(address__in=former).delete()
        Revision.objects.filter(note__in=former).update(note="")
    RecordRemark.objects.filter(expert=pk).delete()


def _erase_journal(pk: int, email: str) -> None:
    rows = RevisedRow.objects.filter(kind=RevisedRow.Kind.EXPERT, row_pk=pk)
    for row in rows.select_for_update():
        row.label = NAME
        row.before, row.after = _without_person(row.before, email), _without_person(row.after, email)
        row.save(update_fields=["label", "before", "after"])


def _without_person(facts: dict[str, Any] | None, email: str) -> dict[str, Any] | None:
    if facts is None:
        return None
    erased = PERSONAL | {"email": email}
    return {name: erased.get(name, value) for name, value in facts.items()}
