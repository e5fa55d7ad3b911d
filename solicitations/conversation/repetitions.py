"""Limits on messages that come by mail: two programs that answer each other do not always say so."""

from datetime import datetime, timedelta

from django.db.models import Q

from mailing.models import IncomingEmail, Reason
from mailing.replies.text_lines import fold
from solicitations.models import Mailbox, Solicitation

DAILY_LIMIT, DAY = 20, timedelta(days=1)  # mails of one person about one request
MINUTE_LIMIT, MINUTE = 6, timedelta(minutes=1)  # mails about one request
# Texts alike but for figures: the first two may be a person's, who sent one twice.
ALIKE_LIMIT, ALIKE_WITHIN = 2, timedelta(minutes=5)


def reason_to_hold(
    email: IncomingEmail, text: str, person: Mailbox | Solicitation, *, now: datetime
) -> Reason | None:
    """The limit that one more mail would exceed; ``None`` below all. Needs the request locked."""
    accepted = IncomingEmail.objects.accepted()
    if accepted.filter(about=email.about, settled_at__gt=now - DAY).count() >= DAILY_LIMIT:
        return Reason.FLOOD
    if accepted.about(email.about[0]).filter(settled_at__gt=now - MINUTE).count() >= MINUTE_LIMIT:
        return Reason.FLOOD
    since = Q(incoming__isnull=False, at__gt=now - ALIKE_WITHIN)
    own = person.messages if isinstance(person, Mailbox) else person.additions
    recent = own.filter(since).values_list("body", flat=True)
    alike = sum(without_figures(body) == without_figures(text) for body in recent)
    return Reason.REPEATED if alike >= ALIKE_LIMIT else None


def without_figures(text: str) -> str:
    """The words of a text for comparison: numbers, dates and references are left out."""
    return " ".join(word for word in fold(text).split() if not any(letter.isdigit() for letter in word))
