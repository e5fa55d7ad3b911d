"""Gives the table of rate counters to ``experts``, as it is: the version before goes on counting in it."""

from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ('solicitations', '0005_names'),
    ]

    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.DeleteModel(name='Tally'),
            ],
        ),
    ]
