"""Dates as people say them."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from territories.spoken_time import spoken_age, spoken_date, spoken_moment, with_whole_hours
from territories.templatetags.local_time import local_time, time_ago

PARIS = ZoneInfo("Europe/Paris")
NOW = datetime(2026, 12, 3, 15, 0, tzinfo=PARIS)


def plain(text: str) -> str:
    """The text with ordinary spaces."""
    return text.replace("\u00a0", " ")


def test_a_line_never_ends_inside_an_hour_a_date_or_a_number():
    at = datetime(2027, 5, 3, 21, 36, tzinfo=PARIS)

    assert spoken_moment(at, time_zone=PARIS, now=NOW) == "lundi 3\u00a0mai\u00a02027 à 21\u00a0h\u00a036"
    assert spoken_age(NOW - timedelta(minutes=5), time_zone=PARIS, now=NOW) == "il y a 5\u00a0minutes"
    assert spoken_age(NOW - timedelta(days=12), time_zone=PARIS, now=NOW) == "il y a 12\u00a0jours"


@pytest.mark.parametrize(
    ("on", "expected"),
    [
        (date(2026, 12, 1), "mardi 1er décembre"),
        (date(2026, 2, 2), "lundi 2 février"),
        (date(2027, 1, 1), "vendredi 1er janvier 2027"),
    ],
)
def test_date_names_the_year_only_when_it_is_another(on, expected):
    assert plain(spoken_date(on, today=NOW.date())) == expected


@pytest.mark.parametrize(
    ("time_zone", "expected"),
    [
        ("Europe/Paris", "mardi 1er décembre à 14 h 30"),
        ("America/Martinique", "mardi 1er décembre à 9 h 30"),
        ("Indian/Reunion", "mardi 1er décembre à 17 h 30"),
    ],
)
def test_moment_is_on_the_clock_of_the_territory(time_zone, expected):
    at = datetime(2026, 12, 1, 13, 30, tzinfo=UTC)

    assert plain(spoken_moment(at, time_zone=ZoneInfo(time_zone), now=NOW)) == expected


def test_round_hour_is_reported_without_minutes():
    at = datetime(2026, 12, 1, 14, tzinfo=PARIS)

    assert plain(spoken_moment(at, time_zone=PARIS, now=NOW)).endswith("à 14 h")


@pytest.mark.parametrize(
    ("elapsed", "expected"),
    [
        (timedelta(seconds=-30), "à l'instant"),
        (timedelta(seconds=59), "à l'instant"),
        (timedelta(minutes=1), "il y a 1 minute"),
        (timedelta(minutes=59), "il y a 59 minutes"),
        (timedelta(hours=1), "il y a 1 heure"),
        (timedelta(hours=14), "il y a 14 heures"),
        (timedelta(hours=16), "hier"),
        (timedelta(days=2), "il y a 2 jours"),
        (timedelta(days=59), "il y a 59 jours"),
        (timedelta(days=60), "il y a 2 mois"),
        (timedelta(days=729), "il y a 24 mois"),
        (timedelta(days=730), "il y a 2 ans"),
    ],
)
def test_age_is_reported_in_the_unit_people_use(elapsed, expected):
    assert plain(spoken_age(NOW - elapsed, time_zone=PARIS, now=NOW)) == expected


def test_last_night_is_still_counted_in_hours():
    now = datetime(2026, 12, 3, 1, 0, tzinfo=PARIS)

    assert plain(spoken_age(now - timedelta(hours=3), time_zone=PARIS, now=now)) == "il y a 3 heures"


def test_page_shows_the_exact_moment_to_machines():
    at = datetime(2026, 12, 1, 13, 30, tzinfo=UTC)

    shown = plain(local_time(at, ZoneInfo("Indian/Reunion")))

    assert shown.startswith('<time datetime="2026-12-01T17:30+04:00">mardi 1er décembre')
    assert 'title="mardi 1er décembre' in plain(time_ago(at))


def test_unknown_moment_shows_nothing():
    assert local_time(None) == ""
    assert time_ago(None) == ""


def test_date_of_a_document_always_names_the_year():
    at = datetime(2026, 12, 1, 9, 0, tzinfo=UTC)

    assert plain(spoken_moment(at, time_zone=PARIS, now=None)) == "mardi 1er décembre 2026 à 10 h"


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("de 9 h à 12 h 30", "de 9\u00a0h à 12\u00a0h\u00a030"),
        ("9h-12h30, 14h", "9\u00a0h-12\u00a0h\u00a030, 14\u00a0h"),
        ("lundi, 2 heures", "lundi, 2 heures"),
    ],
)
def test_typed_hours_do_not_break(typed, shown):
    assert with_whole_hours(typed) == shown
