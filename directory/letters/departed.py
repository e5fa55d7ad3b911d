"""Erasure of people who left: the post stays, for figures; name, address and phone go, in the journal too."""

from collections.abc import Iterable
from datetime import datetime
from functools import reduce
from operator import or_
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, Q
from django.db.models.functions import Lower

from directory.models import Letter, RecordRemark
from experts.accounts import retention
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
    former, name = {expert.email.lower(), *expert.former_emails}, expert.name
    expert.email = f"{ERASED}{pk}@{settings.REPLY_DOMAIN}"
    expert.name, expert.job, expert.successor, expert.former_emails = NAME, "", "", []
    expert.phone, expert.booking_url = expert.office.phone, ""
    expert.save()
    named = [*former, name]
    predecessors = Expert.objects.filter(_any_of("successor", named))
    _erase_journal(expert, former, named, {expert.pk for expert in predecessors})
    predecessors.update(successor="")
    if not Expert.objects.annotate(lower=Lower("email")).filter(lower__in=former).exists():
        Letter.objects.annotate(lower=Lower("email")).filter(lower__in=former).delete()
        MailPreference.objects.annotate(lower=Lower("address")).filter(lower__in=former).delete()
        retention.erase_accounts(former)
    RecordRemark.objects.filter(Q(expert=pk) | _any_of("body", named)).delete()


def _any_of(column: str, words: Iterable[str]) -> Q:
    return reduce(or_, (Q(**{f"{column}__icontains": word}) for word in words))


def _erase_journal(expert: Expert, former: set[str], named: list[str], predecessors: set[int]) -> None:
    """Erase the person from the journal: rows of their post and of colleagues that name them, and notes."""
    rows = RevisedRow.objects.filter(kind=RevisedRow.Kind.EXPERT)
    own = rows.filter(row_pk=expert.pk)
    before = own.filter(before__has_key="office").values_list("before__office", flat=True)
    colleagues = Expert.objects.filter(office__code__in={expert.office.code, *before})
    noted = Revision.objects.filter(Q(pk__in=own.values("revision")) | Q(note__in=former))
    noted.filter(_any_of("note", named)).update(note="")
    for row in own.select_for_update():
        row.label = NAME
        row.before, row.after = (_without_person(facts, expert.email) for facts in (row.before, row.after))
        row.save(update_fields=["label", "before", "after"])
    others = rows.filter(Q(row_pk__in=colleagues.values("pk")) | Q(row_pk__in=predecessors))
    for row in others.exclude(row_pk=expert.pk).select_for_update():
        facts = [_without_mention(facts, former, named, expert.email) for facts in (row.before, row.after)]
        if facts != [row.before, row.after]:
            row.before, row.after = facts
            row.save(update_fields=["before", "after"])


def _without_person(facts: dict[str, Any] | None, email: str) -> dict[str, Any] | None:
    if facts is None:
        return None
    erased = PERSONAL | {"email": email}
    return {name: erased.get(name, value) for name, value in facts.items()}


def _without_mention(
    facts: dict[str, Any] | None, former: set[str], named: list[str], email: str
) -> dict[str, Any] | None:
    """Facts of somebody else: without the successor's name, absences with the deputy's address of today."""

    def renamed(absence: list[str | None]) -> list[str | None]:
        return [*absence[:2], email] if absence[2] in former else absence

    found = dict(facts or {})
    if any(word.lower() in str(found.get("successor", "")).lower() for word in named):
        found["successor"] = ""
    if found.get("absence"):
        found["absence"] = renamed(found["absence"])
    if "declared_absences" in found:
        found["declared_absences"] = list(map(renamed, found["declared_absences"]))
    return None if facts is None else found
