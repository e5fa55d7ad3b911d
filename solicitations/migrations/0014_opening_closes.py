"""The day a region, or a theme in it, closes."""

from django.db import migrations, models
from django.db.models import F, Q


class Migration(migrations.Migration):
    dependencies = [("solicitations", "0013_first_names")]

    operations = [
        migrations.AddField(
            "opening", "closes_on", models.DateField(blank=True, null=True, verbose_name="premier jour de fermeture")
        ),
        migrations.AddConstraint(
            "opening",
            models.CheckConstraint(
                condition=Q(opens_on__isnull=True) | Q(closes_on__isnull=True) | ~Q(opens_on=F("closes_on")),
                name="opening_not_the_closing_day",
                violation_error_message="L'ouverture et la fermeture sont le même jour.",
            ),
        ),
    ]
