"""Fills subject and département of the matches there were, and makes their index, while the portal runs.

The words of requests get statistics too: those of a partial index are never used to choose a plan.
"""

from django.contrib.postgres.operations import AddIndexConcurrently, RemoveIndexConcurrently
from django.db import migrations, models

AT_ONCE = 5_000
# The trigger finds both values.
FILL = """
UPDATE solicitations_match SET subject_id = NULL
WHERE id BETWEEN %s AND %s AND (subject_id IS NULL OR department_id IS NULL)
"""
COUNT_WORDS = """
DO $$ BEGIN
    EXECUTE format(
        'CREATE STATISTICS solicitation_words_known ON (%s) FROM solicitations_solicitation',
        (SELECT pg_get_expr(indexprs, indrelid) FROM pg_index WHERE indexrelid = 'solicitation_words'::regclass)
    );
END $$;
ALTER INDEX solicitation_words ALTER COLUMN 1 SET STATISTICS 0;
"""
COUNT_AS_BEFORE = """
DROP STATISTICS solicitation_words_known;
ALTER INDEX solicitation_words ALTER COLUMN 1 SET STATISTICS -1;
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
        migrations.RunSQL(COUNT_WORDS, COUNT_AS_BEFORE),
        migrations.RunSQL('ANALYZE solicitations_solicitation', migrations.RunSQL.noop),
    ]
