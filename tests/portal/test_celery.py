"""The Celery application as the threads of a web server see it."""

from threading import Thread

from celery import current_app

from mailing import tasks
from portal.celery import app


def test_every_thread_publishes_through_the_portals_application():
    """A web server answers in threads: there, Celery's own default would publish to another broker."""
    seen: list[object] = []

    def look() -> None:
        seen.extend([current_app.main, current_app.conf.broker_url, tasks.sweep.app.main])

    thread = Thread(target=look)
    thread.start()
    thread.join()

    assert seen == [app.main, app.conf.broker_url, app.main]
