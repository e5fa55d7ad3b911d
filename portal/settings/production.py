"""Production, from the environment alone. It refuses an incomplete configuration and lists every error."""

import os
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured

from portal.settings.base import *  # noqa: F403
from portal.settings.base import LOGGING, REST_FRAMEWORK, env
from portal.settings.production_checks import configuration_errors, mail_provider

if ERRORS := configuration_errors(os.environ):
    raise ImproperlyConfigured("\n".join(["La configuration de production est refusée :", *ERRORS]))

SECRET_KEY = env.str("SECRET_KEY")
SECRET_KEY_FALLBACKS: list[str] = env.list("SECRET_KEY_FALLBACKS", [])
SITE_URL = env.str("SITE_URL").rstrip("/")
HOST = str(urlsplit(SITE_URL).hostname)
# The names after the first: health checks and metrics, asked of each machine without the proxy.
ALLOWED_HOSTS = [HOST, "localhost", "127.0.0.1", *env.list("METRICS_HOSTS", [])]
CSRF_TRUSTED_ORIGINS = [SITE_URL]

DATABASES = {
    "default": env.dj_db_url(
        "DATABASE_URL",
        conn_max_age=60,
        conn_health_checks=True,
        # True behind PgBouncer in transaction mode, which gives the next transaction another connection.
        disable_server_side_cursors=env.bool("DISABLE_SERVER_SIDE_CURSORS", False),
    )
}
DATABASES["default"].setdefault("OPTIONS", {}).setdefault("connect_timeout", 5)
CELERY_BROKER_URL = env.str("REDIS_URL")
REGISTER_URL = env.str("REGISTER_URL")
PRIVATE_FILES = env.str("PRIVATE_FILES", "/var/lib/relais/files")
METRICS_TOKEN = env.str("METRICS_TOKEN", "")
LOGGING["formatters"]["lines"] = {"()": "portal.logs.JsonLines"}

PROVIDER = mail_provider(os.environ)
if PROVIDER:
    EMAIL_BACKEND = f"anymail.backends.{PROVIDER}.EmailBackend"
    MAILING_SIGNED_ENVELOPE = False  # providers have their own
    ANYMAIL = {name: value for name, value in os.environ.items() if name.startswith(f"{PROVIDER.upper()}_")}
else:
    globals().update(env.dj_email_url("EMAIL_URL"))
REPLY_DOMAIN = env.str("REPLY_DOMAIN")
MAILING_TRACKING_PROVIDER = env.str("TRACKING_PROVIDER", "")
MAILING_INBOUND_PROVIDER = env.str("INBOUND_PROVIDER", "")
ANYMAIL_WEBHOOK_SECRET: list[str] = env.list("ANYMAIL_WEBHOOK_SECRET", [])
ANYMAIL_MAILGUN_WEBHOOK_SIGNING_KEY = env.str("MAILGUN_WEBHOOK_SIGNING_KEY", "")
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", "") or f"Relais Entreprises <ne-pas-repondre@{HOST}>"
REQUESTS_FROM_EMAIL = env.str("REQUESTS_FROM_EMAIL", "") or f"Relais Entreprises <demandes@{HOST}>"
NATIONAL_TEAM_EMAIL = env.str("NATIONAL_TEAM_EMAIL", "") or f"equipe@{HOST}"

SECURE_SSL_REDIRECT = True
SECURE_REDIRECT_EXEMPT = [r"^sante/", r"^metrics$"]  # asked from inside, without the proxy
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_HSTS_SECONDS = 365 * 24 * 3600
SECURE_HSTS_INCLUDE_SUBDOMAINS = True
SESSION_COOKIE_SECURE = True
CSRF_COOKIE_SECURE = True
# With this prefix, browsers accept the cookie from this host only.
SESSION_COOKIE_NAME, CSRF_COOKIE_NAME = "__Host-session", "__Host-csrf"
REST_FRAMEWORK = {**REST_FRAMEWORK, "NUM_PROXIES": 1}  # the proxy that terminates TLS
SILENCED_SYSTEM_CHECKS = ["security.W021"]  # the preload list is for whole domains, not for a host of one
