"""Processes of the portal, forked from one that has loaded it, or only its libraries.

Loading the portal takes more than a second of a processor. Tests that start and kill many processes load it
once for each environment: ``LoadedPortals.start`` then runs a module as ``python -m`` does. Tests of commands
have an environment each: ``LoadedLibraries.run`` runs one as ``python`` does, and loads what is ours again.
"""

import ctypes
import gc
import json
import os
import runpy
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from threading import Lock
from typing import IO, Any

from tests.databases import ROOT

KEPT = 3  # of the loaded portals, each takes a hundred megabytes
PR_SET_PDEATHSIG = 1
KILLED = -signal.SIGKILL
COMMAND_TIMEOUT = 600.0  # seconds, on a busy machine


class Forked:
    """A forked process and its children, one group; its methods are those of ``subprocess.Popen``.

    One thread may wait for it while another kills it.
    """

    def __init__(self, link: socket.socket, stdin: IO[bytes] | None, stdout: IO[bytes] | None) -> None:
        self._link = link
        self._waiting = Lock()
        self.pid = int(link.recv(20))
        self.stdin, self.stdout = stdin, stdout
        self.returncode: int | None = None

    def poll(self) -> int | None:
        if self._waiting.acquire(blocking=False):  # else a thread waits for the end
            try:
                with suppress(TimeoutError, BlockingIOError):
                    self._receive(0)
            finally:
                self._waiting.release()
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Wait for the process, or for its whole group when it is killed; ``TimeoutError`` if it goes on."""
        if not self._waiting.acquire(timeout=-1 if timeout is None else timeout):
            raise TimeoutError
        try:
            self._receive(timeout)
        finally:
            self._waiting.release()
        assert self.returncode is not None
        return self.returncode

    def communicate(self, timeout: float | None = None) -> tuple[bytes, None]:
        assert self.stdout
        written = self.stdout.read()
        self.wait(timeout)
        return written, None

    def _receive(self, timeout: float | None) -> None:
        if self.returncode is None:
            self._link.settimeout(timeout)
            self.returncode = int(self._link.recv(20) or KILLED)
            self._link.close()


class Loaded:
    """A process that has loaded the portal under an environment, or libraries, and forks when asked to."""

    def __init__(self, environment: Mapping[str, str], what: str = "portal") -> None:
        self._asking, child_end = socket.socketpair()
        tied = ("setpriv", "--pdeathsig", "KILL") if shutil.which("setpriv") else ()
        with child_end:
            self._process = subprocess.Popen(  # noqa: S603 (our own command)
                [*tied, sys.executable, "-m", "tests.forks", str(child_end.fileno()), what],
                cwd=ROOT,
                env=environment,
                pass_fds=[child_end.fileno()],
            )

    def fork(
        self,
        command: Sequence[str],
        streams: Sequence[IO[bytes]],
        *,
        environment: Mapping[str, str] | None = None,
        restarts: bool = False,
    ) -> socket.socket:
        """Run a command with these three streams; return the socket that tells its pid, then how it ended.

        ``environment`` replaces that of the loaded process.
        """
        ours, child_end = socket.socketpair()
        with child_end:
            question = json.dumps([command, environment and dict(environment), restarts]).encode()
            socket.send_fds(self._asking, [question], [each.fileno() for each in (child_end, *streams)])
        return ours

    def stop(self) -> None:
        self._asking.close()
        self._process.wait()


class LoadedPortals:
    """A loaded portal for each of the environments used last."""

    def __init__(self) -> None:
        self._known: dict[frozenset[tuple[str, str]], Loaded] = {}
        self._lock = Lock()

    def start(
        self,
        environment: Mapping[str, str],
        *command: str,
        output: IO[bytes],
        pipes: bool = False,
        restarts: bool = False,
    ) -> Forked:
        """Run a module; ``pipes``: its standard input and output are pipes, and ``output`` its errors' file.

        ``restarts``: run it again each time it fails.
        """
        with self._lock, ExitStack() as stack:
            streams = [stack.enter_context(Path(os.devnull).open("rb")), output, output]
            stdin = stdout = None
            if pipes:
                (stdin_end, writing), (reading, stdout_end) = os.pipe(), os.pipe()
                stdin, stdout = os.fdopen(writing, "wb"), os.fdopen(reading, "rb")
                streams[:2] = (stack.enter_context(os.fdopen(end, "ab")) for end in (stdin_end, stdout_end))
            link = self._under(environment).fork(["-m", *command], streams, restarts=restarts)
            return Forked(link, stdin, stdout)

    def _under(self, environment: Mapping[str, str]) -> Loaded:
        key = frozenset(environment.items())
        self._known[key] = self._known.pop(key, None) or Loaded(environment)
        while len(self._known) > KEPT:
            self._known.pop(next(iter(self._known))).stop()
        return self._known[key]

    def stop(self) -> None:
        for portal in self._known.values():
            portal.stop()


class LoadedLibraries:
    """A process that has loaded the libraries of commands, and runs commands under any environment.

    A warning is an error there.
    """

    def __init__(self) -> None:
        self._loaded = Loaded(os.environ | {"PYTHONWARNINGS": "error"}, "libraries")

    def run(
        self,
        *command: str,
        environment: Mapping[str, str],
        stdin: bytes = b"",
        stdout: IO[bytes] | None = None,
    ) -> subprocess.CompletedProcess[str]:
        """Run ``python`` with these words; the variables that Python itself reads as it starts do nothing.

        ``stdout``: where to write; what is written there is not returned.
        """
        with ExitStack() as stack:
            given, out, errors = (stack.enter_context(tempfile.TemporaryFile()) for _ in range(3))
            given.write(stdin)
            given.seek(0)
            link = self._loaded.fork(command, [given, stdout or out, errors], environment=environment)
            code = Forked(link, None, None).wait(COMMAND_TIMEOUT)
            written = []
            for file in (out, errors):
                file.seek(0)
                written.append(file.read().decode())
            return subprocess.CompletedProcess(command, code, *written)

    def stop(self) -> None:
        self._loaded.stop()


def _load_libraries() -> None:
    """Import libraries that read neither settings nor the environment."""
    import django.contrib.postgres.fields  # noqa: PLC0415
    import django.contrib.postgres.search  # noqa: PLC0415
    import django.core.management  # noqa: PLC0415
    import django.db.backends.postgresql.base  # noqa: PLC0415
    import django.test.utils  # noqa: F401, PLC0415
    import environs  # noqa: F401, PLC0415
    import holidays.countries.france  # noqa: F401, PLC0415
    import kombu.transport.redis  # noqa: F401, PLC0415
    import requests  # noqa: F401, PLC0415
    import yaml  # noqa: F401, PLC0415

    gc.freeze()


def _load_portal() -> None:
    """Import what web processes, workers and beats import at first or later, and connect to nothing."""
    _load_libraries()
    import celery.apps.beat  # noqa: PLC0415 (in this process alone)
    import celery.apps.worker  # noqa: PLC0415
    import celery.bin.celery  # noqa: PLC0415
    import celery.concurrency.solo  # noqa: PLC0415
    import celery.worker.components  # noqa: PLC0415
    import celery.worker.consumer  # noqa: F401, PLC0415
    import django  # noqa: PLC0415
    import gunicorn.app.wsgiapp  # noqa: PLC0415
    import gunicorn.workers.gthread  # noqa: F401, PLC0415

    django.setup()
    from django.core.validators import validate_email  # noqa: PLC0415
    from django.template import engines  # noqa: PLC0415
    from django.urls import reverse  # noqa: PLC0415

    from portal.celery import app  # noqa: PLC0415

    app.loader.import_default_modules()
    reverse("home")  # compiles the pattern of each address
    validate_email("somebody@example.org")  # compiles its own
    engines.all()
    gc.freeze()


def _serve(asking: socket.socket) -> list[str]:
    """Fork for each question; return what to run, in the forked process."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    while True:
        question, streams, _, _ = socket.recv_fds(asking, 100_000, 4)
        if not question:
            os._exit(0)
        if not os.fork():
            asking.close()
            return _keep(*json.loads(question), *streams)
        for stream in streams:
            os.close(stream)


