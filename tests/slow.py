"""Tests that ``make quick`` leaves out: those that start servers or browsers, crawl, or replay weeks."""

from functools import cache
from pathlib import PurePath

# Folders and modules, the longest tests first: xdist starts them in this order.
SLOW = (
    "bench/test_bench.py",
    "demo/test_demo.py",
    "demo/test_seeding.py",
    "faults",
    "browser",
    "demo/test_services.py",
    "journeys",
    "solicitations/clock",
    "attacks",
    "experts/routing/test_engine_properties.py",
    "mailing/replies/test_hostile.py",
    "mailing/test_receive_mail.py",
    "portal/test_manage.py",
    "directory/test_import_directory.py",
    "territories/test_import_territories.py",
)


@cache
def rank(path: PurePath) -> int:
    """Return the place of a test module in ``SLOW``; one that is not slow comes after all others."""
    inside = path.relative_to(PurePath(__file__).parent)
    return next((place for place, name in enumerate(SLOW) if inside.is_relative_to(name)), len(SLOW))
