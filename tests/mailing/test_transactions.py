"""Code that needs its caller's transaction says so, in tests too."""

from contextlib import closing
from threading import Timer

import psycopg2
import pytest
from django.db import OperationalError, connection, transaction
from django.db.transaction import TransactionManagementError
from django.utils import timezone

from mailing.models import OutgoingEmail
from mailing.transactions import transaction_required
from tests.mailing.factories import OutgoingEmailFactory


@transaction_required
def write() -> str:
    return "written"


@pytest.mark.django_db(transaction=True)
def test_code_that_requires_a_transaction_is_refused_without():
    with pytest.raises(TransactionManagementError, match="write needs its caller's transaction"):
        write()


@pytest.mark.django_db
def test_transaction_of_a_test_is_not_enough():
    with pytest.raises(TransactionManagementError):
        write()


@pytest.mark.django_db
def test_code_that_requires_a_transaction_runs_in_one():
    with transaction.atomic():
        assert write() == "written"


@pytest.fixture
def being_sent():
    """A mail whose row another connection locks for a second, as a worker does while its server hangs."""
    email = OutgoingEmailFactory(about=["request:7"])
    with closing(psycopg2.connect(**connection.get_connection_params() | {"cursor_factory": None})) as worker:
        with worker.cursor() as cursor:
            cursor.execute("SELECT 1 FROM mailing_outgoingemail WHERE id = %s FOR UPDATE", [email.pk])
        timer = Timer(1, worker.rollback)
        timer.start()
        yield email
        timer.join()


@pytest.fixture
def as_a_visit(monkeypatch):
    """The limit of a web process, far shorter, on this test's connection."""
    monkeypatch.setitem(connection.settings_dict, "OPTIONS", {"options": "-c lock_timeout=200ms"})
    with connection.cursor() as cursor:
        cursor.execute("SET lock_timeout = '200ms'")
    yield
    connection.close()


@pytest.mark.django_db(transaction=True)
def test_visit_that_cancels_a_mail_being_sent_waits_for_it(being_sent, as_a_visit):
    with transaction.atomic():
        assert OutgoingEmail.objects.cancel_about("request:7", now=timezone.now()) == 1


@pytest.mark.django_db(transaction=True)
def test_visit_waits_no_longer_for_other_locks(being_sent, as_a_visit):
    with transaction.atomic():
        OutgoingEmail.objects.cancel_about("request:8", now=timezone.now())

    with pytest.raises(OperationalError), transaction.atomic():
        OutgoingEmail.objects.select_for_update().get(pk=being_sent.pk)
