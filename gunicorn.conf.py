"""gunicorn: logs in the portal's format, without an access log; the catalogue's words are learnt at start."""

import logging
import os
from threading import Thread
from typing import Any

from django.conf import settings

PRODUCTION = "portal.settings.production"
os.environ.setdefault("DJANGO_SETTINGS_MODULE", PRODUCTION)
logconfig_dict = settings.LOGGING
accesslog = None


def post_worker_init(worker: Any) -> None:
    """Learn the words of the catalogue before the first visitor's question, which would wait some seconds."""
    if os.environ["DJANGO_SETTINGS_MODULE"] == PRODUCTION:
        Thread(target=_learn, daemon=True).start()


def _learn() -> None:
    from django.db import connection  # noqa: PLC0415 (the worker has set Django up by now)

    from experts.wording import loading  # noqa: PLC0415

    try:
        loading.catalogue()
    except Exception:
        logging.getLogger(__name__).exception("the catalogue could not be learnt: the first question will")
    finally:
        connection.close()
