"""The night's count of coverage is killed midway: each region is counted once and mailed once."""

import time

import pytest

from tests.faults.harness import PATIENCE, PortalHarness

# The nation was counted yesterday, and everything was answered: whatever is uncovered today is a loss.
COUNTED_YESTERDAY = """
    INSERT INTO directory_coveragenight (region_id, day, counted_at, uncovered, weak, openings, mended)
    SELECT code, current_date - 1, now() - interval '1 day',
        (SELECT jsonb_object_agg(slug, '[]'::jsonb) FROM experts_subject), '{}', '{}', '[]'
    FROM territories_region
"""
COUNTED = "SELECT count(*) FROM directory_coveragenight WHERE day >= current_date"
MAILS = """
    SELECT context ->> 'region' FROM mailing_outgoingemail
    WHERE template = 'directory/emails/coverage_losses' ORDER BY id
"""
BEATS = "SELECT count(*) FROM mailing_heartbeat WHERE name = 'directory.coverage'"


@pytest.fixture
def night(harness):
    arguments = ("create_staff", "nationale@example.org", "--role", "national")
    assert harness.start_process("django", *arguments).wait(PATIENCE) == 0, harness.log_tails()
    harness.sql(COUNTED_YESTERDAY)
    return harness


def wait(harness: PortalHarness, is_done) -> None:
    until = time.monotonic() + PATIENCE
    while not is_done():
        assert time.monotonic() < until, harness.log_tails()
        time.sleep(0.05)


def test_night_killed_midway_counts_the_others_and_mails_each_region_once(night):
    regions = night.count("SELECT count(*) FROM territories_region")
    worker = night.start_worker()
    night.send_task("directory.tasks.count_coverage")
    wait(night, lambda: night.count(COUNTED) >= 2)

    night.kill(worker)
    counted, mailed = night.count(COUNTED), [region for (region,) in night.sql(MAILS)]
    assert 2 <= counted < regions
    assert len(mailed) == counted

    night.start_worker()
    for _ in range(2):
        night.send_task("directory.tasks.count_coverage")
    wait(night, lambda: night.count(COUNTED) == regions and night.count(BEATS) > 0)

    again = [region for (region,) in night.sql(MAILS)]
    assert again[:counted] == mailed
    assert len(again) == len(set(again)) == regions
