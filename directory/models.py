"""Journals of imports and of contents; remarks of experts that wait for their region; yearly letters."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower

from directory.sheet_upload import SheetUpload
from experts.models import Expert, User
from territories.models import Region

__all__ = [
    "ContentKind",
    "ContentRevision",
    "ContentRevisionQuerySet",
    "CoverageNight",
    "DirectoryImport",
    "Letter",
    "RecordRemark",
    "RecordRemarkQuerySet",
    "SheetUpload",
    "SummaryWeek",
]


class DirectoryImport(models.Model):
    """An import that changed something; others are not recorded."""

    imported_at = models.DateTimeField("importé le")
    file_name = models.CharField("fichier", max_length=255)
    digest = models.CharField("empreinte SHA-256", max_length=64)
    created = models.PositiveIntegerField("créés")
    changed = models.PositiveIntegerField("changés")
    closed = models.PositiveIntegerField("fermés")
    kept = models.PositiveIntegerField("gardés")
    unchanged = models.PositiveIntegerField("inchangés")

    class Meta:
        verbose_name = "import de l'annuaire"
        verbose_name_plural = "imports de l'annuaire"

    def __str__(self) -> str:
        return f"{self.file_name} ({self.imported_at:%d/%m/%Y %H:%M})"


class RecordRemarkQuerySet(models.QuerySet["RecordRemark"]):
    """Queries on remarks."""

    def visible_to(self, user: User) -> "RecordRemarkQuerySet":
        """All remarks for the national team, those of the user's region for the others."""
        if user.is_national:
            return self
        return self.filter(region__isnull=False, region=user.region_id)

    def waiting(self) -> "RecordRemarkQuerySet":
        """Remarks that nobody has dealt with."""
        return self.filter(resolved_at=None)


class RecordRemark(models.Model):
    """A correction of the directory that an expert asks for and their region has to make."""

    expert = models.ForeignKey(
        Expert, on_delete=models.CASCADE, related_name="remarks", verbose_name="référent"
    )
    region = models.ForeignKey(
        Region, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name="région"
    )
    body = models.TextField("texte")
    at = models.DateTimeField("écrite le")
    resolved_at = models.DateTimeField("traitée le", null=True, blank=True)
    resolved_by = models.ForeignKey(
        User, on_delete=models.SET_NULL, null=True, blank=True, related_name="+", verbose_name="traitée par"
    )

    objects = RecordRemarkQuerySet.as_manager()

    class Meta:
        verbose_name = "remarque d'un référent"
        verbose_name_plural = "remarques des référents"
        constraints = [
            models.CheckConstraint(condition=~Q(body=""), name="record_remark_says_something"),
            models.CheckConstraint(
                condition=Q(resolved_by=None) | Q(resolved_at__isnull=False), name="record_remark_resolved_by"
            ),
        ]
        indexes = [
            models.Index(fields=["region", "at"], condition=Q(resolved_at=None), name="record_remark_waiting")
        ]

    def __str__(self) -> str:
        return f"{self.expert} : {self.body[:60]}"


class Letter(models.Model):
    """A yearly letter to one address: are your details right? It is written once, and reminded twice."""

    email = models.EmailField("adresse", max_length=500)
    sent_at = models.DateTimeField("envoyée le")
    reminders = models.PositiveSmallIntegerField("relances", default=0)
    answered_at = models.DateTimeField("réponse le", null=True, blank=True)

    class Meta:
        verbose_name = "lettre annuelle"
        verbose_name_plural = "lettres annuelles"
        constraints = [
            models.UniqueConstraint(
                Lower("email"), condition=Q(answered_at=None), name="letter_one_open_per_address"
            )
        ]

    def __str__(self) -> str:
        return f"{self.email} ({self.sent_at:%d/%m/%Y})"


class ContentKind(models.TextChoices):
    """Kinds of contents that staff edit beside the offices and experts."""

    THEME = "theme", "Thème"
    SUBJECT = "subject", "Sujet"
    INSTITUTION = "institution", "Institution"
    GROUP = "group", "Groupe d'institutions"
    QUESTION = "question", "Question d'accueil"
    REGION = "region", "Région"


class ContentRevisionQuerySet(models.QuerySet["ContentRevision"]):
    """Queries on changes of contents."""

    def newest_first(self) -> "ContentRevisionQuerySet":
        return self.order_by("-made_at", "-pk")

    def of(self, kind: str, key: str) -> "ContentRevisionQuerySet":
        """The changes of one theme, subject, region…"""
        return self.filter(kind=kind, key=key)

    def of_catalogue(self) -> "ContentRevisionQuerySet":
        """The changes of the catalogue: all but those of the regions."""
        return self.exclude(kind=ContentKind.REGION)


class ContentRevision(models.Model):
    """A change of a content: its facts before and after; ``before`` is null for one that was added."""

    made_at = models.DateTimeField("faite le")
    author = models.ForeignKey(
        User, on_delete=models.SET_NULL, null=True, blank=True, verbose_name="auteur", related_name="+"
    )
    kind = models.CharField("genre", max_length=12, choices=ContentKind.choices)
    key = models.CharField("clé", max_length=60)
    label = models.CharField("nom", max_length=200)
    before = models.JSONField("avant", null=True)
    after = models.JSONField("après")
    undoes = models.OneToOneField(
        "self",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="undone_by",
        verbose_name="annule",
    )

    objects = ContentRevisionQuerySet.as_manager()

    class Meta:
        verbose_name = "changement du catalogue"
        verbose_name_plural = "changements du catalogue"
        constraints = [
            models.CheckConstraint(
                condition=models.Q(
                    kind__in=["theme", "subject", "institution", "group", "question", "region"]
                ),
                name="content_revision_known_kind",
            ),
        ]
        indexes = [models.Index(fields=["kind", "key", "-made_at"], name="content_revision_of")]

    def __str__(self) -> str:
        return f"{self.label} ({self.made_at:%d/%m/%Y %H:%M})"


class CoverageNight(models.Model):
    """Coverage of a region on the last night that was counted, to find what got worse the next one.

    ``uncovered`` and ``weak``: codes of communes, by subject. ``openings``: those that lost their answer, by
    subject and day; ``mended``: those of the last year that have one again, as ``hole_ages`` gives them.
    """

    region = models.OneToOneField(Region, on_delete=models.CASCADE, verbose_name="région")
    day = models.DateField("jour")
    counted_at = models.DateTimeField("comptée le")
    uncovered = models.JSONField("sans réponse", default=dict)
    weak = models.JSONField("réponse fragile", default=dict)
    openings = models.JSONField("trous ouverts", default=dict, db_default={})
    mended = models.JSONField("trous comblés", default=list, db_default=[])

    class Meta:
        verbose_name = "couverture de la nuit"
        verbose_name_plural = "couvertures de la nuit"

    def __str__(self) -> str:
        return f"{self.region} ({self.day})"


class SummaryWeek(models.Model):
    """Monday of the last week summed up for a place: a region's code, empty for the nation."""

    place = models.CharField("territoire", max_length=3, unique=True)
    week = models.DateField("semaine")

    class Meta:
        verbose_name = "semaine résumée"
        verbose_name_plural = "semaines résumées"

    def __str__(self) -> str:
        return f"{self.place} ({self.week})"
