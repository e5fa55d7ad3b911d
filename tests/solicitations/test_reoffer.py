"""An expert is gone: nothing more leaves to them, others are asked, staff and the company know."""

from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import time_machine
import yaml
from django.core.management import call_command
from django.urls import reverse

from experts.models import Expert, Office, Seat, User
from mailing.models import OutgoingEmail
from solicitations import tasks
from solicitations.actions import expert_answers, expert_messages, feedback, staff_actions
from solicitations.dispatch import reoffer
from solicitations.lifecycle import AlertCause, ClosedReason, MatchState, NeedState
from solicitations.models import Alert, Mailbox, Match, Need, Solicitation
from tests.experts.factories import ExpertFactory, PersonFactory
from tests.solicitations.factories import match, send
from workspace import record_changes

pytestmark = [pytest.mark.django_db, pytest.mark.demo_directory, pytest.mark.usefixtures("first_request")]

EXPERT = "recrutement@france-travail"
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)


def mails(occasion, **filters):
    rows = OutgoingEmail.objects.filter(template__endswith=f"/{occasion}", cancelled_at=None, **filters)
    return list(rows.order_by("pk"))


def sweep(commit, now):
    """Do what the sweep of each minute does about experts who are gone."""
    for pk in set(Match.objects.to_reoffer(now=now).values_list("mailbox__solicitation", flat=True)):
        commit(reoffer.reoffer, pk, now=now)


def left(expert, now):
    Expert.objects.filter(pk=expert.pk).update(left_at=now)


def paused(expert, now):
    Expert.objects.filter(pk=expert.pk).update(is_paused=True)


def dropped(expert, now):
    Expert.objects.filter(pk=expert.pk).update(dropped_at=now, source="file")


def office_closed(expert, now):
    Office.objects.filter(pk=expert.office_id).update(closed_on=now.date())


def office_dropped(expert, now):
    Office.objects.filter(pk=expert.office_id).update(dropped_at=now, source="file")


def agreement_ended(expert, now):
    Office.objects.filter(pk=expert.office_id).update(agreement_ends_on=now.date())


GONE = [left, paused, dropped, office_closed, office_dropped, agreement_ended]


@pytest.fixture
def sent(sent_once):
    return sent_once


@pytest.fixture
def expert_match(sent):
    return match(sent, EXPERT)


@pytest.mark.parametrize("leave", GONE, ids=lambda leave: leave.__name__)
class TestEveryWayToGo:
    def test_what_waits_is_withdrawn_and_no_mail_leaves(self, commit, sent, expert_match, leave, now):
        leave(expert_match.expert, now)
        sweep(commit, now + MINUTE)

        expert_match.refresh_from_db()
        assert expert_match.state == MatchState.WITHDRAWN
        pending = OutgoingEmail.objects.filter(to=expert_match.mailbox.email, sent_at=None, cancelled_at=None)
        assert not pending.exists()

    def test_what_is_taken_stays_and_staff_and_the_company_know(self, commit, sent, expert_match, leave, now):
        commit(expert_answers.move, expert_match, MatchState.TAKEN, by=expert_match.mailbox, now=now)
        leave(expert_match.expert, now)
        sweep(commit, now + MINUTE)

        expert_match.refresh_from_db()
        assert (expert_match.state, expert_match.expert_left_at) == (MatchState.TAKEN, now + MINUTE)
        assert Alert.objects.get(solicitation=sent).cause == AlertCause.DEPARTURE
        [notice] = mails("taker_gone", to=sent.email)
        assert "cherche qui peut prendre la suite" in notice.rendered().text

    def test_a_second_sweep_finds_nothing(self, commit, sent, expert_match, leave, now):
        commit(expert_answers.move, expert_match, MatchState.TAKEN, by=expert_match.mailbox, now=now)
        leave(expert_match.expert, now)
        sweep(commit, now + MINUTE)

        assert not Match.objects.to_reoffer(now=now + 2 * MINUTE).exists()


