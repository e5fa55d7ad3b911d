"""The metrics: access, and the value of each one."""

import os
from contextlib import suppress
from datetime import timedelta

import pytest
from django.core.cache import cache
from django.db import connection, transaction
from django.utils import timezone
from django.utils.module_loading import autodiscover_modules
from prometheus_client.parser import text_string_to_metric_families

from companies import register
from demo.fake_register import Mode
from mailing.failures import Failure
from mailing.models import Heartbeat, IncomingEmail, beat
from portal import health, metrics
from portal.celery import app
from portal.health import broker
from solicitations.actions import company_requests, expert_answers
from solicitations.dispatch import alerts, routing
from solicitations.lifecycle import MatchState
from tests import own_broker
from tests.mailing.factories import OutgoingEmailFactory
from tests.solicitations.factories import send

pytestmark = pytest.mark.django_db
TOKEN = "a token of the tests, long enough"
AS_SHIPPED = metrics.PATIENCE_MS


@pytest.fixture(autouse=True)
def patient(monkeypatch):
    """Lift the statement timeout, for busy machines."""
    monkeypatch.setattr(metrics, "PATIENCE_MS", 60_000)


@pytest.fixture
def commit(django_capture_on_commit_callbacks):
    """Call an action, then its ``on_commit`` callbacks."""

    def called(action, *args, **options):
        with django_capture_on_commit_callbacks(execute=True):
            return action(*args, **options)

    return called


def read(text):
    """Every sample: (name, *values of its labels in the order of their names) → value."""
    families = text_string_to_metric_families(text)
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in families
        for sample in family.samples
    }


def measured(*, now):
    return read(metrics.exposition(now=now).decode())


class TestWhoMayRead:
    @pytest.fixture(autouse=True)
    def token(self, settings):
        settings.METRICS_TOKEN = TOKEN

    def test_token_gives_access(self, client):
        answer = client.get("/metrics", headers={"Authorization": f"Bearer {TOKEN}"})

        assert answer.status_code == 200
        assert answer["Content-Type"].startswith("text/plain; version=")
        assert "no-store" in answer["Cache-Control"]
        assert ("relais_up", "database") in read(answer.content.decode())

    @pytest.mark.parametrize(
        "given",
        [
            "",
            "Bearer",
            "Bearer ",
            f"Basic {TOKEN}",
            TOKEN,
            f"Bearer {TOKEN}x",
            f"bearer {TOKEN[:-1]}",
            "Bearer é",
        ],
    )
    def test_other_tokens_are_refused(self, client, given, django_assert_num_queries):
        with django_assert_num_queries(0):
            answer = client.get("/metrics", headers={"Authorization": given} if given else {})

        assert (answer.status_code, answer.content) == (401, b"")

    def test_page_does_not_exist_without_a_token_in_the_settings(self, client, settings):
        settings.METRICS_TOKEN = ""

        assert client.get("/metrics", headers={"Authorization": "Bearer "}).status_code == 404

    def test_only_reading_is_allowed(self, client):
        assert client.post("/metrics", headers={"Authorization": f"Bearer {TOKEN}"}).status_code == 405


class TestClock:
    def test_age_of_each_beat(self, now):
        health.record_beat(now=now - timedelta(seconds=30))
        beat("mailing.sweep", now=now - timedelta(minutes=2))

        found = measured(now=now)

        assert found["relais_beat_age_seconds", "portal.beat"] == 30
        assert found["relais_beat_age_seconds", "mailing.sweep"] == 120

    def test_missing_beat_is_infinitely_old(self, now):
        cache.clear()
        Heartbeat.objects.all().delete()

        found = measured(now=now)
        for name in app.conf.beat_schedule:
            assert found["relais_beat_age_seconds", name] == float("inf")

    def test_each_scheduled_work_beats_once_it_has_ended(self, now):
        cache.clear()

        autodiscover_modules("tasks")  # as a worker: here Celery started before Django had settings
        for entry in app.conf.beat_schedule.values():
            app.tasks[entry["task"]]()

        found = measured(now=timezone.now())
        assert max(found["relais_beat_age_seconds", name] for name in app.conf.beat_schedule) < 3600


