"""A neighbour's number is stored with its country, which takes more room."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("solicitations", "0008_clock_due_known")]

    operations = [
        migrations.AlterField("solicitation", "phone", models.CharField(max_length=60)),
    ]
