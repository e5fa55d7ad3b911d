"""Settings of the processes whose pages are weighed: static files as production serves them.

A small run, whose figures say nothing, has them compressed in seconds, as the demo.
"""

from bench.served import *  # noqa: F403
from portal.settings import base, demo
from portal.settings.base import env

STATIC_ROOT = env.path("STATIC_ROOT")
STORAGES = demo.STORAGES if env.str("BENCH_SIZE", "") == "small" else base.STORAGES
WHITENOISE_AUTOREFRESH = False
WHITENOISE_KEEP_ONLY_HASHED_FILES = True  # pages name no other
