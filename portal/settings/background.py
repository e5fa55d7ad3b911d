"""Celery: rows are the queue of record, so nothing is retried or waited for here."""

from datetime import timedelta

from celery.schedules import crontab

CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_ACKS_LATE = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
# max_retries: without it, kombu makes a visitor wait six seconds when the broker is down
CELERY_BROKER_TRANSPORT_OPTIONS = {"socket_connect_timeout": 1, "socket_timeout": 2, "max_retries": 0}
CELERY_TASK_PUBLISH_RETRY = False
# In seconds. Beyond the first limit, a task gets an exception and leaves its rows to the sweep; beyond the
# second, its process is killed. Tasks that read whole tables name their own limits.
CELERY_TASK_SOFT_TIME_LIMIT = 120
CELERY_TASK_TIME_LIMIT = 180
# In tasks. Without it, each opens a connection to PostgreSQL of its own; see ``portal.celery``.
CELERY_DB_REUSE_MAX = 1_000
CELERY_TIMEZONE = "Europe/Paris"
CELERY_BEAT_SCHEDULER = "portal.scheduler.InMemoryScheduler"
CELERY_BEAT_SCHEDULE = {
    "portal.beat": {"task": "portal.tasks.record_beat", "schedule": timedelta(minutes=1)},
    "mailing.sweep": {"task": "mailing.tasks.sweep", "schedule": timedelta(minutes=1)},
    "experts.counters": {"task": "experts.tasks.delete_old_counters", "schedule": timedelta(minutes=1)},
    "experts.seats": {"task": "experts.tasks.end_seats_of_gone", "schedule": timedelta(minutes=1)},
    "experts.access": {"task": "experts.tasks.erase_old_access", "schedule": crontab(hour="3", minute="50")},
    "directory.sheets": {"task": "directory.tasks.sweep_sheets", "schedule": timedelta(minutes=1)},
    "directory.addresses": {"task": "directory.tasks.sweep_addresses", "schedule": timedelta(minutes=1)},
    "solicitations.sweep": {"task": "solicitations.tasks.sweep", "schedule": timedelta(minutes=1)},
    "indicators.facts": {"task": "indicators.tasks.refresh_facts", "schedule": timedelta(minutes=1)},
    "solicitations.erasure": {
        "task": "solicitations.tasks.erase_stray_mails",
        "schedule": crontab(hour="3", minute="30"),
    },
    "solicitations.clock": {
        "task": "solicitations.tasks.recount_clock",
        "schedule": crontab(hour="4", minute="0"),
    },
    "directory.coverage": {
        "task": "directory.tasks.count_coverage",
        "schedule": crontab(hour="4", minute="30"),
    },
    "directory.letters": {
        "task": "directory.tasks.write_letters",
        "schedule": crontab(hour="9", minute="10"),
    },
    "directory.summaries": {"task": "directory.tasks.send_summaries", "schedule": crontab(minute="5")},
    "workspace.calls": {
        "task": "workspace.tasks.follow_planned_calls",
        "schedule": crontab(minute="*/10"),
    },
    "directory.departed": {
        "task": "directory.tasks.erase_departed",
        "schedule": crontab(hour="3", minute="15"),
    },
    "portal.expired": {"task": "portal.tasks.erase_expired", "schedule": crontab(hour="3", minute="45")},
}
