"""Gives the table of canned answers to ``experts``, as it is: the version before goes on writing it."""

from django.db import migrations


class Migration(migrations.Migration):

    dependencies = [
        ('workspace', '0003_canned_answers'),
    ]

    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.DeleteModel(name='CannedAnswer'),
            ],
        ),
    ]
