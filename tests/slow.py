"""Tests that ``make quick`` leaves out, and the order in which several processes run all of them."""

from collections.abc import Iterable
from functools import cache
from pathlib import PurePath

import pytest

# Folders and modules, the longest tests first.
WAITING = (  # mostly for servers, browsers and other processes
    "bench/test_bench.py",
    "demo/test_demo.py",
    "faults",
    "browser",
    "demo/test_services.py",
    "journeys/test_worker.py",
    "journeys/test_replies.py",
    "journeys/test_logs.py",
    "mailing/test_receive_mail.py",
    "portal/test_manage.py",
)
COMPUTING = (
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
    "experts/routing/test_engine_properties.py",
    "experts/routing/test_route.py",
    "experts/test_admin.py",
    "experts/test_import_catalogue.py",
    "experts/wording",
    "indicators/test_whole_country.py",
    "mailing/replies/test_hostile.py",
    "mailing/replies/test_parser.py",
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
MIXED_PART = 0.85  # of the tests that compute; the last ones run alone, so that no process waits for another


@cache
def rank(path: PurePath) -> int:
    """Return the place of a test module in ``SLOW``; one that is not slow comes after all others."""
    inside = path.relative_to(PurePath(__file__).parent)
    return next((place for place, name in enumerate(SLOW) if inside.is_relative_to(name)), len(SLOW))


def mixed(items: Iterable[pytest.Item]) -> list[pytest.Item]:
    """The tests that wait, the longest first, evenly spread among those that compute meanwhile."""
    by_rank = sorted(items, key=lambda item: rank(item.path))
    waiting = [item for item in by_rank if rank(item.path) < len(WAITING)]
    others = by_rank[len(waiting) :]
    gap = int(MIXED_PART * len(others)) // max(len(waiting), 1)
    spread: list[pytest.Item] = []
    for place, item in enumerate(waiting):
        spread += [item, *others[gap * place : gap * (place + 1)]]
    return spread + others[gap * len(waiting) :]
