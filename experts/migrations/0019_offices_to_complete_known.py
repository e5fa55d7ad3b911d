"""Checks the names of the offices there were, while the portal runs."""

from django.contrib.postgres.operations import ValidateConstraint
from django.db import migrations


class Migration(migrations.Migration):

    atomic = False

    dependencies = [
        ('experts', '0018_offices_to_complete'),
    ]

    operations = [
        ValidateConstraint(
            model_name='office',
            name='office_is_named',
        ),
    ]
