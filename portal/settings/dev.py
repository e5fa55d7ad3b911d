"""Development: mails and the messages of errors are printed."""

from portal.settings.local import *  # noqa: F403
from portal.settings.local import LOGGING

DEBUG = True
SECRET_KEY = "development only"  # noqa: S105
EMAIL_BACKEND = "django.core.mail.backends.console.EmailBackend"
LOGGING["formatters"]["lines"]["whole_errors"] = True
