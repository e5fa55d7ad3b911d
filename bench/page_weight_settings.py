"""Settings for measuring page weight: static files as in production.

A small run, whose figures mean nothing, compresses them faster, as the demo does.
"""

from bench.served_settings import *  # noqa: F403
from portal.settings import base, demo
from portal.settings.base import env

STATIC_ROOT = env.path("STATIC_ROOT")
STORAGES = demo.STORAGES if env.str("BENCH_SIZE", "") == "small" else base.STORAGES
WHITENOISE_AUTOREFRESH = False
WHITENOISE_KEEP_ONLY_HASHED_FILES = True  # pages link to hashed names alone
