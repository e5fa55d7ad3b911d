"""Mails that a server gave up later: staff are alerted as for an immediate refusal."""

from datetime import timedelta

import pytest
import time_machine
from django.conf import settings
from django.db import transaction

from mailing import delivery_reports, return_path
from mailing.models import OutgoingEmail, Reason, refuses_mail
from solicitations import links, tasks
from solicitations.actions import company_address, expert_answers
from solicitations.lifecycle import AlertCause, MatchState
from solicitations.models import AddressChange, Alert
from tests.mailing.test_bounces import report
from tests.solicitations.factories import match, send
from tests.solicitations.incoming import receive

pytestmark = [pytest.mark.demo_directory, pytest.mark.django_db]


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
    reply = f"From: {mail.to}\nSubject: Re\nMessage-ID: <1@x.org>\nIn-Reply-To: {mail.message_id}\n\nMerci.\n"

    email = receive(reply.encode(), recipient=return_path.address_of(mail), now=now)

    assert (email.state, email.reason) == ("refused", Reason.UNKNOWN)
    assert not OutgoingEmail.objects.refused().exists()


class TestAddressOfTheCompany:
    @pytest.fixture
    def refused(self, commit, now):
        """A request whose acknowledgement came back."""
        sent = commit(send, now=now)
        OutgoingEmail.objects.update(sent_at=now)
        mail = OutgoingEmail.objects.get(template__endswith="/received")
        later = now + timedelta(hours=3)
        receive(report().encode(), recipient=return_path.address_of(mail), now=later)
        with time_machine.travel(later, tick=False):
            commit(tasks.sweep)
            commit(tasks.sweep)
        return sent

    def test_experts_are_told_once_to_call(self, refused):
        mails = OutgoingEmail.objects.filter(template__endswith="/call_instead")
        assert {mail.to for mail in mails} == {mailbox.email for mailbox in refused.mailboxes.all()}
        assert {mail.context["phone"] for mail in mails} == {refused.phone}

    def test_so_are_those_of_its_other_requests_and_nothing_more_leaves(self, commit, now):
        sent = commit(send, now=now)
        other = commit(send, "clause-insertion", now=now, text="Tout autre chose.")
        OutgoingEmail.objects.update(sent_at=now)
        expert_match = other.mailboxes.get().matches.with_people().get()
        later = now + timedelta(hours=3)
        commit(
            expert_answers.move,
            expert_match,
            MatchState.TAKEN,
            by=expert_match.mailbox,
            now=later - timedelta(minutes=1),
        )
        first = OutgoingEmail.objects.get(
            template__endswith="/received", about__contains=[f"request:{sent.pk}"]
        )

        receive(report().encode(), recipient=return_path.address_of(first), now=later)
        with time_machine.travel(later, tick=False):
            commit(tasks.sweep)

        warnings = OutgoingEmail.objects.about(f"request:{other.pk}").filter(
            template__endswith="/call_instead"
        )
        assert [mail.to for mail in warnings] == [expert_match.mailbox.email]
        assert not OutgoingEmail.objects.pending().filter(to=other.email).exists()

    def test_their_page_and_their_mails_say_so(self, refused, client, commit, now):
        expert_match = match(refused, "recrutement@france-travail")
        page = client.get(
            links.answer_url(expert_match.mailbox).removeprefix(settings.SITE_URL)
        ).content.decode()
        assert "refuse nos courriels" in page
        assert f"mailto:{refused.email}" not in page

        other = commit(send, "clause-insertion", now=now, text="Tout autre chose.")
        first = OutgoingEmail.objects.filter(
            about__contains=[f"request:{other.pk}"], template__endswith="/notified"
        ).first()
        assert "refuse nos courriels : appelez" in first.rendered().text

    def test_a_question_is_not_said_to_be_sent(self, refused, client, now):
        box = match(refused, "recrutement@france-travail").mailbox
        path = links.answer_url(box).removeprefix(settings.SITE_URL)
        with time_machine.travel(now + timedelta(hours=4), tick=False):
            page = client.get(path).content.decode()
            text = client.post(f"{path}question/", {"body": "Temps plein ?"}, follow=True).content.decode()

        assert "Écrire sur sa page, sans courriel" in page
        assert "Envoyer à l'entreprise" not in page.replace("&#x27;", "'")
        assert "aucun ne part" in text
        assert not OutgoingEmail.objects.pending().filter(template__endswith="/question").exists()

    def test_nothing_is_sent_to_it_once_the_company_gives_another(self, refused, commit, now):
        old = refused.email
        commit(company_address.ask, refused, email="neuf@peintures.example.org", now=now + timedelta(hours=4))
        commit(company_address.confirm, AddressChange.objects.get(), now=now + timedelta(hours=5))

        assert not OutgoingEmail.objects.pending().filter(to=old).exists()
        assert OutgoingEmail.objects.filter(template__endswith="/address_confirmed").exists()

    def test_no_mail_is_sent_to_it_until_it_works(self, refused, commit, now):
        expert_match, later = match(refused, "recrutement@france-travail"), now + timedelta(hours=4)
        commit(expert_answers.move, expert_match, MatchState.TAKEN, by=expert_match.mailbox, now=later)
        mail = OutgoingEmail.objects.get(template__endswith="/taken_for_company")
        assert mail.state == "cancelled"
        assert not OutgoingEmail.objects.pending().filter(to=refused.email).exists()

        with transaction.atomic():
            delivery_reports.record_working(refused.email.upper(), now=later)
        commit(
            expert_answers.move,
            expert_match,
            MatchState.HELPED,
            by=expert_match.mailbox,
            comment="Fait",
            now=later,
        )
        assert not refuses_mail(refused.email)
