"""Settings of a worker that tests start: its mails go to the server that ``EMAIL_URL`` names."""

from portal.settings.base import env
from portal.settings.test import *  # noqa: F403

globals().update(env.dj_email_url("EMAIL_URL"))
DATABASES["default"]["ENGINE"] = "tests.postgresql"  # noqa: F405
