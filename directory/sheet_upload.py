"""Table of the spreadsheets that were sent to be imported."""

from datetime import datetime, timedelta

from django.db import models
from django.db.models import Q

from experts.models import Revision, User
from territories.models import Region

SILENT_AFTER = timedelta(minutes=3)  # a worker reports more often: beyond, it was killed
KEPT_FOR = timedelta(days=7)
MAX_ATTEMPTS = 3


class SheetUploadQuerySet(models.QuerySet["SheetUpload"]):
    """Queries on the spreadsheets that were sent."""

    def visible_to(self, user: User) -> "SheetUploadQuerySet":
        """All for the national team, those of the user's region for the others."""
        if user.is_national:
            return self
        return self.filter(region__isnull=False, region=user.region_id)

    def newest_first(self) -> "SheetUploadQuerySet":
        return self.order_by("-sent_at", "-pk")

    def to_do(self) -> "SheetUploadQuerySet":
        """Files to read, and dry runs to apply, that no worker has taken."""
        return self.filter(state__in=SheetUpload.TO_DO)

    def abandoned(self, *, now: datetime) -> "SheetUploadQuerySet":
        """Files whose worker has said nothing for too long."""
        return self.filter(state__in=SheetUpload.AT_WORK, heard_at__lt=now - SILENT_AFTER)

    def expired(self, *, now: datetime) -> "SheetUploadQuerySet":
        """Files to erase: old ones, whatever became of them."""
        return self.filter(sent_at__lt=now - KEPT_FOR)


class SheetUpload(models.Model):
    """A spreadsheet sent by a member of staff: its dry run, then its import; its page shows ``report``.

    Without ``region``, it may change the whole country.
    """

    class State(models.TextChoices):
        WAITING = "waiting", "En attente de lecture"
        READING = "reading", "En cours de lecture"
        READY = "ready", "À relire"
        INVALID = "invalid", "Erreurs à corriger"
        ACCEPTED = "accepted", "En attente d'enregistrement"
        APPLYING = "applying", "En cours d'enregistrement"
        APPLIED = "applied", "Enregistré"
        CANCELLED = "cancelled", "Abandonné"
        FAILED = "failed", "Interrompu"

    class Kind(models.TextChoices):
        SHEET = "sheet", "Tableur"
        PUBLIC_OFFICES = "public_offices", "Annuaire public de l'administration"

    TO_DO = (State.WAITING, State.ACCEPTED)
    AT_WORK = (State.READING, State.APPLYING)
    CANCELLABLE = (State.WAITING, State.READING, State.READY, State.INVALID, State.ACCEPTED)
    OF_WORK = {State.WAITING: State.READING, State.ACCEPTED: State.APPLYING}

    author = models.ForeignKey(
        User, on_delete=models.SET_NULL, null=True, verbose_name="auteur", related_name="sheet_uploads"
    )
    region = models.ForeignKey(
        Region, on_delete=models.PROTECT, null=True, blank=True, verbose_name="région", related_name="+"
    )
    kind = models.CharField(
        "genre", max_length=14, choices=Kind.choices, default=Kind.SHEET, db_default=Kind.SHEET
    )
    file_name = models.CharField("fichier", max_length=255)
    content = models.BinaryField("contenu")
    whole = models.CharField("tout de", max_length=40, blank=True)
    replaces_declared = models.BooleanField("l'emporte sur ce qui est déclaré", default=False)
    state = models.CharField("état", max_length=10, choices=State.choices, default=State.WAITING)
    sent_at = models.DateTimeField("envoyé le")
    heard_at = models.DateTimeField("dernier signe du lecteur", null=True, blank=True)
    rows_read = models.PositiveIntegerField("lignes lues", default=0)
    attempts = models.PositiveSmallIntegerField("essais", default=0)
    report = models.JSONField("résultat", default=dict, blank=True)
    # Codes of the offices ticked, of an offer; none for a spreadsheet, which is applied whole.
    chosen = models.JSONField("lignes cochées", default=list, blank=True, db_default=[])
    fingerprint = models.CharField("empreinte du résultat", max_length=64, blank=True)
    must_be_confirmed = models.BooleanField("ferme plus d'un dixième", default=False)
    revision = models.ForeignKey(
        Revision,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        verbose_name="changement",
        related_name="+",
    )

    objects = SheetUploadQuerySet.as_manager()

    class Meta:
        verbose_name = "tableur envoyé"
        verbose_name_plural = "tableurs envoyés"
        indexes = [models.Index(fields=["state", "heard_at"], name="sheet_upload_at_work")]
        constraints = [
            models.CheckConstraint(
                condition=Q(kind__in=["sheet", "public_offices"]), name="sheet_upload_known_kind"
            ),
            models.CheckConstraint(
                condition=Q(
                    state__in=[
                        "waiting", "reading", "ready", "invalid", "accepted", "applying", "applied",
                        "cancelled", "failed",
                    ]
                ),
                name="sheet_upload_known_state",
            ),
        ]  # fmt: skip

    def __str__(self) -> str:
        return f"{self.file_name} ({self.sent_at:%d/%m/%Y %H:%M})"

    @property
    def is_offer(self) -> bool:
        """Return whether its lines are ticked one by one."""
        return self.kind == self.Kind.PUBLIC_OFFICES

    @property
    def is_at_work(self) -> bool:
        """Return whether a worker reads it, or will."""
        return self.state in {*self.TO_DO, *self.AT_WORK}

    @property
    def is_cancellable(self) -> bool:
        """Return whether its author may still give it up."""
        return self.state in self.CANCELLABLE
