"""Choice of each expert's address: which mails come immediately, which wait for the day's digest."""

from datetime import datetime, time, timedelta
from typing import Self

from django.db import models
from django.db.models import Q

from mailing.prepared_queries import PreparedQuery
from territories.models import Commune
from territories.working_time import is_working_day, is_working_time, next_working_morning

PARIS = "75056"


class MailChoice(models.TextChoices):
    ALL = "all", "Tout, au fur et à mesure"
    DIGEST = "digest", "Les nouvelles demandes aussitôt, le reste en un seul courriel par jour"
    NEEDS = "needs", "Les nouvelles demandes seulement"


FIRST_HOUR, LAST_HOUR, USUAL_HOUR = 8, 18, 17


class MailPreferenceQuerySet(models.QuerySet["MailPreference"]):
    def at(self, address: str) -> Self:
        return self.filter(address=address.lower())

    def of(self, address: str) -> "MailPreference | None":
        """The choice of an address; ``None`` when it has made none: everything immediately."""
        return _OF.first(address=address.lower())


class MailPreference(models.Model):
    """Choice of an address. New needs, reminders and what is asked of a person never wait."""

    address = models.CharField("adresse", max_length=500, unique=True)  # in lower case
    choice = models.CharField("choix", max_length=6, choices=MailChoice.choices)
    hour = models.PositiveSmallIntegerField("heure du récapitulatif", default=USUAL_HOUR)
    # Where the person works: its time zone and holidays. Paris without one.
    commune = models.ForeignKey(Commune, on_delete=models.SET_NULL, null=True, related_name="+")
    changed_at = models.DateTimeField("choisi le")

    objects = MailPreferenceQuerySet.as_manager()

    class Meta:
        verbose_name = "choix de courriels"
        verbose_name_plural = "choix de courriels"
        constraints = [
            models.CheckConstraint(
                condition=Q(choice__in=MailChoice.values), name="mail_preference_known_choice"
            ),
            models.CheckConstraint(
                condition=Q(hour__gte=FIRST_HOUR, hour__lte=LAST_HOUR), name="mail_preference_working_hour"
            ),
        ]

    def __str__(self) -> str:
        return self.address

    @property
    def place(self) -> Commune:
        return self.commune or Commune.objects.get(pk=PARIS)

    def next_digest_at(self, *, now: datetime) -> datetime:
        """The next hour of the digest, on a working day of the person's place."""
        place = self.place
        local = now.astimezone(place.time_zone)
        on = local.date()
        while True:
            at = datetime.combine(on, time(self.hour), tzinfo=local.tzinfo)
            if at > now and is_working_day(on, place):
                return at
            on += timedelta(days=1)

    def postponed_digest_at(self, *, now: datetime) -> datetime | None:
        """The moment when a late digest may be sent: ``None`` now, else the next working morning."""
        place = self.place
        return None if is_working_time(now, place) else next_working_morning(now, place)


_OF: PreparedQuery[MailPreference] = PreparedQuery(
    lambda address: MailPreference.objects.filter(address=address).select_related("commune")
)
