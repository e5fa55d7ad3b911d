"""gunicorn: logs without visited addresses, visits that do not wait, a catalogue learnt at start."""

import logging
import os
from threading import Thread
from typing import Any

from django.conf import settings

PRODUCTION = "portal.settings.production"
os.environ.setdefault("DJANGO_SETTINGS_MODULE", PRODUCTION)

from portal import database_waits, garbage  # noqa: E402 (they read the name of the settings)

logconfig_dict = settings.LOGGING
accesslog = None
database_waits.limit(settings.DATABASES["default"])


def post_worker_init(worker: Any) -> None:
    """Collect garbage briefly, and learn the words of the catalogue before the first visitor's question.

    The learning takes some seconds, which that visitor would wait.
    """
    garbage.collect_briefly()
    if os.environ["DJANGO_SETTINGS_MODULE"] == PRODUCTION:
        Thread(target=_learn, daemon=True).start()


def _learn() -> None:
    from django.db import connection  # noqa: PLC0415 (the worker has set Django up by now)

    from experts.wording import loading  # noqa: PLC0415 (the worker has set Django up by now)

    try:
        loading.catalogue()
    except Exception:
        logging.getLogger(__name__).exception("the catalogue could not be learnt: the first question will")
    finally:
        connection.close()
