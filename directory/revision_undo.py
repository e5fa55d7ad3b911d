"""Undo of a change of the directory, planned and written under the lock."""

from datetime import datetime

from django.db import transaction
from django.utils import timezone

from experts.accounts import departures
from experts.changes import rights
from experts.changes.applying import lock_directory, write
from experts.changes.undoing import plan_undo
from experts.models import Cause, RevisedRow, Revision, User


class NotUndone(Exception):
    """The revision was not undone; the text says why."""


@transaction.atomic(durable=True)
def undo(revision: Revision, *, by: User, now: datetime) -> Revision:
    """Undo a revision; the facts that were changed since stay. Raises ``NotUndone``."""
    lock_directory()
    if Revision.objects.filter(undoes=revision).exists():
        raise NotUndone("Ce changement est déjà annulé.")
    plan = plan_undo(revision, today=timezone.localdate(now), now=now).plan
    if refused := rights.refusals(plan, by):
        raise NotUndone(f"Rien n'a changé. {refused[0].sentence}")
    written = write(plan, cause=Cause.UNDO, now=now, author=by, undoes=revision)
    if written is None:
        raise NotUndone("Il n'y a plus rien à annuler : tout a changé depuis.")
    posts = revision.rows.filter(kind=RevisedRow.Kind.EXPERT).values_list("row_pk", flat=True)
    departures.give_back(posts, since=revision.made_at, by=by, now=now)
    return written
