"""Canned answers: texts kept by an institution, a region or the national team, to be used again."""

from collections.abc import Collection
from typing import Any, Self

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower

from experts.models.accounts import User
from experts.models.catalogue import Institution
from territories.models import Region

NOT_BLANK = r"\S"


class CannedAnswerQuerySet(models.QuerySet["CannedAnswer"]):
    def of_institutions(self, institutions: Collection[int] | models.QuerySet[Any, Any]) -> Self:
        return self.filter(institution__in=institutions)

    def of_staff(self) -> Self:
        """Texts of the regions and of the national team."""
        return self.filter(institution=None)

    def editable_by_staff(self, user: User) -> Self:
        """Texts that this member of staff keeps: the region's, or all of them for the national team."""
        if not (user.is_active and user.is_staff):
            return self.none()
        return self.of_staff() if user.is_national else self.of_staff().filter(region=user.region_id)

    def offered_in_region(self, region: str | None) -> Self:
        """Texts of a region, then those of the national team."""
        offered = Q(region=None)  # the national team's
        if region:
            offered |= Q(region=region)
        return self.of_staff().filter(offered).in_order()

    def in_order(self) -> Self:
        by_owner = (F("institution__position").asc(nulls_last=True), F("region").asc(nulls_last=True))
        return self.order_by(*by_owner, "title", "pk")


class CannedAnswer(models.Model):
    """A text of an institution, kept by its managers, of a region, or else of the national team.

    The people of the institution insert it in their messages, staff when they close a request.
    """

    institution = models.ForeignKey(
        Institution,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="canned_answers",
        db_index=False,
    )
    region = models.ForeignKey(
        Region, on_delete=models.CASCADE, null=True, blank=True, related_name="+", db_index=False
    )
    title = models.CharField(max_length=80)
    body = models.TextField()
    changed_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    changed_at = models.DateTimeField()

    objects = CannedAnswerQuerySet.as_manager()

    class Meta:
        db_table = "workspace_cannedanswer"  # first made by the app ``workspace``
        constraints = [
            models.UniqueConstraint(
                "institution",
                "region",
                Lower("title"),
                name="canned_answer_once_per_owner",
                nulls_distinct=False,
            ),
            models.CheckConstraint(
                condition=Q(institution=None) | Q(region=None), name="canned_answer_has_one_owner"
            ),
            models.CheckConstraint(
                condition=Q(title__regex=NOT_BLANK) & Q(body__regex=NOT_BLANK),
                name="canned_answer_says_something",
            ),
        ]

    def __str__(self) -> str:
        return self.title
