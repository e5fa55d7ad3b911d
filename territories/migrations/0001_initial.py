import django.contrib.postgres.fields
import django.contrib.postgres.indexes
import django.db.models.deletion
from django.contrib.postgres.operations import CreateExtension, TrigramExtension
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        TrigramExtension(),
        CreateExtension("fuzzystrmatch"),
        migrations.CreateModel(
            name="Area",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("commune", "Commune"),
                            ("epci", "EPCI"),
                            ("zone", "Zone"),
                            ("department", "Département"),
                            ("region", "Région"),
                            ("national", "France entière"),
                        ],
                        max_length=10,
                        verbose_name="genre",
                    ),
                ),
                ("code", models.CharField(blank=True, max_length=500, verbose_name="code")),
                ("current_code", models.CharField(blank=True, editable=False, max_length=500)),
                ("name", models.CharField(max_length=500, verbose_name="nom")),
                ("commune_count", models.PositiveIntegerField(default=0, verbose_name="nombre de communes")),
                (
                    "source",
                    models.CharField(
                        choices=[("file", "Fichier"), ("hand", "Saisi dans le portail")],
                        default="file",
                        max_length=4,
                        verbose_name="origine",
                    ),
                ),
                ("dropped_at", models.DateTimeField(blank=True, null=True, verbose_name="retiré le")),
            ],
            options={
                "verbose_name": "territoire",
            },
        ),
        migrations.CreateModel(
            name="Department",
            fields=[
                ("code", models.CharField(max_length=3, primary_key=True, serialize=False)),
                ("name", models.CharField(max_length=100, verbose_name="nom")),
            ],
            options={
                "verbose_name": "département",
            },
        ),
        migrations.CreateModel(
            name="Epci",
            fields=[
                (
                    "siren",
                    models.CharField(max_length=9, primary_key=True, serialize=False, verbose_name="SIREN"),
                ),
                ("name", models.CharField(max_length=200, verbose_name="nom")),
            ],
            options={
                "verbose_name": "EPCI",
                "verbose_name_plural": "EPCI",
            },
        ),
        migrations.CreateModel(
            name="Region",
            fields=[
                ("code", models.CharField(max_length=3, primary_key=True, serialize=False)),
                ("name", models.CharField(max_length=100, verbose_name="nom")),
            ],
            options={
                "verbose_name": "région",
            },
        ),
        migrations.CreateModel(
            name="AreaMember",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                (
                    "member",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="territories.area"
                    ),
                ),
                (
                    "zone",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="memberships",
                        to="territories.area",
                    ),
                ),
            ],
            options={
                "verbose_name": "membre d'une zone",
                "verbose_name_plural": "membres d'une zone",
            },
        ),
        migrations.AddField(
            model_name="area",
            name="members",
            field=models.ManyToManyField(
                related_name="part_of",
                through="territories.AreaMember",
                through_fields=("zone", "member"),
                to="territories.area",
                verbose_name="membres",
            ),
        ),
        migrations.CreateModel(
            name="Commune",
            fields=[
                (
                    "code",
                    models.CharField(
                        max_length=5, primary_key=True, serialize=False, verbose_name="code INSEE"
                    ),
                ),
                ("name", models.CharField(max_length=100, verbose_name="nom")),
                ("population", models.PositiveIntegerField(default=0)),
                (
                    "postcodes",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=5),
                        default=list,
                        size=None,
                        verbose_name="codes postaux",
                    ),
                ),
                ("search_name", models.CharField(editable=False, max_length=100)),
                ("search_postcodes", models.TextField(blank=True, editable=False)),
                (
                    "merged_into",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="merged",
                        to="territories.commune",
                    ),
                ),
                (
                    "department",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        to="territories.department",
                        verbose_name="département",
                    ),
                ),
                (
                    "epci",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        to="territories.epci",
                        verbose_name="EPCI",
                    ),
                ),
            ],
            options={
                "verbose_name": "commune",
            },
        ),
        migrations.CreateModel(
            name="FormerCommune",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("code", models.CharField(max_length=5, verbose_name="code INSEE")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("arrondissement", "Arrondissement municipal"),
                            ("delegated", "Commune déléguée"),
                            ("associated", "Commune associée"),
                            ("former", "Ancienne commune"),
                        ],
                        max_length=20,
                        verbose_name="genre",
                    ),
                ),
                ("name", models.CharField(blank=True, max_length=100, verbose_name="nom")),
                ("search_name", models.CharField(blank=True, editable=False, max_length=100)),
                (
                    "current",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="former",
                        to="territories.commune",
                    ),
                ),
            ],
            options={
                "verbose_name": "ancienne commune",
                "verbose_name_plural": "anciennes communes",
            },
        ),
        migrations.AddField(
            model_name="department",
            name="region",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                to="territories.region",
                verbose_name="région",
            ),
        ),
        migrations.AddConstraint(
            model_name="areamember",
            constraint=models.UniqueConstraint(fields=("zone", "member"), name="area_member_once"),
        ),
        migrations.AddConstraint(
            model_name="areamember",
            constraint=models.CheckConstraint(
                condition=models.Q(("zone", models.F("member")), _negated=True),
                name="area_not_member_of_itself",
            ),
        ),
        migrations.AddIndex(
            model_name="area",
            index=models.Index(fields=["kind", "current_code"], name="area_current"),
        ),
        migrations.AddConstraint(
            model_name="area",
            constraint=models.UniqueConstraint(fields=("kind", "code"), name="area_once_per_code"),
        ),
        migrations.AddConstraint(
            model_name="area",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("code", ""), ("kind", "national")),
                    models.Q(
                        models.Q(("kind", "national"), _negated=True), models.Q(("code", ""), _negated=True)
                    ),
                    _connector="OR",
                ),
                name="area_code_absent_for_national_only",
            ),
        ),
        migrations.AddIndex(
            model_name="commune",
            index=models.Index(
                fields=["search_name"], name="commune_name_prefix", opclasses=["varchar_pattern_ops"]
            ),
        ),
        migrations.AddIndex(
            model_name="commune",
            index=django.contrib.postgres.indexes.GinIndex(
                fields=["search_name"], name="commune_name_part", opclasses=["gin_trgm_ops"]
            ),
        ),
        migrations.AddIndex(
            model_name="commune",
            index=django.contrib.postgres.indexes.GinIndex(
                fields=["search_postcodes"], name="commune_postcodes", opclasses=["gin_trgm_ops"]
            ),
        ),
        migrations.AddConstraint(
            model_name="commune",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("merged_into", None),
                    models.Q(("merged_into", models.F("code")), _negated=True),
                    _connector="OR",
                ),
                name="commune_not_merged_into_itself",
            ),
        ),
        migrations.AddIndex(
            model_name="formercommune",
            index=models.Index(
                fields=["search_name"], name="former_name_prefix", opclasses=["varchar_pattern_ops"]
            ),
        ),
        migrations.AddIndex(
            model_name="formercommune",
            index=django.contrib.postgres.indexes.GinIndex(
                fields=["search_name"], name="former_name_part", opclasses=["gin_trgm_ops"]
            ),
        ),
        migrations.AddConstraint(
            model_name="formercommune",
            constraint=models.UniqueConstraint(fields=("code", "kind"), name="former_commune_once_per_kind"),
        ),
    ]
