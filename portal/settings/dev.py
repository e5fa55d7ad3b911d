"""Development, on the embedded servers unless the environment names others."""

from portal.settings.base import *  # noqa: F403
from portal.settings.base import BASE_DIR, env

env.read_env(str(BASE_DIR / ".services" / "env"), override=False)

DEBUG = True
SECRET_KEY = "development only"  # noqa: S105
ALLOWED_HOSTS = ["localhost", "127.0.0.1", "[::1]"]
DATABASES = {"default": env.dj_db_url("DATABASE_URL", default="postgres://localhost/relais")}
CELERY_BROKER_URL = env.str("REDIS_URL", "redis://localhost:6379/0")
EMAIL_BACKEND = "django.core.mail.backends.console.EmailBackend"
REGISTER_URL = env.str("REGISTER_URL", "")
