"""The variables of the caller's shell that tests and measures must not see."""

import os
import re
import sys
from pathlib import Path

SERVERS = {"DATABASE_URL", "REDIS_URL"}  # these may be named
EXAMPLE = Path(__file__).resolve().parent.parent / ".env.example"
OTHERS = {
    "BENCH",
    "CELERY_BROKER_URL",  # Celery prefers it to the settings
    "PGOPTIONS",
    "PORT",
    "PROMETHEUS_MULTIPROC_DIR",
    "PYTHONDONTWRITEBYTECODE",  # each process that a test starts would compile our modules again
    *("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"),  # everything that is asked runs on this machine
}


def forget_the_shell() -> None:
    """Take the settings of the portal, the servers' addresses excepted, out of this process's environment."""
    named = set(re.findall(r"\b[A-Z]+(?:_[A-Z]+)+\b", EXAMPLE.read_text()))
    for name in (named | OTHERS) - SERVERS:
        os.environ.pop(name, None)
    sys.dont_write_bytecode = False  # read from the variable when Python started
