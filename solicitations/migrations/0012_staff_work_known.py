"""Checks the rows that were there, and makes the index, while the portal runs: nothing waits for a lock."""

from django.contrib.postgres.operations import AddIndexConcurrently, ValidateConstraint
from django.db import migrations, models


class Migration(migrations.Migration):

    atomic = False

    dependencies = [
        ('solicitations', '0011_staff_work'),
    ]

    operations = [
        ValidateConstraint(model_name='alert', name='alert_cause'),
        ValidateConstraint(model_name='event', name='event_kind'),
        ValidateConstraint(model_name='solicitation', name='solicitation_handled_since'),
        AddIndexConcurrently(
            model_name='solicitation',
            index=models.Index(condition=models.Q(('handled_by__isnull', False)), fields=['handled_by', '-submitted_at', '-id'], name='solicitation_handled'),
        ),
    ]
