"""Signatures of webhooks that were used: each stores one mail, or one event."""

from datetime import datetime
from typing import Self

from django.db import IntegrityError, models, transaction

from mailing.transactions import transaction_required


class SignatureReplayed(Exception):
    """The signature has stored a mail or an event already."""


class UsedStampQuerySet(models.QuerySet["UsedStamp"]):
    @transaction_required
    def use(self, digest: str, *, until: datetime) -> None:
        """Use a signature up, with what the transaction stores. Raises ``SignatureReplayed``."""
        try:
            with transaction.atomic():
                self.create(digest=digest, until=until)
        except IntegrityError as error:
            raise SignatureReplayed from error

    def expired(self, *, now: datetime) -> Self:
        """Signatures that would be refused by their age."""
        return self.filter(until__lt=now)


class UsedStamp(models.Model):
    """A digest of what a provider signed, kept until the signature is too old to be accepted."""

    digest = models.CharField(max_length=64, primary_key=True)
    until = models.DateTimeField(db_index=True)

    objects = UsedStampQuerySet.as_manager()

    class Meta:
        verbose_name = "signature utilisée"
        verbose_name_plural = "signatures utilisées"

    def __str__(self) -> str:
        return self.digest
