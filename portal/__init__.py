"""The portal: settings, addresses, Celery application and public pages."""

import gc

# A process makes a million objects while it imports, and a page makes thousands; few are in cycles. With
# Python's own thresholds the collector takes a fifth of the start of each process. Web processes have others
# once they are loaded (``garbage``).
gc.set_threshold(50_000, 20, 10)

from portal import counters  # noqa: E402, F401 (before any module that defines a metric)
from portal.celery import app as celery_app  # noqa: E402 (loads most of the portal)

__all__ = ["celery_app"]
