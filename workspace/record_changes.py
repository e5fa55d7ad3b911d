"""Changes that an expert makes to their own record from the page of a request, and the way back for a day."""

from datetime import datetime, timedelta

from django.core import signing
from django.db import transaction

from experts.changes import applying, editing, snapshot
from experts.changes.row_plans import Plan, RowPlan
from experts.changes.stored import StoredRow
from experts.models import Cause, Expert
from solicitations.dispatch import alerts, reoffer
from solicitations.lifecycle import AlertCause, EventKind
from solicitations.models import Event, Mailbox, Solicitation
from solicitations.notifications import to_experts

WAY_BACK = timedelta(days=1)
SALT = "solicitations.record_change"


class RecordClosed(Exception):
    """The link is that of a request that is over, or that its mailbox has declined."""


class TooLate(Exception):
    """The link is not of ours, is more than a day old, or the record has changed again since."""


def may_change_record(mailbox: Mailbox) -> bool:
    """True while the request goes on and the mailbox has a part in it. Needs ``solicitation`` loaded."""
    if mailbox.solicitation.is_over or mailbox.solicitation.refuses_answers:
        return False
    return Mailbox.objects.filter(pk=mailbox.pk).not_declined().exists()


@transaction.atomic(durable=True)
def report_departure(expert: Expert, *, by: Mailbox, successor: str, now: datetime) -> None:
    """Mark an expert who left as absent from now on, ask others, tell staff. Raises ``RecordClosed``."""
    solicitation = Solicitation.objects.locked(by.solicitation_id)
    leaving = _own_post(expert, by, solicitation)
    if leaving.left_at is not None:
        return
    _write(editing.close_expert(*_stored(leaving), at=now, successor=successor), now=now)
    details = f"{leaving.name} ({leaving.email})" + (f" ; successeur : {successor}" if successor else "")
    Event.objects.record(EventKind.DEPARTURE, solicitation, by=by, reason=details, at=now)
    alerts.raise_alert(solicitation, AlertCause.DEPARTURE, details=details, by_mail=False, now=now)
    reoffer.reoffer_locked(solicitation, now=now)
    change = {"expert": leaving.pk, "left_at": now.isoformat()}
    to_experts.record_changed(by, phone="", change=signing.dumps(change, salt=SALT), now=now)


@transaction.atomic(durable=True)
def correct_phone(expert: Expert, *, by: Mailbox, phone: str, now: datetime) -> None:
    """Change the expert's own phone number; no directory file undoes it. Raises ``RecordClosed``."""
    row = _own_post(expert, by, Solicitation.objects.locked(by.solicitation_id))
    if row.phone == phone:
        return
    change = {"expert": row.pk, "phone": row.phone, "instead_of": phone}
    _write(editing.change(*_stored(row), {"phone": phone}), now=now)
    to_experts.record_changed(by, phone=phone, change=signing.dumps(change, salt=SALT), now=now)


def _own_post(expert: Expert, by: Mailbox, solicitation: Solicitation) -> Expert:
    by.solicitation = solicitation
    if not may_change_record(by):
        raise RecordClosed
    applying.lock_directory()  # before the row, as every change of the directory does
    return Expert.objects.select_for_update().get(pk__in=by.matches.values("expert"), pk=expert.pk)


def _stored(row: Expert) -> tuple[tuple[str, str], StoredRow[Expert]]:
    """The expert's key and facts."""
    [found] = snapshot.load(experts=[row.pk]).experts.items()
    return found


def _write(plan: RowPlan[Expert], *, now: datetime) -> None:
    applying.apply_inside(Plan(experts=(plan,)), cause=Cause.EXPERT, note=plan.before["email"], now=now)


@transaction.atomic(durable=True)
def undo_record_change(signed: str, *, now: datetime) -> Expert:
    """Undo a change of the last day; what waited for the expert is theirs again. Raises ``TooLate``."""
    change = read_change(signed)
    applying.lock_directory()
    row = Expert.objects.select_for_update().filter(pk=change["expert"]).first()
    if row is None:
        raise TooLate
    if "phone" in change:
        if row.phone != change["instead_of"]:
            raise TooLate
        _write(editing.change(*_stored(row), {"phone": str(change["phone"])}), now=now)
        return row
    if row.left_at is None or row.left_at != datetime.fromisoformat(str(change["left_at"])):
        raise TooLate
    _write(editing.change(*_stored(row), {"left_at": None, "successor": ""}), now=now)
    return row


def read_change(signed: str) -> dict[str, str | int]:
    """The change that a link undoes. Raises ``TooLate``."""
    try:
        change: dict[str, str | int] = signing.loads(signed, salt=SALT, max_age=WAY_BACK)
    except signing.BadSignature as error:
        raise TooLate from error
    return change
