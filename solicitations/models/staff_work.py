"""Texts of staff: notes among colleagues, messages to one expert and the answers."""

from django.db import models
from django.db.models import Q

from experts.models import User
from solicitations.models.conversation import MailedText
from solicitations.models.matches import Mailbox
from solicitations.models.requests import Solicitation

NOT_BLANK = r"\S"


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
            models.CheckConstraint(condition=Q(body__regex=NOT_BLANK), name="staff_note_says_something"),
        ]
        indexes = [models.Index(fields=["solicitation", "at"], name="staff_note_of_request")]

    def __str__(self) -> str:
        return f"{self.author_id}, {self.at:%Y-%m-%d %H:%M}"


class StaffMessage(MailedText):
    """A message of staff to one expert of a request, or the expert's answer; nobody else reads them.

    ``answers``: the message that an answer is about; both have its ``author`` and ``addressee``.
    """

    solicitation = models.ForeignKey(
        Solicitation, on_delete=models.CASCADE, related_name="staff_messages", db_index=False
    )
    mailbox = models.ForeignKey(Mailbox, on_delete=models.CASCADE, related_name="staff_messages")
    author = models.ForeignKey(User, on_delete=models.PROTECT, related_name="+")
    # The expert and their office, as they were named then.
    addressee = models.CharField(max_length=1000)
    body = models.TextField()
    at = models.DateTimeField()
    answers = models.ForeignKey(
        "self", on_delete=models.CASCADE, null=True, blank=True, related_name="given_answers"
    )

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(body__regex=NOT_BLANK), name="staff_message_says_something"),
        ]
        indexes = [models.Index(fields=["solicitation", "at"], name="staff_message_of_request")]

    def __str__(self) -> str:
        return f"{self.author_id} → {self.mailbox_id}, {self.at:%Y-%m-%d %H:%M}"
