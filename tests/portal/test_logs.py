"""Log lines: their content, and that failing to write one stops nothing."""

import io
import json
import logging
import smtplib
import subprocess
import sys
from pathlib import Path

import pytest
from django.db import IntegrityError
from django.test import Client

from experts.models import User
from mailing import tracing
from mailing.models import OutgoingEmail
from portal.logs import JsonLines, ReadableLines, StderrHandler
from portal.request_logging import HEADER
from tests.databases import ROOT
from tests.mailing.factories import OutgoingEmailFactory

INTO_A_FULL_DISK = """
import logging.config
from prometheus_client import REGISTRY
from portal.settings.logs import LOGGING
logging.config.dictConfig(LOGGING)
logging.getLogger("portal").info("one")
logging.getLogger("portal").info("another")
print("went on,", REGISTRY.get_sample_value("relais_log_lines_lost_total", {"level": "info"}), "lost")
"""
PLANTED = "zephirine@planted.example.org"


def record(name="mailing.delivery", message="mail sent", args=(), error=None, **facts):
    exc_info = (type(error), error, error.__traceback__) if error else None
    made = logging.LogRecord(name, logging.INFO, __file__, 1, message, args, exc_info)
    vars(made).update(facts)
    return made


def line(*args, **options):
    return json.loads(JsonLines().format(record(*args, **options)))


def raised(error, cause=None):
    try:
        raise error from cause
    except type(error) as caught:
        return caught


class TestLine:
    def test_our_line_holds_the_event_the_row_and_the_request_id(self):
        tracing.begin("8f2c")

        found = line("mailing.delivery", "mail sent by %s", ("worker",), mail=7)

        assert found.pop("at").endswith("+00:00")
        assert found == {
            "level": "info",
            "logger": "mailing.delivery",
            "message": "mail sent by worker",
            "request_id": "8f2c",
            "mail": 7,
        }

    @pytest.mark.parametrize(
        ("message", "args", "expected"),
        [
            ("Not Found: %s", ("/suivi/12-1.token/",), "Not Found: …"),
            ("Booting worker with pid: %s", (12,), "Booting worker with pid: 12"),
            ("Task %(name)s in %(runtime)s", ({"name": PLANTED, "runtime": 0.2},), "Task … in 0.2"),
            ("%d rows of %s", ("not a number", PLANTED), "%d rows of %s"),
            ("ready", (), "ready"),
            (
                f"Invalid request from ip=192.0.2.1: Invalid Method: '{PLANTED}'",
                (),
                "Invalid request from ip…",
            ),
            (ValueError(PLANTED), (), "…"),
        ],
        ids=["a path", "a number", "by name", "ill-written", "nothing quoted", "made up", "an error"],
    )
    def test_line_of_a_library_keeps_its_sentence_and_numbers(self, message, args, expected):
        assert line("a.library", message, args, row=PLANTED)["message"] == expected
        assert "row" not in line("a.library", message, args, row=PLANTED)

    def test_refused_requests_are_not_quoted(self):
        assert (
            line("django.security.DisallowedHost", f"Invalid HTTP_HOST header: {PLANTED}")["message"] == "…"
        )

    def test_library_named_like_a_room_is_not_taken_for_it(self):
        assert line("mailinglists", "%s", (PLANTED,))["message"] == "…"


class TestError:
    def test_error_is_logged_by_class_and_place_without_message(self):
        found = line(error=raised(ValueError(PLANTED), cause=KeyError(PLANTED)))

        assert found["error"] == "builtins.ValueError < builtins.KeyError"
        assert found["trace"][-1].startswith("tests/portal/test_logs.py:")
        assert found["trace"][-1].endswith(" raised")
        assert PLANTED not in json.dumps(found)

    @pytest.mark.django_db
    def test_database_that_quotes_the_row_is_not_quoted(self):
        OutgoingEmailFactory(key=PLANTED)
        with pytest.raises(IntegrityError, match=PLANTED) as caught:
            OutgoingEmailFactory(key=PLANTED)

        found = line(error=caught.value)

        assert found["code"] == "23505"
        assert PLANTED not in json.dumps(found)
        assert PLANTED not in ReadableLines().format(record(error=caught.value))

    @pytest.mark.parametrize(
        ("error", "code"),
        [
            (OSError(28, "No space left on device", PLANTED), 28),
            (smtplib.SMTPDataError(554, PLANTED.encode()), 554),
            (smtplib.SMTPRecipientsRefused({PLANTED: (550, PLANTED.encode())}), None),
        ],
    )
    def test_code_of_the_server_is_logged(self, error, code):
        found = line(error=raised(error))

        assert found.get("code") == code
        assert PLANTED not in json.dumps(found)

    def test_circular_chain_of_errors_ends(self):
        first, second = ValueError(), KeyError()
        first.__cause__, second.__cause__ = second, first

        assert line(error=first)["error"] == "builtins.ValueError < builtins.KeyError"

    def test_development_logs_the_message_of_errors(self):
        assert PLANTED in ReadableLines(whole_errors=True).format(record(error=raised(ValueError(PLANTED))))


