"""Reminders of conventions that end, to the office and to its region: sixty and fifteen days before."""

from datetime import datetime, timedelta

from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from experts.models import Office, User
from mailing import outbox
from solicitations import links

STEPS = (60, 15)  # days before the end


def ending(*, now: datetime) -> list[tuple[int, int]]:
    """The offices whose convention ends soon: primary key, and which of ``STEPS`` has come."""
    today = timezone.localdate(now)
    rows = Office.objects.open_on(today).filter(
        agreement_ends_on__isnull=False, agreement_ends_on__lte=today + timedelta(days=max(STEPS))
    )
    return [
        (pk, min(step for step in STEPS if (ends_on - today).days <= step))
        for pk, ends_on in rows.order_by("pk").values_list("pk", "agreement_ends_on")
        if ends_on is not None
    ]


@transaction.atomic(durable=True)
def remind(pk: int, step: int, *, now: datetime) -> None:
    """Tell the office and the admins of its region (else the national team) that the convention ends."""
    office = Office.objects.select_related("region").get(pk=pk)
    if office.agreement_ends_on is None:
        return
    staff = User.objects.filter(is_active=True)
    admins = (
        staff.filter(role=User.Role.REGION, region=office.region_id) if office.region_id else staff.none()
    )
    people = admins if admins.exists() else staff.filter(role=User.Role.NATIONAL)
    addresses = [office.email, *people.order_by("pk").values_list("email", flat=True)]
    for to in dict.fromkeys(filter(None, addresses)):
        outbox.enqueue(
            key=f"agreement:{pk}:{office.agreement_ends_on}:{step}:{to.lower()}",
            to=to,
            template="directory/emails/agreement_ends",
            context={
                "office": office.name,
                "ends_on": f"{office.agreement_ends_on:%d/%m/%Y}",
                "office_url": links.absolute(reverse("directory:office", args=[office.code])),
                "is_staff": to != office.email,
            },
            about=[f"office:{pk}"],
            now=now,
        )
