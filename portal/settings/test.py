"""Tests: real PostgreSQL and broker; mails go to the tests' own SMTP sink or stay in memory."""

from portal.settings.local import *  # noqa: F403

SECRET_KEY = "tests only"  # noqa: S105
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
WHITENOISE_AUTOREFRESH = True  # nothing is collected for tests
