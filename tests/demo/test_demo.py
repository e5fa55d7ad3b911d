"""The demo, started as a process: it answers, is healthy and light, and leaves nothing behind."""

import json
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import pytest

from bench import home
from demo import services
from tests.browsers import find_chromium

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 600  # seconds before giving up: it fills a database first


def get(url):
    with urllib.request.urlopen(url, timeout=PATIENCE) as answer:  # noqa: S310 (our own address)
        return answer.read().decode()


def encoding_of(url, accepted):
    """The content encoding of a file for this ``Accept-Encoding``."""
    request = urllib.request.Request(url, headers={"Accept-Encoding": accepted})  # noqa: S310 (our own address)
    with urllib.request.urlopen(request, timeout=PATIENCE) as answer:  # noqa: S310
        return answer.headers["Content-Encoding"]


def weight_of(page):
    """Bytes of a first visit, as a browser counts them; ``None`` where there is none.

    In a thread: Playwright's own loop would run in ours, where Django refuses queries.
    """
    if find_chromium() is None:
        return None

    def visit():
        with home.chromium() as browser:
            return home.open_page(browser, page, 1280).bytes

    with ThreadPoolExecutor(1) as thread:
        return thread.submit(visit).result()


def said_by(demo):
    """The output until the demo is ready."""
    output = ""
    deadline = time.monotonic() + PATIENCE
    while "Ctrl-C" not in output and time.monotonic() < deadline:
        line = demo.stdout.readline()
        if not line:
            break
        output += line
    return output


def descendants_of(pid):
    parents = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            parents[int(path.parent.name)] = int(path.read_text().rpartition(")")[2].split()[1])
    found = {pid}
    while more := {child for child, parent in parents.items() if parent in found} - found:
        found |= more
    return found - {pid}


@pytest.mark.demo_directory
@pytest.mark.django_db(transaction=True)
def test_demo_answers_on_the_next_free_port_is_light_and_leaves_nothing(process_environment):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        demo = subprocess.Popen(
            [sys.executable, "manage.py", "demo"],
            cwd=ROOT,
            env=process_environment | {"PORT": str(port)},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        try:
            output = said_by(demo)
            addresses = re.findall(r"http://localhost:\d+/\S*", output)
            assert addresses, output
            health = json.loads(get(next(address for address in addresses if address.endswith("/sante/"))))
            page = get(addresses[0])
            files = set(re.findall(r'(?:href|src)="(/static/[^"]+\.(?:css|js))"', page))
            encodings = {
                encoding_of(addresses[0].rstrip("/") + file, accepted)
                for file in files
                for accepted in ("br", "gzip")
            }
            weight = weight_of(addresses[0])
            running = descendants_of(demo.pid)
        finally:
            demo.send_signal(signal.SIGINT)
            rest, _ = demo.communicate(timeout=PATIENCE)
        logs = Path(re.search(r"Journaux : (\S+)/\*\.log", output)[1])
        names = {path.name for path in logs.iterdir()}
        shutil.rmtree(logs)  # a port that no other demo will ask for

    assert "demandes créées." in output
    assert " info " not in output  # no line of a log: a person reads this
    assert f":{port}/" not in addresses[0]
    assert health["state"] == "ok"
    assert "<h1" in page
    assert len(files) >= 4
    assert encodings == {"br", "gzip"}
    assert weight is None or weight <= home.MAX_BYTES
    assert logs.parent == services.FOLDER
    assert names == {"register.log", "worker.log", "beat.log", "web.log"}
    assert len(running) >= 4
    assert "La démonstration est arrêtée." in rest
    assert demo.returncode == 0
    assert not [pid for pid in running if Path(f"/proc/{pid}").exists()]
