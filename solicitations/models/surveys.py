"""Surveys: the companies' feedback."""

from django.db import models
from django.db.models import Q

from solicitations import lifecycle
from solicitations.lifecycle import Labelled
from solicitations.models.requests import Solicitation


class Usefulness(Labelled):
    YES = "yes", "Oui"
    PARTLY = "partly", "En partie"
    NO = "no", "Non"


class Outcome(Labelled):
    SOLVED = "solved", "Mon besoin est réglé"
    UNDER_WAY = "under_way", "C'est en cours"
    ELSEWHERE = "elsewhere", "J'ai trouvé une réponse ailleurs"
    UNSOLVED = "unsolved", "Mon besoin n'est pas réglé"


class Survey(models.Model):
    """Three questions to the company, asked once per request, helped or not."""

    solicitation = models.OneToOneField(Solicitation, on_delete=models.CASCADE, related_name="survey")
    asked_at = models.DateTimeField()
    was_called = models.BooleanField(null=True, blank=True)
    usefulness = models.CharField(max_length=10, choices=Usefulness.choices(), blank=True)
    outcome = models.CharField(max_length=10, choices=Outcome.choices(), blank=True)
    comment = models.TextField(blank=True)
    answered_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(**lifecycle.among("usefulness", Usefulness, or_empty=True)),
                name="survey_usefulness",
            ),
            models.CheckConstraint(
                condition=Q(**lifecycle.among("outcome", Outcome, or_empty=True)), name="survey_outcome"
            ),
            models.CheckConstraint(
                condition=Q(answered_at=None, was_called=None, usefulness="", outcome="", comment="")
                | Q(answered_at__isnull=False),
                name="survey_answers_have_a_date",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.solicitation_id}, {self.asked_at:%Y-%m-%d}"

    @property
    def is_negative(self) -> bool:
        """True when the company was not called, not helped, or has its need still."""
        is_useless = self.usefulness == Usefulness.NO or self.outcome == Outcome.UNSOLVED
        return self.answered_at is not None and (not self.was_called or is_useless)

    def answers(self) -> dict[str, str]:
        """The answers in words, without the comment, which only the team reads."""
        return {
            "Rappelée par un conseiller": "Oui" if self.was_called else "Non",
            "Aide utile": str(Usefulness(self.usefulness).label),
            "Où en est le besoin": str(Outcome(self.outcome).label),
        }

    def opinion(self) -> dict[str, object]:
        """The answers, by column."""
        return {name: getattr(self, name) for name in ("was_called", "usefulness", "outcome", "comment")}
