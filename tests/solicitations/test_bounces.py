"""Mails that a server gave up later: staff are alerted as for an immediate refusal."""

from datetime import timedelta

import pytest
import time_machine

from mailing import return_path
from mailing.models import OutgoingEmail, Reason
from solicitations import tasks
from solicitations.lifecycle import AlertCause
from solicitations.models import Alert
from tests.mailing.test_bounces import report
from tests.solicitations.factories import send
from tests.solicitations.incoming import receive

pytestmark = [pytest.mark.reference, pytest.mark.django_db]


@pytest.mark.parametrize(
    ("occasion", "cause"),
    [("received", AlertCause.ACKNOWLEDGEMENT_REFUSED), ("notified", AlertCause.MAIL_REFUSED)],
)
def test_staff_are_alerted_once(commit, now, occasion, cause):
    commit(send, now=now)
    OutgoingEmail.objects.update(sent_at=now)
    mail = OutgoingEmail.objects.filter(template__endswith=f"/{occasion}").order_by("pk").first()
    later = now + timedelta(hours=3)

    email = receive(report().encode(), recipient=return_path.address_of(mail), now=later)
    with time_machine.travel(later, tick=False):
        commit(tasks.sweep)
        commit(tasks.sweep)

    assert (email.state, email.reason, email.about) == ("refused", Reason.BOUNCE, mail.about)
    assert [alert.cause for alert in Alert.objects.all()] == [cause]
    assert OutgoingEmail.objects.filter(template__endswith="/turned_away").count() == 0


def test_words_of_a_person_at_that_address_are_not_taken_for_a_refusal(commit, now):
    commit(send, now=now)
    OutgoingEmail.objects.update(sent_at=now)
    mail = OutgoingEmail.objects.order_by("pk").first()
    words = f"From: {mail.to}\nSubject: Re\nMessage-ID: <1@x.org>\nIn-Reply-To: {mail.message_id}\n\nMerci.\n"

    email = receive(words.encode(), recipient=return_path.address_of(mail), now=now)

    assert (email.state, email.reason) == ("refused", Reason.UNKNOWN)
    assert not OutgoingEmail.objects.refused().exists()
