"""A form posted with the real broker, a real worker and a real mail server."""

import time

import pytest

from solicitations.models import Mailbox
from tests.journeys.person import Person
from tests.journeys.scenarios import EMAIL, SCENARIOS, fill_company, fill_contact, fill_need
from tests.scenario_names import SHORTAGE_JOB
from tests.workers import running_worker, wait_for

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.demo_directory]


def test_mails_of_a_request_are_sent_by_the_worker(company_register, smtp_sink, process_environment):
    owner = Person()
    with running_worker(process_environment, smtp_sink):
        fill_need(owner, SCENARIOS[SHORTAGE_JOB])
        fill_company(owner, SCENARIOS[SHORTAGE_JOB]["company"])
        time.sleep(3)  # the form takes a faster visitor for a robot
        fill_contact(owner)
        expected = {EMAIL, *Mailbox.objects.values_list("email", flat=True)}
        wait_for(lambda: {str(mail["To"]) for mail in smtp_sink.messages} == expected)

    assert len(expected) == len(smtp_sink.messages) == 5  # the owner and four experts
