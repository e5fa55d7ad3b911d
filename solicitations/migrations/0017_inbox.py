"""Indexes of an expert's inbox, built while the portal runs; they serve in place of that of the foreign key."""

import django.db.models.deletion
from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models
from django.db.models.fields.json import KeyTextTransform
from django.db.models.lookups import IsNull


class Migration(migrations.Migration):

    atomic = False

    dependencies = [
        ('experts', '0007_seats'),
        ('solicitations', '0016_acts_by_account_known'),
    ]

    operations = [
        AddIndexConcurrently(
            model_name='match',
            index=models.Index(fields=['expert', 'state', 'sent_at', 'id'], name='match_inbox'),
        ),
        AddIndexConcurrently(
            model_name='match',
            index=models.Index(
                condition=models.Q(IsNull(KeyTextTransform('stand_in_for', 'reason'), False)),
                fields=['expert', 'state', 'sent_at', 'id'],
                name='match_stand_in',
            ),
        ),
        migrations.AlterField(
            model_name='match',
            name='expert',
            field=models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name='matches', to='experts.expert'),
        ),
    ]
