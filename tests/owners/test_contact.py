"""Third step: contact, recipients, consent, protections against robots."""

import re
from datetime import timedelta

import pytest
from django.utils import timezone

from experts.accounts import limits
from experts.models import Expert, InstitutionKind, Office
from mailing.models import OutgoingEmail
from owners.forms.contact import CONSENT_VERSION
from solicitations.lifecycle import HeldReason, RequestState
from solicitations.models import Draft, Solicitation
from tests.owners.visitor import SUBJECT, text_of

pytestmark = [pytest.mark.django_db, pytest.mark.demo_directory]


@pytest.fixture
def third_step(visitor):
    visitor.reach_contact()
    return visitor


def test_recipients_are_named_with_why_before_sending(third_step):
    page = text_of(third_step.get("contact/"))

    assert "France Travail" in page
    assert "Répond aux entreprises d" in page
    assert "24 mois" in page


def test_consent_is_kept_with_its_version(third_step):
    third_step.contact()

    sent = Solicitation.objects.get()
    assert sent.consent_version == CONSENT_VERSION
    assert sent.consented_at <= timezone.now()


def test_unticked_optional_institution_receives_nothing(third_step):
    page = third_step.get("contact/")
    optional = [row.code for row in page.context["recipients"].optional]
    assert "MDE" in optional

    third_step.contact(shown=optional, kept=[code for code in optional if code != "MDE"])

    sent = Solicitation.objects.get()
    assert [row.code for row in sent.unticked_institutions.all()] == ["MDE"]
    assert not sent.mailboxes.filter(matches__expert__office__institution__code="MDE").exists()


def test_other_institution_cannot_be_unticked(third_step):
    third_step.contact(shown=["PE"], kept=[])

    assert not Solicitation.objects.get().unticked_institutions.exists()


def test_institution_whose_box_was_not_shown_is_kept(third_step):
    third_step.contact()

    assert not Solicitation.objects.get().unticked_institutions.exists()


def test_page_says_that_a_fallback_office_receives_the_request(visitor):
    visitor.reach_contact(subject="autre")

    page = text_of(visitor.get("contact/", subject="autre"))

    assert "Aucun organisme ne répond encore" in page
    assert "Référent TPE-PME" in page


def test_page_says_that_the_region_has_no_office(third_step):
    Office.objects.filter(region="27").update(closed_on="2020-01-01")

    assert "Aucun organisme de votre région" in text_of(third_step.get("contact/"))


def test_page_says_that_nobody_receives_the_request(third_step):
    Expert.objects.update(is_paused=True)

    page = text_of(third_step.get("contact/"))

    assert "Personne n'est encore désigné" in page


BAD_CONTACTS = [
    ("contact_name", ""),
    ("contact_name", "1234"),
    ("contact_name", "\0\u202e"),
    ("contact_name", "x" * 10_000),
    ("contact_name", "http://exemple.org"),
    ("contact_name", "🎨"),
    ("phone", ""),
    ("phone", "12"),
    ("phone", "0899123456"),
    ("phone", "+1 202 555 0100"),
    ("phone", "06 12 34 56 7<b>8"),
    ("phone", "0" * 10_000),
    ("email", ""),
    ("email", "pas une adresse"),
    ("email", "a@b"),
    ("email", "a@exemple.fr\nBcc: b@exemple.fr"),
    ("email", "a@ex\u2011emple.fr"),
    ("email", "a@ex\u2013emple.fr"),
    ("email", "\u0430@exemple.fr"),
    ("email", "x" * 10_000 + "@exemple.fr"),
    ("days", ["lundi"]),
    ("hours", ["jamais"]),
    ("wish", "pigeon"),
    ("consent", ""),
]


def test_bad_contact_is_refused_with_a_sentence_and_the_rest_kept(third_step):
    for field, typed in BAD_CONTACTS:
        case = f"{field}: {typed!r:.40}"
        page = third_step.contact(**{field: typed})

        assert page.status_code == 200, case
        errors = page.context["form"].errors
        assert list(errors) == [field], case
        assert errors[field][0].endswith((".", "78", "56 78.")) or "indicatif" in errors[field][0], case
        assert "Ce champ" not in errors[field][0], case
        assert Solicitation.objects.count() == 0, case
        kept = third_step.get("contact/").context["form"]
        assert kept["contact_name"].value() == "La gérante" or field == "contact_name", case


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("06.39.98.12.34", "06 39 98 12 34"),
        ("+33639981234", "06 39 98 12 34"),
        ("0596 12 34 56", "05 96 12 34 56"),
        ("+262 692 12 34 56", "06 92 12 34 56"),
        ("+687 26 12 34", "+687 26 12 34"),
    ],
)
def test_phone_is_checked_overseas_included(third_step, typed, kept):
    third_step.contact(phone=typed)

    assert Solicitation.objects.get().phone == kept


