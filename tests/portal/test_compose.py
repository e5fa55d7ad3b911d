"""The container files agree with the settings."""

import json
import re
import subprocess
from pathlib import Path

import pytest
import yaml
from celery.bin.celery import celery
from django.core.management import get_commands
from dotenv import dotenv_values
from gunicorn.config import Config

from portal.settings.production_checks import configuration_errors

ROOT = Path(__file__).resolve().parents[2]
DOCKERFILE = (ROOT / "Dockerfile").read_text()
EXAMPLE = (ROOT / ".env.example").read_text()
COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES = COMPOSE["services"]
OURS = {name for name, service in SERVICES.items() if "build" in service}


def environment_of(name):
    """The environment of a service once the example is filled in."""
    filled = dotenv_values(ROOT / ".env.example")
    filled |= {"SECRET_KEY": "9tz5wq0xv7cb3nm1ae8rd2yf4uh6gj" * 2, "DATABASE_PASSWORD": "filled in"}
    own = {
        key: re.sub(r"\$\{(\w+)[^}]*\}", lambda found: filled[found[1]], value)
        for key, value in SERVICES[name].get("environment", {}).items()
    }
    return filled | own if SERVICES[name].get("env_file") == ".env" else own


def test_services_are_the_portal_and_what_it_needs():
    assert {"web", "worker", "beat", "prepare"} == OURS
    assert set(SERVICES) - OURS == {"database", "broker", "mail"}


def test_images_are_pinned():
    for name in set(SERVICES) - OURS:
        assert re.search(r":v?\d", SERVICES[name]["image"])
    for image in re.findall(r"^FROM (\S+)", DOCKERFILE, re.MULTILINE):
        assert re.search(r":\d", image)


def test_database_is_of_the_floor_or_later():
    assert int(re.search(r":(\d+)", SERVICES["database"]["image"])[1]) >= 15


def test_database_repeats_no_row_that_it_refuses_in_its_log():
    """Rows and statements contain names and texts."""
    options = SERVICES["database"]["command"][2::2]

    assert {"log_error_verbosity=terse", "log_min_error_statement=panic"} <= set(options)


@pytest.mark.parametrize("name", sorted(OURS))
def test_production_accepts_what_each_service_receives(name):
    assert configuration_errors(environment_of(name)) == []


@pytest.mark.parametrize(
    "value", ["Relais <a@b.fr>", "p(a)s&s$HOME", "mot de passe; rm #1", 'a"b\\n`id`!', "é*?[x]~{a,b}|>"]
)
def test_any_value_between_apostrophes_is_read_alike_by_a_shell_and_by_compose(tmp_path, value):
    """A mail server's pipe sources the file of Docker Compose."""
    file = tmp_path / ".env"
    file.write_text(re.sub(r"^(\w+)='.*'$", lambda line: f"{line[1]}='{value}'", EXAMPLE, flags=re.MULTILINE))

    shell = subprocess.run(  # noqa: S603 (fixed commands)
        ["/bin/sh", "-c", f"set -a && . {file} && env -0"], env={}, capture_output=True, check=True
    )

    read = dict(entry.split("=", 1) for entry in shell.stdout.decode().split("\0") if "=" in entry)
    expected = dict.fromkeys(dotenv_values(ROOT / ".env.example"), value)
    assert {name: read[name] for name in expected} == expected
    assert dotenv_values(file) == expected


def test_servers_are_named_as_the_services_are():
    environment = environment_of("web")

    assert "@database/" in environment["DATABASE_URL"]
    assert "//broker:" in environment["REDIS_URL"]
    assert "//mail:" in environment["EMAIL_URL"]


def test_preparation_names_the_database_itself():
    """The other services may connect through a pooler, which refuses ``PGOPTIONS``."""
    prepare = re.search(
        r"^  prepare:.*?^$", (ROOT / "docker-compose.yml").read_text(), re.MULTILINE | re.DOTALL
    )[0]

    assert re.search(r"^ +PGOPTIONS: -c lock_timeout=\d+s$", prepare, re.MULTILINE)
    assert re.search(r"DATABASE_URL: postgres://.*@database/", prepare)


@pytest.mark.parametrize("name", ["worker", "beat"])
def test_celery_understands_its_command(name):
    program, quiet, _, application, order, *options = SERVICES[name]["command"]

    context = celery.commands[order].make_context(order, list(options), resilient_parsing=True)

    assert (program, quiet, application, order) == ("celery", "--quiet", "portal", name)
    assert context.args == []


def test_one_beat_only():
    commands = [" ".join(service.get("command", [])) for service in SERVICES.values()]

    assert sum(" beat " in command for command in commands) == 1
    assert not any(" -B" in command or "--beat" in command for command in commands)
    assert "deploy" not in SERVICES["beat"]


def test_preparation_runs_commands_that_exist():
    script = SERVICES["prepare"]["command"][-1]
    steps = re.search(r"in (.*?);", script)[1].split()

    assert set(steps) <= set(get_commands())
    for name in OURS - {"prepare"}:
        assert SERVICES[name]["depends_on"]["prepare"] == {"condition": "service_completed_successfully"}


def test_gunicorn_understands_its_command():
    program, application, *options = json.loads(re.search(r"^CMD (.*)$", DOCKERFILE, re.MULTILINE)[1])

    parsed = Config().parser().parse_args([application, *options])

    assert (program, parsed.args) == ("gunicorn", ["portal.wsgi"])
    assert SERVICES["web"]["ports"] == ["127.0.0.1:8000:8000"]
    assert parsed.bind == ["0.0.0.0:8000"]
    assert parsed.control_socket_disable


@pytest.mark.parametrize("path", ["Dockerfile", "docker-compose.yml", "demo/management/commands/demo.py"])
def test_nobody_keeps_a_list_of_visits(path):
    """Access logs would contain tokens."""
    assert "access" not in (ROOT / path).read_text()


def test_web_and_worker_count_in_one_folder_that_lies_in_memory():
    folders = {environment_of(name)["PROMETHEUS_MULTIPROC_DIR"] for name in ("web", "worker")}
    volumes = {volume for name in ("web", "worker") for volume in SERVICES[name]["volumes"]}
    [name] = {
        name for name, _, folder in (volume.partition(":") for volume in volumes) if {folder} == folders
    }

    assert COMPOSE["volumes"][name]["driver_opts"]["type"] == "tmpfs"


def test_web_and_worker_keep_files_in_one_folder_that_stays():
    folders = {environment_of(name)["PRIVATE_FILES"] for name in ("web", "worker")}
    volumes = {volume for name in ("web", "worker") for volume in SERVICES[name]["volumes"]}
    [name] = {
        name for name, _, folder in (volume.partition(":") for volume in volumes) if {folder} == folders
    }

    assert not COMPOSE["volumes"][name]


def test_image_is_built_in_stages_and_runs_without_rights():
    stages = DOCKERFILE.split("\nFROM ")

    assert len(stages) == 3
    assert re.search(r"^USER (?!root)", stages[-1], re.MULTILINE)
    assert "requirements-dev" not in DOCKERFILE
    assert "DJANGO_SETTINGS_MODULE=portal.settings.production" in stages[-1]


def test_image_holds_no_secret_nor_test():
    ignored = (ROOT / ".dockerignore").read_text().split()

    assert {".*", "tests", "bench", "demo"} <= set(ignored)
