"""« Ma fiche »: what an expert corrects of their own record, by a link sent to their address alone."""

from datetime import date, timedelta
from html import unescape
from urllib.parse import urlsplit

import pytest
import time_machine
from django.urls import reverse
from django.utils import timezone

from directory.models import RecordRemark
from directory.own_record.record_forms import BookingForm
from directory.own_record.record_links import record_url
from experts.models import Expert, Office, Revision
from mailing.models import OutgoingEmail
from solicitations import links
from solicitations.actions import expert_answers
from solicitations.dispatch import reoffer
from solicitations.lifecycle import MatchState
from solicitations.models import Mailbox, Match
from tests.experts.factories import ExpertFactory
from tests.solicitations.factories import match, send

pytestmark = [pytest.mark.django_db, pytest.mark.demo_directory]
EMAIL = "recrutement@france-travail-dijon.example.org"


@pytest.fixture
def expert():
    return Expert.objects.get(email=EMAIL)


@pytest.fixture
def record(expert):
    return urlsplit(record_url(expert, today=timezone.localdate())).path


def sent_links():
    return OutgoingEmail.objects.filter(template="directory/emails/own_record")


class TestLink:
    def test_is_mailed_to_a_known_address(self, client, expert):
        response = client.post(reverse("directory:own_record_link"), {"email": EMAIL.upper()}, follow=True)

        assert "Regardez votre boîte aux lettres" in response.content.decode()
        assert sent_links().get().to == EMAIL
        assert client.get(urlsplit(sent_links().get().context["record_url"]).path).status_code == 200

    def test_unknown_address_reads_the_same_page_and_gets_nothing(self, client):
        response = client.post(
            reverse("directory:own_record_link"), {"email": "personne@example.org"}, follow=True
        )

        assert "Regardez votre boîte aux lettres" in response.content.decode()
        assert not sent_links().exists()

    def test_mail_of_a_request_offers_to_send_it_to_its_own_address(self, client, commit, now):
        commit(send, now=now)
        mail = OutgoingEmail.objects.get(to=EMAIL, template="solicitations/emails/notified")
        offer = urlsplit(mail.context["own_record_url"]).path

        shown = client.get(offer).content.decode()
        client.post(offer)

        assert "r…@france-travail-dijon.example.org" in shown
        assert EMAIL not in shown
        assert sent_links().get().to == EMAIL

    def test_forwarded_mail_opens_no_record(self, client, commit, now):
        commit(send, now=now)
        token = links.record_url(Mailbox.objects.at(EMAIL).get()).rstrip("/").rpartition("/")[2]

        assert client.get(reverse("directory:own_record", args=[token])).status_code == 410

    def test_lives_a_month(self, client, record):
        with time_machine.travel(timezone.now() + timedelta(days=31)):
            assert client.get(record).status_code == 410

    def test_expires_with_the_address(self, client, record, expert):
        Expert.objects.filter(pk=expert.pk).update(email="autre@example.org")

        assert client.get(record).status_code == 410

    @pytest.mark.parametrize("token", ["1-1.x", "abc", "99999999999999999999-1.abcdefghijkl", "٣-1.abc"])
    def test_forged_one_opens_nothing(self, client, token):
        assert client.get(reverse("directory:own_record", args=[token])).status_code == 410


def test_lists_all_the_posts_of_the_address(client, record):
    other = ExpertFactory(email=EMAIL, office__name="Autre antenne")

    shown = client.get(record).content.decode()

    assert "France Travail Dijon" in shown
    assert other.office.name in shown


def test_confirmation_verifies_the_posts(client, record, expert):
    client.post(f"{record}juste/")

    expert.refresh_from_db()
    assert expert.verified_on == timezone.localdate()


def test_phone_is_changed_at_once_and_in_the_journal(client, record, expert):
    client.post(f"{record}postes/{expert.pk}/numero/", {"phone": "0353019999"})

    expert.refresh_from_db()
    assert (expert.phone, expert.edited_fields) == ("03 53 01 99 99", ["phone"])
    assert Revision.objects.get(cause="expert").note == EMAIL


@pytest.mark.parametrize(
    "typed", ["08 99 12 34 56", "0825 12 34 56", "+33 (0)8 10 12 34 56", "08.36.65.65.65"]
)
def test_surcharged_phone_is_refused_and_kept_as_typed(client, record, expert, typed):
    response = client.post(f"{record}postes/{expert.pk}/numero/", {"phone": typed})

    assert response.status_code == 422
    assert "surtaxé" in response.content.decode()
    assert typed in response.content.decode()


