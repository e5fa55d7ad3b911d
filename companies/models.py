"""Table of the correspondence between editions of the classification of activities."""

from django.db import models


class NafCorrespondence(models.Model):
    """A code of another edition and one of the codes of NAF rév. 2 that share its activities."""

    code = models.CharField("code de l'autre édition", max_length=6)
    rev2 = models.CharField("code de la NAF rév. 2", max_length=6)

    class Meta:
        verbose_name = "correspondance de la NAF"
        verbose_name_plural = "correspondances de la NAF"
        constraints = [models.UniqueConstraint(fields=["code", "rev2"], name="naf_correspondence_once")]

    def __str__(self) -> str:
        return f"{self.code} → {self.rev2}"
