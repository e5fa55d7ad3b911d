"""Tables of a region's own contact details and links, which its staff edit."""

from django.db import models
from django.db.models import Q

from experts.models.catalogue import Subject
from territories.models import Region


class RegionDetails(models.Model):
    """Name, phone and hours of a region for the public; an empty one is its fallback office's."""

    region = models.OneToOneField(
        Region, on_delete=models.CASCADE, primary_key=True, related_name="details", verbose_name="région"
    )
    name = models.CharField("nom affiché", max_length=200, blank=True)
    phone = models.CharField("téléphone", max_length=30, blank=True)
    hours = models.CharField("horaires", max_length=200, blank=True)

    class Meta:
        verbose_name = "coordonnées d'une région"
        verbose_name_plural = "coordonnées des régions"

    def __str__(self) -> str:
        return str(self.region)


class RegionalLink(models.Model):
    """A website that a region shows to companies, for all needs or for one subject."""

    region = models.ForeignKey(Region, on_delete=models.CASCADE, related_name="links", verbose_name="région")
    subject = models.ForeignKey(
        Subject, on_delete=models.CASCADE, null=True, blank=True, related_name="+", verbose_name="sujet"
    )
    label = models.CharField("nom du site", max_length=200)
    url = models.URLField("adresse", max_length=500)
    position = models.PositiveSmallIntegerField("rang")

    class Meta:
        verbose_name = "lien d'une région"
        verbose_name_plural = "liens des régions"
        constraints = [
            models.UniqueConstraint(
                fields=["region", "subject", "url"], nulls_distinct=False, name="regional_link_once"
            ),
            models.CheckConstraint(condition=~Q(label=""), name="regional_link_has_label"),
        ]

    def __str__(self) -> str:
        return self.label