class TestOthers:
    def test_a_colleague_of_the_office_takes_the_place(self, commit, sent, expert_match, now):
        colleague = ExpertFactory(office=expert_match.expert.office, has_all_subjects=True)
        left(expert_match.expert, now)

        sweep(commit, now + MINUTE)

        new = Match.objects.get(need__solicitation=sent, expert=colleague)
        assert new.state == MatchState.SENT
        assert [mail.to for mail in mails("notified", created_at=now + MINUTE)] == [colleague.email]

    def test_other_institutions_are_not_asked_a_second_time(self, commit, sent, expert_match, now):
        before = set(Match.objects.filter(need__solicitation=sent).values_list("expert", flat=True))
        left(expert_match.expert, now)

        sweep(commit, now + MINUTE)

        after = Match.objects.filter(need__solicitation=sent)
        elsewhere = after.exclude(expert__office__institution=expert_match.expert.office.institution)
        assert set(elsewhere.values_list("expert", flat=True)) <= before

    def test_the_fallback_takes_over_when_nobody_is_left(self, commit, now):
        sent = commit(send, "clause-insertion", commune="21166", now=now)
        alone = Match.objects.with_people().get(need__solicitation=sent)
        left(alone.expert, now)

        sweep(commit, now + MINUTE)

        need = Need.objects.get(solicitation=sent)
        assert (need.is_fallback, need.state) == (True, NeedState.WAITING)
        assert need.matches.sent().get().expert.office.is_fallback
        assert mails("taken_over", to=sent.email)

    def test_staff_know_when_nobody_at_all_is_left(self, commit, now):
        sent = commit(send, "clause-insertion", commune="21166", now=now)
        Office.objects.filter(is_fallback=True).update(closed_on=now.date())
        left(Match.objects.get(need__solicitation=sent).expert, now)

        sweep(commit, now + MINUTE)

        assert Need.objects.get(solicitation=sent).state == NeedState.UNCOVERED
        assert Alert.objects.filter(solicitation=sent, cause=AlertCause.NOBODY).exists()

    def test_an_expert_who_declined_is_not_asked_again(self, commit, sent, expert_match, now):
        other = match(sent, "entreprises@mission-locale")
        commit(
            expert_answers.move, other, MatchState.DECLINED, by=other.mailbox, decline_reason="other", now=now
        )
        left(expert_match.expert, now)

        sweep(commit, now + MINUTE)

        other.refresh_from_db()
        assert other.state == MatchState.DECLINED

    def test_a_need_that_somebody_helped_is_not_offered_again(self, commit, sent, expert_match, now):
        other = match(sent, "entreprises@mission-locale")
        ExpertFactory(office=expert_match.expert.office, has_all_subjects=True)
        commit(expert_answers.move, other, MatchState.TAKEN, by=other.mailbox, now=now)
        commit(expert_answers.move, other, MatchState.HELPED, by=other.mailbox, now=now)
        count = Match.objects.count()
        left(expert_match.expert, now)

        sweep(commit, now + MINUTE)

        assert Match.objects.count() == count


class TestTaken:
    @pytest.fixture
    def taken(self, commit, expert_match, now):
        commit(expert_answers.move, expert_match, MatchState.TAKEN, by=expert_match.mailbox, now=now)
        return expert_match

    @pytest.mark.parametrize("leave", GONE, ids=lambda leave: leave.__name__)
    def test_the_company_reads_who_follows(self, commit, sent, taken, leave, now):
        other = match(sent, "entreprises@mission-locale")
        commit(expert_answers.move, other, MatchState.TAKEN, by=other.mailbox, now=now)
        leave(taken.expert, now)

        sweep(commit, now + MINUTE)

        [notice] = mails("taker_gone")
        assert f"{other.expert.name} ({other.expert.office.name}) la suit" in notice.rendered().text

    @pytest.mark.parametrize("leave", GONE, ids=lambda leave: leave.__name__)
    def test_staff_get_one_mail_a_person_with_all_that_was_in_their_hands(
        self, commit, sent, taken, leave, now
    ):
        second = commit(send, now=now, siret="", email="autre@example.org")
        again = match(second, EXPERT)
        commit(expert_answers.move, again, MatchState.TAKEN, by=again.mailbox, now=now)
        leave(taken.expert, now)

        sweep(commit, now + MINUTE)

        [notice] = mails("expert_gone")
        text = notice.rendered().text
        assert sent.reference in text
        assert second.reference in text

    def test_messages_and_reminders_are_not_sent_to_those_who_left(self, commit, sent, taken, now):
        left(taken.expert, now)
        sweep(commit, now + MINUTE)
        other = match(sent, "entreprises@mission-locale")

        commit(expert_messages.post_message, other.mailbox, body="Qui appelle ?", now=now + MINUTE)
        for day in (3, 14, 21, 31):
            commit(tasks.run_clock, now=now + day * DAY)

        assert not OutgoingEmail.objects.filter(
            to=taken.mailbox.email, created_at__gt=now + MINUTE, cancelled_at=None
        ).exists()

    def test_an_expert_who_is_back_is_mailed_again(self, commit, sent, taken, now):
        paused(taken.expert, now)
        sweep(commit, now + MINUTE)
        Expert.objects.filter(pk=taken.expert_id).update(is_paused=False)

        sweep(commit, now + DAY)

        assert Mailbox.objects.get(pk=taken.mailbox_id).left_at is None
        assert Match.objects.get(pk=taken.pk).expert_left_at is None


