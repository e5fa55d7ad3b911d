"""Answers that the staff of a region keep, ready to use when they close a request."""

from datetime import datetime

from django.db import IntegrityError, transaction

from experts.models import User
from solicitations.models import ReadyAnswer

MOST = 20  # of a region: a few, to find one at a glance


class TitleTaken(Exception):
    """Another answer of the region has this title."""


class TooMany(Exception):
    """The region keeps as many answers as it may."""


@transaction.atomic(durable=True)
def add(*, title: str, body: str, by: User, now: datetime) -> ReadyAnswer:
    """Keep one more answer for the region of ``by``. Raises ``TitleTaken``, ``TooMany``."""
    kept = ReadyAnswer.objects.filter(region=by.region_id)
    if kept.count() >= MOST:
        raise TooMany
    answer = ReadyAnswer(region_id=by.region_id, title=title, body=body, changed_by=by, changed_at=now)
    _save(answer)
    return answer


@transaction.atomic(durable=True)
def change(answer: ReadyAnswer, *, title: str, body: str, by: User, now: datetime) -> None:
    """Change the title and the text of an answer. Raises ``TitleTaken``."""
    answer.title, answer.body, answer.changed_by, answer.changed_at = title, body, by, now
    _save(answer)


@transaction.atomic(durable=True)
def remove(answer: ReadyAnswer) -> None:
    """Delete an answer; the requests that it closed keep its text."""
    ReadyAnswer.objects.filter(pk=answer.pk).delete()


def _save(answer: ReadyAnswer) -> None:
    try:
        with transaction.atomic():
            answer.save()
    except IntegrityError as error:
        raise TitleTaken from error
