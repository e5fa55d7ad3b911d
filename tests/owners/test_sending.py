"""The form, from the first step to the owner's page."""

import pytest

from solicitations.lifecycle import RequestState
from solicitations.models import Draft, Solicitation
from tests.owners.visitor import SUBJECT, text_of

pytestmark = [pytest.mark.django_db, pytest.mark.demo_directory]


def test_three_steps_send_a_request_that_is_routed(visitor):
    sent = visitor.send()

    assert sent.state == RequestState.SUBMITTED
    assert sent.routed_at is not None
    assert sent.company_name == "PEINTURES VANNIER" or sent.company_name
    assert sent.siret == "00010037000014"
    assert sent.consent_version
    assert sent.fact_sources["naf"]["source"] == "register"


def test_thanks_page_shows_reference_and_recipients(visitor):
    visitor.reach_contact()

    page = visitor.client.get(visitor.contact().url)

    sent = Solicitation.objects.get()
    assert "Votre demande est envoyée" in text_of(page)
    assert sent.reference in text_of(page)
    assert "a reçu votre demande" in text_of(page)


def test_second_click_leads_to_the_same_request(visitor):
    visitor.reach_contact()

    first, second = visitor.contact(), visitor.contact()

    assert first.url == second.url
    assert Solicitation.objects.count() == 1
    assert Draft.objects.get().answers == {}


def test_nothing_is_written_before_the_first_answer(visitor):
    visitor.get()

    assert Draft.objects.count() == 0


@pytest.mark.parametrize("step", ["entreprise/", "contact/"])
def test_later_step_opened_first_redirects_to_the_first(visitor, step):
    assert visitor.get(step).url == f"/demande/{SUBJECT}/"
