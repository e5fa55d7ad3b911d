"""An event says which account pressed for a mailbox; the next migration checks the rows that were there."""

from django.contrib.postgres.operations import AddConstraintNotValid
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('solicitations', '0014_opening_closes'),
    ]

    operations = [
        migrations.RemoveConstraint(model_name='event', name='event_one_author'),
        AddConstraintNotValid(
            model_name='event',
            constraint=models.CheckConstraint(condition=models.Q(('is_by_company', False), models.Q(('by_mailbox', None), ('by_user', None)), _connector='OR'), name='event_by_company_alone'),
        ),
    ]
