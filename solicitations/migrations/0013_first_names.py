"""The first name of who took a need, the addresses that companies correct, alerts mailed again."""

from django.db import migrations, models

from solicitations.migrations._locks import IN_ORDER


class Migration(migrations.Migration):
    dependencies = [("solicitations", "0012_staff_work_known")]

    operations = [
        IN_ORDER,
        migrations.AddField(
            "match", "taken_by", models.CharField(blank=True, db_default="", default="", max_length=40)
        ),
        migrations.AddField("alert", "reminded_at", models.DateTimeField(blank=True, null=True)),
        migrations.CreateModel(
            "AddressChange",
            [
                ("id", models.BigAutoField(primary_key=True, serialize=False, verbose_name="ID", auto_created=True)),
                ("email", models.EmailField(max_length=254)),
                ("serial", models.PositiveIntegerField(default=1)),
                ("asked_at", models.DateTimeField()),
                (
                    "solicitation",
                    models.OneToOneField(
                        on_delete=models.CASCADE,
                        related_name="address_change",
                        to="solicitations.solicitation",
                    ),
                ),
            ],
        ),
    ]
