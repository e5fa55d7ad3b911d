"""Fills subject and département of the matches there were, and makes their index, while the portal runs."""

from django.contrib.postgres.operations import AddIndexConcurrently, RemoveIndexConcurrently
from django.db import migrations, models

AT_ONCE = 5_000
# The trigger finds both values.
FILL = """
UPDATE solicitations_match SET subject_id = NULL
WHERE id BETWEEN %s AND %s AND (subject_id IS NULL OR department_id IS NULL)
"""


def fill(apps, editor):
    """Each batch is a transaction of its own: nobody waits for longer than one takes."""
    with editor.connection.cursor() as cursor:
        cursor.execute('SELECT min(id), max(id) FROM solicitations_match')
        first, last = cursor.fetchone()
        for start in range(first or 1, (last or 0) + 1, AT_ONCE):
            cursor.execute(FILL, [start, start + AT_ONCE - 1])


class Migration(migrations.Migration):

    atomic = False

    dependencies = [
        ('solicitations', '0026_match_filters'),
    ]

    operations = [
        migrations.RunPython(fill, migrations.RunPython.noop),
        AddIndexConcurrently(
            model_name='match',
            index=models.Index(
                fields=['expert', 'state', 'sent_at', 'id'], include=['subject', 'department'], name='match_filters'
            ),
        ),
        RemoveIndexConcurrently(
            model_name='match',
            name='match_inbox',
        ),
    ]
