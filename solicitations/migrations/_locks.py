"""The order in which a migration takes the tables that visits write: theirs."""

from django.db import migrations

# First a table that visits write last, then one that they write first: each would wait for the other.
IN_ORDER = migrations.RunSQL(
    """
    LOCK TABLE solicitations_solicitation, solicitations_need, solicitations_match, solicitations_mailbox,
        solicitations_event, solicitations_alert, solicitations_message, solicitations_addition,
        solicitations_draft IN ACCESS EXCLUSIVE MODE
    """,
    migrations.RunSQL.noop,
)
