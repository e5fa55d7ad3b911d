"""Planned calls of a request, as its page shows them."""

from dataclasses import dataclass
from datetime import datetime

from mailing.prepared_queries import PreparedQuery
from solicitations.models import Mailbox, PlannedCall
from workspace import call_planning


@dataclass(frozen=True)
class OtherCall:
    """A call that another expert has planned."""

    person: str
    starts_at: datetime


@dataclass(frozen=True)
class PlannedCalls:
    """The call of the page's mailbox, and those of the other experts.

    ``seen``: of the form, so that an older page changes nothing. ``is_past``: the hour has passed, and the
    need still waits for its outcome.
    """

    own: PlannedCall | None = None
    seen: str = ""
    is_past: bool = False
    may_undo: bool = False
    others: tuple[OtherCall, ...] = ()


_CALLS: PreparedQuery[PlannedCall] = PreparedQuery(
    lambda solicitation: (
        PlannedCall.objects.filter(mailbox__solicitation=solicitation)
        .select_related("mailbox")
        .order_by("starts_at", "pk")
    )
)


def planned_calls_of(mailbox: Mailbox, *, now: datetime) -> PlannedCalls:
    """The calls to come; its own one also once its hour has passed."""
    found = _CALLS.rows(solicitation=mailbox.solicitation_id)
    if not found:
        return PlannedCalls()
    own = next((call for call in found if call.mailbox_id == mailbox.pk), None)
    standing = set(
        PlannedCall.objects.standing().filter(pk__in=[call.pk for call in found]).values_list("pk", flat=True)
    )
    others = [
        OtherCall(call.mailbox.speaker().name, call.starts_at)
        for call in found
        if call.pk in standing and call != own and call.starts_at > now
    ]
    shown = own if own and own.pk in standing else None
    return PlannedCalls(
        own=shown,
        seen=str(own.sequence) if own else "",
        is_past=bool(shown and shown.starts_at <= now),
        may_undo=bool(own and call_planning.may_undo(own, now=now)),
        others=tuple(others),
    )
