"""``receive_mail``: one message on standard input, and the exit code for the mail server."""

import os
from functools import partial

import pytest

from mailing import reception
from mailing.models import Channel, IncomingEmail, Reason
from portal.settings.production_checks import REQUIRED
from tests.mailing.test_reception import OURS, raw

TRY_AGAIN = 75


@pytest.fixture
def receive(run_python):
    """Run the command on a message."""
    return partial(run_python, "manage.py", "receive_mail")


@pytest.mark.django_db(transaction=True)
class TestKept:
    def test_a_message_is_kept_and_nothing_is_printed(self, receive, process_environment):
        ended = receive(
            "--recipient", OURS, stdin=raw(to="liste@example.org"), environment=process_environment
        )

        assert (ended.returncode, ended.stdout) == (0, ""), ended.stderr
        email = IncomingEmail.objects.get()
        assert (email.channel, email.recipient) == (Channel.PIPE, OURS)
        assert bytes(email.raw) == raw(to="liste@example.org")

    def test_the_same_one_again_is_kept_and_acknowledged(self, receive, process_environment):
        codes = [receive(stdin=raw(), environment=process_environment).returncode for _ in range(2)]

        assert codes == [0, 0]
        assert IncomingEmail.objects.count() == 2

    def test_one_without_end_is_cut_and_acknowledged(self, receive, process_environment):
        endless = raw(body="x" * (reception.MAX_BYTES * 2))

        ended = receive(stdin=endless, environment=process_environment)

        assert (ended.returncode, ended.stdout) == (0, ""), ended.stderr
        assert IncomingEmail.objects.get().reason == Reason.OVERSIZED

    def test_no_byte_at_all_is_acknowledged_too(self, receive, process_environment):
        assert receive(environment=process_environment).returncode == 0

    def test_a_broker_that_is_away_loses_nothing(self, receive, process_environment):
        away = process_environment | {"REDIS_URL": "redis://127.0.0.1:1/0"}

        assert receive(stdin=raw(), environment=away).returncode == 0
        assert IncomingEmail.objects.count() == 1


@pytest.mark.parametrize(
    ("variables", "arguments"),
    [
        ({"DATABASE_URL": "postgres://nobody:x@127.0.0.1:1/relais"}, ()),
        ({"DATABASE_URL": "no address at all"}, ()),
        ({"DJANGO_SETTINGS_MODULE": "portal.settings.production", **dict.fromkeys(REQUIRED, "")}, ()),
        ({"DJANGO_SETTINGS_MODULE": "portal.settings.nowhere"}, ()),
        ({}, ("--unknown", "word")),
    ],
    ids=["database away", "no database", "settings refused", "no settings", "wrong words"],
)
def test_any_error_of_ours_makes_the_mail_server_try_again(receive, variables, arguments):
    ended = receive(*arguments, stdin=raw(), environment=os.environ | variables)

    assert (ended.returncode, ended.stdout) == (TRY_AGAIN, ""), ended.stderr


def test_settings_that_are_refused_are_all_named_on_one_line(receive):
    missing = {"DJANGO_SETTINGS_MODULE": "portal.settings.production", **dict.fromkeys(REQUIRED, "")}

    [line] = receive(stdin=raw(), environment=os.environ | missing).stderr.splitlines()

    assert all(name in line for name in REQUIRED)


@pytest.mark.django_db
def test_a_database_without_tables_is_tried_again(receive, process_environment):
    empty = process_environment["DATABASE_URL"].rpartition("/")[0] + "/postgres"

    ended = receive(stdin=raw(), environment=process_environment | {"DATABASE_URL": empty})

    assert ended.returncode == TRY_AGAIN
    assert "Traceback" not in ended.stderr
