"""Search of an earlier request that a new one may repeat."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db.models import Q, QuerySet
from django.db.models.expressions import RawSQL

from experts.models import Subject
from mailing.prepared_queries import PreparedQuery
from solicitations.lifecycle import HeldReason, RequestState
from solicitations.models import Need, Solicitation

WINDOW = timedelta(days=7)


def _recent(same: Q, *, since: RawSQL) -> QuerySet[Solicitation, int]:
    """The ids of recent requests that meet the condition ``same``, the oldest first."""
    return (
        Solicitation.objects.counted()
        .exclude(state__in=[RequestState.CANCELLED, RequestState.ANONYMISED])
        .exclude(state=RequestState.HELD, held_reason=HeldReason.DUPLICATE)
        .filter(same, submitted_at__gt=since)
        .oldest_first()
        .values_list("pk", flat=True)
    )


_OF_COMPANY = PreparedQuery(
    lambda siret, email, since: _recent(Q(siret=siret) | Q(siret="", email__iexact=email), since=since)
)
_OF_EMAIL = PreparedQuery(lambda email, since: _recent(Q(email__iexact=email), since=since))


def find(*, siret: str, email: str, subjects: Iterable[Subject], now: datetime) -> int | None:
    """The id of the oldest recent request with this SIRET, or with this email if either has no SIRET.

    It is about one of these subjects. Few companies have a recent request: subjects are read for those alone.
    """
    since = now - WINDOW
    recent = (
        _OF_COMPANY.rows(siret=siret, email=email, since=since)
        if siret
        else _OF_EMAIL.rows(email=email, since=since)
    )
    if not recent:
        return None
    needs = Need.objects.filter(solicitation__in=recent, subject__in=list(subjects))
    same_subject = set(needs.values_list("solicitation", flat=True))
    return next((pk for pk in recent if pk in same_subject), None)
