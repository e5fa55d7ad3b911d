"""Undo of a change of the directory, planned and written under the lock."""

from datetime import datetime

from django.db import transaction
from django.utils import timezone

from directory.address_changes import follow_plan, lock_requests
from experts.accounts import departures
from experts.changes import rights
from experts.changes.applying import lock_directory, write
from experts.changes.conflicts import taken_addresses
from experts.changes.undoing import plan_undo
from experts.models import Cause, Expert, RevisedRow, Revision, User


class NotUndone(Exception):
    """The revision was not undone; the text says why."""


@transaction.atomic(durable=True)
def undo(revision: Revision, *, by: User, now: datetime) -> Revision:
    """Undo a revision; the facts that were changed since stay. Raises ``NotUndone``."""
    people = revision.rows.filter(kind=RevisedRow.Kind.EXPERT)
    readdressed = people.filter(before__has_key="email", after__has_key="email").values("row_pk")
    requests = lock_requests(Expert.objects.filter(pk__in=readdressed))
    lock_directory()
    if Revision.objects.filter(undoes=revision).exists():
        raise NotUndone("Ce changement est déjà annulé.")
    plan = plan_undo(revision, today=timezone.localdate(now), now=now).plan
    if refused := rights.refusals(plan, by):
        raise NotUndone(f"Rien n'a changé. {refused[0].sentence}")
    if taken := taken_addresses(plan):
        raise NotUndone(f"Rien n'a changé. Quelqu'un d'autre a cette adresse : {', '.join(taken)}.")
    written = write(plan, cause=Cause.UNDO, now=now, author=by, undoes=revision)
    if written is None:
        raise NotUndone("Il n'y a plus rien à annuler : tout a changé depuis.")
    follow_plan(plan, written, requests, by=by, now=now)
    departures.give_back(people.values_list("row_pk", flat=True), since=revision.made_at, by=by, now=now)
    return written
