"""Labels with no-break spaces: nothing changes in the database."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('experts', '0015_canned_answers'),
        ('territories', '0001_initial'),
    ]

    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.AlterField(
                    model_name='office',
                    name='project_holders',
                    field=models.BooleanField(blank=True, help_text='«\xa0Non\xa0» écarte les personnes sans entreprise\u202f; «\xa0oui\xa0» ou rien ne pose aucune condition.', null=True, verbose_name='porteurs de projet'),
                ),
                migrations.AlterField(
                    model_name='office',
                    name='region',
                    field=models.ForeignKey(blank=True, help_text='Celle de la plupart de ses communes\u202f; aucune pour une antenne nationale.', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='offices', to='territories.region', verbose_name='région'),
                ),
            ],
        ),
    ]
