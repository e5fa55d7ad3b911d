"""Production's settings: Django's deployment check, cookies and headers, no log of visited addresses."""

import json
import os
import re
from pathlib import Path

import pytest
from gunicorn.config import Config

ROOT = Path(__file__).resolve().parents[2]
PRODUCTION = {
    "PATH": os.environ["PATH"],
    "DJANGO_SETTINGS_MODULE": "portal.settings.production",
    "DATABASE_URL": "postgres://portal:password@127.0.0.1:1/portal",
    "REDIS_URL": "redis://127.0.0.1:1/0",
    "SECRET_KEY": "kZ9tz5wq0xv7cb3nm1ae8rd2yf4uh6gjKZ9TZ5WQ0XV7CB3NM1AE8RD2",
    "SITE_URL": "https://relais.example.org",
    "REPLY_DOMAIN": "reponses.example.org",
    "REGISTER_URL": "https://register.example.org",
    "EMAIL_URL": "smtp://mail:587",
    "METRICS_TOKEN": "jeton-des-mesures-9tz5wq0xv7cb3nm1",
}


def test_djangos_check_of_a_deployment_finds_nothing(run_python):
    done = run_python("manage.py", "check", "--deploy", "--fail-level", "INFO", environment=PRODUCTION)

    assert done.returncode == 0, done.stderr
    assert "no issues" in done.stdout


def test_cookies_headers_and_limits_are_those_of_production(run_python):
    code = (
        "import json, sys; from django.conf import settings;"
        "print(json.dumps({name: getattr(settings, name) for name in sys.argv[1:]}))"
    )
    expected = {
        "DEBUG": False,
        "SESSION_COOKIE_NAME": "__Host-session",
        "SESSION_COOKIE_SECURE": True,
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "SESSION_COOKIE_DOMAIN": None,
        "CSRF_COOKIE_NAME": "__Host-csrf",
        "CSRF_COOKIE_SECURE": True,
        "SECURE_SSL_REDIRECT": True,
        "SECURE_HSTS_SECONDS": 31_536_000,
        "USE_X_FORWARDED_HOST": False,
        "ALLOWED_HOSTS": ["relais.example.org", "localhost", "127.0.0.1"],
        "ADMINS": [],
        "CSRF_TRUSTED_ORIGINS": ["https://relais.example.org"],
    }

    done = run_python("-c", code, *expected, "REST_FRAMEWORK", environment=PRODUCTION)

    found = json.loads(done.stdout)
    assert found.pop("REST_FRAMEWORK")["NUM_PROXIES"] == 1
    assert found == expected


def test_only_monitoring_is_answered_without_the_proxy(run_python):
    code = (
        "import sys, warnings, django; django.setup(); from django.test import Client;"
        "warnings.simplefilter('ignore');"  # no static file is collected
        "client = Client(SERVER_NAME='web1', SERVER_PORT='8000');"
        "allowed = {'Authorization': f'Bearer {sys.argv[1]}'};"
        "print(*(client.get(path, headers=allowed).status_code for path in sys.argv[2:]))"
    )
    paths = ("/metrics", "/sante/?vivant", "/")

    environment = PRODUCTION | {"METRICS_HOSTS": "web1,web2"}
    done = run_python("-c", code, PRODUCTION["METRICS_TOKEN"], *paths, environment=environment)

    assert done.stdout.split() == ["200", "200", "301"], done.stderr


def commands() -> dict[str, str]:
    demo = (ROOT / "demo/management/commands/demo.py").read_text()
    image = (ROOT / "Dockerfile").read_text()
    compose = (ROOT / "docker-compose.yml").read_text()
    return {"demo": demo, "image": image, "compose": compose}


@pytest.mark.parametrize("name", ["demo", "image", "compose"])
def test_no_server_lists_the_addresses_that_were_visited(name):
    """Addresses contain the tokens of secret links; gunicorn has no access log by default."""
    assert "access-log" not in commands()[name].replace("_", "-")
    assert Config().accesslog is None


def test_no_error_of_ours_is_sent_by_mail_or_elsewhere():
    for path in ROOT.glob("portal/settings/*.py"):
        text = path.read_text()
        assert "AdminEmailHandler" not in text
        assert not re.search(r"\bADMINS\b", text)
        assert "sentry" not in text
