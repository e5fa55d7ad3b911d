"""Word to the staff of a region that an office of elsewhere begins to reach."""

from datetime import datetime

from django.db import transaction
from django.urls import reverse

from experts.changes.applying import apply_inside
from experts.changes.row_plans import Plan, RowPlan
from experts.models import Cause, Office, Revision, User
from experts.regions import RegionCounter, members_of_zones
from mailing import outbox
from solicitations import links
from territories.area_search import names_of


@transaction.atomic(durable=True)
def apply_and_tell(plan: Plan, *, author: User, now: datetime) -> Revision | None:
    """Apply a plan; the staff of regions that its offices newly reach get a mail. Raises ``StalePlan``."""
    revision = apply_inside(plan, cause=Cause.PAGE, author=author, now=now)
    rows = [row for row in plan.offices if "areas" in row.written_facts]
    if revision is None or not rows:
        return revision
    named = {ref for row in rows for ref in row.before.get("areas", frozenset()) | row.after["areas"]}
    counter = RegionCounter(named, members_of_zones(named))
    for row in rows:
        had = set(counter.communes_by_region(row.before.get("areas", frozenset())))
        if row.instance is None:  # a new office is its own region's
            had |= set(Office.objects.filter(code=row.key).values_list("region", flat=True))
        new = set(counter.communes_by_region(row.after["areas"])) - had - {None}
        for user in User.objects.filter(is_active=True, role=User.Role.REGION, region__in=new).order_by("pk"):
            _mail(revision, row, user, now=now)
    return revision


def _mail(revision: Revision, row: RowPlan[Office], user: User, *, now: datetime) -> None:
    added = names_of(row.after["areas"] - row.before.get("areas", frozenset()))
    outbox.enqueue(
        key=f"office_reaches:{revision.pk}:{row.key}:{user.pk}"[:255],
        to=user.email,
        template="directory/emails/office_reaches",
        context={
            "office": row.label,
            "areas": sorted(added.values()),
            "url": links.absolute(reverse("directory:office", args=[row.key])),
        },
        about=[f"revision:{revision.pk}"],
        now=now,
    )
