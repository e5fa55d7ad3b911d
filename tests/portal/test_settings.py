"""Checks of production's environment, and settings of each environment."""

import os
import re
from importlib import import_module
from pathlib import Path

import pytest

from portal.settings.production_checks import (
    PROVIDERS,
    PUBLISHED_KEYS,
    REQUIRED,
    configuration_errors,
    mail_provider,
)

ROOT = Path(__file__).resolve().parents[2]
COMPLETE = {
    "DATABASE_URL": "postgres://portal:password@database/portal",
    "REDIS_URL": "redis://broker/0",
    "SECRET_KEY": "k" * 25 + "9tz5wq0xv7cb3nm1ae8rd2yf4uh6gj",
    "SITE_URL": "https://relais.example.org",
    "REPLY_DOMAIN": "reponses.example.org",
    "REGISTER_URL": "https://register.example.org",
    "EMAIL_URL": "smtp://user:password@mail:587/?tls=True",
}


@pytest.fixture
def settings_of(run_python):
    """The value of an expression under these settings, in a new process with only this environment."""

    def run(name, environment, expression="'started'"):
        known = {"PATH": os.environ["PATH"], "DJANGO_SETTINGS_MODULE": f"portal.settings.{name}"}
        code = f"from django.conf import settings; settings.DEBUG; print({expression})"
        return run_python("-c", code, environment=known | environment)

    return run


def test_complete_environment_is_accepted():
    assert configuration_errors(COMPLETE) == []


@pytest.mark.parametrize("name", [*REQUIRED, "EMAIL_URL"])
@pytest.mark.parametrize("value", [None, ""], ids=["absent", "empty"])
def test_missing_variable_is_named(name, value):
    environment = {**COMPLETE, name: value} if value is not None else {**COMPLETE}
    if value is None:
        del environment[name]

    [sentence] = configuration_errors(environment)

    assert sentence.startswith(f"{name} manque")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DEMO", "1"),
        ("DEMO", "True"),
        ("BENCH", "yes"),
        ("METRICS_TOKEN", "guessed"),
        *[
            ("SITE_URL", address)
            for address in (
                "http://relais.example.org",
                "relais.example.org",
                "https://example.org/relais",
                "https://relais.example.org/?x=1",
                "https://relais.example.org?x=1",
                "https://relais.example.org#haut",
                "https://moi:mot@relais.example.org",
                "https://relais.example.org:port",
                "https://relais.example.org/ ",
                "https://",
            )
        ],
        ("REPLY_DOMAIN", "reponse@example.org"),
        ("METRICS_HOSTS", "*"),
        ("REPLY_DOMAIN", "https://reponses.example.org"),
        ("SECRET_KEY", "kZ9tz5wq0xv7cb3nm1ae8rd2yf4uh6gjKZ9TZ5WQ0XV7CB3N"),
        ("SECRET_KEY", "x" * 80),
        ("SECRET_KEY", "change-me-" * 6),
        ("SECRET_KEY", "django-insecure-9tz5wq0xv7cb3nm1ae8rd2yf4uh6gj9tz5wq0xv7cb3nm1"),
        ("SECRET_KEY", "cinquante caractères tirés au hasard, tenus secrets, ici"),
        ("SECRET_KEY", "1234567890" * 6),
        ("METRICS_TOKEN", "remplacer-par-un-mot-de-passe-long"),
        ("SITE_URL", "https://.example.org"),
        ("SITE_URL", "https://relais..example.org"),
        ("SITE_URL", "https://relais.example.org//"),
        ("SITE_URL", "https://relais.example.org:"),
        ("SITE_URL", "https://-"),
        ("DEBUG", "true"),
        ("DATABASE_URL", "sqlite:///relais.db"),
        ("REDIS_URL", "memory://"),
        ("REGISTER_URL", "registre.example.org"),
        ("EMAIL_URL", "smtp://"),
        ("DEFAULT_FROM_EMAIL", "Relais Entreprises"),
        ("REQUESTS_FROM_EMAIL", "Relais <demandes@example.org>\nBcc: x@example.org"),
        ("NATIONAL_TEAM_EMAIL", "equipe"),
        ("SECRET_KEY_FALLBACKS", f"{COMPLETE['SECRET_KEY']},trop courte"),
        ("EMAIL_URL", "console://"),
        ("EMAIL_URL", "memory://"),
        ("EMAIL_URL", "dummy://"),
        ("DATABASE_URL", "postgres://embedded:x@127.0.0.1:5000/relais"),
        ("REDIS_URL", "redis://embedded:x@127.0.0.1:5000/0"),
        *[("SECRET_KEY", key) for key in PUBLISHED_KEYS],
        ("SECRET_KEY_FALLBACKS", PUBLISHED_KEYS[0]),
    ],
)
def test_what_has_no_place_in_production_is_named(name, value):
    [sentence] = configuration_errors({**COMPLETE, name: value})

    assert sentence.startswith(name)


