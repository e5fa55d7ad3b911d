"""The demo reports a process that ends, and stops all of them."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from demo.processes import ProcessEnded, Processes
from tests.workers import wait_for

ROOT = Path(__file__).resolve().parents[2]
# Starts a child process, as gunicorn and Celery do, prints its pid, and stays alive.
PARENT = """
import subprocess, time
print(subprocess.Popen(["sleep", "600"]).pid, flush=True)
time.sleep(600)
"""
IGNORES_SIGTERM = """
import signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print("ready", flush=True)
time.sleep(600)
"""


@pytest.fixture
def processes(tmp_path):
    made = Processes(tmp_path, os.environ)
    yield made
    made.stop()


def is_alive(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().split()[2] != "Z"
    except FileNotFoundError:
        return False


def test_output_goes_to_a_log(processes, tmp_path):
    processes.start("speaker", sys.executable, "-c", "print('bonjour')")

    wait_for(lambda: (tmp_path / "speaker.log").read_text() == "bonjour\n")


def test_end_of_a_process_is_reported_with_the_end_of_its_log(processes, tmp_path):
    processes.start("healthy", "sleep", "600")
    processes.start("broken", sys.executable, "-c", "raise SystemExit('le port est pris')")

    with pytest.raises(ProcessEnded, match=r"« broken »[\s\S]*le port est pris"):
        processes.watch()


def test_stop_ends_children_of_children(processes, tmp_path):
    processes.start("parent", sys.executable, "-c", PARENT)
    wait_for(lambda: (tmp_path / "parent.log").read_text().strip())
    child = int((tmp_path / "parent.log").read_text())
    parent = processes.running[0].process.pid

    processes.stop()

    assert not is_alive(parent)
    wait_for(lambda: not is_alive(child))


def test_process_that_ignores_the_signal_is_killed(processes, monkeypatch, tmp_path):
    monkeypatch.setattr("demo.processes.STOP_TIMEOUT", 0.2)
    processes.start("stubborn", sys.executable, "-c", IGNORES_SIGTERM)
    wait_for((tmp_path / "stubborn.log").read_text)

    processes.stop()

    assert processes.running[0].process.returncode == -signal.SIGKILL


@pytest.mark.skipif(sys.platform != "linux", reason="setpriv is a Linux program")
def test_processes_end_when_the_parent_is_killed(tmp_path):
    code = (
        "import os, pathlib, time; from demo.processes import Processes;"
        f"p = Processes(pathlib.Path({str(tmp_path)!r}), os.environ); p.start('tied', 'sleep', '600');"
        "print(p.running[0].process.pid, flush=True); time.sleep(600)"
    )
    with subprocess.Popen(  # noqa: S603 (fixed commands)
        [sys.executable, "-c", code], cwd=ROOT, stdout=subprocess.PIPE, text=True
    ) as parent:
        tied = int(parent.stdout.readline())
        wait_for(
            lambda: Path(f"/proc/{tied}/comm").read_text() == "sleep\n"
        )  # setpriv has replaced itself by it
        parent.kill()

    wait_for(lambda: not is_alive(tied))
