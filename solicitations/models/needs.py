"""One subject of a request."""

from datetime import datetime
from typing import Self

from django.db import models
from django.db.models import Q

from experts.models import Subject
from solicitations import lifecycle
from solicitations.lifecycle import NeedState, RequestState
from solicitations.models.requests import Solicitation

LEGAL_CLOCK_BELOW = 300


class NeedQuerySet(models.QuerySet["Need"]):
    def declined_by_all(self, *, before: datetime) -> Self:
        """Needs that everybody asked has declined, for good since ``before``, and nobody took over."""
        return self.filter(
            state=NeedState.DECLINED, exhausted_at=None, solicitation__state=RequestState.SUBMITTED
        ).exclude(matches__ended_at__gt=before)

    def unanswered(self) -> Self:
        return self.filter(state=NeedState.UNANSWERED)

    def waiting(self) -> Self:
        return self.filter(state=NeedState.WAITING)

    def uncovered(self) -> Self:
        return self.filter(state=NeedState.UNCOVERED)

    def without_legal_answer(self) -> Self:
        """Needs on labour law that nobody has answered, by helping or not."""
        answered = self.filter(matches__answered_at__isnull=False).exclude(matches__answer="")
        return self.filter(subject__is_labour_law=True).exclude(pk__in=answered)


class Need(models.Model):
    """One subject of a request."""

    solicitation = models.ForeignKey(
        Solicitation, on_delete=models.CASCADE, related_name="needs", db_index=False
    )
    subject = models.ForeignKey(Subject, on_delete=models.PROTECT, related_name="needs", db_index=False)
    position = models.PositiveSmallIntegerField()
    state = models.CharField(max_length=12, choices=NeedState.choices(), default=NeedState.RECEIVED)
    is_fallback = models.BooleanField(default=False)
    # The last decision of the routing for this subject, as ``NeedDecision.as_json`` gives it.
    decision = models.JSONField(null=True, blank=True)
    # Set when nobody is left to ask: everybody has declined, or nobody was found for too long.
    exhausted_at = models.DateTimeField(null=True, blank=True)

    objects = NeedQuerySet.as_manager()

    class Meta:
        constraints = [
            # At the end of the transaction: a correction may swap two subjects.
            models.UniqueConstraint(
                fields=["solicitation", "subject"],
                deferrable=models.Deferrable.DEFERRED,
                name="need_once_per_subject",
            ),
            models.CheckConstraint(condition=Q(**lifecycle.among("state", NeedState)), name="need_state"),
        ]
        indexes = [
            models.Index(fields=["subject", "solicitation"], name="need_subject"),
            models.Index(
                fields=["id"], name="need_declined", condition=Q(state=NeedState.DECLINED, exhausted_at=None)
            ),
            # Untaken needs: see ``SolicitationQuerySet.late``.
            models.Index(
                fields=["solicitation"],
                name="need_untaken",
                condition=Q(state__in=[NeedState.WAITING, NeedState.UNCOVERED]),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.solicitation_id}/{self.subject_id}"

    @property
    def is_on_the_legal_clock(self) -> bool:
        """Labour law for an employer of fewer than 300, or whose headcount may be: L. 5143-1."""
        smallest = self.solicitation.headcount_min
        return self.subject.is_labour_law and (smallest is None or smallest < LEGAL_CLOCK_BELOW)

    @property
    def is_outside_the_legal_clock(self) -> bool:
        """Labour law for an employer of 300 or more: served all the same, without a deadline."""
        return self.subject.is_labour_law and not self.is_on_the_legal_clock
