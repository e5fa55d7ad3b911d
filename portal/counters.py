"""What the portal's processes count by themselves; what rows can tell is read from them: ``portal.metrics``.

Several processes answer, and the worker works: with ``PROMETHEUS_MULTIPROC_DIR`` each writes in a file of its
own in that folder, and whoever is asked adds them up. The folder must lie in memory: a full disk would end
the processes that write in it. Imported before anything that counts.
"""

import os
import socket
from pathlib import Path

from prometheus_client import Counter, Histogram, values

FOLDER = os.environ.get("PROMETHEUS_MULTIPROC_DIR", "")
if FOLDER:
    Path(FOLDER).mkdir(parents=True, exist_ok=True)
    # Containers that share the folder number their processes alike.
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
