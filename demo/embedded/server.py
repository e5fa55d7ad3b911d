"""Start, detection and stop of an embedded server."""

import os
import signal
import subprocess
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

from demo.embedded.account import Account, ServerFailed, environment
from demo.embedded.ports import free_port, is_free

USER = "embedded"
ATTEMPTS = 5  # a port may be taken between the choice and the start; a killed server's children take a moment
PATIENCE = 60.0  # seconds for a server to answer, or to stop, on a busy machine


class Server(ABC):
    """One server with its folder; its own pid file says where it runs."""

    variable: str
    label: str
    stop_signal: signal.Signals

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @property
    @abstractmethod
    def pid_file(self) -> Path: ...

    @abstractmethod
    def binary(self) -> Path:
        """The executable; raises ``ServerFailed`` when there is none."""

    @abstractmethod
    def prepare(self, account: Account, password: str, port: int) -> list[str | Path]:
        """Write what the server needs before it starts; return its command."""

    @abstractmethod
    def url(self, password: str, port: int) -> str: ...

    @abstractmethod
    def answers(self, url: str) -> bool: ...

    def is_healthy(self, url: str) -> bool:
        """True when the server of this folder, not of another checkout, answers at this address."""
        return bool(url) and self.pid() is not None and self.answers(url)

    def pid(self) -> int | None:
        """The process id of this folder's server; ``None`` when it is another process or none."""
        try:
            pid = int(self.pid_file.read_text().split()[0])
        except (OSError, ValueError, IndexError):
            return None
        return pid if self._runs(pid) else None

    def _runs(self, pid: int) -> bool:
        """Return whether this process is there, and is ours."""
        try:
            os.kill(pid, 0)
        except OSError:
            return False
        return self._is_ours(Path("/proc", str(pid)))

    def _is_ours(self, process: Path) -> bool:
        """True when the process works in this folder, as both servers do, even in a moved checkout."""
        if not Path("/proc/self").exists():
            return True
        try:
            return (process / "cwd").samefile(self.folder)
        except PermissionError:  # started by root for us: its command line can still be read
            return str(self.folder).encode() in (process / "cmdline").read_bytes()
        except OSError:  # a zombie has no working directory
            return False

    def start(self, account: Account, password: str, previous: str) -> str:
        """Start on the port of the previous address when it is free, else on another; return the address."""
        self.stop()
        self.folder.mkdir(mode=0o700, exist_ok=True)
        account.take_ownership(self.folder)
        for attempt in range(ATTEMPTS):
            port = _port(urlsplit(previous).port if previous and not attempt else None)
            url = self.url(password, port)
            if self._launch(account, self.prepare(account, password, port), url):
                return url
            time.sleep(0.2 * attempt)
        raise ServerFailed(f"{self.label} ne démarre pas. Ses derniers mots :\n{self._log_tail()}")

    def stop(self) -> None:
        """Stop this folder's server, with stronger signals if needed, and remove its pid file."""
        pid = self.pid()
        for number in (self.stop_signal, signal.SIGQUIT, signal.SIGKILL):
            if pid is None or not self._runs(pid):
                break
            os.kill(pid, number)
            # Of the process itself, not of its pid file, which it removes before it ends.
            _wait_until(lambda: not self._runs(pid))
        self.pid_file.unlink(missing_ok=True)

    @property
    def _log(self) -> Path:
        return self.folder.with_suffix(".log")

    def _launch(self, account: Account, command: list[str | Path], url: str) -> bool:
        """Start in a session of its own; ``False`` when it ended or does not answer."""
        account.take_ownership(self.folder)
        with self._log.open("wb") as log:
            process = subprocess.Popen(  # noqa: S603 (fixed commands)
                [*account.prefix, *map(str, command)],
                cwd=self.folder,
                env=environment(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        _wait_until(lambda: process.poll() is not None or self.is_healthy(url))
        if process.poll() is None and self.is_healthy(url):
            process.returncode = 0  # it outlives us on purpose
            return True
        process.kill()
        process.wait()
        return False

    def _log_tail(self) -> str:
        return "\n".join(self._log.read_text(errors="replace").splitlines()[-8:])


def _port(preferred: int | None) -> int:
    return preferred if preferred and is_free(preferred) else free_port()


def _wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.02)
