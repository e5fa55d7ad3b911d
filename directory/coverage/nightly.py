"""Nightly count of the coverage of each region: what got worse is mailed once to its admins."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction
from django.urls import reverse
from django.utils import timezone

from directory.coverage import hole_ages, losses
from directory.coverage.losses import NightLoss
from directory.coverage.page_content import ComputedCoverage, compute
from directory.coverage.place_figures import WEAK
from directory.models import CoverageNight
from experts.models import Subject, User
from mailing import outbox
from territories.models import Commune, Region
from territories.working_time import next_working_morning

MAX_LOSSES, MAX_PLACES = 20, 8
MENDED_KEPT_FOR = timedelta(days=365)


@transaction.atomic(durable=True)
def count_region(code: str, *, now: datetime) -> None:
    """Compare a region with its last night, mail what got worse, and keep today's; harmless twice a day.

    After nights that were missed, the comparison is with the last one counted.
    """
    today = timezone.localdate(now)
    region = Region.objects.select_for_update().get(pk=code)
    last = CoverageNight.objects.filter(region=region).first()
    if last and last.day >= today:
        return
    computed = compute(code, subject="", on=today, now=now)
    uncovered, weak = _codes(computed)
    if last:
        found = [
            *losses.find_losses(last.uncovered, uncovered),
            *losses.find_losses(_with_uncovered(last), weak, is_weakened=True),
        ]
        if found:
            _mail(region, computed, found, last, now=now)
    CoverageNight.objects.update_or_create(
        region=region,
        defaults={
            "day": today,
            "counted_at": now,
            "uncovered": uncovered,
            "weak": weak,
            **_ages(last, uncovered, today=today),
        },
    )


def _ages(last: CoverageNight | None, uncovered: dict[str, list[str]], *, today: date) -> dict[str, Any]:
    """The holes that are open since a known night, and those mended within a year."""
    if last is None:
        return {"openings": {}, "mended": []}
    limit = (today - MENDED_KEPT_FOR).isoformat()
    mended = [*last.mended, *hole_ages.mended_since(last.openings, uncovered, today=today)]
    return {
        "openings": hole_ages.follow_openings(last.openings, last.uncovered, uncovered, today=today),
        "mended": [row for row in mended if row[0] > limit],
    }


def _codes(computed: ComputedCoverage) -> tuple[dict[str, list[str]], dict[str, list[str]]]:
    """The communes without answer, and with a weak one, by subject."""
    groups = computed.content.groups
    uncovered = {
        each.subject: losses.codes_of(groups, groups.everywhere & ~each.covered)
        for each in computed.coverages
    }
    weak = {
        each.subject: losses.codes_of(groups, losses.weak_groups(each, WEAK)) for each in computed.coverages
    }
    return uncovered, weak


def _with_uncovered(last: CoverageNight) -> dict[str, list[str]]:
    """Communes without a sure answer that night: one that appears where nobody answered is no loss."""
    return {slug: [*codes, *last.uncovered.get(slug, ())] for slug, codes in last.weak.items()}


def _mail(
    region: Region, computed: ComputedCoverage, found: list[NightLoss], last: CoverageNight, *, now: datetime
) -> None:
    today = timezone.localdate(now)
    path = reverse("directory:region_coverage", args=[region.pk])
    context = {
        "region": region.name,
        "since": f"{last.day:%d/%m/%Y}",
        "losses": _loss_contexts(computed, found, last),
        "more": max(0, len(found) - MAX_LOSSES),
        "url": f"{settings.SITE_URL.rstrip('/')}{path}",
    }
    # The count runs at night: nothing that the clock causes leaves outside working hours.
    communes = Commune.objects.current().with_place().filter(department__region=region)
    largest = communes.order_by("-population", "pk")[0]
    for address in _admins(region):
        outbox.enqueue(
            key=f"coverage:{region.pk}:{today}:{address.lower()}",
            to=address,
            template="directory/emails/coverage_losses",
            context=context,
            about=[f"coverage:{region.pk}"],
            not_before=next_working_morning(now, largest),
            now=now,
        )


def _loss_contexts(
    computed: ComputedCoverage, found: Iterable[NightLoss], last: CoverageNight
) -> list[dict[str, Any]]:
    """The losses as sentences, those of most communes first."""
    largest = sorted(found, key=lambda loss: (loss.is_weakened, -len(loss.communes), loss.subject))
    shown = largest[:MAX_LOSSES]
    labels = dict(Subject.objects.values_list("slug", "label"))
    codes = {code for loss in shown for code in loss.communes[:MAX_PLACES]}
    names = dict(Commune.objects.filter(pk__in=codes).values_list("pk", "name"))
    changes = losses.find_explanations(computed.content, since_day=last.day, since=last.counted_at)
    return [
        {
            "subject": labels[loss.subject],
            "is_weakened": loss.is_weakened,
            "count": len(loss.communes),
            "places": ", ".join(names[code] for code in loss.communes[:MAX_PLACES]),
            "has_more": len(loss.communes) > MAX_PLACES,
            "causes": losses.texts_about(loss, computed.content, changes),
        }
        for loss in shown
    ]


def _admins(region: Region) -> list[str]:
    """The region's admins, else the national team."""
    people = User.objects.filter(is_active=True).order_by("pk")
    regional = people.filter(role=User.Role.REGION, region=region).values_list("email", flat=True)
    national = people.filter(role=User.Role.NATIONAL).values_list("email", flat=True)
    return list(regional) or list(national) or [settings.NATIONAL_TEAM_EMAIL]
