"""Tables of the room: views of public pages, and the facts of each need that figures count."""

from dataclasses import dataclass
from datetime import date

from django.db import connection, models
from django.db.models import Q, Sum
from django.db.models.functions import Coalesce

from experts.models import Institution, Office, Subject
from solicitations.models import Need
from territories.models import Department, Region

LABELS = {
    "who_can_help": "Qui peut aider\u00a0?",
    "who_can_help_department": "Fiche d'un département",
    "who_can_help_offices": "Antennes en données ouvertes",
}
COUNT = """
INSERT INTO indicators_pageviews AS known (page, day, views) VALUES (%s, %s, 1)
ON CONFLICT (page, day) DO UPDATE SET views = known.views + 1
"""


@dataclass(frozen=True, slots=True)
class ViewsOfPage:
    """Views of one page over a week and a month."""

    page: str
    week: int
    month: int

    @property
    def label(self) -> str:
        """« Qui peut aider ?, theme recrutement »: the page, then its need or its département."""
        name, _, about = self.page.partition(" ")
        return f"{LABELS.get(name, name)}, {about.replace('-', ' ', 1)}" if about else LABELS.get(name, name)


class PageViewsQuerySet(models.QuerySet["PageViews"]):
    """Queries on views of pages."""

    def add_one(self, page: str, *, on: date) -> None:
        """Add a view of a page, in one statement."""
        with connection.cursor() as cursor:
            cursor.execute(COUNT, [page, on])

    def by_page(self, *, week_from: date, month_from: date) -> list["ViewsOfPage"]:
        """Totals of each page since these two days, the most viewed first."""
        week = Coalesce(Sum("views", filter=Q(day__gt=week_from)), 0)
        rows = self.filter(day__gt=month_from).values("page").annotate(week=week, month=Sum("views"))
        in_order = rows.order_by("-month", "page").values_list("page", "week", "month")
        return [ViewsOfPage(*row) for row in in_order]


class PageViews(models.Model):
    """Views of one page in a day: a number, and nothing about who looked.

    ``page``: the name of its address, and what it is about: « who_can_help theme-recrutement ».
    """

    page = models.CharField("page", max_length=200)
    day = models.DateField("jour")
    views = models.PositiveIntegerField("vues")

    objects = PageViewsQuerySet.as_manager()

    class Meta:
        verbose_name = "vues d'une page"
        verbose_name_plural = "vues des pages"
        constraints = [models.UniqueConstraint(fields=["page", "day"], name="page_views_once_a_day")]
        indexes = [models.Index(fields=["day"], name="page_views_day")]

    def __str__(self) -> str:
        return f"{self.page} ({self.day})"


class NeedFacts(models.Model):
    """Facts of a need that figures count, written by ``need_facts.refresh``; nothing about the company.

    Hours run from the first sending, and are rounded up; ``None``: nobody answered, or nobody took it. The
    survey's columns are ``None`` without an answer.
    """

    need = models.ForeignKey(Need, on_delete=models.CASCADE, related_name="+", db_index=False)
    subject = models.ForeignKey(Subject, on_delete=models.CASCADE, related_name="+", db_index=False)
    department = models.ForeignKey(Department, on_delete=models.CASCADE, related_name="+", db_index=False)
    region = models.ForeignKey(
        Region, on_delete=models.CASCADE, null=True, blank=True, related_name="+", db_index=False
    )
    received_on = models.DateField()
    answer_hours = models.PositiveIntegerField(null=True, blank=True)
    taking_hours = models.PositiveIntegerField(null=True, blank=True)
    is_helped = models.BooleanField()
    is_waiting = models.BooleanField()
    was_called = models.BooleanField(null=True, blank=True)
    was_useful = models.BooleanField(null=True, blank=True)

    class Meta:
        abstract = True


class WholeNeed(NeedFacts):
    """Facts of a need, whoever answered."""

    class Meta:
        constraints = [models.UniqueConstraint(fields=["need"], name="whole_need_once")]
        indexes = [
            models.Index(fields=["received_on"], name="whole_need_day"),
            models.Index(fields=["region", "received_on"], name="whole_need_region"),
        ]

    def __str__(self) -> str:
        return f"{self.need_id}"


class InstitutionNeed(NeedFacts):
    """Facts of a need, as one institution answered it."""

    institution = models.ForeignKey(Institution, on_delete=models.CASCADE, related_name="+", db_index=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["need", "institution"], name="institution_need_once")]
        indexes = [
            models.Index(fields=["received_on"], name="institution_need_day"),
            models.Index(fields=["region", "received_on"], name="institution_need_region"),
        ]

    def __str__(self) -> str:
        return f"{self.need_id}, {self.institution_id}"


class OfficeNeed(NeedFacts):
    """Facts of a need, as one office answered it."""

    office = models.ForeignKey(Office, on_delete=models.CASCADE, related_name="+", db_index=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["need", "office"], name="office_need_once")]
        indexes = [models.Index(fields=["office", "received_on"], name="office_need_day")]

    def __str__(self) -> str:
        return f"{self.need_id}, {self.office_id}"


class FactsState(models.Model):
    """Progress of the facts of needs, in one row.

    Events up to ``last_event`` were read. Requests up to ``filled_to`` have had their first facts; those that
    there were at the beginning go up to ``fill_until``.
    """

    last_event = models.BigIntegerField()
    filled_to = models.BigIntegerField(default=0)
    fill_until = models.BigIntegerField()
    counted_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.counted_at:%Y-%m-%d %H:%M}"
