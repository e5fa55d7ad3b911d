"""Experts who answered none of their last three requests."""

from datetime import datetime, timedelta

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef, QuerySet

from experts.models import Expert
from solicitations.lifecycle import MatchState
from solicitations.models import Match

REQUESTS = 3
# A request sent since then may still be answered: the second reminder is sent after seven days.
TIME_TO_ANSWER = timedelta(days=7)
WITHOUT_ANSWER = [MatchState.SENT, MatchState.EXPIRED]


def silent(experts: QuerySet[Expert], *, now: datetime) -> QuerySet[Expert]:
    """Filter the experts who answered none of the last three needs that they had the time to answer."""
    asked = Match.objects.live().filter(expert=OuterRef("pk"), sent_at__lt=now - TIME_TO_ANSWER)
    answers = ArraySubquery(asked.order_by("-sent_at", "-pk").values("state")[:REQUESTS])
    late = Match.objects.sent().filter(sent_at__lt=now - TIME_TO_ANSWER).values("expert")
    expired = Match.objects.filter(state=MatchState.EXPIRED).values("expert")
    return (
        experts.filter(pk__in=late.union(expired))
        .alias(last_states=answers)
        .filter(last_states__len=REQUESTS, last_states__contained_by=WITHOUT_ANSWER)  # type: ignore[misc]
    )
