"""Posts whose address refuses our mails: absent for routing, re-offered, told once, back with a delivery."""

from datetime import timedelta

import pytest
import time_machine
from django.db import transaction

from directory import address_changes, address_reports
from directory import tasks as directory_tasks
from experts.models import Cause, Expert, Office, Revision, Seat, User
from mailing import delivery_reports
from mailing.address_refusals import ReportKind
from mailing.models import DeliveryEvent, OutgoingEmail, RefusedAddress
from solicitations import tasks
from solicitations.actions import expert_answers
from solicitations.lifecycle import MatchState
from solicitations.models import Mailbox, Match
from territories.models import Region
from tests.experts.factories import ExpertFactory, PersonFactory, RegionalFactory
from tests.solicitations.factories import match, send

pytestmark = [pytest.mark.django_db, pytest.mark.demo_directory]
EMAIL = "recrutement@france-travail-dijon.example.org"
EXPERT = "recrutement@france-travail"
HOUR = timedelta(hours=1)


@pytest.fixture(autouse=True)
def admin():
    return RegionalFactory(region=Region.objects.get(code="27"))


@pytest.fixture
def sent(commit, now):
    return commit(send, now=now)


def report(commit, kind, *, now, to=EMAIL, server_text="550 5.1.1 no such user"):
    """A report about the last mail to an address; returns after its tasks."""
    mail = OutgoingEmail.objects.filter(to__iexact=to).order_by("-pk").first()
    key = f"{kind}:{now.isoformat()}"
    if mail is None:
        mail = OutgoingEmail.objects.create(
            key=key, to=to, template="x", created_at=now, not_before=now, next_try_at=now
        )
    with time_machine.travel(now, tick=False):
        commit(_record, mail, kind, key=key, at=now, server_text=server_text, now=now)
        commit(directory_tasks.sweep_addresses)
        commit(tasks.reoffer_needs_of_gone)


@transaction.atomic
def _record(*args, **fields):
    delivery_reports.record(*args, **fields)


def address_mails():
    rows = OutgoingEmail.objects.filter(template="directory/emails/address_refused").order_by("pk")
    return list(rows)


def post():
    return Expert.objects.get(email=EMAIL)


class TestRefusal:
    @pytest.fixture
    def refused(self, commit, sent, now):
        ExpertFactory(email=EMAIL.upper(), office=Office.objects.exclude(pk=post().office_id).first())
        report(commit, ReportKind.HARD, now=now + HOUR)
        return sent

    def test_marks_every_post_and_says_why_in_the_journal(self, refused):
        assert {each.is_bouncing for each in Expert.objects.filter(email__iexact=EMAIL)} == {True}
        revision = Revision.objects.get(cause=Cause.DELIVERY)
        assert (revision.note, revision.rows.count()) == ("550 5.1.1 no such user", 2)
        assert not DeliveryEvent.objects.to_follow().exists()

    def test_offers_at_once_to_others_what_was_sent(self, refused):
        gone = match(refused, EXPERT)
        assert gone.state == MatchState.WITHDRAWN
        others = Match.objects.active().filter(need=gone.need).exclude(expert=gone.expert)
        assert others.exists()
        assert OutgoingEmail.objects.filter(
            template__endswith="/notified", about__contains=[f"mailbox:{others[0].mailbox_id}"]
        ).exists()
        assert Mailbox.objects.get(pk=gone.mailbox_id).left_at is not None
        reason = gone.events.order_by("-pk").first().reason
        assert "dont l'adresse refuse nos courriels" in reason

    def test_tells_manager_and_region_once_with_the_evidence(self, refused, commit, admin, now):
        report(commit, ReportKind.HARD, now=now + 2 * HOUR)
        report(commit, ReportKind.HARD, now=now + 3 * HOUR)

        mails = {mail.to: mail.context for mail in address_mails()}
        assert len(address_mails()) == len(mails)
        assert {admin.email, post().office.email} <= set(mails)
        assert mails[admin.email]["words"] == "550 5.1.1 no such user"
        assert (mails[admin.email]["is_staff"], mails[post().office.email]["is_staff"]) == (True, False)

    def test_a_delivered_mail_ends_it_and_gives_back(self, refused, commit, now):
        Match.objects.exclude(expert__email=EMAIL).delete()
        refused.needs.update(state="uncovered")

        report(commit, ReportKind.DELIVERED, now=now + 2 * HOUR)
        commit(tasks.reoffer_needs_of_gone)

        assert not post().is_bouncing
        assert match(refused, EXPERT).state == MatchState.SENT
        assert Mailbox.objects.get(pk=match(refused, EXPERT).mailbox_id).left_at is None

    def test_a_new_address_ends_it(self, refused, commit, now):
        user = User.objects.create_user("n@equipe.example.org", name="N", role="national")

        commit(address_changes.change_address, EMAIL, "nouvelle@example.org", by=user, now=now + 2 * HOUR)

        assert {one.is_bouncing for one in Expert.objects.filter(email="nouvelle@example.org")} == {False}

    def test_somebody_says_that_it_works(self, refused, commit, admin, now):
        commit(address_reports.say_works, EMAIL, by=admin, now=now + 2 * HOUR)

        assert not Expert.objects.filter(is_bouncing=True).exists()
        assert not RefusedAddress.objects.exists()

    def test_a_post_added_later_is_marked_by_the_next_refusal(self, refused, commit, now):
        other = ExpertFactory(email=EMAIL, office__name="Ailleurs")

        report(commit, ReportKind.HARD, now=now + 2 * HOUR)

        other.refresh_from_db()
        assert other.is_bouncing


