"""The processes of the demo: started together, watched, and stopped together without leaving any behind."""

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

LEAVE = 10.0  # seconds to stop gently
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class ProcessEnded(Exception):
    """A process that should last has ended; the message names it and quotes its log."""


@dataclass(frozen=True)
class Running:
    name: str
    process: subprocess.Popen[bytes]
    log: Path


class Processes:
    """Processes with a log each, in sessions of their own; an interruption reaches us, and we end them."""

    def __init__(self, folder: Path, environment: Mapping[str, str]) -> None:
        self.folder = folder
        self.environment = environment
        self.running: list[Running] = []

    def start(self, name: str, *command: str, files: Sequence[int] = ()) -> None:
        """Start a command; ``files`` are the open files that it is handed, by number."""
        log = self.folder / f"{name}.log"
        with log.open("wb") as output:
            process = subprocess.Popen(  # noqa: S603 (our own words)
                [*tied_to_us(), *command],
                env=dict(self.environment),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                pass_fds=files,
                start_new_session=True,
            )
        self.running.append(Running(name, process, log))

    def check(self) -> None:
        """Raise ``ProcessEnded`` as soon as one has."""
        for running in self.running:
            if running.process.poll() is not None:
                words = "\n".join(running.log.read_text(errors="replace").splitlines()[-12:])
                raise ProcessEnded(f"« {running.name} » s'est arrêté ({running.log}) :\n{words}")

    def watch(self) -> NoReturn:
        """Last until one ends (``ProcessEnded``) or we are interrupted."""
        while True:
            self.check()
            time.sleep(0.5)

    def stop(self) -> None:
        for running in self.running:
            _signal_group(running.process, signal.SIGTERM)
        deadline = time.monotonic() + LEAVE
        for running in self.running:
            with suppress(subprocess.TimeoutExpired):
                running.process.wait(max(0.1, deadline - time.monotonic()))
            _signal_group(running.process, signal.SIGKILL)
            running.process.wait()


@contextmanager
def interruptible() -> Iterator[None]:
    """Turn every request to leave into ``KeyboardInterrupt``, then ignore them while cleaning up."""
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


def tied_to_us() -> tuple[str, ...]:
    """Words that end a process when we are killed outright (Linux)."""
    return ("setpriv", "--pdeathsig", "TERM") if shutil.which("setpriv") else ()


def _signal_group(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        os.killpg(process.pid, number)
