"""Indexes of former addresses and names, built while the portal runs."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):

    atomic = False

    dependencies = [
        ('experts', '0016_no_break_spaces'),
        ('territories', '0001_initial'),
    ]

    operations = [
        AddIndexConcurrently(
            model_name='expert',
            index=models.Index(condition=models.Q(('former_emails', []), _negated=True), fields=['id'], name='expert_readdressed'),
        ),
        AddIndexConcurrently(
            model_name='revisedrow',
            index=models.Index(condition=models.Q(('after__has_key', 'name'), ('before__has_key', 'name')), fields=['kind', 'row_pk'], name='revised_row_renamed'),
        ),
    ]
