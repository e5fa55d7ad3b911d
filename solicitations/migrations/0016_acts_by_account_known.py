"""Checks the events that were there, while the portal runs."""

from django.contrib.postgres.operations import ValidateConstraint
from django.db import migrations


class Migration(migrations.Migration):

    atomic = False

    dependencies = [
        ('solicitations', '0015_acts_by_account'),
    ]

    operations = [
        ValidateConstraint(model_name='event', name='event_by_company_alone'),
    ]
