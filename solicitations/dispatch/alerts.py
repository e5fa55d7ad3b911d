"""Alerts: raised with a mail to staff, resolved once their cause has ended."""

from datetime import datetime

from solicitations.lifecycle import AlertCause
from solicitations.models import Alert, Match, Solicitation
from solicitations.notifications import to_staff


def raise_alert(
    solicitation: Solicitation, cause: AlertCause, *, now: datetime, details: str = "", by_mail: bool = True
) -> None:
    """Add an alert to the staff's list and mail them: one per request and cause, but for mentions.

    Raised again while it is open, it adds its details to the earlier ones; once resolved, it opens again.
    """
    alert = solicitation.alerts.filter(cause=cause).first()
    if alert is None:
        alert = Alert(solicitation=solicitation, cause=cause, raised_at=now)
    earlier = alert.details if alert.settled_at is None else ""
    alert.details = earlier if details in earlier else ", ".join(filter(None, [earlier, details]))
    alert.settled_at = None
    alert.save()
    if by_mail:
        tell = to_staff.mentioned if cause == AlertCause.MENTIONED else to_staff.alert
        tell(alert, now=now)


def resolve_obsolete(solicitation: Solicitation, *, now: datetime) -> None:
    """After an answer, resolve the clock's alerts whose cause has ended."""
    ended = [
        cause
        for cause, still in (
            (AlertCause.LATE, solicitation.needs.waiting()),
            (AlertCause.SILENT, Match.objects.taken().filter(need__solicitation=solicitation)),
            (AlertCause.LEGAL, solicitation.needs.without_legal_answer()),
        )
        if not still.exists()
    ]
    solicitation.alerts.open().filter(cause__in=ended).update(settled_at=now)
