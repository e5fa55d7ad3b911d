"""Prometheus metrics counted by the processes; ``portal.metrics`` adds those read from the database.

With ``PROMETHEUS_MULTIPROC_DIR``, each web or worker process writes a file of its own in that folder, and the
process that answers Prometheus adds them up. The folder must be in memory: a full disk would kill the
processes that write there. This module is imported before any other that defines a metric.
"""

import os
import socket
from pathlib import Path

from prometheus_client import Counter, Histogram, values

FOLDER = os.environ.get("PROMETHEUS_MULTIPROC_DIR", "")
if FOLDER:
    Path(FOLDER).mkdir(parents=True, exist_ok=True)
    # Two containers that share the folder may have the same process id.
    values.ValueClass = values.MultiProcessValue(  # type: ignore[no-untyped-call]
        lambda: f"{socket.gethostname()}-{os.getpid()}"
    )

ANSWERS = Histogram(
    "relais_answer_seconds",
    "Time to answer a visitor, by method and class of status.",
    ["method", "state"],
    buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)
LOST_LINES = Counter("relais_log_lines_lost", "Lines of the logs that could not be written.", ["level"])
# Without a first sample at 0, Prometheus does not see the first increase.
for _method in ("GET", "HEAD", "POST"):
    for _state in ("2xx", "3xx", "4xx", "5xx"):
        ANSWERS.labels(_method, _state)
for _level in ("info", "warning", "error", "critical"):
    LOST_LINES.labels(_level)