@pytest.mark.parametrize("close", [office_closed, office_dropped, agreement_ended])
def test_an_office_that_has_closed_and_its_managers_get_no_mail(commit, sent, expert_match, close, now):
    office, manager = expert_match.expert.office, PersonFactory()
    Seat.objects.create(user=manager, office=office, given_at=now)
    commit(expert_answers.move, expert_match, MatchState.TAKEN, by=expert_match.mailbox, now=now)
    close(expert_match.expert, now)
    sweep(commit, now + MINUTE)

    commit(feedback.report_not_called, sent, now=now + 2 * DAY)
    commit(tasks.run_clock, now=now + 49 * DAY)

    assert sent.alerts.filter(cause=AlertCause.SILENT).exists()
    assert not OutgoingEmail.objects.filter(to__in=[office.email, manager.email]).exists()


def test_an_expert_who_is_back_and_added_again_is_mailed_again(commit, sent, expert_match, now):
    paused(expert_match.expert, now)
    sweep(commit, now + MINUTE)
    Expert.objects.filter(pk=expert_match.expert_id).update(is_paused=False)
    admin = User.objects.create_user("nationale@equipe.example.org", role="national")

    commit(
        staff_actions.add_institution,
        expert_match.need,
        expert_match.expert.office.institution,
        reason="De retour",
        by=admin,
        now=now + DAY,
    )

    assert Mailbox.objects.get(pk=expert_match.mailbox_id).left_at is None
    assert Match.objects.get(pk=expert_match.pk).state == MatchState.SENT


class TestDeclaredOnThePage:
    @pytest.fixture
    def second(self, commit, now):
        return commit(send, now=now, siret="", email="autre@example.org")

    def declare(self, commit, expert_match, now):
        commit(
            record_changes.report_departure,
            expert_match.expert,
            by=expert_match.mailbox,
            successor="",
            now=now,
        )
        with time_machine.travel(now + MINUTE, tick=False):
            commit(tasks.reoffer_needs_of_gone)

    def test_all_requests_are_carried_at_once(self, commit, sent, second, expert_match, now):
        self.declare(commit, expert_match, now)

        states = Match.objects.filter(expert=expert_match.expert).values_list("state", flat=True)
        assert set(states) == {MatchState.WITHDRAWN}

    def test_the_mailbox_gets_a_way_back(self, commit, client, sent, second, expert_match, now):
        self.declare(commit, expert_match, now)
        [notice] = mails("record_changed", to=expert_match.mailbox.email)
        url = urlsplit(notice.context["undo_url"]).path

        assert client.get(url).status_code == 200
        assert Expert.objects.get(pk=expert_match.expert_id).left_at == now
        commit(client.post, url)

        assert Expert.objects.get(pk=expert_match.expert_id).left_at is None
        assert client.post(url).status_code == 410

    def test_who_is_back_has_again_what_nobody_took(self, commit, sent, second, expert_match, now):
        other = match(second, "entreprises@mission-locale")
        self.declare(commit, expert_match, now)
        commit(expert_answers.move, other, MatchState.TAKEN, by=other.mailbox, now=now)
        Expert.objects.filter(pk=expert_match.expert_id).update(left_at=None)

        with time_machine.travel(now + DAY, tick=False):
            commit(tasks.reoffer_needs_of_gone)

        states = {
            row.need.solicitation_id: row.state for row in Match.objects.filter(expert=expert_match.expert)
        }
        assert states == {sent.pk: MatchState.SENT, second.pk: MatchState.WITHDRAWN}

    @pytest.mark.parametrize("reached", ["declined", "cancelled", "closed", "spam", "withdrawn", "replaced"])
    def test_the_link_of_a_request_that_is_over_changes_nothing(
        self, commit, sent, expert_match, reached, now
    ):
        staff = User.objects.create_user("nationale@equipe.example.org", role="national")
        if reached == "closed":
            commit(staff_actions.close, sent, message="Close.", by=staff, now=now)
        elif reached == "spam":
            commit(staff_actions.mark, sent, ClosedReason.SPAM, by=staff, now=now)
        elif reached in {"withdrawn", "replaced"}:
            Match.objects.filter(pk=expert_match.pk).update(state=reached, ended_at=now)
        elif reached == "declined":
            commit(
                expert_answers.move,
                expert_match,
                MatchState.DECLINED,
                by=expert_match.mailbox,
                decline_reason="other",
                now=now,
            )
        else:
            Solicitation.objects.filter(pk=sent.pk).update(state="cancelled", ended_at=now)

        with pytest.raises(record_changes.RecordClosed):
            record_changes.report_departure(
                expert_match.expert, by=expert_match.mailbox, successor="", now=now
            )
        with pytest.raises(record_changes.RecordClosed):
            record_changes.correct_phone(
                expert_match.expert, by=expert_match.mailbox, phone="03 80 12 34 56", now=now
            )

    @pytest.mark.parametrize("passed", [timedelta(hours=25), timedelta(days=2), timedelta(days=40)], ids=str)
    @pytest.mark.parametrize("change", ["departure", "phone"])
    def test_the_way_back_ends_after_a_day(self, commit, client, expert_match, change, passed, now):
        with time_machine.travel(now, tick=False):
            if change == "departure":
                self.declare(commit, expert_match, now)
            else:
                commit(
                    record_changes.correct_phone,
                    expert_match.expert,
                    by=expert_match.mailbox,
                    phone="3949",
                    now=now,
                )
        [notice] = mails("record_changed", to=expert_match.mailbox.email)
        url = urlsplit(notice.context["undo_url"]).path
        with time_machine.travel(now + timedelta(hours=23), tick=False):
            assert client.get(url).status_code == 200

        with time_machine.travel(now + passed, tick=False):
            answers = [client.get(url).status_code, client.post(url).status_code]

        expert = Expert.objects.get(pk=expert_match.expert_id)
        assert answers == [410, 410]
        assert (expert.left_at, expert.phone) in {(now, expert_match.expert.phone), (None, "3949")}

    def test_a_new_number_has_a_way_back(self, commit, client, expert_match, now):
        before = expert_match.expert.phone
        commit(
            record_changes.correct_phone,
            expert_match.expert,
            by=expert_match.mailbox,
            phone="03 80 12 34 56",
            now=now,
        )
        [notice] = mails("record_changed", to=expert_match.mailbox.email)

        client.post(urlsplit(notice.context["undo_url"]).path)

        assert Expert.objects.get(pk=expert_match.expert_id).phone == before

    @pytest.mark.parametrize("signed", ["x", "a.b.c", "é" * 30])
    def test_a_forged_way_back_changes_nothing(self, client, signed):
        assert client.post(reverse("workspace:undo_record_change", args=[signed])).status_code == 410


