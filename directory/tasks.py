"""The room's tasks, scheduled or queued: ids in, one call. All are harmless twice."""

import logging
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any

from celery import shared_task
from celery.exceptions import SoftTimeLimitExceeded
from django.utils import timezone

from directory import address_reports, successors, weekly_summary
from directory.coverage import nightly
from directory.letters import agreements, departed, yearly
from directory.public_offices import offering
from directory.sheets import uploads
from experts.models import Cause, Expert
from mailing.models import beat
from solicitations.dispatch import reoffer
from solicitations.models import Match
from territories.models import Commune, Region
from territories.working_time import is_working_day

logger = logging.getLogger(__name__)

# In seconds: a file of fifty thousand rows.
UPLOAD_LIMITS = {"soft_time_limit": 600, "time_limit": 660}
PARIS = "75056"
OFFERS = uploads.Reading(
    lambda upload, _, progress: offering.try_services(
        bytes(upload.content), region=upload.region_id, progress=progress
    ),
    Cause.PUBLIC_OFFICES,
    offering.only_chosen,
)
# Each night, whole tables are read.
NIGHT_LIMITS = {"soft_time_limit": 3600, "time_limit": 3900}


@shared_task(**UPLOAD_LIMITS)
def work_on_sheet(pk: int) -> None:
    """Read the spreadsheet, or the public services, ``pk`` that was sent, or import it."""
    uploads.work(pk, clock=timezone.now, offers=OFFERS)


@shared_task(**UPLOAD_LIMITS)
def offer_needs_to_successor(gone_pk: int, successor_pk: int) -> None:
    """Offer to successor ``successor_pk`` the needs withdrawn at a departure and taken by nobody."""
    since = Expert.objects.filter(pk=gone_pk).values_list("left_at", flat=True).first()
    if since is None:
        return
    rows = Match.objects.withdrawn_as_gone(gone_pk, since=since).order_by("pk")
    requests = dict.fromkeys(rows.values_list("mailbox__solicitation", flat=True))
    offer = partial(
        reoffer.offer_to_successor,
        gone_pk=gone_pk,
        successor_pk=successor_pk,
        since=since,
        now=timezone.now(),
    )
    _each_safely(offer, requests)


@shared_task(expires=60)
def sweep_sheets() -> None:
    """Queue the spreadsheets that wait, and begin again those whose worker was killed."""
    now = timezone.now()
    for pk in uploads.begin_again(now=now):
        work_on_sheet.delay(pk)
    beat("directory.sheets", now=now)


@shared_task
def follow_address(address: str) -> None:
    """Something was reported about an address: its posts count as absent, or receive again."""
    address_reports.follow(address, now=timezone.now())


@shared_task(expires=600, **UPLOAD_LIMITS)
def send_summaries() -> None:
    """Write the week's summaries of the places whose working week has begun."""
    now = timezone.now()
    _each_safely(lambda code: weekly_summary.send(code, now=now), weekly_summary.places_due(now=now))
    beat("directory.summaries", now=timezone.now())


@shared_task(expires=60)
def sweep_addresses() -> None:
    """Follow the reports, and offer the needs to successors, whose task was lost."""
    now = timezone.now()
    _each_safely(
        lambda address: address_reports.follow(address, now=now), address_reports.addresses_to_follow()
    )
    for pair in successors.offers_to_make(now=now):
        offer_needs_to_successor.delay(*pair)
    beat("directory.addresses", now=now)


@shared_task(**NIGHT_LIMITS)
def count_coverage() -> None:
    """Count each night the coverage of every region."""
    codes = Region.objects.order_by("pk").values_list("pk", flat=True)
    _each_safely(lambda code: nightly.count_region(code, now=timezone.now()), codes)
    beat("directory.coverage", now=timezone.now())


@shared_task(**NIGHT_LIMITS)
def write_letters() -> None:
    """Write each working morning the yearly letters, their reminders, and those of conventions that end."""
    now = timezone.now()
    paris = Commune.objects.with_place().filter(pk=PARIS).first()
    if paris and is_working_day(timezone.localdate(now), paris):
        yearly.close_verified(now=now)
        _each_safely(lambda email: yearly.write(email, now=now), yearly.addresses_to_write(now=now))
        _each_safely(lambda pk: yearly.remind(pk, now=now), yearly.letters_to_remind(now=now))
        _each_safely(lambda due: yearly.write_to_office(*due, now=now), yearly.offices_to_write(now=now))
        _each_safely(lambda ending: agreements.remind(*ending, now=now), agreements.ending(now=now))
    beat("directory.letters", now=timezone.now())


@shared_task(**NIGHT_LIMITS)
def erase_departed() -> None:
    """Erase each night the experts who left long ago and are named by no request any more."""
    now = timezone.now()
    _each_safely(lambda pk: departed.erase(pk, now=now), departed.people_to_erase(now=now))
    beat("directory.departed", now=timezone.now())


def _each_safely(call: Callable[[Any], None], items: Iterable[Any]) -> None:
    """Make one call per item; an error is logged and does not stop the others."""
    for item in items:
        try:
            call(item)
        except SoftTimeLimitExceeded:
            raise
        except Exception:
            logger.exception("%s could not be done", item)
