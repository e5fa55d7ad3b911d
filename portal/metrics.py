"""Metrics for Prometheus: those read from the database on request, and those counted by the processes."""

import shutil
from collections.abc import Iterator, Mapping
from datetime import datetime

import redis
from django.conf import settings
from django.db import DatabaseError, connection, transaction
from prometheus_client import REGISTRY, CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector

from mailing.models import Heartbeat, mail_metrics, oldest_due_at
from portal import counters, health, request_metrics
from portal.celery import app

PATIENCE_MS = 2000  # for the database: an overloaded one must not be loaded further
NEVER = float("inf")


def exposition(*, now: datetime) -> bytes:
    """All metrics, in Prometheus's text format."""
    return generate_latest(CurrentMetrics(now)) + generate_latest(_processes())


def _processes() -> CollectorRegistry:
    """The metrics counted by this process, or by all processes when they share a folder."""
    if not counters.FOLDER:
        return REGISTRY
    registry = CollectorRegistry()
    MultiProcessCollector(registry, counters.FOLDER)  # type: ignore[no-untyped-call]
    return registry


class CurrentMetrics(CollectorRegistry):
    """Metrics true at ``now``. When the database or the broker is down, its metrics are left out."""

    def __init__(self, now: datetime) -> None:
        super().__init__()
        self.now = now

    def collect(self) -> Iterator[Metric]:
        up = GaugeMetricFamily("relais_up", "Whether a part of the portal answers.", labels=["part"])
        found: list[Metric] = []
        try:
            found += self._database()
        except DatabaseError:
            up.add_metric(["database"], 0)
        else:
            up.add_metric(["database"], 1)
        try:
            found.append(_queue())
        except redis.RedisError:
            up.add_metric(["broker"], 0)
        else:
            up.add_metric(["broker"], 1)
        yield from [up, _disk(), *found]

    def _database(self) -> list[Metric]:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET LOCAL statement_timeout = %s", [PATIENCE_MS])
            return [*self._clock(), *self._requests(), *self._mails()]

    def _clock(self) -> Iterator[Metric]:
        beats = {beat.name: beat.beat_at for beat in Heartbeat.objects.all()}
        if last := health.last_beat_at():
            beats["portal.beat"] = last
        ages = dict.fromkeys(app.conf.beat_schedule, NEVER)
        ages |= {name: self._age(at) for name, at in beats.items()}
        yield _labelled(
            "relais_beat_age_seconds", "Time since the scheduled work last ended well.", "work", ages
        )

    def _requests(self) -> Iterator[Metric]:
        outcomes = GaugeMetricFamily(
            "relais_requests",
            "Requests of the last 30 days, by state, what they show and why they were closed.",
            labels=["state", "progress", "reason"],
        )
        for state, progress, reason, number in request_metrics.outcomes(now=self.now):
            outcomes.add_metric([state, progress, reason], number)
        yield outcomes
        yield _labelled(
            "relais_needs_waiting",
            "Needs that nobody has taken, by days since they were sent.",
            "days",
            request_metrics.untaken_by_age(now=self.now),
        )
        number, failed, since = request_metrics.unrouted()
        yield _single("relais_requests_unrouted", "Requests that wait for their routing.", number)
        yield _single("relais_requests_unroutable", "Those whose routing failed and is tried again.", failed)
        yield _single("relais_unrouted_age_seconds", "Age of the oldest of them.", self._age(since))
        yield _labelled(
            "relais_alerts", "Lines in the staff's lists.", "cause", request_metrics.open_alerts()
        )

    def _mails(self) -> Iterator[Metric]:
        yield _labelled("relais_mails_unsent", "Mails still to leave.", "state", mail_metrics.unsent())
        yield _labelled(
            "relais_mails_of_day",
            "Mails written in the last 24 hours, by what became of them.",
            "state",
            mail_metrics.outcomes_of_the_day(now=self.now),
        )
        yield _single(
            "relais_mail_oldest_due_seconds",
            "How late the oldest mail is that should have left.",
            self._age(oldest_due_at(now=self.now)),
        )
        saved = CounterMetricFamily("relais_mails_saved_by_sweep", "Mails that no worker sent in time.")
        saved.add_metric([], mail_metrics.sent_by_sweep())
        yield saved
        yield _single("relais_mails_unread", "Mails that came in and wait to be read.", mail_metrics.unread())

    def _age(self, since: datetime | None) -> float:
        return max(0.0, (self.now - since).total_seconds()) if since else 0.0


def _queue() -> Metric:
    """Raises ``RedisError``."""
    with health.broker() as broker:
        health.write_to(broker)
        waiting = broker.llen(app.conf.task_default_queue)
    return _single("relais_queue_length", "Tasks that wait for a worker.", int(waiting))


def _disk() -> Metric:
    usage = shutil.disk_usage(settings.BASE_DIR)
    return _single("relais_disk_free_ratio", "Free part of this machine's disk.", usage.free / usage.total)


def _single(name: str, meaning: str, value: float) -> Metric:
    return GaugeMetricFamily(name, meaning, value=value)


def _labelled(name: str, meaning: str, label: str, values: Mapping[str, float]) -> Metric:
    family = GaugeMetricFamily(name, meaning, labels=[label])
    for key, value in values.items():
        family.add_metric([key], value)
    return family
