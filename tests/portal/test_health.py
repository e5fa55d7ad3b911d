"""The health page: one bad part makes it bad."""

from datetime import timedelta

import pytest
import time_machine
from django.core.cache import cache
from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from mailing import outbox
from mailing import tasks as mailing_tasks
from mailing.models import Heartbeat, beat
from portal import health
from solicitations import tasks as solicitations_tasks
from tests import own_broker

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def beating(db, now):
    """Freeze the clock just after a beat."""
    with time_machine.travel(now, tick=False):
        health.record_beat(now=now)
        for name in health.SWEEPS:
            beat(name, now=now)
        yield


def states(client):
    answer = client.get("/sante/")
    parts = {name: part["state"] for name, part in answer.json().items() if name != "state"}
    return answer.status_code, {name for name, state in parts.items() if state == "bad"}


@transaction.atomic
def due_mail(*, since):
    outbox.enqueue(
        key=f"health:{since}",
        to="owner@example.org",
        template="mailing/sample",
        context={},
        about=[],
        now=timezone.now() - since,
    )


def test_every_part_is_ok(client):
    assert client.get("/sante/").json()["state"] == "ok"
    assert states(client) == (200, set())


@pytest.mark.parametrize(("age", "bad"), [(300, set()), (301, {"beat"})])
def test_beat_is_bad_over_five_minutes(client, age, bad):
    health.record_beat(now=timezone.now() - timedelta(seconds=age))

    assert states(client) == (503 if bad else 200, bad)


@pytest.mark.parametrize("sweep", ["mailing.sweep", "solicitations.sweep"])
@pytest.mark.parametrize(("age", "is_bad"), [(300, False), (301, True)])
def test_sweep_that_fails_for_five_minutes_is_bad(client, sweep, age, is_bad):
    beat(sweep, now=timezone.now() - timedelta(seconds=age))

    assert states(client) == ((503, {sweep}) if is_bad else (200, set()))


@pytest.mark.parametrize("sweep", [mailing_tasks.sweep, solicitations_tasks.sweep])
def test_sweep_that_never_ends_well_is_bad(client, sweep):
    Heartbeat.objects.all().delete()
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE mailing_outgoingemail RENAME COLUMN refused_at TO away")
    with pytest.raises(DatabaseError), transaction.atomic():
        sweep()

    assert not Heartbeat.objects.exists()
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE mailing_outgoingemail RENAME COLUMN away TO refused_at")
    assert states(client) == (503, set(health.SWEEPS))


def test_missing_beat_is_bad(client):
    cache.delete(health.BEAT_KEY)

    assert states(client) == (503, {"beat"})


@pytest.mark.parametrize(("age", "bad"), [(900, set()), (901, {"oldest_due_mail"})])
def test_due_mail_is_bad_over_fifteen_minutes(client, age, bad):
    due_mail(since=timedelta(seconds=age))

    assert states(client) == (503 if bad else 200, bad)


def test_an_unavailable_broker_is_bad(client, settings):
    settings.CELERY_BROKER_URL = "redis://127.0.0.1:1/0"

    assert states(client) == (503, {"broker"})


@pytest.mark.parametrize("kind", own_broker.REFUSALS)
def test_broker_that_answers_and_takes_nothing_is_bad(client, settings, tmp_path, kind):
    with own_broker.running(tmp_path) as settings.CELERY_BROKER_URL:
        assert states(client) == (200, set())
        own_broker.refuse_writes(settings.CELERY_BROKER_URL, kind)

        assert states(client) == (503, {"broker"})


def test_ages_are_given_in_seconds(client):
    health.record_beat(now=timezone.now() - timedelta(seconds=90))

    assert client.get("/sante/").json()["beat"]["age_seconds"] == 90


@pytest.mark.django_db(transaction=True)
def test_database_down_is_bad_and_the_process_alive(client):
    port = connection.settings_dict["PORT"]
    connection.close()
    connection.settings_dict["PORT"] = "1"
    try:
        assert states(client) == (503, {"database", "beat", "oldest_due_mail", *health.SWEEPS})
        assert client.get("/sante/?vivant").status_code == 200
    finally:
        connection.settings_dict["PORT"] = port


def test_alive_page_makes_no_query(client, django_assert_num_queries):
    with django_assert_num_queries(0):
        assert client.get("/sante/?vivant").json() == {"state": "ok"}


def test_answer_is_never_cached(client):
    assert "no-store" in client.get("/sante/")["Cache-Control"]