class TestAbsences:
    def add(self, client, record, expert, first, last, deputy=""):
        values = {"from_on": first, "to_on": last, "deputy": deputy}
        return client.post(f"{record}postes/{expert.pk}/absence/", values)

    def days(self, expert):
        return list(expert.absences.filter(source="hand").order_by("from_on").values_list("from_on", "to_on"))

    def test_several_are_declared(self, client, record, expert):
        deputy = Expert.objects.get(email="mutations@france-travail-dijon.example.org")
        self.add(client, record, expert, "2030-01-07", "2030-01-11", deputy.pk)
        self.add(client, record, expert, "2030-03-04", "2030-03-08")

        assert len(self.days(expert)) == 2
        assert expert.absences.get(from_on="2030-01-07").deputy == deputy

    def test_one_that_shares_a_day_replaces_the_other(self, client, record, expert):
        self.add(client, record, expert, "2030-01-07", "2030-01-11")
        self.add(client, record, expert, "2030-01-11", "2030-01-15")

        assert self.days(expert) == [(date(2030, 1, 11), date(2030, 1, 15))]

    def test_is_taken_back(self, client, record, expert):
        self.add(client, record, expert, "2030-01-07", "2030-01-11")

        client.post(f"{record}postes/{expert.pk}/absence/2030-01-07/retirer/")

        assert self.days(expert) == []

    @pytest.mark.parametrize(
        ("first", "last", "sentence"),
        [
            ("2030-01-11", "2030-01-07", "vient avant le premier"),
            ("2020-01-06", "2020-01-10", "sont passés"),
            ("2030-01-07", "2039-01-07", "plus d&#x27;un an"),
            ("hier", "2030-01-07", "Indiquez une date"),
            ("0230-01-07", "2030-01-07", "Vérifiez l&#x27;année"),
        ],
    )
    def test_impossible_days_are_refused_with_a_sentence(self, client, record, expert, first, last, sentence):
        assert sentence in self.add(client, record, expert, first, last).content.decode()
        assert self.days(expert) == []

    def test_deputy_of_another_office_is_refused(self, client, record, expert):
        response = self.add(client, record, expert, "2030-01-07", "2030-01-11", ExpertFactory().pk)

        assert "de votre antenne" in response.content.decode()


class TestDeparture:
    def test_is_recorded_with_the_successor_that_the_region_reads(self, client, record, expert):
        client.post(f"{record}postes/{expert.pk}/depart/", {"successor": "Le service recrutement"})

        expert.refresh_from_db()
        assert expert.left_at is not None
        assert "Le service recrutement" in RecordRemark.objects.get().body
        assert RecordRemark.objects.get().region_id == "27"

    def test_waiting_needs_are_offered_to_others(self, client, record, expert, commit):
        sent = commit(send, now=timezone.now())
        client.post(f"{record}postes/{expert.pk}/depart/", {"successor": ""})

        commit(reoffer.reoffer, sent.pk, now=timezone.now())

        assert set(Match.objects.filter(expert=expert).values_list("state", flat=True)) == {"withdrawn"}

    def test_says_what_the_last_of_a_place_leaves_to_nobody(self, client, record, expert):
        Expert.objects.filter(office__region="27").exclude(pk=expert.pk).update(is_paused=True)

        page = client.post(f"{record}postes/{expert.pk}/depart/", {"successor": ""}, follow=True)

        warned = unescape(page.content.decode()).partition("Plus personne n'y répond")[2]
        assert "communes, dont Dijon" in warned

    def test_is_taken_back_from_the_same_page(self, client, record, expert):
        client.post(f"{record}postes/{expert.pk}/depart/", {"successor": ""})

        client.post(f"{record}postes/{expert.pk}/retour/")

        expert.refresh_from_db()
        assert expert.left_at is None


def test_remark_waits_for_the_region_once(client, record, expert):
    for _ in range(2):
        client.post(f"{record}remarque/", {"body": "Je traite aussi l'apprentissage."})

    remark = RecordRemark.objects.get()
    assert (remark.expert, remark.region_id, remark.resolved_at) == (expert, "27", None)


def test_post_of_somebody_else_cannot_be_changed(client, record):
    other = Office.objects.get(code="PLIE-DIJON").experts.first()

    assert client.post(f"{record}postes/{other.pk}/numero/", {"phone": "0353019999"}).status_code == 404


@pytest.mark.parametrize("action", ["juste", "remarque"])
def test_opening_an_action_changes_nothing(client, record, action):
    assert client.get(f"{record}{action}/").status_code == 405


@pytest.mark.parametrize(
    ("address", "is_kept"),
    [
        ("https://rdv.example.org/nadia?duree=30", True),
        ("", True),
        ("http://rdv.example.org/", False),
        ("javascript:alert(1)", False),
        ("https://nadia@evil.example/", False),
        ("https://127.0.0.1/", False),
        ("https://[::1]/", False),
        ("https://localhost/", False),
        ("https://rdv.example.org:8443/", False),
        ('https://rdv.example.org/"><script>', False),
        ("https://rdv.exàmple.org/", False),
        ("https://rdv.example.org/" + "a" * 300, False),
    ],
)
def test_a_booking_page_is_a_secure_address_of_a_named_host(address, is_kept):
    assert BookingForm({"booking_url": address}).is_valid() == is_kept


@pytest.mark.parametrize("scheme", ["https", "HTTPS"])
def test_a_booking_page_is_kept_in_the_journal_and_mailed_when_nobody_answers(
    client, record, expert, commit, now, scheme
):
    typed = {"booking_url": "https://rdv.example.org/dijon"}

    client.post(
        f"{record}postes/{expert.pk}/rendez-vous/", {"booking_url": f"{scheme}://rdv.example.org/dijon"}
    )

    expert.refresh_from_db()
    assert expert.booking_url == "https://rdv.example.org/dijon"
    assert Revision.objects.latest("pk").rows.get().after == typed
    request = commit(send, now=now)
    expert_match = match(request, EMAIL)
    commit(expert_answers.move, expert_match, MatchState.TAKEN, by=expert_match.mailbox, now=now)
    commit(expert_answers.move, expert_match, MatchState.UNREACHABLE, by=expert_match.mailbox, now=now)
    found = OutgoingEmail.objects.get(template__endswith="/unreachable").rendered()
    assert 'href="https://rdv.example.org/dijon"' in found.html
    assert "https://rdv.example.org/dijon" in found.text
