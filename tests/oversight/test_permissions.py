"""Permissions on the staff's pages: 404 for another region, sign-in for visitors."""

import pytest
from django.urls import reverse

from mailing.models import OutgoingEmail
from solicitations.lifecycle import AlertCause
from solicitations.models import Alert, Event, Mailbox, Match
from tests.solicitations.incoming import answer

pytestmark = [pytest.mark.reference, pytest.mark.django_db]

READ = ["request", "outbox_mail", "outbox_html", "incoming_mail"]
ACTS = [
    "release", "close", "mark", "merge", "correct", "add_institution",
    "withdraw", "settle", "outbox_resend",
    "incoming_publish", "incoming_set_aside",
]  # fmt: skip


@pytest.fixture
def addresses(sent, today) -> dict[str, str]:
    """Address of each page and action about one request."""
    alert = Alert.objects.create(solicitation=sent, cause=AlertCause.NOT_CALLED, raised_at=today)
    mail = OutgoingEmail.objects.get(key=f"received:{sent.pk}")
    person = Mailbox.objects.filter(solicitation=sent).order_by("pk").first()
    incoming = answer(person, auto_submitted="auto-replied", now=today)
    args = {
        "incoming_mail": [incoming.pk],
        "incoming_publish": [incoming.pk],
        "incoming_set_aside": [incoming.pk],
        "outbox_mail": [mail.pk],
        "outbox_html": [mail.pk],
        "outbox_resend": [mail.pk],
        "settle": [sent.reference, alert.pk],
    }
    return {name: reverse(f"oversight:{name}", args=args.get(name, [sent.reference])) for name in READ + ACTS}


@pytest.fixture
def untouched(sent):
    """Check that the test changed nothing about the request."""
    before = (Event.objects.count(), OutgoingEmail.objects.count(), Match.objects.active().count())
    yield
    assert (Event.objects.count(), OutgoingEmail.objects.count(), Match.objects.active().count()) == before
    assert sent.alerts.standing().exists()


@pytest.mark.parametrize("name", READ)
def test_region_reads_its_own_and_another_region_finds_nothing(as_regional, as_neighbour, addresses, name):
    assert as_regional.get(addresses[name]).status_code == 200
    assert as_neighbour.get(addresses[name]).status_code == 404


@pytest.mark.parametrize("name", ACTS)
def test_another_region_changes_nothing(as_neighbour, addresses, untouched, name):
    posted = {"words": "x", "marque": "essai", "reason": "x"}

    assert as_neighbour.post(addresses[name], posted).status_code == 404


@pytest.mark.parametrize("name", READ + ACTS)
def test_visitor_is_sent_to_sign_in(client, addresses, untouched, name):
    method = client.get if name in READ else client.post

    assert method(addresses[name]).url.startswith("/connexion/")


@pytest.mark.parametrize("name", [name for name in ACTS if not name.startswith(("outbox", "incoming"))])
def test_address_of_an_act_opened_by_hand_leads_to_the_page(as_regional, addresses, untouched, sent, name):
    assert as_regional.get(addresses[name]).url == f"/demandes/{sent.reference}/"


def test_alert_of_another_request_is_not_settled_through_this_one(
    as_regional, confidential, addresses, untouched
):
    path = reverse("oversight:settle", args=[confidential.reference, Alert.objects.get().pk])

    assert as_regional.post(path).status_code == 404


@pytest.mark.parametrize("reference", ["AAAA-AAAA", "x", "..", "%00", "é"])
def test_unknown_reference_is_not_found(as_national, reference):
    assert as_national.get(f"/demandes/{reference}/").status_code in {404, 400}


def test_pages_are_kept_by_no_browser(as_regional, addresses):
    for name in READ:
        assert "no-store" in as_regional.get(addresses[name])["Cache-Control"]
