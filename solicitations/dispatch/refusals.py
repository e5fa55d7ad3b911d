"""Alerts about mails that were refused for good."""

from datetime import datetime

from django.db import transaction

from mailing.models import OutgoingEmail, refuses_mail
from solicitations.dispatch import alerts
from solicitations.lifecycle import AlertCause
from solicitations.models import Mailbox, Solicitation
from solicitations.notifications import to_experts, to_staff

TO_STAFF = {"solicitations/emails/alert", "solicitations/emails/expert_gone"}


@transaction.atomic(durable=True)
def report_refused_mail(email_pk: int, *, now: datetime) -> None:
    """Alert staff to a refused mail: they call the company, or look for another expert.

    For a mail to the company, the experts of its open requests are mailed to call it, and no other mail is
    sent. For a mail to a member of staff, the next recipients are mailed in their place.
    """
    email = OutgoingEmail.objects.refused().filter(pk=email_pk).first()
    about = next((name for name in email.about if name.startswith("request:")), None) if email else None
    if email is None or about is None:
        return
    solicitation, *others = _lock(int(about.removeprefix("request:")), address=email.to)
    if email.to.lower() == solicitation.email.lower():
        cause, details = (
            AlertCause.ACKNOWLEDGEMENT_REFUSED,
            f"{solicitation.contact_name}, {solicitation.phone}",
        )
        if refuses_mail(email.to):
            _have_it_called([solicitation, *others], now=now)
    elif Mailbox.objects.of(solicitation, email.to).exists():
        cause, details = AlertCause.MAIL_REFUSED, email.to
    elif email.template in TO_STAFF:
        for raised in solicitation.alerts.open().order_by("pk"):
            to_staff.alert(raised, now=now)
        return
    else:
        return
    earlier = solicitation.alerts.filter(cause=cause).first()
    if earlier is None or details not in earlier.details:
        alerts.raise_alert(solicitation, cause, details=details, now=now)


def _lock(pk: int, *, address: str) -> list[Solicitation]:
    """Lock a request and the open ones of the company with that address; itself first."""
    pks = {pk, *Solicitation.objects.open().filter(email__iexact=address).values_list("pk", flat=True)}
    rows = {each: Solicitation.objects.locked(each) for each in sorted(pks)}
    own = rows.pop(pk)
    return [own, *(row for row in rows.values() if row.email.lower() == address.lower())]


def _have_it_called(requests: list[Solicitation], *, now: datetime) -> None:
    """Cancel the unsent mails to the company, and mail the experts of its requests to call it."""
    for each in requests:
        if not each.refuses_answers:
            unsent = OutgoingEmail.objects.about(f"request:{each.pk}").pending()
            unsent.filter(to__iexact=each.email).update(cancelled_at=now)
            to_experts.call_instead(each, now=now)
