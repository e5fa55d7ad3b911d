"""A web process collects its garbage with each page, in short collections."""

import gc
import runpy

import pytest

from portal import garbage

A_PAGE = 2_000  # objects in cycles


@pytest.fixture
def usual_collector():
    """Put back the collector of the tests."""
    before = gc.get_threshold()
    yield
    gc.set_threshold(*before)


@pytest.mark.usefixtures("usual_collector")
def test_a_web_process_collects_with_each_page(monkeypatch):
    monkeypatch.setattr(garbage.gc, "freeze", lambda: None)  # it would hold what other tests make
    monkeypatch.setattr("portal.database_waits.limit", lambda database: None)  # on the tests' own settings
    monkeypatch.setenv("DJANGO_SETTINGS_MODULE", "portal.settings.test")
    worker = runpy.run_path("gunicorn.conf.py")
    worker["post_worker_init"](None)
    collected = []

    def note(phase: str, facts: dict[str, int]) -> None:
        collected.append(phase)

    gc.callbacks.append(note)
    try:
        for _ in range(A_PAGE):
            cycle: list[object] = [{}]
            cycle.append(cycle)
    finally:
        gc.callbacks.remove(note)

    assert collected
