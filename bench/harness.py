"""Results of benchmarks, and measurement of durations. Calls to be compared alternate in one run."""

import gc
import math
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

Call = Callable[[], object]


@dataclass(frozen=True)
class Result:
    """One line of the table.

    ``evidence`` is Markdown printed below; ``is_met`` is ``None`` without a limit.
    """

    title: str
    measured: str
    limit: str = ""
    is_met: bool | None = None
    evidence: str = ""


def milliseconds(call: Call) -> float:
    """Duration of one call."""
    before = time.perf_counter()
    call()
    return (time.perf_counter() - before) * 1_000


def in_turns(pairs: Sequence[tuple[Call, Call]]) -> tuple[list[float], list[float]]:
    """Run the two calls of each pair in turn; return the durations of the first and of the second ones."""
    gc.collect()
    durations = [(milliseconds(first), milliseconds(second)) for first, second in pairs]
    return [first for first, _ in durations], [second for _, second in durations]


def median(durations: Sequence[float]) -> float:
    return statistics.median(durations)


def percentile(durations: Sequence[float], share: int) -> float:
    """The time not exceeded by ``share`` per cent of the calls."""
    return sorted(durations)[math.ceil(len(durations) * share / 100) - 1]


def shown(durations: Sequence[float]) -> str:
    """« p50 2.31 ms, p99 5.10 ms, N = 2000 »."""
    return f"p50 {median(durations):.2f} ms, p99 {percentile(durations, 99):.2f} ms, N = {len(durations)}"


def code(text: str, language: str = "") -> str:
    """A block of Markdown."""
    return f"```{language}\n{text.strip()}\n```"


def thousands(number: int) -> str:
    """« 100 000 »."""
    return f"{number:,}".replace(",", " ")
