"""Age of the holes of a coverage, from one night to the next."""

from datetime import date

from directory.coverage.hole_ages import follow_openings, median_days, mended_since

MONDAY, TUESDAY, FRIDAY = date(2026, 11, 30), date(2026, 12, 1), date(2026, 12, 4)


def test_holes_of_the_first_night_have_no_age_and_those_that_open_later_have():
    monday, tuesday = {"a": ["1", "2"]}, {"a": ["1", "2", "3"], "new": ["1"]}

    assert follow_openings({}, monday, tuesday, today=TUESDAY) == {"a": {"2026-12-01": ["3"]}}


def test_a_hole_keeps_its_day_until_it_is_mended():
    openings = {"a": {"2026-11-30": ["1", "2"]}, "gone": {"2026-11-30": ["1"]}}

    after = {"a": ["2", "3"]}

    assert follow_openings(openings, {"a": ["1", "2", "3"]}, after, today=FRIDAY) == {
        "a": {"2026-11-30": ["2"]}
    }
    assert mended_since(openings, after, today=FRIDAY) == [("2026-12-04", 4, 1)]


def test_median_counts_communes():
    assert median_days([("2026-12-01", 2, 10), ("2026-12-01", 30, 9), ("2026-12-01", 1, 1)]) == 2
    assert median_days([]) is None
