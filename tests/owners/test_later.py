"""« Finir plus tard »: the answers, even invalid, and the link that resumes the draft."""

from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from django.test import Client
from django.utils import timezone

from experts.accounts import limits
from mailing.models import OutgoingEmail
from solicitations import links
from solicitations.models import Draft
from tests.owners.visitor import SUBJECT, text_of

pytestmark = [pytest.mark.django_db, pytest.mark.demo_directory]

LATER = f"/demande/{SUBJECT}/plus-tard/"


def resume_path() -> str:
    return urlsplit(links.resume_url(Draft.objects.get())).path


@pytest.fixture
def put_off(visitor):
    """A draft saved for later at the second step, with its link mailed."""
    visitor.need()
    visitor.company(company="van", action="later")
    visitor.client.post(LATER, {"email": "gerante@exemple.fr"})
    return visitor


@pytest.mark.parametrize("step", ["need", "company", "contact"])
def test_every_step_can_be_saved_for_later_even_when_invalid(visitor, step):
    if step == "contact":
        visitor.reach_contact()
    elif step == "company":
        visitor.need()

    invalid = {"need": {"commune": ""}, "company": {"company": ""}, "contact": {"phone": "12"}}[step]
    answer = getattr(visitor, step)(action="later", **invalid)

    assert answer.url == LATER
    assert Draft.objects.get().answers[step]


def test_link_is_mailed_at_once(put_off):
    assert OutgoingEmail.objects.get().to == "gerante@exemple.fr"
    assert "gerante@exemple.fr" in text_of(put_off.client.get(LATER))


def test_link_opens_the_step_reached_in_another_browser(put_off):
    elsewhere = Client()

    answer = elsewhere.get(resume_path())

    assert answer.url == f"/demande/{SUBJECT}/entreprise/"
    assert elsewhere.get(answer.url).context["form"]["company"].value() == "van"
    assert answer["Referrer-Policy"] == "same-origin"


def test_link_of_an_erased_or_old_draft_says_so(put_off):
    path = resume_path()
    Draft.objects.update(updated_at=timezone.now() - timedelta(days=8))

    assert Client().get(path).status_code == 410


def test_link_of_a_sent_draft_says_so(visitor):
    visitor.send()

    page = Client().get(resume_path())

    assert page.status_code == 410
    assert "/suivi/" in page.content.decode()


def test_forged_link_is_not_found():
    assert Client().get("/reprise/1-1.abc/").status_code == 404


@pytest.mark.parametrize("typed", ["", "x", "a@b", "a\0@exemple", "x" * 10_000])
def test_bad_address_is_refused_with_a_sentence(visitor, typed):
    visitor.need()

    page = visitor.client.post(LATER, {"email": typed})

    assert "nom@exemple.fr" in text_of(page)
    assert OutgoingEmail.objects.count() == 0


def test_without_a_draft_the_page_redirects_to_the_first_step(visitor):
    assert visitor.get("plus-tard/").url == f"/demande/{SUBJECT}/"


def test_too_many_links_meet_a_friendly_page(visitor, monkeypatch):
    monkeypatch.setattr(limits, "LINKS_PER_EMAIL", limits.Limit("x", 0, limits.HOUR))
    visitor.need()

    assert visitor.client.post(LATER, {"email": "gerante@exemple.fr"}).status_code == 429


@pytest.mark.parametrize("step", ["need", "company", "contact"])
def test_only_the_response_to_a_post_may_be_kept_by_the_browser(visitor, step):
    visitor.reach_contact()
    invalid = {"need": {"commune": ""}, "company": {"headcount": "?"}, "contact": {"phone": "12"}}[step]
    path = {"need": "", "company": "entreprise/", "contact": "contact/"}[step]

    shown = visitor.get(path)
    refused = getattr(visitor, step)(**invalid)

    assert "no-store" in shown["Cache-Control"]
    assert refused.status_code == 200
    assert "no-store" not in refused["Cache-Control"]
    assert "private" in refused["Cache-Control"]