def test_when_to_call_back_is_kept(third_step):
    third_step.contact(days=["mon", "tue"], hours=["morning"])

    sent = Solicitation.objects.get()
    assert (sent.callback_days, sent.callback_hours) == (["mon", "tue"], ["morning"])


@pytest.mark.parametrize("step", ["", "entreprise/", "contact/"])
def test_radio_buttons_and_boxes_are_shown_as_such(third_step, step):
    page = third_step.get(step).content.decode()

    buttons = re.findall(r'<input[^>]*type="(?:radio|checkbox)"[^>]*>', page)
    assert buttons
    assert not [button for button in buttons if "fr-input" in button]


@pytest.mark.parametrize(
    ("typed", "kept", "mailed_text"),
    [
        ({}, "call", ""),
        ({"wish": ""}, "call", ""),
        ({"wish": "video"}, "video", "Elle souhaite un échange en visioconférence."),
    ],
    ids=["earlier form", "no answer", "video"],
)
def test_the_wished_way_is_a_call_unless_chosen_and_experts_read_it(third_step, typed, kept, mailed_text):
    third_step.contact(**typed)

    assert Solicitation.objects.get().contact_wish == kept
    first = OutgoingEmail.objects.filter(template__endswith="/notified").first().rendered()
    assert mailed_text in first.text
    assert ("souhaite" in first.text) == bool(mailed_text)


def test_mistyped_address_is_hinted_once(third_step):
    page = third_step.contact(email="gerante@gmial.com")
    assert "gerante@gmail.com" in text_of(page)

    third_step.contact(email="gerante@gmial.com", hints_seen=page.context["hints_mark"])

    assert Solicitation.objects.get().email == "gerante@gmial.com"


@pytest.mark.parametrize("step", ["need", "contact"])
def test_honeypot_holds_the_request_and_loses_nothing(visitor, step):
    trap = {"website": "http://exemple.org"}

    sent = visitor.send(contact=trap if step == "contact" else None, **(trap if step == "need" else {}))

    assert sent.state == RequestState.HELD
    assert sent.held_reason == HeldReason.AUTOMATIC


def test_form_sent_too_fast_asks_to_read_it_again(third_step, monkeypatch):
    monkeypatch.setattr(limits, "MINIMUM_DELAY", timedelta(minutes=1))

    page = third_step.contact()
    assert "très vite" in text_of(page)
    assert page.context["form"]["contact_name"].value() == "La gérante"
    Draft.objects.update(created_at=timezone.now() - timedelta(minutes=2))

    assert third_step.contact().status_code == 302


def test_bench_lifts_delay_and_limits(third_step, monkeypatch, settings):
    settings.BENCH = True
    monkeypatch.setattr(limits, "MINIMUM_DELAY", timedelta(minutes=1))
    monkeypatch.setattr(limits, "SENT_PER_ADDRESS", limits.Limit("sent", 0, limits.HOUR))

    assert third_step.contact().status_code == 302


@pytest.mark.parametrize("name", ["SENT_PER_ADDRESS", "SENT_PER_EMAIL"])
def test_too_many_requests_meet_a_friendly_page_and_lose_nothing(third_step, monkeypatch, name):
    monkeypatch.setattr(limits, name, limits.Limit(name, 0, limits.HOUR))

    page = third_step.contact()

    assert page.status_code == 429
    assert page["Retry-After"]
    assert f"/demande/{SUBJECT}/contact/" in page.content.decode()
    assert third_step.get("contact/").context["form"]["contact_name"].value() == "La gérante"


def test_institution_kind_decides_whether_it_may_be_unticked(third_step):
    optional = third_step.get("contact/").context["recipients"].optional

    kinds = {InstitutionKind.BRANCH, InstitutionKind.INSERTION, InstitutionKind.TRAINING}
    assert {row.kind for row in optional} <= kinds
