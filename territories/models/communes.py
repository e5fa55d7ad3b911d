"""Régions, départements, EPCI and communes. Source: the yearly official geographic code."""

from collections.abc import Collection
from typing import Self
from zoneinfo import ZoneInfo

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import F, Q

from territories.areas import AreaRef, Level
from territories.time_zones import time_zone


class UnknownCommune(LookupError):
    """A code that was never a commune's."""


class Region(models.Model):
    """A regional territory (19, with Mayotte and Saint-Pierre-et-Miquelon)."""

    code = models.CharField(max_length=3, primary_key=True)
    name = models.CharField("nom", max_length=100)

    class Meta:
        verbose_name = "région"

    def __str__(self) -> str:
        return self.name


class Department(models.Model):
    """A département, or a collectivity overseas; without a region, the national office answers."""

    code = models.CharField(max_length=3, primary_key=True)
    name = models.CharField("nom", max_length=100)
    region = models.ForeignKey(Region, models.PROTECT, null=True, blank=True, verbose_name="région")

    class Meta:
        verbose_name = "département"

    def __str__(self) -> str:
        return self.name


class Epci(models.Model):
    """A group of communes with its own taxes; it may lie in several départements or régions."""

    siren = models.CharField("SIREN", max_length=9, primary_key=True)
    name = models.CharField("nom", max_length=200)

    class Meta:
        verbose_name = "EPCI"
        verbose_name_plural = "EPCI"

    def __str__(self) -> str:
        return self.name


class CommuneQuerySet(models.QuerySet["Commune"]):
    def current(self) -> Self:
        return self.filter(merged_into=None)

    def with_place(self) -> Self:
        """Join the tables that ``region`` and ``place`` read."""
        return self.select_related("department__region")

    def inside(self, refs: Collection[AreaRef]) -> Self:
        """Current communes of all these areas, each once. No zones; commune codes must be current ones."""
        codes: dict[str, list[str]] = {level.kind: [] for level in Level}
        for ref in refs:
            codes[ref.kind].append(ref.code)
        if codes["national"]:
            return self.current()
        return self.current().filter(
            Q(code__in=codes["commune"])
            | Q(epci__in=codes["epci"])
            | Q(department__in=codes["department"])
            | Q(department__region__in=codes["region"])
        )

    def resolve(self, code: str) -> "Commune":
        """The current commune of a code, looked up among current communes, then by ``FormerCommune.Kind``.

        Raises ``UnknownCommune``.
        """
        try:
            return self.resolve_all([code])[code]
        except KeyError:
            raise UnknownCommune(code) from None

    def resolve_all(self, codes: Collection[str]) -> dict[str, "Commune"]:
        """The current commune of each code, as ``resolve`` does, in two queries; unknown codes are absent."""
        places = ("department__region", "merged_into__department__region")
        rows = self.filter(code__in=codes).select_related(*places)
        found = {commune.code: commune.merged_into or commune for commune in rows}
        if others := set(codes) - found.keys():
            former = FormerCommune.objects.filter(code__in=others).with_current()
            for row in sorted(former, key=lambda row: row.rank):
                found.setdefault(row.code, row.current)
        return found


class Commune(models.Model):
    """A commune by its INSEE code. One that merged stays, since rows point to it: see ``merged_into``."""

    code = models.CharField("code INSEE", max_length=5, primary_key=True)
    name = models.CharField("nom", max_length=100)
    department = models.ForeignKey(Department, models.PROTECT, verbose_name="département")
    epci = models.ForeignKey(Epci, models.PROTECT, null=True, blank=True, verbose_name="EPCI")
    population = models.PositiveIntegerField(default=0)
    postcodes = ArrayField(models.CharField(max_length=5), default=list, verbose_name="codes postaux")
    search_name = models.CharField(max_length=100, editable=False)
    search_postcodes = models.TextField(blank=True, editable=False)  # each after a space: " 21000 21850"
    merged_into = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="merged")

    objects = CommuneQuerySet.as_manager()

    found_as = ""  # set by the search: the former name that matched
    is_guess = False  # set by the search: only the name matches, or only the postcode

    class Meta:
        verbose_name = "commune"
        constraints = [
            models.CheckConstraint(
                condition=Q(merged_into=None) | ~Q(merged_into=F("code")),
                name="commune_not_merged_into_itself",
            ),
        ]
        indexes = [
            models.Index(
                fields=["search_name"],
                opclasses=["varchar_pattern_ops"],
                name="commune_name_prefix",
            ),
            GinIndex(
                fields=["search_name"],
                opclasses=["gin_trgm_ops"],
                name="commune_name_part",
            ),
            GinIndex(fields=["search_postcodes"], opclasses=["gin_trgm_ops"], name="commune_postcodes"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def region(self) -> Region | None:
        """``None`` where the national office answers. No query after ``resolve`` or ``with_place``."""
        return self.department.region

    @property
    def place(self) -> str:
        """The name with its département, since 1,441 names are shared."""
        return f"{self.name} ({self.department.name})"

    @property
    def time_zone(self) -> ZoneInfo:
        return time_zone(self.department_id, self.code)


class FormerCommuneQuerySet(models.QuerySet["FormerCommune"]):
    def with_current(self) -> Self:
        return self.select_related("current__department__region")


class FormerCommune(models.Model):
    """A code or name that people still use for a current commune before its merger, or for a part of it."""

    class Kind(models.TextChoices):
        ARRONDISSEMENT = "arrondissement", "Arrondissement municipal"
        DELEGATED = "delegated", "Commune déléguée"
        ASSOCIATED = "associated", "Commune associée"
        FORMER = "former", "Ancienne commune"

    code = models.CharField("code INSEE", max_length=5)
    kind = models.CharField("genre", max_length=20, choices=Kind.choices)
    name = models.CharField("nom", max_length=100, blank=True)
    current = models.ForeignKey(Commune, models.CASCADE, related_name="former")
    search_name = models.CharField(max_length=100, blank=True, editable=False)

    objects = FormerCommuneQuerySet.as_manager()

    class Meta:
        verbose_name = "ancienne commune"
        verbose_name_plural = "anciennes communes"
        constraints = [
            models.UniqueConstraint(fields=["code", "kind"], name="former_commune_once_per_kind"),
        ]
        indexes = [
            models.Index(
                fields=["search_name"],
                opclasses=["varchar_pattern_ops"],
                name="former_name_prefix",
            ),
            GinIndex(
                fields=["search_name"],
                opclasses=["gin_trgm_ops"],
                name="former_name_part",
            ),
        ]

    def __str__(self) -> str:
        return self.name or self.code

    @property
    def rank(self) -> int:
        """Position in the order in which ``resolve`` looks codes up."""
        return self.Kind.values.index(self.kind)
