"""Settings for measuring page weight: static files as in production.

A small run, whose figures mean nothing, takes the demo's static files.
"""

from bench.served_settings import *  # noqa: F403
from portal.settings import base, demo
from portal.settings.base import env

IS_SMALL = env.str("BENCH_SIZE", "") == "small"
STATIC_ROOT = demo.STATIC_ROOT if IS_SMALL else env.path("STATIC_ROOT")
STORAGES = demo.STORAGES if IS_SMALL else base.STORAGES
WHITENOISE_AUTOREFRESH = False
WHITENOISE_KEEP_ONLY_HASHED_FILES = True  # pages link to hashed names alone
