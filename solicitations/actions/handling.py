"""Work of staff among colleagues: notes, and which of them takes care of a request."""

from datetime import datetime

from django.db import transaction

from experts.models import User
from solicitations.lifecycle import UNDO_DELAY, EventKind, ForbiddenMove, RequestState
from solicitations.models import Event, Solicitation, StaffNote
from solicitations.notifications import to_staff


class HandledByAnother(Exception):
    """A colleague takes care of the request: taking it over needs a message to ``colleague``."""

    def __init__(self, colleague: User) -> None:
        super().__init__(str(colleague))
        self.colleague = colleague


@transaction.atomic(durable=True)
def write_note(solicitation: Solicitation, *, body: str, by: User, now: datetime) -> StaffNote:
    """Add a note that staff alone read. Raises ``ForbiddenMove`` once the request was erased.

    The same text again within a minute is a second click: it is written once.
    """
    locked = _lock(solicitation)
    earlier = locked.staff_notes.filter(author=by, body=body, at__gt=now - UNDO_DELAY).first()
    if earlier is not None:
        return earlier
    note = StaffNote.objects.create(solicitation=locked, author=by, body=body, at=now)
    Event.objects.record(EventKind.NOTED, locked, by=by, at=now)
    return note


@transaction.atomic(durable=True)
def handle(solicitation: Solicitation, *, by: User, now: datetime, message: str = "") -> None:
    """Put one's own name on the request; over a colleague's, with a message (``message``) mailed to them.

    Raises ``HandledByAnother`` without this message, ``ForbiddenMove`` once the request was erased.
    """
    locked = _lock(solicitation)
    if locked.handled_by_id == by.pk:
        return
    colleague = colleague_in_charge(locked)
    if colleague is not None and not message:
        raise HandledByAnother(colleague)
    recorded = f"À la place de {locked.handled_by} : {message}" if locked.handled_by and message else message
    _put_name(locked, by, at=now)
    event = Event.objects.record(EventKind.HANDLED, locked, by=by, reason=recorded, at=now)
    if colleague is not None:
        to_staff.handled_by_another(colleague, locked, by=by, message=message, event=event, now=now)


@transaction.atomic(durable=True)
def stop_handling(solicitation: Solicitation, *, by: User, now: datetime) -> None:
    """Take one's own name off the request. Raises ``HandledByAnother`` when it is a colleague's."""
    locked = _lock(solicitation)
    if locked.handled_by is None:
        return
    if locked.handled_by_id != by.pk:
        raise HandledByAnother(locked.handled_by)
    _put_name(locked, None, at=now)
    Event.objects.record(EventKind.UNHANDLED, locked, by=by, at=now)


def colleague_in_charge(solicitation: Solicitation) -> User | None:
    """The colleague whose name is on the request, as long as they have an account that may see it."""
    colleague = solicitation.handled_by
    if colleague is None:
        return None
    is_seen = Solicitation.objects.visible_to(colleague).filter(pk=solicitation.pk).exists()
    return colleague if is_seen else None


def release_if_out_of_sight(solicitation: Solicitation, *, now: datetime) -> None:
    """Take the name off a locked request whose new region its colleague may not see; saves nothing."""
    colleague = solicitation.handled_by
    if colleague is None or colleague.is_national or colleague.region_id == solicitation.region_id:
        return
    solicitation.handle(None, at=now)
    Event.objects.record(
        EventKind.UNHANDLED, solicitation, reason="La demande relève d'une autre région", at=now
    )


def _lock(solicitation: Solicitation) -> Solicitation:
    locked = Solicitation.objects.locked(solicitation.pk)
    if locked.state == RequestState.ANONYMISED:
        raise ForbiddenMove(RequestState(locked.state), RequestState.SUBMITTED)
    return locked


def _put_name(locked: Solicitation, colleague: User | None, *, at: datetime) -> None:
    locked.handle(colleague, at=at)
    locked.save(update_fields=["handled_by", "handled_since"])
