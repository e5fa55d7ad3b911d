"""Views of public pages by day."""

from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True
    dependencies = []

    operations = [
        migrations.CreateModel(
            name="PageViews",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("page", models.CharField(max_length=200, verbose_name="page")),
                ("day", models.DateField(verbose_name="jour")),
                ("views", models.PositiveIntegerField(verbose_name="vues")),
            ],
            options={
                "verbose_name": "vues d'une page",
                "verbose_name_plural": "vues des pages",
                "indexes": [models.Index(fields=["day"], name="page_views_day")],
                "constraints": [
                    models.UniqueConstraint(fields=("page", "day"), name="page_views_once_a_day")
                ],
            },
        ),
    ]
