from datetime import UTC, date, datetime, timedelta

import pytest

from territories import working_time
from territories.models import Commune

DIJON = Commune(code="21231", department_id="21")
STRASBOURG = Commune(code="67482", department_id="67")
METZ = Commune(code="57463", department_id="57")
FORT_DE_FRANCE = Commune(code="97209", department_id="972")
SAINT_DENIS = Commune(code="97411", department_id="974")


def in_dijon(*moment):
    return datetime(*moment, tzinfo=DIJON.time_zone)


@pytest.mark.parametrize(
    ("on", "commune", "expected"),
    [
        (date(2026, 12, 1), DIJON, True),
        (date(2026, 12, 5), DIJON, False),
        (date(2026, 12, 6), DIJON, False),
        (date(2026, 7, 14), DIJON, False),
        (date(2026, 4, 6), DIJON, False),
        (date(2026, 4, 3), DIJON, True),
        (date(2026, 4, 3), STRASBOURG, False),
        (date(2026, 4, 3), METZ, False),
        (date(2025, 12, 26), STRASBOURG, False),
        (date(2025, 12, 26), DIJON, True),
        (date(2026, 5, 22), FORT_DE_FRANCE, False),
        (date(2026, 5, 22), DIJON, True),
        (date(2027, 12, 20), SAINT_DENIS, False),
        (date(2027, 12, 20), FORT_DE_FRANCE, True),
    ],
)
def test_week_ends_and_holidays_of_the_territory_are_not_working_days(on, commune, expected):
    assert working_time.is_working_day(on, commune) is expected


@pytest.mark.parametrize(
    "department",
    ["21", "2A", "57", "67", "68", *map(str, range(971, 979)), "984", "986", "987", "988", "989"],
)
def test_every_territory_has_its_first_of_january(department):
    assert not working_time.is_working_day(date(2027, 1, 1), Commune(department_id=department))


@pytest.mark.parametrize(
    ("hour", "minute", "expected"), [(7, 59, False), (8, 0, True), (18, 59, True), (19, 0, False)]
)
def test_people_work_from_eight_to_nineteen(hour, minute, expected):
    assert working_time.is_working_time(in_dijon(2026, 12, 1, hour, minute), DIJON) is expected


def test_working_time_is_read_on_the_clock_of_the_commune():
    at = datetime(2026, 12, 1, 9, tzinfo=UTC)

    assert working_time.is_working_time(at, DIJON)
    assert working_time.is_working_time(at, SAINT_DENIS)
    assert not working_time.is_working_time(at, FORT_DE_FRANCE)


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        (in_dijon(2026, 12, 1, 6), in_dijon(2026, 12, 1, 8)),
        (in_dijon(2026, 12, 1, 8), in_dijon(2026, 12, 1, 8)),
        (in_dijon(2026, 12, 1, 20), in_dijon(2026, 12, 2, 8)),
        (in_dijon(2026, 12, 4, 20), in_dijon(2026, 12, 7, 8)),
        (in_dijon(2026, 12, 24, 20), in_dijon(2026, 12, 28, 8)),
    ],
)
def test_night_week_end_and_holiday_wait_for_the_next_working_morning(at, expected):
    assert working_time.next_working_morning(at, DIJON) == expected


def test_morning_is_that_of_martinique_after_its_holiday():
    at = datetime(2026, 5, 21, 23, 30, tzinfo=UTC)  # 19:30 there, on the eve of its holiday, a Friday

    morning = working_time.next_working_morning(at, FORT_DE_FRANCE)

    assert morning.isoformat() == "2026-05-26T08:00:00-04:00"  # the 25th is Whit Monday


def test_morning_after_the_clock_change_is_still_at_eight():
    morning = working_time.next_working_morning(in_dijon(2026, 3, 27, 20), DIJON)

    assert morning.isoformat() == "2026-03-30T08:00:00+02:00"


@pytest.mark.parametrize(
    ("at", "hours", "expected"),
    [
        (in_dijon(2026, 12, 1, 10), 4, in_dijon(2026, 12, 1, 14)),
        (in_dijon(2026, 12, 1, 15), 4, in_dijon(2026, 12, 1, 19)),
        (in_dijon(2026, 12, 1, 17), 4, in_dijon(2026, 12, 2, 10)),
        (in_dijon(2026, 12, 1, 3), 4, in_dijon(2026, 12, 1, 12)),
        (in_dijon(2026, 12, 4, 18), 4, in_dijon(2026, 12, 7, 11)),
        (in_dijon(2026, 3, 27, 18), 4, in_dijon(2026, 3, 30, 11)),
        (in_dijon(2026, 10, 23, 18), 4, in_dijon(2026, 10, 26, 11)),
        (in_dijon(2026, 12, 1, 8), 12, in_dijon(2026, 12, 2, 9)),
        (in_dijon(2026, 12, 24, 18), 4, in_dijon(2026, 12, 28, 11)),
        (in_dijon(2026, 12, 5, 12), 0, in_dijon(2026, 12, 7, 8)),
    ],
)
def test_working_hours_pass_in_working_time_only(at, hours, expected):
    assert working_time.add_working_hours(at, timedelta(hours=hours), DIJON) == expected


def test_working_hours_of_reunion_start_at_its_own_morning():
    at = datetime(2026, 12, 1, 16, tzinfo=UTC)  # 20:00 there

    done = working_time.add_working_hours(at, timedelta(hours=4), SAINT_DENIS)

    assert done.isoformat() == "2026-12-02T12:00:00+04:00"


@pytest.mark.parametrize(
    ("on", "days", "commune", "expected"),
    [
        (date(2026, 12, 1), 0, DIJON, date(2026, 12, 1)),
        (date(2026, 12, 1), 10, DIJON, date(2026, 12, 15)),
        (date(2026, 12, 5), 1, DIJON, date(2026, 12, 7)),
        (date(2026, 12, 24), 1, DIJON, date(2026, 12, 28)),
        (date(2026, 5, 21), 1, DIJON, date(2026, 5, 22)),
        (date(2026, 5, 21), 1, FORT_DE_FRANCE, date(2026, 5, 26)),
    ],
)
def test_working_days_skip_week_ends_and_the_holidays_of_the_territory(on, days, commune, expected):
    assert working_time.add_working_days(on, days, commune) == expected


@pytest.mark.parametrize(
    ("start", "end", "commune", "expected"),
    [
        (date(2026, 12, 1), date(2026, 12, 15), DIJON, 10),
        (date(2026, 12, 15), date(2026, 12, 15), DIJON, 0),
        (date(2026, 12, 16), date(2026, 12, 15), DIJON, 0),
        (date(2026, 12, 4), date(2026, 12, 6), DIJON, 0),
        (date(2026, 4, 2), date(2026, 4, 7), DIJON, 2),
        (date(2026, 4, 2), date(2026, 4, 7), STRASBOURG, 1),
    ],
)
def test_working_days_between_two_dates_leave_the_first_out(start, end, commune, expected):
    assert working_time.working_days_between(start, end, commune) == expected