def test_departure_by_a_file_is_carried_by_the_sweep(commit, sent, expert_match, now, tmp_path):
    text = Path("experts/data/directory-demo.yaml").read_text()
    path = tmp_path / "directory.yaml"
    path.write_text(text.replace(expert_match.mailbox.email, "remplacante@france-travail-dijon.example.org"))
    call_command("import_directory", str(path), verbosity=0)

    sweep(commit, now + MINUTE)

    states = dict(Match.objects.filter(need__solicitation=sent).values_list("mailbox__email", "state"))
    assert states[expert_match.mailbox.email] == MatchState.WITHDRAWN
    assert states["remplacante@france-travail-dijon.example.org"] == MatchState.SENT


def without_expert(office, email):
    office["experts"] = [expert for expert in office["experts"] if expert["email"] != email]


def under_another_address(office, email):
    [expert] = [expert for expert in office["experts"] if expert["email"] == email]
    expert["email"] = "autre-equipe@france-travail-dijon.example.org"


def closed(office, email):
    office["closed_on"] = "2026-01-05"


@pytest.mark.parametrize("change", [without_expert, under_another_address, closed])
def test_who_goes_by_a_file_in_any_way_is_mailed_no_more(commit, sent, expert_match, now, tmp_path, change):
    directory = yaml.safe_load(Path("experts/data/directory-demo.yaml").read_text())
    [office] = [one for one in directory["offices"] if one["id"] == expert_match.expert.office.code]
    for expert in office["experts"]:
        expert.pop("absent", None)  # who goes is the deputy of another
    change(office, expert_match.mailbox.email)
    path = tmp_path / "directory.yaml"
    path.write_text(yaml.safe_dump(directory, allow_unicode=True))
    call_command("import_directory", str(path), verbosity=0)

    sweep(commit, now + MINUTE)

    expert_match.refresh_from_db()
    assert expert_match.state == MatchState.WITHDRAWN
    assert not OutgoingEmail.objects.pending().filter(to=expert_match.mailbox.email).exists()


class Ordered:
    """A task that carries departures where it is ordered, without a broker."""

    delay = staticmethod(tasks.reoffer_needs_of_gone)


def test_departure_by_a_file_is_carried_as_soon_as_it_is_imported(
    commit, sent, expert_match, settings, tmp_path
):
    settings.DIRECTORY_CHANGED_TASKS = [f"{__name__}.Ordered"]
    text = Path("experts/data/directory-demo.yaml").read_text()
    path = tmp_path / "directory.yaml"
    path.write_text(text.replace(expert_match.mailbox.email, "remplacante@france-travail-dijon.example.org"))

    commit(call_command, "import_directory", str(path), verbosity=0)

    expert_match.refresh_from_db()
    assert expert_match.state == MatchState.WITHDRAWN
    assert not OutgoingEmail.objects.pending().filter(to=expert_match.mailbox.email).exists()
