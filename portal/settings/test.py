"""Tests: real PostgreSQL and broker; mails go to the tests' own SMTP sink or stay in memory."""

from portal.settings.base import *  # noqa: F403
from portal.settings.base import BASE_DIR, env

env.read_env(str(BASE_DIR / ".services" / "env"), override=False)

SECRET_KEY = "tests only"  # noqa: S105
ALLOWED_HOSTS = ["localhost", "127.0.0.1", "testserver"]
DATABASES = {"default": env.dj_db_url("DATABASE_URL")}
DATABASES["default"]["TEST"] = {"NAME": env.str("TEST_DATABASE_NAME", None)}
CELERY_BROKER_URL = env.str("REDIS_URL")
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
