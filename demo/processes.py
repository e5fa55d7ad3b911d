"""The processes of the demo: started, watched and stopped together."""

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import NoReturn

STOP_TIMEOUT = 10.0  # seconds to stop gently
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class ProcessEnded(Exception):
    """A process ended too early; the message names it and quotes its log."""


@dataclass(frozen=True)
class Running:
    name: str
    process: subprocess.Popen[bytes]
    log: Path


class Processes:
    """Processes with one log each. Each has a session of its own, so that Ctrl-C reaches only us."""

    def __init__(self, folder: Path, environment: Mapping[str, str]) -> None:
        self.folder = folder
        self.environment = environment
        self.running: list[Running] = []

    def start(self, name: str, *command: str, files: Sequence[int] = ()) -> None:
        """Start a command; ``files`` are the file descriptors that it inherits."""
        log = self.folder / f"{name}.log"
        with log.open("wb") as output:
            process = subprocess.Popen(  # noqa: S603 (fixed commands)
                [*killed_with_parent(), *command],
                env=dict(self.environment),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                pass_fds=files,
                start_new_session=True,
            )
        self.running.append(Running(name, process, log))

    def check(self) -> None:
        """Raise ``ProcessEnded`` when a process has ended."""
        for running in self.running:
            if running.process.poll() is not None:
                last_lines = "\n".join(running.log.read_text(errors="replace").splitlines()[-12:])
                raise ProcessEnded(f"« {running.name} » s'est arrêté ({running.log}) :\n{last_lines}")

    def watch(self) -> NoReturn:
        """Wait until a process ends (``ProcessEnded``) or we are interrupted."""
        while True:
            self.check()
            time.sleep(0.5)

    def stop(self) -> None:
        for running in self.running:
            _signal_group(running.process, signal.SIGTERM)
        deadline = time.monotonic() + STOP_TIMEOUT
        for running in self.running:
            with suppress(subprocess.TimeoutExpired):
                running.process.wait(max(0.1, deadline - time.monotonic()))
            _signal_group(running.process, signal.SIGKILL)
            running.process.wait()


@contextmanager
def interruptible() -> Iterator[None]:
    """Turn every stop signal into ``KeyboardInterrupt``, then ignore more of them during clean-up."""
    before = {number: signal.signal(number, _interrupt) for number in SIGNALS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _interrupt(number: int, frame: FrameType | None) -> NoReturn:
    for each in SIGNALS:
        signal.signal(each, signal.SIG_IGN)
    raise KeyboardInterrupt


def killed_with_parent() -> tuple[str, ...]:
    """Command prefix that kills a process when its parent dies (Linux)."""
    return ("setpriv", "--pdeathsig", "TERM") if shutil.which("setpriv") else ()


def _signal_group(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        os.killpg(process.pid, number)
