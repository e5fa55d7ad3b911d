"""Tables of the directory: experts of offices, and their absences."""

from datetime import date, datetime

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower, Upper

from experts.models.accounts import User
from experts.models.catalogue import Subject
from experts.models.directory_words import EXPERT_WORDS
from experts.models.offices import DirectorySource, ImportedModel, Office
from territories.models import Area


class ExpertQuerySet(models.QuerySet["Expert"]):
    """Queries on experts."""

    def listed(self) -> "ExpertQuerySet":
        """Experts of the last directory file and those entered by hand, in offices that are listed."""
        return self.filter(dropped_at__isnull=True, office__dropped_at__isnull=True)

    def gone(self, day: date, *, now: datetime) -> "ExpertQuerySet":
        """Experts who get no need: left, paused, dropped by a file, or of an office closed on that day."""
        serving = self.listed().filter(is_paused=False, office__in=Office.objects.open_on(day))
        return self.exclude(pk__in=serving.exclude(left_at__lte=now).values("pk"))

    def visible_to(self, user: User) -> "ExpertQuerySet":
        """Experts of the offices that the user may see."""
        if user.is_national:
            return self
        return self.filter(office__region__isnull=False, office__region=user.region_id)


class Expert(ImportedModel):
    """A person or team mailbox of an office, and the subjects they answer."""

    office = models.ForeignKey(
        Office, on_delete=models.CASCADE, verbose_name="antenne", related_name="experts"
    )
    name = models.CharField("nom", max_length=500)
    job = models.CharField("fonction", max_length=500, blank=True)
    email = models.EmailField("adresse électronique", max_length=500)
    phone = models.CharField("téléphone", max_length=30)
    has_all_subjects = models.BooleanField("tous les sujets", default=False)
    subjects = models.ManyToManyField(Subject, verbose_name="sujets", blank=True, related_name="experts")
    areas = models.ManyToManyField(
        Area,
        verbose_name="territoires propres",
        blank=True,
        related_name="experts",
        help_text="Ils remplacent ceux de l'antenne.",
    )
    shows_phone = models.BooleanField("montre son numéro", default=False)
    # The page where a company picks an hour with this person.
    booking_url = models.CharField(
        "prise de rendez-vous", max_length=300, blank=True, default="", db_default=""
    )
    is_paused = models.BooleanField("en pause", default=False)
    is_bouncing = models.BooleanField("adresse refusée", default=False)
    left_at = models.DateTimeField("parti le", null=True, blank=True)
    successor = models.CharField("successeur", max_length=500, blank=True)
    verified_on = models.DateField("vérifié le", null=True, blank=True)
    # In lower case: a file that still names one of them names this person.
    former_emails = ArrayField(
        models.EmailField(max_length=500),
        verbose_name="anciennes adresses",
        default=list,
        blank=True,
        db_default=[],
    )

    objects = ExpertQuerySet.as_manager()

    class Meta:
        verbose_name = "référent"
        constraints = [
            models.UniqueConstraint(
                "office",
                Lower("email"),
                name="expert_unique_email_in_office",
                violation_error_message="Un référent de cette antenne a déjà cette adresse.",
            ),
            models.CheckConstraint(condition=Q(source__in=["file", "hand"]), name="expert_known_source"),
            models.CheckConstraint(
                condition=Q(dropped_at__isnull=True) | Q(source="file"), name="expert_dropped_by_file_only"
            ),
            models.CheckConstraint(
                condition=~Q(name="") & ~Q(email="") & ~Q(phone=""), name="expert_can_be_reached"
            ),
            models.CheckConstraint(
                condition=Q(left_at__isnull=False) | Q(successor=""), name="expert_successor_after_departure"
            ),
            models.CheckConstraint(
                condition=Q(booking_url="") | Q(booking_url__startswith="https://"),
                name="expert_booking_url_is_https",
            ),
        ]
        indexes = [
            models.Index(Upper("email"), name="expert_address"),  # the posts of one person
            GinIndex(OpClass(EXPERT_WORDS, "gin_trgm_ops"), name="expert_words"),
            models.Index(fields=["id"], condition=~Q(former_emails=[]), name="expert_readdressed"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def public_phone(self) -> str:
        """The number shown to companies and other experts: the office's unless the expert shows theirs."""
        return (self.phone if self.shows_phone else "") or self.office.phone


class AbsenceQuerySet(models.QuerySet["Absence"]):
    """Queries on absences."""

    def visible_to(self, user: User) -> "AbsenceQuerySet":
        """Absences of the experts that the user may see."""
        return self.filter(expert__in=Expert.objects.visible_to(user))


class Absence(models.Model):
    """Days when an expert is away, both included, and the deputy who answers instead."""

    expert = models.ForeignKey(
        Expert, on_delete=models.CASCADE, verbose_name="référent", related_name="absences"
    )
    from_on = models.DateField("premier jour")
    to_on = models.DateField("dernier jour")
    deputy = models.ForeignKey(
        Expert,
        on_delete=models.SET_NULL,
        verbose_name="suppléant",
        null=True,
        blank=True,
        related_name="deputy_for",
    )
    source = models.CharField(
        "origine", max_length=4, choices=DirectorySource.choices, default=DirectorySource.HAND
    )

    objects = AbsenceQuerySet.as_manager()

    class Meta:
        verbose_name = "absence"
        constraints = [
            models.CheckConstraint(
                condition=Q(from_on__lte=F("to_on")),
                name="absence_in_order",
                violation_error_message="L'absence finit avant de commencer.",
            ),
            models.CheckConstraint(
                condition=Q(deputy__isnull=True) | ~Q(deputy=F("expert")),
                name="absence_deputy_is_another",
                violation_error_message="Une personne ne peut pas être sa propre suppléante.",
            ),
            models.CheckConstraint(condition=Q(source__in=["file", "hand"]), name="absence_known_source"),
        ]

    def __str__(self) -> str:
        return f"{self.expert} du {self.from_on} au {self.to_on}"
