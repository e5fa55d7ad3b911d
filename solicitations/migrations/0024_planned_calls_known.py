"""Checks the rows that were there, while the portal runs."""

from django.contrib.postgres.operations import ValidateConstraint
from django.db import migrations


class Migration(migrations.Migration):

    atomic = False

    dependencies = [
        ('solicitations', '0023_planned_calls'),
    ]

    operations = [
        ValidateConstraint(model_name='alert', name='alert_cause'),
        ValidateConstraint(model_name='event', name='event_kind'),
        ValidateConstraint(model_name='solicitation', name='solicitation_contact_wish'),
    ]