def _keep(
    command: list[str], environment: dict[str, str] | None, restarts: bool, link: int, *streams: int
) -> list[str]:
    """Lead a new group, run the process in it and tell how it ended; return in that process.

    Each holds ``link``, whose end says that all are gone.
    """
    _die_with_parent()
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.setsid()
    os.write(link, str(os.getpid()).encode())
    while True:
        pid = os.fork()
        if not pid:
            _die_with_parent()
            for number, stream in enumerate(streams):
                os.dup2(stream, number)
            if environment is not None:
                os.environ.clear()
                os.environ.update(environment)
            return command
        _, status = os.waitpid(pid, 0)
        code = os.waitstatus_to_exitcode(status)
        if not restarts or not code:
            break
        time.sleep(0.5)
    os.write(link, str(code).encode())
    os._exit(0)


def _die_with_parent() -> None:
    with suppress(AttributeError):  # Linux's alone
        prctl: Any = ctypes.CDLL(None).prctl
        prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def _run(option: str, *words: str) -> None:
    """Run ``python`` with these words: ``-m`` and a module, ``-c`` and code, or a script."""
    if option == "-c":
        code, *arguments = words
        sys.argv = [option, *arguments]
        exec(compile(code, "<string>", "exec"), {"__name__": "__main__"})  # noqa: S102 (the tests' own)
    elif option == "-m":
        sys.argv = [*words]
        runpy.run_module(words[0], run_name="__main__", alter_sys=True)
    else:
        sys.argv = [option, *words]
        runpy.run_path(option, run_name="__main__")


if __name__ == "__main__":
    {"portal": _load_portal, "libraries": _load_libraries}[sys.argv[2]]()
    with socket.socket(fileno=int(sys.argv[1])) as given:
        words = _serve(given)
    _run(*words)