@pytest.mark.demo_directory
class TestRequests:
    def test_each_outcome_of_the_last_month(self, now, commit):
        commit(send, now=now - timedelta(days=31))
        taken = commit(send, now=now, siret="")
        commit(send, now=now, siret="", email="autre@example.org")
        one = taken.needs.get().matches.first()
        commit(expert_answers.move, one, MatchState.TAKEN, by=one.mailbox, now=now)

        found = {key: number for key, number in measured(now=now).items() if key[0] == "relais_requests"}

        assert found == {
            ("relais_requests", "in_progress", "", "submitted"): 1,
            ("relais_requests", "waiting", "", "submitted"): 1,
        }

    @pytest.mark.parametrize(
        ("age", "days"),
        [(0, "0-3"), (2.9, "0-3"), (3.1, "3-7"), (9, "7-10"), (13, "10-14"), (20, "14-50"), (60, "50-")],
    )
    def test_untaken_needs_by_age(self, now, commit, age, days):
        commit(send, now=now - timedelta(days=age))

        found = {
            key[1]: number for key, number in measured(now=now).items() if key[0] == "relais_needs_waiting"
        }

        assert found == {"0-3": 0, "3-7": 0, "7-10": 0, "10-14": 0, "14-50": 0, "50-": 0} | {days: 1}

    def test_need_that_is_taken_or_whose_request_is_over_does_not_wait(self, now, commit):
        taken, over = commit(send, now=now), commit(send, now=now, siret="", email="autre@example.org")
        one = taken.needs.get().matches.first()
        commit(expert_answers.move, one, MatchState.TAKEN, by=one.mailbox, now=now)
        commit(company_requests.cancel, over, now=now)

        assert measured(now=now)["relais_needs_waiting", "0-3"] == 0

    def test_request_that_cannot_be_routed_is_seen(self, now, monkeypatch):
        monkeypatch.setattr("experts.routing.loading.decide", None)
        send(now=now - timedelta(minutes=7))

        found = measured(now=now)

        assert found["relais_requests_unrouted",] == found["relais_requests_unroutable",] == 1
        assert found["relais_unrouted_age_seconds",] == 420

    def test_nothing_unrouted(self, now, commit):
        commit(send, now=now)

        found = measured(now=now)

        assert found["relais_requests_unrouted",] == found["relais_unrouted_age_seconds",] == 0

    def test_lines_of_the_staffs_list(self, now, commit):
        sent = commit(send, now=now)
        with transaction.atomic():
            alerts.raise_alert(sent, "departure", now=now)

        assert measured(now=now)["relais_alerts", "departure"] == 1

    def test_routing_is_timed_by_outcome(self, now, commit):
        before = measured(now=now)
        commit(send, now=now)
        routing.route_safely(-1, now=now)
        after = measured(now=now)

        for outcome in ("routed", "failed"):
            key = ("relais_routing_seconds_count", outcome)
            assert after[key] - before.get(key, 0) == 1


class TestMails:
    def test_mails_by_state(self, now):
        OutgoingEmailFactory(created_at=now)
        OutgoingEmailFactory(created_at=now, failure=Failure.SERVER, attempts=1)
        OutgoingEmailFactory(created_at=now, sent_at=now)
        OutgoingEmailFactory(created_at=now, refused_at=now)
        OutgoingEmailFactory.create_batch(2, created_at=now, cancelled_at=now)
        old = now - timedelta(hours=25)
        OutgoingEmailFactory(created_at=old)
        OutgoingEmailFactory(created_at=old, sent_at=old)

        found = measured(now=now)

        day = {key[1]: number for key, number in found.items() if key[0] == "relais_mails_of_day"}
        assert day == {"waiting": 1, "late": 1, "sent": 1, "refused": 1, "cancelled": 2}
        assert (found["relais_mails_unsent", "waiting"], found["relais_mails_unsent", "late"]) == (2, 1)

    @pytest.mark.parametrize(
        ("values", "seconds"),
        [
            ({}, 90),
            ({"failure": Failure.SERVER}, 90),
            ({"failure": Failure.RECIPIENT}, 0),
            ({"is_secret": True}, 0),
        ],
    )
    def test_oldest_that_should_have_left(self, now, values, seconds):
        OutgoingEmailFactory(created_at=now - timedelta(seconds=90), **values)
        OutgoingEmailFactory(created_at=now - timedelta(days=2), not_before=now + timedelta(seconds=1))

        assert measured(now=now)["relais_mail_oldest_due_seconds",] == seconds

    def test_mails_sent_by_the_sweep_are_counted_for_ever(self, now):
        old = now - timedelta(days=400)
        OutgoingEmailFactory.create_batch(2, created_at=old, sent_at=old, is_saved_by_sweep=True)
        OutgoingEmailFactory(created_at=now, sent_at=now)

        assert measured(now=now)["relais_mails_saved_by_sweep_total",] == 2

    def test_mails_to_be_read(self, now):
        IncomingEmail.objects.create(
            channel="pipe", message_id="<1@example.org>", raw=b"", received_at=now, next_try_at=now
        )

        assert measured(now=now)["relais_mails_unread",] == 1


