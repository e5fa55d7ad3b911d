"""Logging: formatters, handlers and levels."""

from typing import Any

LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"lines": {"()": "portal.logs.ReadableLines"}},
    "handlers": {"stream": {"class": "portal.logs.StderrHandler", "formatter": "lines"}},
    "root": {"handlers": ["stream"], "level": "INFO"},
    "loggers": {
        "django": {"handlers": [], "propagate": True},
        # The portal logs each answer and each task itself: these loggers would repeat it.
        "django.request": {"level": "ERROR"},
        "celery.app.trace": {"level": "CRITICAL"},
        "celery.worker.strategy": {"level": "WARNING"},
        "gunicorn.error": {"handlers": [], "propagate": True},
        "gunicorn.access": {"handlers": [], "propagate": False},  # its lines hold addresses and tokens
    },
}
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
