"""The tables that visits write, taken together before a migration alters several of them."""

from django.db import migrations

# A migration that waited for one table while it holds another could deadlock with a visit, and PostgreSQL may choose
# the visit as the victim. Each wait is shorter than deadlock_timeout (1 s) for all nine, then every lock is given
# back and the whole is tried again, for as long as lock_timeout allows (0: for ever).
IN_ORDER = migrations.RunSQL(
    """
    DO $$
    DECLARE
        patience text := current_setting('lock_timeout');
        deadline timestamptz := clock_timestamp() + patience::interval;
    BEGIN
        PERFORM set_config('lock_timeout', '100ms', true);
        LOOP
            BEGIN
                LOCK TABLE solicitations_solicitation, solicitations_need, solicitations_match,
                    solicitations_mailbox, solicitations_event, solicitations_alert, solicitations_message,
                    solicitations_addition, solicitations_draft IN ACCESS EXCLUSIVE MODE;
                EXIT;
            EXCEPTION WHEN lock_not_available THEN
                IF patience <> '0' AND clock_timestamp() > deadline THEN
                    RAISE;
                END IF;
            END;
            PERFORM pg_sleep(0.05);
        END LOOP;
        PERFORM set_config('lock_timeout', patience, true);
    END $$
    """,
    migrations.RunSQL.noop,
)
