"""Words of staff: notes among colleagues, words to one expert, answers ready to use."""

from typing import Self

from django.db import models
from django.db.models import Q

from experts.models import User
from solicitations.models.matches import Mailbox
from solicitations.models.requests import Solicitation
from territories.models import Region

SOMETHING = r"\S"


class StaffNote(models.Model):
    """A note among staff about a request: shown to nobody else, mailed to nobody."""

    solicitation = models.ForeignKey(
        Solicitation, on_delete=models.CASCADE, related_name="staff_notes", db_index=False
    )
    author = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    body = models.TextField()
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(body__regex=SOMETHING), name="staff_note_says_something"),
        ]
        indexes = [models.Index(fields=["solicitation", "at"], name="staff_note_of_request")]

    def __str__(self) -> str:
        return f"{self.author_id}, {self.at:%Y-%m-%d %H:%M}"


class StaffMessage(models.Model):
    """A word of staff to one expert of a request, as mailed; no other expert reads it."""

    solicitation = models.ForeignKey(
        Solicitation, on_delete=models.CASCADE, related_name="staff_messages", db_index=False
    )
    mailbox = models.ForeignKey(Mailbox, on_delete=models.CASCADE, related_name="staff_messages")
    author = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    # The expert and their office, as they were named then.
    addressee = models.CharField(max_length=1000)
    body = models.TextField()
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(body__regex=SOMETHING), name="staff_message_says_something"),
        ]
        indexes = [models.Index(fields=["solicitation", "at"], name="staff_message_of_request")]

    def __str__(self) -> str:
        return f"{self.author_id} → {self.mailbox_id}, {self.at:%Y-%m-%d %H:%M}"


class ReadyAnswerQuerySet(models.QuerySet["ReadyAnswer"]):
    def editable_by(self, user: User) -> Self:
        """Answers that this member of staff keeps: all for the national team, else their region's."""
        if not (user.is_active and user.is_staff):
            return self.none()
        return self if user.is_national else self.filter(region=user.region_id)

    def offered_for(self, solicitation: Solicitation) -> Self:
        """Answers of the request's region, then those of the national team."""
        own = Q(region=None)
        if solicitation.region_id:
            own |= Q(region=solicitation.region_id)
        return self.filter(own).in_order()

    def in_order(self) -> Self:
        return self.order_by(models.F("region").asc(nulls_last=True), "title", "pk")


class ReadyAnswer(models.Model):
    """A text that staff of a region, or the national team without region, use again when they close."""

    region = models.ForeignKey(
        Region, on_delete=models.CASCADE, null=True, blank=True, related_name="+", db_index=False
    )
    title = models.CharField(max_length=80)
    body = models.TextField()
    changed_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    changed_at = models.DateTimeField()

    objects = ReadyAnswerQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["region", "title"], nulls_distinct=False, name="ready_answer_once_per_title"
            ),
            models.CheckConstraint(
                condition=Q(title__regex=SOMETHING) & Q(body__regex=SOMETHING),
                name="ready_answer_says_something",
            ),
        ]

    def __str__(self) -> str:
        return self.title
