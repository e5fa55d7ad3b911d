"""Staff of the region open its pages; tests/attacks/test_rights.py refuses them to everybody else."""

import pytest
from django.urls import reverse

from mailing.models import OutgoingEmail
from solicitations.lifecycle import AlertCause
from solicitations.models import Alert, Event, Mailbox, Match
from tests.solicitations.incoming import answer

pytestmark = [pytest.mark.demo_directory, pytest.mark.django_db]

READ = ["request", "outbox_mail", "outbox_html", "incoming_mail"]
ACTS = [
    "release", "close", "mark", "merge", "correct", "add_institution", "withdraw", "resolve_alert",
    "note", "handle", "stop_handling", "remind", "write",
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
        "outbox_mail": [mail.pk],
        "outbox_html": [mail.pk],
        "resolve_alert": [sent.reference, alert.pk],
    }
    return {name: reverse(f"oversight:{name}", args=args.get(name, [sent.reference])) for name in READ + ACTS}


@pytest.fixture
def untouched(sent):
    """Check that the test changed nothing about the request."""
    before = (Event.objects.count(), OutgoingEmail.objects.count(), Match.objects.active().count())
    yield
    assert (Event.objects.count(), OutgoingEmail.objects.count(), Match.objects.active().count()) == before
    assert sent.alerts.open().exists()


def test_region_reads_its_own_and_no_browser_keeps_it(as_regional, addresses):
    for name in READ:
        page = as_regional.get(addresses[name])
        assert page.status_code == 200, name
        assert "no-store" in page["Cache-Control"], name


def test_address_of_an_act_opened_by_hand_leads_to_the_page(as_regional, addresses, untouched, sent):
    for name in ACTS:
        assert as_regional.get(addresses[name]).url == f"/demandes/{sent.reference}/", name


@pytest.mark.parametrize("reference", ["AAAA-AAAA", "x", "..", "%00", "é"])
def test_unknown_reference_is_not_found(as_national, reference):
    assert as_national.get(f"/demandes/{reference}/").status_code in {404, 400}
