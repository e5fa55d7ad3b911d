"""Search of an earlier request that a new one may repeat."""

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db.models import Q, QuerySet
from django.db.models.expressions import RawSQL

from experts.models import Subject
from mailing.prepared_queries import PreparedQuery
from solicitations.lifecycle import HeldReason, RequestState
from solicitations.models import Solicitation

WINDOW = timedelta(days=7)


def _oldest(same: Q, *, subjects: RawSQL, since: RawSQL) -> QuerySet[Solicitation, int]:
    """The id of the oldest request about one of these subjects that meets the condition ``same``."""
    return (
        Solicitation.objects.counted()
        .exclude(state__in=[RequestState.CANCELLED, RequestState.ANONYMISED])
        .exclude(state=RequestState.HELD, held_reason=HeldReason.DUPLICATE)
        .filter(same, submitted_at__gt=since, needs__subject__in=RawSQL("SELECT unnest(%s)", subjects.params))
        .oldest_first()
        .values_list("pk", flat=True)[:1]
    )


_OF_COMPANY = PreparedQuery(
    lambda siret, email, subjects, since: _oldest(
        Q(siret=siret) | Q(siret="", email__iexact=email), subjects=subjects, since=since
    )
)
_OF_EMAIL = PreparedQuery(
    lambda email, subjects, since: _oldest(Q(email__iexact=email), subjects=subjects, since=since)
)


def find(*, siret: str, email: str, subjects: Iterable[Subject], now: datetime) -> int | None:
    """The id of the oldest recent request with this SIRET, or with this email if either has no SIRET."""
    values = {"email": email, "subjects": [subject.pk for subject in subjects], "since": now - WINDOW}
    return _OF_COMPANY.first(siret=siret, **values) if siret else _OF_EMAIL.first(**values)
