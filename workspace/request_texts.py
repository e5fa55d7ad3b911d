"""Texts of a request on the pages of its experts and managers, with their files."""

from typing import TypeVar

from mailing.prepared_queries import Among, PreparedQuery, attach
from solicitations.conversation.reading_rights import ReadingRights
from solicitations.models import (
    Addition,
    AttachedFile,
    InternalMessage,
    Message,
    Question,
    Solicitation,
    Text,
)

Row = TypeVar("Row", bound=Text)

_FILES: PreparedQuery[AttachedFile] = PreparedQuery(
    lambda solicitation: AttachedFile.objects.filter(solicitation=solicitation)
)
_MESSAGES: PreparedQuery[Message] = PreparedQuery(
    lambda solicitation: Message.objects.filter(solicitation=solicitation).order_by("at", "pk")
)
_QUESTIONS: PreparedQuery[Question] = PreparedQuery(
    lambda solicitation: Question.objects.filter(solicitation=solicitation).order_by("asked_at", "pk")
)
_ADDITIONS: PreparedQuery[Addition] = PreparedQuery(
    lambda solicitation: (
        Addition.objects.filter(solicitation=solicitation).select_related("question").order_by("at", "pk")
    )
)
_INTERNAL_MESSAGES: PreparedQuery[InternalMessage] = PreparedQuery(
    lambda solicitation, institutions: (
        InternalMessage.objects.filter(Among("institution", institutions), solicitation=solicitation)
        .select_related("institution")
        .order_by("at", "pk")
    )
)


def thread(solicitation: Solicitation) -> list[Message]:
    """Messages of the experts to each other."""
    return _with_files(_MESSAGES, solicitation)


def questions(solicitation: Solicitation) -> list[Question]:
    """Questions of the experts to the company."""
    return _with_files(_QUESTIONS, solicitation)


def internal_messages(solicitation: Solicitation, reader: ReadingRights) -> list[InternalMessage]:
    """Messages within the reader's institutions."""
    if not reader.institutions:
        return []
    return _with_files(_INTERNAL_MESSAGES, solicitation, institutions=list(reader.institutions))


def additions(solicitation: Solicitation, reader: ReadingRights) -> list[Addition]:
    """Texts of the company for this reader."""
    return [row for row in _with_files(_ADDITIONS, solicitation) if reader.may_read(row)]


def _with_files(query: PreparedQuery[Row], solicitation: Solicitation, **values: object) -> list[Row]:
    texts = query.rows(solicitation=solicitation.pk, **values)
    for text in texts:
        text.solicitation = solicitation
    if texts:
        attach(texts, "files", _FILES.rows(solicitation=solicitation.pk))
    return texts
