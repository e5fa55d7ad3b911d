"""Reports of servers and providers about our mails, and the addresses that refuse them."""

from typing import Self

from django.db import models
from django.db.models import Q

from mailing.address_refusals import Report, ReportKind
from mailing.models.outgoing import OutgoingEmail


class DeliveryEventQuerySet(models.QuerySet["DeliveryEvent"]):
    def at(self, address: str) -> Self:
        """The reports about one address."""
        return self.filter(address=address.lower())

    def to_follow(self) -> Self:
        """Reports that the rooms above have not followed yet."""
        return self.filter(followed_at=None)


class DeliveryEvent(models.Model):
    """A report about a mail: delivered, refused for now, refused for good, or a complaint.

    Without ``email``: somebody said that the address works.
    """

    email = models.ForeignKey(
        OutgoingEmail, on_delete=models.CASCADE, null=True, related_name="delivery_events"
    )
    address = models.CharField("adresse", max_length=254)  # in lower case
    kind = models.CharField("nature", max_length=10, choices=ReportKind.choices)
    at = models.DateTimeField("le")
    since = models.DateTimeField("en échec depuis")
    server_text = models.CharField("texte du serveur", max_length=500, blank=True, db_column="words")
    # The same report twice has the same key.
    key = models.CharField("clé", max_length=200, unique=True)
    is_seen_while_sending = models.BooleanField("vu à l’envoi", default=False)
    received_at = models.DateTimeField("reçu le")
    followed_at = models.DateTimeField("suivi d’effet le", null=True, blank=True)

    objects = DeliveryEventQuerySet.as_manager()

    class Meta:
        verbose_name = "compte rendu de distribution"
        verbose_name_plural = "comptes rendus de distribution"
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=ReportKind.values), name="delivery_event_known_kind"),
        ]
        indexes = [
            models.Index(fields=["address", "at"], name="delivery_event_address"),
            models.Index(fields=["id"], name="delivery_event_to_follow", condition=Q(followed_at=None)),
        ]

    def __str__(self) -> str:
        return self.key

    def as_report(self) -> Report:
        return Report(self.kind, self.at, self.since, self.server_text)


class RefusedAddressQuerySet(models.QuerySet["RefusedAddress"]):
    def of(self, address: str) -> "RefusedAddress | None":
        """The refusal of an address; ``None`` when our mails reach it, as far as is known."""
        return self.filter(address=address.lower()).first()

    def without_reports(self) -> Self:
        """Refusals whose mails were all erased."""
        return self.exclude(address__in=DeliveryEvent.objects.values("address"))


class RefusedAddress(models.Model):
    """An address that refuses our mails, for good or for days; the row goes when a mail is delivered."""

    address = models.CharField("adresse", max_length=254, unique=True)  # in lower case
    is_final = models.BooleanField("pour de bon")
    since = models.DateTimeField("depuis le")
    last_at = models.DateTimeField("dernier refus le")
    server_text = models.CharField("texte du serveur", max_length=500, blank=True, db_column="words")
    is_seen_while_sending = models.BooleanField("vu à l’envoi", default=False)

    objects = RefusedAddressQuerySet.as_manager()

    class Meta:
        verbose_name = "adresse refusée"
        verbose_name_plural = "adresses refusées"

    def __str__(self) -> str:
        return self.address


def refuses_mail(address: str) -> bool:
    """Return whether an address is known to refuse our mails."""
    return RefusedAddress.objects.filter(address=address.lower()).exists()
