"""The first name of who took a need, for those who share a mailbox."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("solicitations", "0010_experts_gone")]

    operations = [
        migrations.AddField(
            "match", "taken_by", models.CharField(blank=True, db_default="", default="", max_length=40)
        ),
    ]
