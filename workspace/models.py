"""Marks that people put on needs, saved searches, outcomes of recruitments."""

from typing import Self

from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower

from experts.models import User
from solicitations.lifecycle import ANSWERED_STATES
from solicitations.models import Mailbox, Match


class ReadMark(models.Model):
    """Last time a person read the request of a mailbox; without account, by the link of a mail."""

    mailbox = models.ForeignKey(Mailbox, on_delete=models.CASCADE, related_name="read_marks", db_index=False)
    user = models.ForeignKey(User, on_delete=models.CASCADE, null=True, blank=True, related_name="+")
    read_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["mailbox", "user"], name="read_mark_once", nulls_distinct=False),
        ]

    def __str__(self) -> str:
        return f"{self.mailbox_id}, {self.read_at:%Y-%m-%d %H:%M}"


class PutOff(models.Model):
    """A taken need that its expert put off until a day."""

    match = models.OneToOneField(Match, on_delete=models.CASCADE, related_name="put_off")
    until = models.DateField()
    by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.match_id}, {self.until}"


class Qualification(models.TextChoices):
    """Levels of the jobs that a company recruits for."""

    UNSKILLED = "unskilled", "Ouvriers et employés non qualifiés"
    SKILLED = "skilled", "Ouvriers et employés qualifiés"
    TECHNICIAN = "technician", "Techniciens et agents de maîtrise"
    EXECUTIVE = "executive", "Cadres et ingénieurs"
    APPRENTICE = "apprentice", "Apprentis et alternants"


class RecruitmentOutcomeQuerySet(models.QuerySet["RecruitmentOutcome"]):
    def concluded(self) -> Self:
        """Outcomes of needs that are concluded, not taken again since."""
        return self.filter(match__state__in=list(ANSWERED_STATES))


class RecruitmentOutcome(models.Model):
    """Job offers, posts and posts filled at one qualification, as the expert who concluded counted them."""

    match = models.ForeignKey(
        Match, on_delete=models.CASCADE, related_name="recruitment_outcomes", db_index=False
    )
    qualification = models.CharField(max_length=10, choices=Qualification)
    offers = models.PositiveSmallIntegerField()
    posts = models.PositiveSmallIntegerField()
    filled = models.PositiveSmallIntegerField()

    objects = RecruitmentOutcomeQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["match", "qualification"], name="recruitment_outcome_once_per_qualification"
            ),
            models.CheckConstraint(
                condition=Q(qualification__in=Qualification.values), name="recruitment_outcome_qualification"
            ),
            models.CheckConstraint(
                condition=Q(posts__gte=1, offers__lte=models.F("posts"), filled__lte=models.F("posts")),
                name="recruitment_outcome_within_posts",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.match_id}, {self.qualification}"


class SavedSearch(models.Model):
    """A search of the inbox that its author named, as the query string of its page."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="saved_searches", db_index=False)
    name = models.CharField("nom", max_length=60)
    query = models.CharField(max_length=1000)

    class Meta:
        constraints = [models.UniqueConstraint("user", Lower("name"), name="saved_search_once")]

    def __str__(self) -> str:
        return self.name
