"""Files of the conversation about a request."""

from typing import Any

from django.db import models
from django.db.models import Q

from solicitations.models.conversation import Addition, InternalMessage, Message, Question, Text
from solicitations.models.requests import Solicitation

COLUMNS: dict[type[Text], str] = {
    Message: "message",
    InternalMessage: "internal_message",
    Question: "question",
    Addition: "addition",
}


def _only(column: str) -> Q:
    return Q(**{f"{name}__isnull": name != column for name in COLUMNS.values()})


class AttachedFile(models.Model):
    """A file of one text, which is read by the text's readers; its content is stored under ``key``."""

    solicitation = models.ForeignKey(Solicitation, on_delete=models.CASCADE, related_name="files")
    message = models.ForeignKey(
        Message, on_delete=models.CASCADE, null=True, blank=True, related_name="files"
    )
    internal_message = models.ForeignKey(
        InternalMessage, on_delete=models.CASCADE, null=True, blank=True, related_name="files"
    )
    question = models.ForeignKey(
        Question, on_delete=models.CASCADE, null=True, blank=True, related_name="files"
    )
    addition = models.ForeignKey(
        Addition, on_delete=models.CASCADE, null=True, blank=True, related_name="files"
    )
    name = models.CharField(max_length=150)
    kind = models.CharField(max_length=100)
    size = models.PositiveIntegerField()
    key = models.CharField(max_length=32, unique=True)
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=_only("message")
                | _only("internal_message")
                | _only("question")
                | _only("addition"),
                name="attached_file_has_one_text",
            )
        ]

    def __str__(self) -> str:
        return self.name

    @staticmethod
    def column_of(text: Text) -> dict[str, Any]:
        """The column of the file's text, and that text."""
        return {COLUMNS[type(text)]: text}

    @property
    def text(self) -> Text:
        """The text that the file came with; needs its column loaded."""
        found = self.message or self.internal_message or self.question or self.addition
        assert found is not None  # noqa: S101 (held by the database)
        return found

    @property
    def spoken_size(self) -> str:
        """« 1,2 Mo » or « 340 Ko »."""
        if self.size >= 1_000_000:
            return f"{self.size / 1_000_000:.1f} Mo".replace(".", ",")
        return f"{max(1, round(self.size / 1000))} Ko"
