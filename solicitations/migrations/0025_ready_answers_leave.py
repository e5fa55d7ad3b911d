"""Copies the answers of staff to the canned answers of ``experts``.

Two titles of a region that differ by their capitals were allowed: the later one gets its number. The old table
stays for the version before, without its foreign keys; the next version drops it.
"""

from django.db import migrations

COPY = """
    INSERT INTO workspace_cannedanswer (region_id, title, body, changed_by_id, changed_at)
    SELECT region_id,
           CASE WHEN place = 1 THEN title ELSE rtrim(left(title, 68)) || ' (' || id || ')' END,
           body, changed_by_id, changed_at
    FROM (
        SELECT *, row_number() OVER (PARTITION BY region_id, lower(title) ORDER BY id) AS place
        FROM solicitations_readyanswer
    ) AS kept
    ORDER BY id
"""
BACK = """
    INSERT INTO solicitations_readyanswer (region_id, title, body, changed_by_id, changed_at)
    SELECT region_id, title, body, changed_by_id, changed_at
    FROM workspace_cannedanswer
    WHERE institution_id IS NULL AND changed_by_id IS NOT NULL
    ON CONFLICT (region_id, title) DO UPDATE SET body = excluded.body;
    DELETE FROM workspace_cannedanswer WHERE institution_id IS NULL
"""
UNTIE = """
    DO $$
    DECLARE
        tie text;
    BEGIN
        FOR tie IN SELECT conname FROM pg_constraint
            WHERE conrelid = 'solicitations_readyanswer'::regclass AND contype = 'f'
        LOOP
            EXECUTE format('ALTER TABLE solicitations_readyanswer DROP CONSTRAINT %I', tie);
        END LOOP;
    END $$
"""


class Migration(migrations.Migration):

    dependencies = [
        ('experts', '0015_canned_answers'),
        ('solicitations', '0024_planned_calls_known'),
    ]

    operations = [
        migrations.RunSQL(COPY, BACK),
        migrations.RunSQL(UNTIE, migrations.RunSQL.noop),
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.DeleteModel(name='ReadyAnswer'),
            ],
        ),
    ]
