"""An index of the fallback offices, built while the portal runs."""

from django.contrib.postgres.operations import AddIndexConcurrently
from django.db import migrations, models


class Migration(migrations.Migration):

    atomic = False

    dependencies = [
        ('experts', '0020_access_details'),
    ]

    operations = [
        AddIndexConcurrently(
            model_name='office',
            index=models.Index(condition=models.Q(('is_fallback', True)), fields=['region'], name='office_fallback'),
        ),
    ]
