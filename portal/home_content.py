"""The questions, themes and count of the home page; the last ones read, while a table is locked."""

import logging
import time
from dataclasses import dataclass

from django.urls import reverse

from experts.models import EntryQuestion, Institution, Theme
from mailing.transactions import Locked, without_waiting

PAUSE = 5.0  # seconds without asking, once a table was locked

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class HomeContent:
    """``questions``: each with its address."""

    questions: tuple[tuple[str, str], ...] = ()
    themes: tuple[Theme, ...] = ()
    institution_count: int = 0


class Memory:
    """Content last read by this process; nothing is asked before ``paused_until`` (``time.monotonic``)."""

    content = HomeContent()
    paused_until = 0.0


def current() -> HomeContent:
    """Today's content; while a table is locked, the last one read, or none in a process that just started."""
    if time.monotonic() >= Memory.paused_until:
        try:
            with without_waiting():
                Memory.content = _load()
        except Locked:
            Memory.paused_until = time.monotonic() + PAUSE
            logger.warning("a table of the home page is locked: its last content is shown")
    return Memory.content


def question_url(question: EntryQuestion) -> str:
    """URL of the theme or the only subject of ``question``; else of the page that lists its subjects."""
    if question.theme:
        return reverse("theme", args=[question.theme.slug])
    subjects = question.subjects.all()
    if len(subjects) == 1:
        return reverse("subject", args=[subjects[0].slug])
    return reverse("question", args=[question.position])


def _load() -> HomeContent:
    questions = EntryQuestion.objects.listed().select_related("theme").prefetch_related("subjects")
    institutions = Institution.objects.listed().exclude(notified=Institution.Notified.NEVER)
    return HomeContent(
        questions=tuple((each.question, question_url(each)) for each in questions.order_by("position")),
        themes=tuple(Theme.objects.listed().order_by("position", "pk")),
        institution_count=institutions.count(),
    )
