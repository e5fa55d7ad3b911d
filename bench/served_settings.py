"""Settings of the measured processes: as in production, but on the local servers."""

from portal.settings.base import env
from portal.settings.test import *  # noqa: F403

DATABASES = {"default": env.dj_db_url("DATABASE_URL", conn_max_age=60, conn_health_checks=True)}
BENCH = True  # lifts the limits on posting; production refuses it
ROOT_URLCONF = "bench.bare"
globals().update(env.dj_email_url("EMAIL_URL", "dummymail://"))
