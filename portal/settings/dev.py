"""Development: mails are printed."""

from portal.settings.local import *  # noqa: F403

DEBUG = True
SECRET_KEY = "development only"  # noqa: S105
EMAIL_BACKEND = "django.core.mail.backends.console.EmailBackend"
