"""The reminder of a draft."""

from datetime import datetime

from django.db import transaction

from solicitations.models import Draft
from solicitations.notifications import to_company
from territories.models import Commune
from territories.working_time import is_working_time


@transaction.atomic(durable=True)
def remind_draft(pk: int, *, now: datetime) -> None:
    """Mail the resume link once more, in working time where the company is; once a draft."""
    draft = Draft.objects.to_remind(now=now).select_for_update().filter(pk=pk).first()
    if draft is None or not is_working_time(now, place(draft)):
        return
    draft.reminded_at = now
    draft.save(update_fields=["reminded_at"])
    to_company.resume_reminder(draft, now=now)


def place(draft: Draft) -> Commune:
    """The commune chosen so far; without one, Paris, whose clock most visitors share."""
    chosen = draft.answers.get("need", {}).get("commune_code", [])
    found = Commune.objects.filter(code__in=chosen).first()
    return found or Commune(code="75056", department_id="75")
