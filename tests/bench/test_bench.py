"""Every benchmark runs from end to end on one region; durations are not checked."""

import os
import subprocess
import sys
from pathlib import Path

from bench.harness import in_turns, percentile

ROOT = Path(__file__).resolve().parents[2]
SUBJECTS = (
    *("Routing", "Posting", "Mails", "Staff list", "Filter", "Request page"),
    *(
        "Commune search",
        "Home page",
        "The clock",
        "Suggestions",
        "Who can help",
        "Preview",
        "List of experts",
    ),
    *("Figures", "Inbox of", "Inbox search", "Polling"),
)
COLUMNS = ["What", "Measured", "Limit", "Met"]


def results() -> str:
    path = ROOT / "bench" / "RESULTS.md"
    return path.read_text() if path.exists() else ""


def test_every_benchmark_prints_its_results_and_a_small_run_writes_no_file():
    before = results()

    run = subprocess.run(
        [sys.executable, "-m", "bench"],
        cwd=ROOT,
        env=os.environ | {"BENCH_SIZE": "small"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert "Traceback" not in run.stderr, run.stderr[-2000:]
    lines = [line.strip("| ").split(" | ") for line in run.stdout.splitlines() if line.startswith("| ")]
    assert lines[0] == COLUMNS
    for subject in SUBJECTS:
        assert any(line[0].startswith(subject) for line in lines)
    assert results() == before


def test_percentile_is_one_of_the_times():
    assert [percentile([5.0, 1.0, 4.0, 2.0, 3.0], share) for share in (1, 50, 99)] == [1.0, 3.0, 5.0]


def test_compared_calls_alternate():
    called = []

    in_turns([(lambda: called.append("a"), lambda: called.append("b"))] * 2)

    assert called == ["a", "b", "a", "b"]
