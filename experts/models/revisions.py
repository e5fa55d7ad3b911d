"""Journal of the directory: every change of an office, an expert or a zone, who made it and why."""

from django.db import models
from django.db.models import Q

from experts.models.accounts import User


class Cause(models.TextChoices):
    """Origin of a change of the directory."""

    PAGE = "page", "Correction dans le portail"
    FILE = "file", "Fichier de l'annuaire"
    SHEET = "sheet", "Tableur"
    PUBLIC_OFFICES = "public_offices", "Annuaire public de l'administration"
    EXPERT = "expert", "Déclaration de la personne"
    LETTER = "letter", "Réponse à la lettre annuelle"
    DELIVERY = "delivery", "Retours de courriels"
    UNDO = "undo", "Annulation"
    GEOGRAPHIC_CODE = "geographic_code", "Code géographique"
    ERASURE = "erasure", "Effacement des personnes parties"


class RevisionQuerySet(models.QuerySet["Revision"]):
    """Queries on revisions."""

    def newest_first(self) -> "RevisionQuerySet":
        return self.order_by("-made_at", "-pk")

    def of_row(self, kind: str, pk: int) -> "RevisionQuerySet":
        """The revisions that changed this office, expert or zone."""
        return self.filter(rows__kind=kind, rows__row_pk=pk)


class Revision(models.Model):
    """A change applied as a whole: a form, a file, an undo. Without ``author``, a command or an expert."""

    made_at = models.DateTimeField("faite le")
    cause = models.CharField("origine", max_length=20, choices=Cause.choices)
    author = models.ForeignKey(
        User,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        verbose_name="auteur",
        related_name="revisions",
    )
    note = models.CharField("précision", max_length=500, blank=True)
    undoes = models.OneToOneField(
        "self",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="undone_by",
        verbose_name="annule",
    )

    objects = RevisionQuerySet.as_manager()

    class Meta:
        verbose_name = "changement de l'annuaire"
        verbose_name_plural = "changements de l'annuaire"
        indexes = [models.Index(fields=["-made_at"], name="revision_newest")]
        constraints = [
            models.CheckConstraint(condition=Q(cause__in=Cause.values), name="revision_known_cause"),
            models.CheckConstraint(
                condition=Q(undoes__isnull=True) | Q(cause=Cause.UNDO), name="revision_undoes_as_undo"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_cause_display()} ({self.made_at:%d/%m/%Y %H:%M})"


class RevisedRow(models.Model):
    """One row that a revision changed, with its facts before and after in the form of ``directory_facts``.

    ``key``: a zone's slug or an office's code; empty for an expert, whose facts name the office and address.
    ``before`` is null for a row that the revision created, ``after`` for one that it deleted. No foreign key:
    a row created by mistake may be deleted by an undo, and its journal stays.
    """

    class Kind(models.TextChoices):
        ZONE = "zone", "Zone"
        OFFICE = "office", "Antenne"
        EXPERT = "expert", "Référent"

    revision = models.ForeignKey(
        Revision, on_delete=models.CASCADE, related_name="rows", verbose_name="changement"
    )
    kind = models.CharField("genre", max_length=6, choices=Kind.choices)
    row_pk = models.BigIntegerField("ligne")
    key = models.CharField("identifiant", max_length=500, blank=True)
    label = models.CharField("nom", max_length=500)
    before = models.JSONField("avant", null=True)
    after = models.JSONField("après", null=True)

    class Meta:
        verbose_name = "ligne changée"
        verbose_name_plural = "lignes changées"
        constraints = [
            models.UniqueConstraint(fields=["revision", "kind", "row_pk"], name="revised_row_once"),
            models.CheckConstraint(
                condition=Q(kind__in=["zone", "office", "expert"]), name="revised_row_known_kind"
            ),
            models.CheckConstraint(
                condition=Q(before__isnull=False) | Q(after__isnull=False), name="revised_row_has_facts"
            ),
        ]
        indexes = [
            models.Index(fields=["kind", "row_pk"], name="revised_row_of"),
            # The rows that were given another name, which are searched by the former one.
            models.Index(
                fields=["kind", "row_pk"],
                condition=Q(before__has_key="name", after__has_key="name"),
                name="revised_row_renamed",
            ),
        ]

    def __str__(self) -> str:
        return self.label