def test_what_was_taken_stays(commit, sent, now):
    expert_match = match(sent, EXPERT)
    commit(expert_answers.move, expert_match, MatchState.TAKEN, by=expert_match.mailbox, now=now + HOUR)

    report(commit, ReportKind.HARD, now=now + 2 * HOUR)

    expert_match.refresh_from_db()
    assert (expert_match.state, expert_match.expert_left_at, expert_match.mailbox.left_at) == (
        MatchState.TAKEN,
        None,
        None,
    )


def test_soft_refusals_of_a_day_change_nothing(commit, sent, now):
    report(commit, ReportKind.SOFT, now=now + HOUR)
    report(commit, ReportKind.SOFT, now=now + 24 * HOUR)

    assert not post().is_bouncing
    assert address_mails() == []


def test_a_complaint_is_told_and_nobody_is_absent(commit, sent, admin, now):
    report(commit, ReportKind.COMPLAINT, now=now + HOUR)

    assert not post().is_bouncing
    assert {mail.context["is_complaint"] for mail in address_mails()} == {True}
    assert admin.email in {mail.to for mail in address_mails()}


def test_the_mailbox_of_an_office_is_told_to_its_region_alone(commit, admin, now):
    office = Office.objects.filter(region="27").exclude(email__in=Expert.objects.values("email")).first()

    report(commit, ReportKind.HARD, now=now, to=office.email)

    assert [mail.to for mail in address_mails()] == [admin.email]


class TestPeopleOfAccounts:
    """People who are mailed alerts: nobody else would know that they read nothing."""

    def test_alerts_of_a_region_go_on_to_who_reads_them(self, commit, sent, admin, now):
        national = User.objects.create_user("n@equipe.example.org", name="N", role="national")
        Office.objects.filter(is_fallback=True).update(email=admin.email)
        for box in sent.mailboxes.all():
            [expert_match] = box.matches.all()
            commit(
                expert_answers.move,
                expert_match,
                MatchState.DECLINED,
                by=box,
                decline_reason="other",
                now=now,
            )
        with time_machine.travel(now + HOUR, tick=False):
            commit(tasks.sweep)
        alert = OutgoingEmail.objects.get(template__endswith="/alert", to=admin.email)

        report(commit, ReportKind.HARD, now=now + 2 * HOUR, to=admin.email)
        OutgoingEmail.objects.filter(pk=alert.pk).update(refused_at=now + 2 * HOUR)
        commit(tasks.note_refused_mail, alert.pk)

        alerts = OutgoingEmail.objects.filter(template__endswith="/alert").exclude(to=admin.email)
        assert {mail.to for mail in alerts} == {national.email}
        assert national.email in {mail.to for mail in address_mails()}

    def test_a_manager_who_bounces_is_told_to_office_and_region(self, commit, sent, admin, now):
        manager = PersonFactory(email="brun@example.org", name="Mme Brun")
        Seat.objects.create(user=manager, office=post().office, given_at=now)

        report(commit, ReportKind.HARD, now=now + HOUR, to=manager.email)

        assert {mail.to for mail in address_mails()} == {admin.email, post().office.email}
        assert "Mme Brun, responsable, France Travail Dijon" in address_mails()[0].rendered().text
        assert "compte comme absente" not in address_mails()[0].rendered().text

    def test_managers_are_told_that_a_post_bounces(self, commit, sent, now):
        manager = PersonFactory(email="brun@example.org", name="Mme Brun")
        Seat.objects.create(user=manager, office=post().office, given_at=now)

        report(commit, ReportKind.HARD, now=now + HOUR)

        assert manager.email in {mail.to for mail in address_mails()}
