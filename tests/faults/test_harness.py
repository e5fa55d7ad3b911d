"""The harness's own processes: exit codes, logs and restarts."""

from signal import SIGKILL

from tests.faults.harness import PATIENCE
from tests.workers import wait_for


def test_end_of_a_process_is_known(harness, tmp_path):
    ended = harness.start_process("platform")
    failed = harness.start_process("json.tool", str(tmp_path / "absent.json"))
    killed = harness.start_process("http.server", "--bind", "127.0.0.1", "0")
    assert killed.poll() is None
    harness.kill(killed)

    assert (ended.wait(PATIENCE), killed.returncode) == (0, -SIGKILL)
    assert failed.wait(PATIENCE) > 0
    assert "absent.json" in harness.logs_of("json.tool")
    assert not harness.is_running()


def test_process_that_restarts_does_so_until_it_succeeds(harness, tmp_path):
    needed = tmp_path / "needed.json"
    process = harness.start_process("json.tool", str(needed), restarts=True)
    wait_for(lambda: harness.logs_of("json.tool").count("No such file") >= 2, PATIENCE)
    assert process.poll() is None

    needed.write_text("{}")

    assert process.wait(PATIENCE) == 0