class TestParts:
    def test_all_answer(self, now):
        found = measured(now=now)

        assert (found["relais_up", "database"], found["relais_up", "broker"]) == (1, 1)

    def test_tasks_that_wait_for_a_worker(self, now):
        app.control.purge()
        with broker() as connected:
            connected.rpush("celery", "a task")
            found = measured(now=now)
            connected.delete("celery")

        assert found["relais_queue_length",] == 1

    def test_unavailable_broker(self, now, settings):
        settings.CELERY_BROKER_URL = "redis://127.0.0.1:1/0"

        found = measured(now=now)

        assert (found["relais_up", "database"], found["relais_up", "broker"]) == (1, 0)
        assert ("relais_queue_length",) not in found

    def test_broker_full(self, now, settings, tmp_path):
        with own_broker.running(tmp_path) as settings.CELERY_BROKER_URL:
            own_broker.refuse_writes(settings.CELERY_BROKER_URL, "full")

            assert measured(now=now)["relais_up", "broker"] == 0

    @pytest.mark.django_db(transaction=True)
    def test_database_away(self, now):
        port = connection.settings_dict["PORT"]
        connection.close()
        connection.settings_dict["PORT"] = "1"
        try:
            found = measured(now=now)
        finally:
            connection.settings_dict["PORT"] = port

        assert (found["relais_up", "database"], found["relais_up", "broker"]) == (0, 1)
        assert "relais_requests_unrouted" not in {key[0] for key in found}

    def test_disk(self, now):
        assert 0 < measured(now=now)["relais_disk_free_ratio",] < 1


class TestProcesses:
    def test_answers_by_method_and_class_of_status(self, client, now):
        before = measured(now=now)
        client.get("/sante/?vivant")
        client.get("/nulle-part/")
        client.post("/sante/?vivant", headers={"X-Request-ID": "x"})
        after = measured(now=now)

        for key in (("GET", "2xx"), ("GET", "4xx"), ("POST", "2xx")):
            name = ("relais_answer_seconds_count", *key)
            assert after[name] - before.get(name, 0) == 1

    @pytest.mark.parametrize(
        ("mode", "outcomes"),
        [
            (Mode.ANSWER, ["answered"]),
            (Mode.ERROR, ["status 500"]),
            (Mode.HANG, ["too slow", "ReadTimeout"]),  # whichever of its two limits the client meets first
        ],
    )
    def test_questions_to_the_register_by_outcome(self, register_server, fail, settings, now, mode, outcomes):
        settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
        cache.clear()
        settings.REGISTER_URL, settings.REGISTER_TIMEOUT = register_server.url, timedelta(seconds=60)
        fail(mode)

        def counted() -> float:
            found = measured(now=now)
            return sum(found.get(("relais_register_questions_total", outcome), 0) for outcome in outcomes)

        before = counted()

        with suppress(register.RegisterUnavailable):
            register.search("halles")

        assert counted() - before == 1

    def test_processes_that_share_a_folder_are_added_up(self, run_python, tmp_path):
        """Two processes count and end; a third one reports their total."""
        count = "from portal.counters import ANSWERS; ANSWERS.labels('GET', '2xx').observe(0.2)"
        say = (
            "import django; django.setup(); from prometheus_client import generate_latest;"
            "from portal import metrics; print(generate_latest(metrics._processes()).decode())"
        )
        environment = os.environ | {"PROMETHEUS_MULTIPROC_DIR": str(tmp_path / "made at need")}

        done = [run_python("-c", code, environment=environment) for code in (count, count, say)]

        assert [each.returncode for each in done] == [0, 0, 0]
        found = read(done[-1].stdout)
        assert found["relais_answer_seconds_count", "GET", "2xx"] == 2
        assert found["relais_answer_seconds_sum", "GET", "2xx"] == pytest.approx(0.4)


def test_every_count_begins_at_0(run_python, tmp_path):
    """Prometheus does not see the increase of a series that appears with its first count."""
    say = (
        "import django; django.setup(); from prometheus_client import generate_latest;"
        "from portal import metrics, urls; print(generate_latest(metrics._processes()).decode())"
    )
    done = run_python("-c", say, environment=os.environ | {"PROMETHEUS_MULTIPROC_DIR": str(tmp_path)})

    assert done.returncode == 0
    found = read(done.stdout)
    for key in (
        ("relais_answer_seconds_count", "POST", "5xx"),
        ("relais_answer_seconds_count", "GET", "4xx"),
        ("relais_log_lines_lost_total", "error"),
        ("relais_register_questions_total", "too slow"),
        ("relais_register_questions_total", "status 503"),
        ("relais_register_questions_total", "ConnectionError"),
        ("relais_routing_seconds_count", "failed"),
    ):
        assert found[key] == 0, key


@pytest.mark.demo_directory
def test_number_of_queries_does_not_depend_on_the_rows(now, commit, django_assert_num_queries):
    def ask():
        with django_assert_num_queries(14):
            metrics.exposition(now=now)

    ask()
    for number in range(3):
        commit(send, now=now, siret="", email=f"contact{number}@example.org")
    ask()


def test_database_that_is_slow_is_not_waited_for(now, monkeypatch):
    monkeypatch.setattr(metrics, "PATIENCE_MS", 50)
    hour = "SELECT pg_sleep(3600)"
    monkeypatch.setattr(metrics.mail_metrics, "unread", lambda: connection.cursor().execute(hour))

    assert measured(now=now)["relais_up", "database"] == 0


def test_database_has_two_seconds():
    assert AS_SHIPPED == 2000