@pytest.mark.parametrize("value", ["", "0", "false", "False"])
def test_switch_turned_off_is_accepted(value):
    assert configuration_errors({**COMPLETE, "DEMO": value}) == []


@pytest.mark.parametrize("address", ["https://relais.example.org/", "https://relais.example.org:8443"])
def test_site_may_have_a_port_and_a_last_slash(address):
    assert configuration_errors({**COMPLETE, "SITE_URL": address}) == []


@pytest.mark.parametrize("token", ["", "t" * 32])
def test_metrics_have_a_long_token_or_no_reader(token):
    assert configuration_errors({**COMPLETE, "METRICS_TOKEN": token}) == []


@pytest.mark.parametrize(("name", "keys"), PROVIDERS.items(), ids=PROVIDERS)
def test_provider_replaces_the_mail_server(name, keys):
    environment = {key: value for key, value in COMPLETE.items() if key != "EMAIL_URL"}
    environment |= dict.fromkeys(keys, "secret")

    assert configuration_errors(environment) == []
    assert mail_provider(environment) == name


def test_half_a_provider_is_named():
    [sentence] = configuration_errors({**COMPLETE, "MAILJET_API_KEY": "secret"})

    assert sentence.startswith("MAILJET_SECRET_KEY manque")


def test_production_names_everything_wrong_at_once(settings_of):
    ended = settings_of("production", {"DEMO": "1", "SECRET_KEY": "demo only"})

    assert ended.returncode == 1
    for name in ("DATABASE_URL", "REDIS_URL", "SITE_URL", "REPLY_DOMAIN", "EMAIL_URL", "DEMO", "SECRET_KEY"):
        assert re.search(rf"^{name} ", ended.stderr, re.MULTILINE), name


def test_production_starts_when_complete(settings_of):
    ended = settings_of("production", COMPLETE, "settings.EMAIL_HOST, settings.EMAIL_PORT, settings.DEMO")

    assert ended.stdout.strip() == "mail 587 False", ended.stderr


@pytest.mark.parametrize(
    ("environment", "name"),
    [
        ({"INBOUND_PROVIDER": "pigeon"}, "INBOUND_PROVIDER"),
        ({"INBOUND_PROVIDER": "brevo"}, "ANYMAIL_WEBHOOK_SECRET"),
        ({"INBOUND_PROVIDER": "postmark", "ANYMAIL_WEBHOOK_SECRET": ""}, "ANYMAIL_WEBHOOK_SECRET"),
        ({"INBOUND_PROVIDER": "postmark", "ANYMAIL_WEBHOOK_SECRET": "mot"}, "ANYMAIL_WEBHOOK_SECRET"),
        ({"INBOUND_PROVIDER": "mailgun", "MAILGUN_API_KEY": "x"}, "MAILGUN_WEBHOOK_SIGNING_KEY"),
        (
            {"INBOUND_PROVIDER": "mailgun", "MAILGUN_WEBHOOK_SIGNING_KEY": "clé"},
            "MAILGUN_WEBHOOK_SIGNING_KEY",
        ),
        ({"INBOUND_PROVIDER": "brevo", "ANYMAIL_WEBHOOK_SECRET": "portail:mot"}, "ANYMAIL_WEBHOOK_SECRET"),
        (
            {"INBOUND_PROVIDER": "brevo", "ANYMAIL_WEBHOOK_SECRET": f"a:{'k9' * 16},b:mot"},
            "ANYMAIL_WEBHOOK_SECRET",
        ),
        (
            {"INBOUND_PROVIDER": "brevo", "ANYMAIL_WEBHOOK_SECRET": f"{'portail' * 9}:mot"},
            "ANYMAIL_WEBHOOK_SECRET",
        ),
        *[
            ({"INBOUND_PROVIDER": provider, name: f"{before}{secret}"}, name)
            for secret in ("change-me-" * 4, "1234567890" * 4, "mot-de-passe-de-nos-courriels-entrants")
            for provider, name, before in (
                ("mailgun", "MAILGUN_WEBHOOK_SIGNING_KEY", ""),
                ("postmark", "ANYMAIL_WEBHOOK_SECRET", "portail:"),
            )
        ],
    ],
)
def test_a_provider_that_posts_us_mails_without_its_secret_is_refused(environment, name):
    [sentence] = configuration_errors({**COMPLETE, **environment})

    assert sentence.startswith(name)


