"""Two mails are the same when their texts are; the index is replaced while mails come in.

The version before does not write the column: a copy of a mail that it has published may be published again.
"""

from django.db import migrations, models
from django.db.models import Q

NEW = models.UniqueConstraint(
    fields=["message_id", "recipient", "text_digest"],
    condition=Q(state__in=["accepted", "held"]),
    name="incoming_email_same_text_once",
)


class Migration(migrations.Migration):
    atomic = False

    dependencies = [("mailing", "0003_text_digest")]

    operations = [
        migrations.SeparateDatabaseAndState(
            state_operations=[migrations.AddConstraint("incomingemail", NEW)],
            database_operations=[
                # An interrupted build leaves an invalid index.
                migrations.RunSQL(
                    "DROP INDEX CONCURRENTLY IF EXISTS incoming_email_same_text_once", migrations.RunSQL.noop
                ),
                migrations.RunSQL(
                    "CREATE UNIQUE INDEX CONCURRENTLY incoming_email_same_text_once ON mailing_incomingemail"
                    " (message_id, recipient, text_digest) WHERE state IN ('accepted', 'held')",
                    "DROP INDEX CONCURRENTLY incoming_email_same_text_once",
                ),
            ],
        ),
        migrations.SeparateDatabaseAndState(
            state_operations=[migrations.RemoveConstraint("incomingemail", "incoming_email_once")],
            database_operations=[
                migrations.RunSQL(
                    "DROP INDEX CONCURRENTLY IF EXISTS incoming_email_once",
                    "CREATE UNIQUE INDEX CONCURRENTLY incoming_email_once ON mailing_incomingemail"
                    " (message_id, recipient) WHERE NOT (state = 'refused')",
                ),
            ],
        ),
    ]
