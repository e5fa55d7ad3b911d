"""Table of the directory: offices of institutions; what all its rows share."""

from datetime import date

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models
from django.db.models import F, Q

from experts.models.accounts import User
from experts.models.catalogue import Institution, Subject
from experts.models.directory_words import OFFICE_WORDS
from territories.models import Area, Region


class DirectorySource(models.TextChoices):
    """Origin of a row: a directory's import never changes rows entered by hand."""

    FILE = "file", "Fichier"
    HAND = "hand", "Saisie"


def prefix_list_field(label: str) -> ArrayField:
    """Make a field for a list of code prefixes, empty when there is no such condition."""
    return ArrayField(models.CharField(max_length=10), verbose_name=label, default=list, blank=True)


class ImportedModel(models.Model):
    """A row that a directory file may create, and that people may correct."""

    source = models.CharField(
        "origine", max_length=4, choices=DirectorySource.choices, default=DirectorySource.HAND
    )
    dropped_at = models.DateTimeField("absente du fichier depuis", null=True, blank=True)
    # Names of fields edited in the portal: the file no longer overwrites them.
    edited_fields = ArrayField(
        models.CharField(max_length=40), verbose_name="corrigé dans le portail", default=list, blank=True
    )

    class Meta:
        abstract = True

    def mark_edited(self, *fields: str) -> None:
        """Record that these fields were edited here, so that no file overwrites them. Saves nothing."""
        if self.source == DirectorySource.FILE:
            self.edited_fields = sorted({*self.edited_fields, *fields})


class OfficeQuerySet(models.QuerySet["Office"]):
    """Queries on offices."""

    def listed(self) -> "OfficeQuerySet":
        """Offices of the last directory file and those entered by hand."""
        return self.filter(dropped_at__isnull=True)

    def open_on(self, day: date) -> "OfficeQuerySet":
        """Listed offices that are not closed that day and whose convention has not ended."""
        return (
            self.listed()
            .filter(Q(closed_on__isnull=True) | Q(closed_on__gt=day))
            .filter(Q(agreement_ends_on__isnull=True) | Q(agreement_ends_on__gt=day))
        )

    def visible_to(self, user: User) -> "OfficeQuerySet":
        """All offices for the national team, those of the user's region for the others."""
        if user.is_national:
            return self
        return self.filter(region__isnull=False, region=user.region_id)

    def readable_by(self, user: User) -> "OfficeQuerySet":
        """Offices visible to the user, and those of others that reach the user's region."""
        if user.is_national:
            return self
        reaching = Area.objects.reaching(user.region_id or "").values("pk")
        by_areas = Office.areas.through.objects.filter(area__in=reaching).values("office")
        by_experts = Office.objects.filter(experts__areas__in=reaching).values("pk")
        own = Q(region__isnull=False, region=user.region_id)
        return self.filter(own | Q(pk__in=by_areas) | Q(pk__in=by_experts))


class Office(ImportedModel):
    """A local office of an institution: its areas, the companies it accepts, its shared mailbox."""

    class Craft(models.TextChoices):
        ANY = "", "Toutes les entreprises"
        ONLY = "only", "Artisans seulement"
        EXCLUDE = "exclude", "Sauf artisans"

    code = models.CharField("identifiant", max_length=500, unique=True)
    institution = models.ForeignKey(Institution, on_delete=models.PROTECT, related_name="offices")
    name = models.CharField("nom", max_length=500)
    # Unknown of some public services: ``experts.changes.rights.unreached`` asks both before anybody comes.
    phone = models.CharField("téléphone", max_length=30, blank=True)
    email = models.EmailField("adresse électronique", max_length=500, blank=True)
    site = models.URLField("site internet", max_length=500, blank=True, default="", db_default="")
    siret = models.CharField("SIRET", max_length=14, blank=True, default="", db_default="")
    areas = models.ManyToManyField(Area, verbose_name="territoires", related_name="offices", blank=True)
    region = models.ForeignKey(
        Region,
        on_delete=models.PROTECT,
        verbose_name="région",
        null=True,
        blank=True,
        related_name="offices",
        help_text="Celle de la plupart de ses communes ; aucune pour une antenne nationale.",
    )
    headcount_min = models.PositiveIntegerField("effectif minimal", null=True, blank=True)
    headcount_max = models.PositiveIntegerField("effectif maximal", null=True, blank=True)
    age_min_years = models.PositiveIntegerField("ancienneté minimale (ans)", null=True, blank=True)
    age_max_years = models.PositiveIntegerField("ancienneté maximale (ans)", null=True, blank=True)
    naf = prefix_list_field("activités acceptées (NAF)")
    naf_excluded = prefix_list_field("activités refusées (NAF)")
    legal_forms = prefix_list_field("formes juridiques acceptées")
    legal_forms_excluded = prefix_list_field("formes juridiques refusées")
    craft = models.CharField("artisanat", max_length=10, choices=Craft.choices, blank=True)
    project_holders = models.BooleanField(
        "porteurs de projet",
        null=True,
        blank=True,
        help_text="« Non » écarte les personnes sans entreprise ; « oui » ou rien ne pose aucune condition.",
    )
    exclusive_subjects = models.ManyToManyField(
        Subject, verbose_name="sujets exclusifs", blank=True, related_name="exclusive_offices"
    )
    is_fallback = models.BooleanField("reçoit ce que personne ne couvre", default=False)
    closed_on = models.DateField("premier jour de fermeture", null=True, blank=True)
    agreement_signed_on = models.DateField("signature de la convention", null=True, blank=True)
    agreement_ends_on = models.DateField("fin de la convention", null=True, blank=True)
    agreement_link = models.URLField(
        "lien vers la convention", max_length=500, blank=True, default="", db_default=""
    )
    is_public = models.BooleanField("montrée au public", default=True, db_default=True)
    verified_on = models.DateField("vérifiée le", null=True, blank=True)

    objects = OfficeQuerySet.as_manager()

    class Meta:
        verbose_name = "antenne"
        constraints = [
            models.CheckConstraint(
                condition=Q(headcount_min__isnull=True)
                | Q(headcount_max__isnull=True)
                | Q(headcount_min__lte=F("headcount_max")),
                name="office_headcount_in_order",
                violation_error_message="L'effectif minimal dépasse le maximal.",
            ),
            models.CheckConstraint(
                condition=Q(age_min_years__isnull=True)
                | Q(age_max_years__isnull=True)
                | Q(age_min_years__lte=F("age_max_years")),
                name="office_age_in_order",
                violation_error_message="L'ancienneté minimale dépasse la maximale.",
            ),
            models.CheckConstraint(condition=Q(craft__in=["", "only", "exclude"]), name="office_known_craft"),
            models.CheckConstraint(condition=Q(source__in=["file", "hand"]), name="office_known_source"),
            models.CheckConstraint(
                condition=Q(dropped_at__isnull=True) | Q(source="file"), name="office_dropped_by_file_only"
            ),
            models.CheckConstraint(condition=~Q(code="") & ~Q(name=""), name="office_is_named"),
        ]
        indexes = [
            GinIndex(OpClass(OFFICE_WORDS, "gin_trgm_ops"), name="office_words"),
            # A few offices, one of which each sending and each public page names.
            models.Index(fields=["region"], name="office_fallback", condition=Q(is_fallback=True)),
        ]

    def __str__(self) -> str:
        return self.name

    def is_open_on(self, day: date) -> bool:
        """Return whether the office may receive requests that day."""
        ends = [end for end in (self.closed_on, self.agreement_ends_on) if end]
        return self.dropped_at is None and all(day < end for end in ends)
