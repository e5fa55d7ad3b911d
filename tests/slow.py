"""Tests that ``make quick`` leaves out, and the order in which several processes run all of them."""

from collections.abc import Iterable
from functools import cache
from itertools import groupby
from pathlib import PurePath

import pytest
from xdist.scheduler import LoadScopeScheduling

# Folders and modules, the longest tests first.
WAITING = (  # mostly for servers, browsers and other processes
    "faults",
    "bench/test_bench.py",
    "browser",
    "demo/test_demo.py",
    "demo/test_services.py",
    "journeys/test_worker.py",
    "journeys/test_replies.py",
    "journeys/test_logs.py",
    "mailing/test_receive_mail.py",
    "portal/test_manage.py",
)
COMPUTING = (  # the first three need no database, which is built meanwhile
    "mailing/replies/test_hostile.py",
    "mailing/replies/test_parser.py",
    "experts/routing/test_engine_properties.py",
    "demo/test_seeding.py",
    "solicitations/clock",
    "journeys",
    "attacks",
    "directory/coverage",
    "directory/foresight",
    "directory/sheets/test_public_offices_page.py",
    "directory/sheets/test_sheet_pages.py",
    "directory/sheets/test_sheet_properties.py",
    "directory/sheets/test_sheet_trial.py",
    "directory/test_expert_edits.py",
    "directory/test_import_directory.py",
    "directory/test_import_public_offices.py",
    "directory/test_office_edits.py",
    "directory/test_page_rights.py",
    "directory/test_vanished_areas.py",
    "experts/changes/test_changes.py",
    "experts/routing/test_route.py",
    "experts/test_admin.py",
    "experts/test_import_catalogue.py",
    "experts/wording",
    "indicators/test_whole_country.py",
    "mailing/test_originals.py",
    "mailing/test_webhooks.py",
    "oversight/test_exports.py",
    "oversight/test_handling.py",
    "oversight/test_incoming_pages.py",
    "oversight/test_other_region.py",
    "oversight/test_request_actions.py",
    "oversight/test_request_list.py",
    "oversight/test_staff_letters.py",
    "portal/test_metrics.py",
    "portal/test_settings.py",
    "owners/test_company.py",
    "solicitations/test_concurrency.py",
    "solicitations/test_edges.py",
    "solicitations/test_erasure.py",
    "solicitations/test_legal.py",
    "solicitations/test_reoffer.py",
    "solicitations/test_repeated_requests.py",
    "solicitations/test_reply_doubts.py",
    "territories/test_import_territories.py",
    "workspace/test_bulk_actions.py",
    "workspace/test_inbox_filters.py",
    "workspace/test_need_actions.py",
    "workspace/test_rights_table.py",
    "workspace/test_shared_mailbox.py",
)
SLOW = WAITING + COMPUTING
TOGETHER = ("faults", "browser")  # folders whose tests share servers, or a browser
MIXED_PART = 0.85  # of the tests that compute; the last ones run alone, so that no process waits for another
TESTS = PurePath(__file__).parent


@cache
def rank(path: PurePath) -> int:
    """Return the place of a test module in ``SLOW``; one that is not slow comes after all others."""
    inside = path.relative_to(TESTS)
    return next((place for place, name in enumerate(SLOW) if inside.is_relative_to(name)), len(SLOW))


def unit(module: str) -> str:
    """Return what one process runs whole: a test module, or a folder of ``TOGETHER``."""
    inside = PurePath(module).relative_to(TESTS.name)
    return inside.parts[0] if inside.parts[0] in TOGETHER else str(inside)


class Scheduler(LoadScopeScheduling):
    """Hand out whole units, in the order of the tests: what a module builds once is built in one process."""

    def _split_scope(self, nodeid: str) -> str:
        return unit(nodeid.partition("::")[0])


def mixed(items: Iterable[pytest.Item]) -> list[pytest.Item]:
    """The units that wait, the longest first, evenly spread among those that compute meanwhile."""
    by_rank = sorted(items, key=lambda item: rank(item.path))
    waiting = [item for item in by_rank if rank(item.path) < len(WAITING)]
    others = by_rank[len(waiting) :]
    units = [list(tests) for _, tests in groupby(waiting, lambda item: rank(item.path))]
    gap = int(MIXED_PART * len(others)) // max(len(units), 1)
    spread: list[pytest.Item] = []
    for place, tests in enumerate(units):
        spread += [*tests, *others[gap * place : gap * (place + 1)]]
    return spread + others[gap * len(units) :]