@pytest.mark.parametrize(
    "environment",
    [
        {"INBOUND_PROVIDER": ""},
        {"INBOUND_PROVIDER": "brevo", "ANYMAIL_WEBHOOK_SECRET": f"portail:{'k9' * 16}"},
        {"INBOUND_PROVIDER": "postmark", "ANYMAIL_WEBHOOK_SECRET": f"a:{'k9' * 16},b:{'w3' * 16}"},
        {"INBOUND_PROVIDER": "mailgun", "MAILGUN_WEBHOOK_SIGNING_KEY": "k9" * 16},
    ],
)
def test_a_provider_with_its_secret_may_post_us_mails(environment):
    assert configuration_errors({**COMPLETE, **environment}) == []


def test_production_hands_the_provider_its_own_names(settings_of):
    environment = {**COMPLETE, "MAILGUN_API_KEY": "secret", "MAILGUN_API_URL": "https://eu.example.org"}

    ended = settings_of("production", environment, "settings.EMAIL_BACKEND, sorted(settings.ANYMAIL)")

    assert (
        ended.stdout.strip() == "anymail.backends.mailgun.EmailBackend ['MAILGUN_API_KEY', 'MAILGUN_API_URL']"
    )


@pytest.mark.parametrize("name", ["production", "dev", "test", "demo"])
@pytest.mark.parametrize(
    ("given", "kept"), [({}, "False"), ({"DISABLE_SERVER_SIDE_CURSORS": "true"}, "True")]
)
def test_server_side_cursors_are_disabled_where_the_environment_says_so(settings_of, name, given, kept):
    expression = "settings.DATABASES['default']['DISABLE_SERVER_SIDE_CURSORS']"

    assert settings_of(name, {**COMPLETE, **given}, expression).stdout == f"{kept}\n"


def test_provider_backends_exist():
    for name in PROVIDERS:
        assert import_module(f"anymail.backends.{name}").EmailBackend


@pytest.mark.parametrize("name", ["dev", "test", "demo"])
def test_environment_wins_over_the_embedded_servers(settings_of, name):
    servers = {"DATABASE_URL": "postgres://a:b@elsewhere:1/c", "REDIS_URL": "redis://elsewhere:2/3"}

    ended = settings_of(
        name, servers, "settings.DATABASES['default']['HOST'], settings.CELERY_BROKER_URL, settings.DEBUG"
    )

    assert ended.stdout.strip() == f"elsewhere redis://elsewhere:2/3 {name == 'dev'}", ended.stderr


@pytest.mark.parametrize("name", ["base", "dev", "test", "demo", "services"])
def test_settings_need_no_server_to_be_read(settings_of, name):
    assert settings_of(name, {}).stdout.strip() == "started"


def test_only_the_demo_is_a_demo(settings_of):
    assert [settings_of(name, {}, "settings.DEMO").stdout.strip() for name in ("dev", "test", "demo")] == [
        "False",
        "False",
        "True",
    ]


def test_variables_read_are_those_of_the_example():
    read = set(REQUIRED) | {"EMAIL_URL"} | {key for keys in PROVIDERS.values() for key in keys}
    for module in ("base", "sign_in", "production", "demo", "local"):
        text = (ROOT / "portal" / "settings" / f"{module}.py").read_text()
        read |= set(re.findall(r'env\.\w+\(\s*"(\w+)"', text))
    example = (ROOT / ".env.example").read_text()

    assert {name for name in read - {"BENCH"} if not re.search(rf"\b{name}\b", example)} == set()
    for line in re.findall(r"^(\w+)=", example, re.MULTILINE):
        assert line in read | {"DATABASE_PASSWORD"}
