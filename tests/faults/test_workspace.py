"""Work of experts whose process is killed in the middle: a bulk, an upload, a digest, a re-offer."""

import json
import time
from threading import Thread

import psycopg2
import pytest
import requests

from tests.faults.harness import PATIENCE, PortalHarness
from tests.faults.simulated_owners import TOKEN
from tests.faults.test_sheets import WAITING, hold

PDF = b"%PDF-1.4\n%%EOF"
LIVE_MAILS = """
    SELECT count(*) FROM mailing_outgoingemail
    WHERE cancelled_at IS NULL AND template LIKE %s AND lower("to") = lower(%s)
"""


class Workspace:
    """A scene of the workspace, processes held at a lock, then killed."""

    def __init__(self, harness: PortalHarness) -> None:
        self.harness = harness
        made = harness.start_process("tests.faults.workspace_scene", pipes=True)
        written, _ = made.communicate(timeout=PATIENCE)
        assert made.returncode == 0, harness.log_tails()
        self.scene = json.loads(written)

    def press(self, path: str, *, is_sure: bool = True, **request) -> None:
        """Press a button of the web's page; ``is_sure``: the answer must come, and say that it was done."""
        try:
            answer = requests.post(
                f"{self.harness.addresses[0]}{path}",
                cookies={"sessionid": self.scene["session"], "csrftoken": TOKEN},
                headers={"Connection": "close"},
                timeout=PATIENCE,
                allow_redirects=False,
                **request,
            )
        except requests.RequestException:
            assert not is_sure
        else:
            assert is_sure
            assert answer.status_code in {200, 302}, answer.text[:2000]

    def wait(self, is_done) -> None:
        until = time.monotonic() + PATIENCE
        while not is_done():
            assert time.monotonic() < until, self.harness.log_tails()
            time.sleep(0.1)

    def wait_at_lock(self) -> None:
        self.wait(lambda: self.harness.count(WAITING) >= 1)

    def sweep_twice(self) -> None:
        """Have a worker sweep twice, to its end."""
        beat = "SELECT beat_at FROM mailing_heartbeat WHERE name = 'solicitations.sweep'"
        for _ in range(2):
            before = self.harness.sql(beat)
            self.harness.send_task("solicitations.tasks.sweep")
            self.wait(lambda before=before: self.harness.sql(beat) != before)

    def mails(self, occasion: str, to: str) -> int:
        return self.harness.count(LIVE_MAILS, f"%/{occasion}", to)

    def states(self) -> list[str]:
        rows = self.harness.sql(
            "SELECT state FROM solicitations_match WHERE id = ANY(%s) ORDER BY id", self.scene["needs"]
        )
        return [state for (state,) in rows]


@pytest.fixture
def workspace(harness):
    return Workspace(harness)


@pytest.fixture
def holder(harness, workspace):
    """A connection that holds locks until it is rolled back."""
    connection = psycopg2.connect(harness.database_url)
    yield connection
    connection.close()


def kill_web_during(workspace, web, holder, path, **request):
    """Press a button, kill the web process where the lock holds it, and start another one."""
    pressing = Thread(target=lambda: workspace.press(path, is_sure=False, **request))
    pressing.start()
    workspace.wait_at_lock()
    workspace.harness.kill(web)
    pressing.join(PATIENCE)
    holder.rollback()
    workspace.harness.start_web(address=workspace.harness.addresses[0])


def test_web_killed_in_a_bulk_keeps_what_moved_and_does_the_rest_once(harness, workspace, holder):
    web = harness.start_web()
    [(seen,)] = harness.sql("SELECT max(id) FROM solicitations_event")
    typed = {
        "csrfmiddlewaretoken": TOKEN, "geste": "clore", "issue": "decline-no_capacity", "seen": seen,
        "besoins": workspace.scene["needs"],
    }  # fmt: skip
    hold(
        holder,
        f"SELECT FROM solicitations_solicitation WHERE id = {workspace.scene['requests'][1]} FOR UPDATE",
    )

    kill_web_during(workspace, web, holder, "/besoins/lot/", data=typed)

    assert sorted(workspace.states()) == ["declined", "sent", "sent"]
    workspace.press("/besoins/lot/", data=typed)
    assert workspace.states() == ["declined"] * 3
    moves = "SELECT match_id FROM solicitations_event WHERE kind = 'moved' AND match_id = ANY(%s) ORDER BY 1"
    assert [pk for (pk,) in harness.sql(moves, workspace.scene["needs"])] == workspace.scene["needs"]


def test_web_killed_in_an_upload_shows_no_half_written_file(harness, workspace, holder):
    web = harness.start_web()
    before = harness.count("SELECT count(*) FROM solicitations_message")
    hold(holder, "LOCK TABLE solicitations_attachedfile IN SHARE MODE")
    request = {
        "data": {"csrfmiddlewaretoken": TOKEN, "body": "Voici le plan."},
        "files": {"attached": ("plan.pdf", PDF, "application/pdf")},
    }

    kill_web_during(workspace, web, holder, workspace.scene["message_path"], **request)

    assert harness.count("SELECT count(*) FROM solicitations_message") == before
    assert [
        path for path in harness.private_files.rglob("*") if path.is_file()
    ]  # named by no row: erased at night
    workspace.press(workspace.scene["message_path"], **request)
    assert harness.count("SELECT count(*) FROM solicitations_message") == before + 1
    assert harness.count("SELECT count(*) FROM solicitations_attachedfile") == 1


def kill_worker_during(workspace, holder, task, *values):
    """Send a task, kill its worker where the lock holds it, and start another one."""
    worker = workspace.harness.start_worker()
    workspace.harness.send_task(task, *values)
    workspace.wait_at_lock()
    workspace.harness.kill(worker)
    holder.rollback()
    workspace.harness.start_worker()


def test_worker_killed_in_a_digest_sends_it_once_with_all_that_waited(harness, workspace, holder):
    address = workspace.scene["address"]
    harness.sql("DELETE FROM experts_mailpreference")  # otherwise a digest waits for a working day
    due = "UPDATE mailing_outgoingemail SET next_try_at = created_at WHERE is_for_digest RETURNING id"
    assert harness.sql(due)
    hold(holder, "LOCK TABLE mailing_outgoingemail IN SHARE MODE")

    kill_worker_during(workspace, holder, "solicitations.tasks.sweep")

    assert workspace.mails("digest", address) == 0
    workspace.sweep_twice()
    assert workspace.mails("digest", address) == 1
    [(context,)] = harness.sql("SELECT context FROM mailing_outgoingemail WHERE template LIKE '%%/digest'")
    [request] = context["requests"]
    assert [news["quote"] for news in request["news"]] == ["Je l'appelle lundi."]


def test_worker_killed_in_a_re_offer_asks_others_once(harness, workspace, holder):
    scene = workspace.scene
    harness.sql("UPDATE experts_expert SET left_at = now() WHERE id = %s", scene["expert"])
    hold(holder, "LOCK TABLE solicitations_match IN SHARE MODE")

    kill_worker_during(workspace, holder, "solicitations.tasks.reoffer_needs_of_gone")

    assert workspace.states() == ["sent"] * 3
    workspace.sweep_twice()
    assert workspace.states() == ["withdrawn"] * 3
    asked = "SELECT count(*) FROM solicitations_match WHERE expert_id = %s"
    assert harness.count(asked, scene["colleague"]) == 3
    assert workspace.mails("notified", scene["colleague_address"]) == 3
