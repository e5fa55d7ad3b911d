"""Abandoned requests: held and never reviewed, or that the clock failed to end.

Staff may never handle them; their content may not be kept longer than that of other requests.
"""

from datetime import datetime
from typing import Any

from django.conf import settings
from django.db.models import Exists, OuterRef, Q

from solicitations.lifecycle import EventKind, RequestState
from solicitations.models.conversation import Event, InternalMessage, Message
from solicitations.models.request_querysets import SolicitationQuerySet
from solicitations.models.requests import Solicitation

# Opening a request, or failing to route it, is no progress.
NOTHING_DONE = (EventKind.OPENED, EventKind.MAIL_OPENED, EventKind.LINK_REISSUED, EventKind.ROUTING_FAILED)


def abandoned(*, now: datetime) -> SolicitationQuerySet:
    """Open requests without any action or message for as long as an ended one is kept."""
    return idle_since(now - settings.ANONYMISE_AFTER)


def idle_since(last: Any) -> SolicitationQuerySet:
    """Open requests without any action or message since a moment; a ``PreparedQuery`` gives its place."""
    lately = {"solicitation": OuterRef("pk"), "at__gt": last}
    done = Event.objects.filter(**lately).exclude(kind__in=NOTHING_DONE)
    # Each state with the date that its index holds.
    old = Q(state=RequestState.SUBMITTED, submitted_at__lte=last) | Q(
        state=RequestState.HELD, held_at__lte=last
    )
    unwritten = [~Exists(texts.objects.filter(**lately)) for texts in (Message, InternalMessage)]
    return Solicitation.objects.filter(old, ~Exists(done), *unwritten)
