"""Canned answers of the institutions of a manager, and those offered to the people of a request."""

from collections.abc import Collection
from datetime import datetime

from django.db.models import QuerySet

from experts.accounts import seats
from experts.models import CannedAnswer, Institution, User
from mailing.prepared_queries import PreparedQuery
from solicitations.models import Mailbox, Match


def institutions_of(manager: User, *, now: datetime) -> QuerySet[Institution]:
    """The institutions of the offices that she manages."""
    offices = seats.managed_offices(manager, now=now)
    return Institution.objects.filter(pk__in=offices.values("institution")).order_by("position", "pk")


def canned_answers_of(manager: User, *, now: datetime) -> QuerySet[CannedAnswer]:
    """The texts of her institutions."""
    rows = CannedAnswer.objects.of_institutions(institutions_of(manager, now=now))
    return rows.select_related("institution", "changed_by").in_order()


_OFFERED: PreparedQuery[CannedAnswer] = PreparedQuery(
    lambda mailbox: CannedAnswer.objects.of_institutions(
        Match.objects.live().filter(mailbox=mailbox).values("expert__office__institution")
    ).order_by("title", "pk")
)


def offered_to(mailbox: Mailbox) -> list[CannedAnswer]:
    """The texts of the institutions for which the mailbox has a part in its request."""
    return _OFFERED.rows(mailbox=mailbox.pk)


def offered_by(institutions: Collection[int]) -> QuerySet[CannedAnswer]:
    """The texts of these institutions."""
    return CannedAnswer.objects.of_institutions(institutions).order_by("title", "pk")
