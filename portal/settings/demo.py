"""The demo: like production on embedded servers; one-click roles; mails stay in the outbox."""

from portal.settings.local import *  # noqa: F403
from portal.settings.local import BASE_DIR, env

DEMO = True
SECRET_KEY = "demo only"  # noqa: S105 (production refuses it)
SITE_URL = env.str("SITE_URL", "http://localhost:8000")
EMAIL_BACKEND = "django.core.mail.backends.dummy.EmailBackend"
STATIC_ROOT = BASE_DIR / ".services" / "static"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "demo.static_files.QuickStorage"},
}
WHITENOISE_KEEP_ONLY_HASHED_FILES = True  # pages link to no other, and this halves the work
