"""What is written about the portal's work, and by whom."""

from typing import Any

LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"lines": {"()": "portal.logs.ReadableLines"}},
    "handlers": {"stream": {"class": "portal.logs.Stream", "formatter": "lines"}},
    "root": {"handlers": ["stream"], "level": "INFO"},
    "loggers": {
        "django": {"handlers": [], "propagate": True},
        # The portal writes a line of its own for each answer and each task: these would repeat them.
        "django.request": {"level": "ERROR"},
        "celery.app.trace": {"level": "CRITICAL"},
        "celery.worker.strategy": {"level": "WARNING"},
        "gunicorn.error": {"handlers": [], "propagate": True},
        "gunicorn.access": {"handlers": [], "propagate": False},  # its lines hold addresses and tokens
    },
}
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
