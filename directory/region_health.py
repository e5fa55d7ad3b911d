"""State of a region's directory: verified rows, subjects without answer, time until they are covered."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median

from django.db.models import Count, Q
from django.utils import timezone

from directory.coverage.coverage_texts import percent
from directory.coverage.hole_ages import median_days
from directory.letters import yearly
from directory.models import CoverageNight, RecordRemark
from territories.models import Commune, Region

YEAR = timedelta(days=365)


@dataclass(frozen=True)
class RegionHealth:
    """Figures of a region; ``None``: not counted yet, or nothing to count.

    ``holes``: subjects without answer, each counted once per commune; ``cells``: all subjects and communes.
    """

    people: int
    verified: int
    counted_at: datetime | None
    holes: int
    cells: int
    hole_days: int | None
    remark_days: int | None

    @property
    def verified_share(self) -> int:
        """Share of the posts verified within a year, in percent, rounded down."""
        return 100 * self.verified // self.people if self.people else 0

    @property
    def hole_share(self) -> str:
        """Share of the cells without answer, as the pages of coverage write it."""
        return percent(self.holes / self.cells if self.cells else 0)


def region_health(region: Region, *, now: datetime) -> RegionHealth:
    """The figures of a region. Four queries."""
    since = timezone.localdate(now) - YEAR
    people = yearly.serving(now=now).filter(office__region=region)
    counts = people.aggregate(all=Count("pk"), verified=Count("pk", filter=Q(verified_on__gt=since)))
    night = CoverageNight.objects.filter(region=region).first()
    communes = Commune.objects.current().filter(department__region=region).count()
    return RegionHealth(
        people=counts["all"],
        verified=counts["verified"],
        counted_at=night.counted_at if night else None,
        holes=sum(map(len, night.uncovered.values())) if night else 0,
        cells=len(night.uncovered) * communes if night else 0,
        hole_days=median_days(night.mended) if night else None,
        remark_days=_remark_days(region, now=now),
    )


def _remark_days(region: Region, *, now: datetime) -> int | None:
    """Median days between what an expert reported in the last year and its correction."""
    rows = RecordRemark.objects.filter(region=region, resolved_at__gt=now - YEAR)
    days = [(resolved - at).days for at, resolved in rows.values_list("at", "resolved_at") if resolved]
    return round(median(days)) if days else None
