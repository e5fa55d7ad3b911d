"""Limits on messages that come by mail: two programs that answer each other do not always say so."""

from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q, QuerySet

from mailing.models import IncomingEmail, Reason
from mailing.replies import Reply
from mailing.replies.text_lines import fold
from solicitations import links
from solicitations.lifecycle import Voice
from solicitations.links import Participant
from solicitations.models import InternalMessage, Mailbox, OfficeManager, StaffMessage

DAILY_LIMIT, DAY = 20, timedelta(days=1)  # mails of one person about one request
MINUTE_LIMIT, MINUTE = 6, timedelta(minutes=1)  # mails about one request
# Two programs that answer once an hour would go on for ever.
WEEKLY_LIMIT, WEEK = 40, timedelta(days=7)  # mails about one request
# Texts alike but for figures: the first two may be a person's, who sent one twice.
ALIKE_LIMIT, ALIKE_WITHIN = 2, timedelta(minutes=5)
ALIKE_WEEKLY_LIMIT = 5


def reason_to_hold(
    email: IncomingEmail, reply: Reply, person: Participant, *, voice: Voice, now: datetime
) -> Reason | None:
    """The limit that one more mail would exceed; ``None`` below all. Needs the request locked."""
    accepted = IncomingEmail.objects.accepted()
    if accepted.filter(about=email.about, settled_at__gt=now - DAY).count() >= DAILY_LIMIT:
        return Reason.FLOOD
    of_request = accepted.about(email.about[0])
    for limit, during in ((MINUTE_LIMIT, MINUTE), (WEEKLY_LIMIT, WEEK)):
        if of_request.filter(settled_at__gt=now - during).count() >= limit:
            return Reason.FLOOD
    texts, moment = _texts_of(person, voice)
    since = Q(("incoming__isnull", False), (f"{moment}__gt", now - WEEK))
    recent = texts.filter(since).values_list(moment, "body")
    text = without_figures(links.without_secrets(reply.text))
    alike = [at for at, body in recent if without_figures(body) == text]
    lately = sum(at > now - ALIKE_WITHIN for at in alike)
    # A sign of a machine, and a text that was read already, are two signs.
    is_repeated = lately >= (1 if reply.weak_signs else ALIKE_LIMIT) or len(alike) >= ALIKE_WEEKLY_LIMIT
    return Reason.REPEATED if is_repeated else None


def _texts_of(person: Participant, voice: Voice) -> tuple[QuerySet[Any], str]:
    """Texts of the person in that voice, and the column of their moment."""
    if isinstance(person, OfficeManager):
        written = InternalMessage.objects.filter(solicitation=person.solicitation, by_user=person.user)
        return written, "at"
    if not isinstance(person, Mailbox):
        return person.additions.all(), "at"
    if voice == Voice.COMPANY:
        return person.questions.all(), "asked_at"
    if voice == Voice.STAFF:
        return StaffMessage.objects.filter(mailbox=person).exclude(answers=None), "at"
    own = person.internal_messages if voice == Voice.INSTITUTION else person.messages
    return own.all(), "at"


def without_figures(text: str) -> str:
    """A text for comparison: numbers, dates and references are left out."""
    return " ".join(word for word in fold(text).split() if not any(letter.isdigit() for letter in word))
