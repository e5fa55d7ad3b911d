"""The digest of an author's text, by which copies of a mail are recognised."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("mailing", "0002_incoming_mail")]

    operations = [
        migrations.AddField(
            "incomingemail",
            "text_digest",
            models.CharField("empreinte du texte", max_length=64, blank=True, default="", db_default=""),
        ),
    ]
