"""Settings shared by every environment; each environment's module completes them."""

from datetime import timedelta
from pathlib import Path

from environs import Env

from portal.settings.api import *  # noqa: F403
from portal.settings.background import *  # noqa: F403
from portal.settings.headers import *  # noqa: F403
from portal.settings.logs import *  # noqa: F403
from portal.settings.sign_in import *  # noqa: F403
from portal.settings.timings import *  # noqa: F403

BASE_DIR = Path(__file__).resolve().parent.parent.parent

env = Env()

DEBUG = False
DEMO = False
BENCH = False  # lifts the limits on posting; production refuses it
ALLOWED_HOSTS: list[str] = []
SITE_URL = "http://localhost:8000"
METRICS_TOKEN = ""  # without a token, nobody can read the metrics

INSTALLED_APPS = [
    "portal",
    "indicators",
    "oversight",
    "owners",
    "workspace",
    "directory",
    "solicitations",
    "experts",
    "companies",
    "territories",
    "mailing",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "django.contrib.admin",
    "django.forms",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "anymail",
    "csp",
    "django_filters",
    "django_htmx",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "dsfr",
    "rest_framework",
    "widget_tweaks",
]

MIDDLEWARE = [
    "portal.request_logging.log_requests",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django_permissions_policy.PermissionsPolicyMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "portal.request_filters.BodySizeMiddleware",
    "portal.request_filters.keep_file_names",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "experts.accounts.middleware.NeverWaitMiddleware",
    "experts.accounts.middleware.keep_unsent_texts",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "experts.accounts.middleware.after_response",
    "experts.accounts.middleware.SecondFactorMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

ROOT_URLCONF = "portal.urls"
WSGI_APPLICATION = "portal.wsgi.application"
TEMPLATE_LOADERS = ["portal.typography.Loader", "django.template.loaders.app_directories.Loader"]
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "OPTIONS": {
            "builtins": ["portal.french_plurals"],
            "loaders": [("django.template.loaders.cached.Loader", TEMPLATE_LOADERS)],
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "portal.context_processors.site",
            ],
        },
    },
]
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"

AUTH_USER_MODEL = "experts.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "/demandes/"
LOGOUT_REDIRECT_URL = "/"

LANGUAGE_CODE = "fr"
TIME_ZONE = "Europe/Paris"
USE_I18N = True
USE_TZ = True

STATIC_URL = "static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}

# The cache holds rate limits and the register's responses. It is in PostgreSQL, so that visitors do not
# notice when the broker is down.
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "cache",
        "OPTIONS": {"MAX_ENTRIES": 100_000},
    },
}

EMAIL_TIMEOUT = 5
MAILING_REFUSED_TASKS = ["solicitations.tasks.note_refused_mail"]  # called with the id of a refused mail
MAILING_DELIVERY_TASKS = ["directory.tasks.follow_address"]  # called with an address whose state changed
MAILING_SIGNED_ENVELOPE = True  # refusals that come later return to REPLY_DOMAIN
MAILING_INCOMING_TASKS = ["solicitations.tasks.take_in_mail"]  # called with the id of a mail that came in
DIRECTORY_CHANGED_TASKS = [  # called after each change
    "solicitations.tasks.reoffer_needs_of_gone",
    "experts.tasks.end_seats_of_gone",
]
MAILING_TRACKING_PROVIDER = ""  # the provider that posts what became of our mails
MAILING_INBOUND_PROVIDER = ""  # the provider that posts incoming mails; empty where a mail server pipes them
DEFAULT_FROM_EMAIL = "Relais Entreprises <ne-pas-repondre@relais-entreprises.example.org>"
REQUESTS_FROM_EMAIL = "Relais Entreprises <demandes@relais-entreprises.example.org>"  # of mails to answer
REPLY_DOMAIN = "reponses.relais-entreprises.example.org"
NATIONAL_TEAM_EMAIL = "equipe@relais-entreprises.example.org"

# Files of messages; not under a folder that a web server shows. Several machines share it.
PRIVATE_FILES = env.str("PRIVATE_FILES", str(BASE_DIR / ".services" / "private_files"))
CLAMAV_ADDRESS = env.str("CLAMAV_ADDRESS", "")  # host:port of clamd; empty: files are not scanned

REGISTER_URL = ""
REGISTER_TIMEOUT = timedelta(seconds=2)

DSFR_USE_INTEGRITY_CHECKSUMS = False  # the hashes of the package do not survive manifest storage
DSFR_MARK_OPTIONAL_FIELDS = True
