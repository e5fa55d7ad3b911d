"""The identifier of the current request or task."""

from threading import Thread

import pytest
from django.db import transaction

from mailing import outbox, tracing
from mailing.models import OutgoingEmail
from tests.mailing.factories import NOW


def test_work_goes_on_under_the_identifier_it_was_given():
    tracing.begin("8f2c")

    assert tracing.current() == "8f2c"


def test_work_that_nothing_caused_has_an_identifier_of_its_own():
    first, second = tracing.begin(), tracing.begin()

    assert len(first) == 16
    assert first != second == tracing.current()


def test_threads_do_not_share_it():
    tracing.begin("8f2c")
    seen: list[str] = []

    thread = Thread(target=lambda: seen.append(tracing.current()))
    thread.start()
    thread.join()

    assert seen == [""]


@pytest.mark.django_db
def test_a_mail_keeps_the_identifier_of_what_wrote_it():
    tracing.begin("8f2c")

    with transaction.atomic():
        outbox.enqueue(
            key="notice:1", to="contact@example.org", template="examples/emails/notice", context={}, now=NOW
        )

    assert OutgoingEmail.objects.get().request_id == "8f2c"