class TestReadable:
    def test_one_line_and_the_places_of_an_error_below(self):
        tracing.begin("8f2c")
        first, *places = ReadableLines().format(record(mail=7, error=raised(KeyError("x")))).splitlines()

        assert first.endswith(
            "info mailing.delivery mail sent request_id=8f2c mail=7 error=builtins.KeyError"
        )
        assert [place.rpartition(" ")[2] for place in places] == ["raised"]


class TestStream:
    @pytest.mark.skipif(sys.platform != "linux", reason="/dev/full is Linux's")
    def test_full_disk_stops_nothing_and_lost_lines_are_counted(self):
        with Path("/dev/full").open("w") as full:
            done = subprocess.run(  # noqa: S603 (fixed commands)
                [sys.executable, "-c", INTO_A_FULL_DISK],
                cwd=ROOT,
                stdout=subprocess.PIPE,
                stderr=full,
                check=False,
            )

        assert done.stdout == b"went on, 2.0 lost\n"

    def test_line_that_cannot_be_encoded_stops_nothing(self):
        stream = StderrHandler(io.StringIO())
        stream.setFormatter(JsonLines())

        stream.handle(record("mailing", "%d", ("no number",)))


class TestRequestId:
    @pytest.fixture(autouse=True)
    def database(self, db):
        pass

    @pytest.mark.parametrize(
        "given", ["0123456789abcdef", "0f8fad5b-d9cb-469f-a165-70867728950e", "A" * 64], ids=len
    )
    def test_valid_identifier_of_the_proxy_is_kept(self, client, given):
        assert client.get("/sante/?vivant", headers={HEADER: given})[HEADER] == given

    @pytest.mark.parametrize(
        "given",
        [
            "",
            "abc",
            "f" * 65,
            "zephirine.quatrevaux@x",
            "0123456789abcdeg",
            "0123456789abcdef\r\nSet-Cookie: a=b",
        ],
    )
    def test_invalid_identifier_is_replaced(self, client, given):
        answered = client.get("/sante/?vivant", headers={HEADER: given})[HEADER]

        assert answered != given
        assert len(answered) == 16

    def test_each_request_has_its_own_identifier(self, client):
        assert client.get("/sante/?vivant")[HEADER] != client.get("/sante/?vivant")[HEADER]

    @pytest.mark.parametrize(
        ("path", "state"), [("/nulle-part/", 404), ("/demandes/", 302), ("/metrics", 404)]
    )
    def test_refusals_and_redirects_have_an_identifier(self, client, path, state):
        answer = client.get(path)

        assert (answer.status_code, len(answer[HEADER])) == (state, 16)

    def test_error_500_has_an_identifier_and_a_line_with_its_place(self, written, monkeypatch):
        monkeypatch.setattr("portal.health.run_checks", lambda **_: {}[PLANTED])

        answer = Client(raise_request_exception=False).get("/sante/")

        errors = [line for line in written() if line["level"] == "error"]
        assert [(line["request_id"], line["error"]) for line in errors] == [
            (answer[HEADER], "builtins.KeyError")
        ]

    def test_line_of_a_visit_holds_its_route_and_never_its_path(self, client, written):
        answer = client.get("/suivi/12-1.a-token/?nom=Quatrevaux")

        [found] = [line for line in written() if line["logger"] == "portal.request_logging"]
        assert (found["route"], found["method"], found["state"]) == ("suivi/<str:token>/", "GET", 404)
        assert found["request_id"] == answer[HEADER]
        assert found["milliseconds"] > 0

    def test_unknown_method_is_not_logged(self, client, written):
        client.generic("QUATREVAUX", "/sante/?vivant")

        assert [line["method"] for line in written()][-1:] == ["other"]

    def test_static_files_are_not_logged(self, client, written):
        client.get("/static/portal/nothing.css")
        assert [line["state"] for line in written() if line["logger"] == "portal.request_logging"] == [404]

    def test_mail_of_a_visit_carries_its_identifier(self, client, mailoutbox):
        User.objects.create_user("equipe@example.org", role=User.Role.NATIONAL)

        answer = client.post("/connexion/", {"email": "equipe@example.org"})

        assert OutgoingEmail.objects.get().request_id == answer[HEADER]
        assert mailoutbox[0].extra_headers["X-Request-ID"] == answer[HEADER]


@pytest.fixture
def written():
    """The lines logged since, parsed from production's JSON."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonLines())
    root = logging.getLogger()
    root.addHandler(handler)
    yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    root.removeHandler(handler)
