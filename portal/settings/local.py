"""Settings of development, tests and the demo: embedded servers, unless the environment names others."""

from dotenv import dotenv_values

from portal.settings.base import *  # noqa: F403
from portal.settings.base import BASE_DIR, INSTALLED_APPS, env

INSTALLED_APPS = ["demo", *INSTALLED_APPS]  # its commands

EMBEDDED = dotenv_values(BASE_DIR / ".services" / "env")  # written by `manage.py services start`

DATABASES = {
    "default": env.dj_db_url(
        "DATABASE_URL",
        EMBEDDED.get("DATABASE_URL") or "postgres://localhost/relais",
        disable_server_side_cursors=env.bool("DISABLE_SERVER_SIDE_CURSORS", False),
    ),
}
CELERY_BROKER_URL = env.str("REDIS_URL", EMBEDDED.get("REDIS_URL") or "redis://localhost:6379/0")

ALLOWED_HOSTS = ["localhost", "127.0.0.1", "[::1]", "testserver"]
STATIC_ROOT = None  # type: ignore[assignment]  # nothing is collected: files are served from their sources
REGISTER_URL = env.str("REGISTER_URL", "")
BENCH = env.bool("BENCH", False)
