"""Experts who answered none of their last three requests."""

from datetime import datetime, timedelta

from django.contrib.postgres.aggregates import BoolOr
from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Max, OuterRef, Q, QuerySet

from experts.models import Expert
from solicitations.lifecycle import MatchState
from solicitations.models import Match

REQUESTS = 3
# A request sent since then may still be answered: the second reminder is sent after seven days.
TIME_TO_ANSWER = timedelta(days=7)
WITHOUT_ANSWER = [MatchState.SENT, MatchState.EXPIRED]


def silent(experts: QuerySet[Expert], *, now: datetime) -> QuerySet[Expert]:
    """Filter the experts who answered nothing in the last three requests that they had the time to answer."""
    asked = Match.objects.live().filter(expert=OuterRef("pk"), sent_at__lt=now - TIME_TO_ANSWER)
    requests = asked.order_by().values("need__solicitation")
    latest = requests.annotate(last=Max("sent_at"), answered=BoolOr(~Q(state__in=WITHOUT_ANSWER))).order_by(
        "-last", "-need__solicitation"
    )
    answers = ArraySubquery(latest.values("answered")[:REQUESTS])
    late = Match.objects.sent().filter(sent_at__lt=now - TIME_TO_ANSWER).values("expert")
    expired = Match.objects.filter(state=MatchState.EXPIRED).values("expert")
    return (
        experts.filter(pk__in=late.union(expired))
        .alias(last_answers=answers)
        .filter(last_answers__len=REQUESTS, last_answers__contained_by=[False])  # type: ignore[misc]
    )
