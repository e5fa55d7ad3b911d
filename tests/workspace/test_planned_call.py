"""Planned call-backs: said, moved, cancelled, undone; their mails, calendar files and reminders."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from icalendar import Calendar

from mailing.message_builder import build_message
from mailing.models import OutgoingEmail
from mailing.rendering import render
from solicitations.actions import expert_answers
from solicitations.lifecycle import EventKind, MatchState
from solicitations.models import Event, PlannedCall
from territories.models import Commune
from tests.solicitations.factories import match
from tests.workspace.conftest import answer_path, page_text
from workspace import call_planning, call_reminders, tasks

PARIS = ZoneInfo("Europe/Paris")


@pytest.fixture
def expert_match(sent):
    return match(sent, "recrutement@france-travail")


def to_company() -> list[OutgoingEmail]:
    rows = OutgoingEmail.objects.filter(template__endswith="/planned_call")
    return list(rows.order_by("pk"))


def leave(mails) -> None:
    """Send the mails."""
    for mail in mails:
        OutgoingEmail.objects.filter(pk=mail.pk).update(sent_at=mail.not_before)


@pytest.mark.demo_directory
@pytest.mark.django_db
class TestPage:
    def test_a_plan_is_shown_to_expert_and_company_and_may_be_downloaded(
        self, client, submit, expert_match, clock, now
    ):
        page = submit(expert_match.mailbox, "appel/", day="2026-12-03", hour="14:30")

        assert "Vous appelez jeudi 3 décembre à 14 h 30." in page_text(page)
        [mail] = to_company()
        assert mail.not_before == now + timedelta(minutes=1)
        assert Event.objects.get(kind=EventKind.CALL_PLANNED).by_mailbox == expert_match.mailbox
        expert_match.refresh_from_db()
        assert expert_match.state == MatchState.SENT  # a plan is no contact
        file = client.get(f"{answer_path(expert_match.mailbox)}appel/rendez-vous.ics")
        [event] = Calendar.from_ical(file.content).walk("VEVENT")
        assert event["dtstart"].dt == datetime(2026, 12, 3, 14, 30, tzinfo=PARIS)
        assert "La gérante" in event["summary"]
        clock.shift(timedelta(minutes=2))
        [follow] = OutgoingEmail.objects.filter(template__endswith="/received").values_list(
            "context__url", flat=True
        )
        owner = page_text(client.get(follow))
        assert "vous appelle jeudi 3 décembre à 14 h 30" in owner

    def test_the_mail_carries_a_calendar_file_whose_changes_replace_it(self, submit, expert_match, clock):
        submit(expert_match.mailbox, "appel/", day="2026-12-03", hour="14:30")
        leave(to_company())
        clock.shift(timedelta(minutes=5))
        submit(expert_match.mailbox, "appel/", day="2026-12-04", hour="9:00")
        leave(to_company()[1:])
        clock.shift(timedelta(minutes=5))
        submit(expert_match.mailbox, "appel/retirer/")

        planned, moved, cancelled = to_company()
        assert not planned.context["is_moved"]
        assert moved.context["is_moved"]
        assert cancelled.context["is_cancelled"]
        built = build_message(planned, render(planned.template, planned.context))
        [(name, _, kind)] = built.attachments
        assert (name, kind) == ("rendez-vous.ics", "text/calendar; charset=utf-8; method=PUBLISH")
        files = [Calendar.from_ical(mail.context["calendar"]) for mail in (planned, moved, cancelled)]
        assert [file["method"] for file in files] == ["PUBLISH", "PUBLISH", "CANCEL"]
        events = [file.walk("VEVENT")[0] for file in files]
        assert len({event["uid"] for event in events}) == 1
        assert [event["sequence"] for event in events] == [0, 1, 2]

    def test_a_call_after_one_that_took_place_is_not_told_as_moved(self, submit, expert_match, clock):
        submit(expert_match.mailbox, "appel/", day="2026-12-01", hour="14:30")
        leave(to_company())
        clock.shift(timedelta(days=1))
        submit(expert_match.mailbox, "appel/", day="2026-12-03", hour="9:00")

        assert [mail.context["is_moved"] for mail in to_company()] == [False, False]

    def test_a_change_undone_within_the_minute_tells_nothing(self, submit, expert_match, clock):
        submit(expert_match.mailbox, "appel/", day="2026-12-03", hour="14:30")
        submit(expert_match.mailbox, "appel/annuler/")

        assert PlannedCall.objects.get().cancelled_at
        assert not [mail for mail in to_company() if mail.cancelled_at is None]

        submit(expert_match.mailbox, "appel/", day="2026-12-03", hour="10:00")
        clock.shift(timedelta(seconds=10))
        page = submit(expert_match.mailbox, "appel/", day="2026-12-03", hour="11:00")
        assert "11 h" in page_text(page)
        page = submit(expert_match.mailbox, "appel/annuler/")

        assert "Vous appelez jeudi 3 décembre à 10 h." in page_text(page)
        [mail] = [mail for mail in to_company() if mail.cancelled_at is None]
        assert mail.context["when"].endswith("10\u00a0h")

    def test_an_older_page_changes_nothing(self, client, submit, expert_match):
        old = client.get(answer_path(expert_match.mailbox))
        submit(expert_match.mailbox, "appel/", page=old, day="2026-12-03", hour="14:30")

        page = submit(expert_match.mailbox, "appel/", page=old, day="2026-12-03", hour="16:00")

        assert "Rien n'a été changé" in page_text(page)
        assert PlannedCall.objects.get().starts_at == datetime(2026, 12, 3, 14, 30, tzinfo=PARIS)
        again = submit(expert_match.mailbox, "appel/", page=old, day="2026-12-03", hour="14:30")
        assert "Appel prévu jeudi 3 décembre à 14 h 30." in page_text(again)
        assert len(to_company()) == 1

    def test_who_has_no_need_left_plans_nothing(self, client, submit, expert_match, commit, now):
        page = client.get(answer_path(expert_match.mailbox))
        commit(
            expert_answers.move, expert_match, MatchState.DECLINED, by=expert_match.mailbox,
            decline_reason="no_capacity", now=now,
        )  # fmt: skip

        answer = submit(expert_match.mailbox, "appel/", page=page, day="2026-12-03", hour="14:30")

        assert "Vous n'avez plus de besoin en cours ici" in page_text(answer)
        assert not PlannedCall.objects.exists()


class TestForm:
    @pytest.mark.parametrize(
        ("day", "hour", "field"),
        [
            ("2026-11-30", "10:00", "day"),
            ("2026-12-01", "9:59", "hour"),
            ("2027-12-01", "10:00", "day"),
            ("2026-12-03", "6:59", "hour"),
            ("2026-12-03", "20:01", "hour"),
            ("demain", "10:00", "day"),
            ("2026-12-03", "25:00", "hour"),
            ("", "", "day"),
        ],
    )
    def test_moments_that_are_refused(self, day, hour, field):
        solicitation = type("Request", (), {"time_zone": PARIS})
        now = datetime(2026, 12, 1, 10, tzinfo=PARIS)

        form = call_planning.CallPlanForm({"day": day, "hour": hour}, solicitation=solicitation, now=now)

        assert field in form.errors

    @pytest.mark.parametrize("hour", ["14:30", "14h30", "14 h 30"])
    def test_the_hour_is_that_of_the_company(self, hour):
        time_zone = ZoneInfo("Indian/Reunion")
        solicitation = type("Request", (), {"time_zone": time_zone})
        now = datetime(2026, 12, 1, 10, tzinfo=PARIS)
        form = call_planning.CallPlanForm(
            {"day": "2026-12-03", "hour": hour}, solicitation=solicitation, now=now
        )

        assert form.is_valid()
        assert form.starts_at() == datetime(2026, 12, 3, 14, 30, tzinfo=time_zone)


class TestReminders:
    @pytest.mark.parametrize(
        ("starts_at", "remind_at"),
        [
            ("2026-12-03T14:30", "2026-12-03T08:00"),
            ("2026-12-03T09:00", "2026-12-03T08:00"),
            ("2026-12-03T08:30", "2026-12-02T08:00"),
            ("2026-12-05T10:00", "2026-12-04T08:00"),
            ("2026-12-07T08:00", "2026-12-04T08:00"),
            ("2026-12-25T10:00", "2026-12-24T08:00"),
        ],
        ids=["that morning", "an hour before", "too early that day", "saturday", "monday early", "holiday"],
    )
    def test_the_last_working_morning_an_hour_or_more_before(self, starts_at, remind_at):
        commune = Commune(code="21231", department_id="21")

        found = call_reminders.remind_at(datetime.fromisoformat(starts_at).replace(tzinfo=PARIS), commune)

        assert found == datetime.fromisoformat(remind_at).replace(tzinfo=PARIS)

    @pytest.mark.demo_directory
    @pytest.mark.django_db
    def test_the_expert_is_reminded_once_and_a_call_without_expert_is_cancelled(
        self, submit, expert_match, commit, clock, django_capture_on_commit_callbacks
    ):
        def follow():
            with django_capture_on_commit_callbacks():
                tasks.follow_planned_calls()
            return OutgoingEmail.objects.filter(template__endswith="/call_reminder")

        submit(expert_match.mailbox, "appel/", day="2026-12-03", hour="14:30")
        leave(to_company())
        assert not follow().exists()
        clock.move_to(datetime(2026, 12, 3, 8, 5, tzinfo=PARIS))

        [mail] = follow()
        assert mail.to == expert_match.mailbox.email
        assert follow().count() == 1

        now = datetime(2026, 12, 3, 9, tzinfo=PARIS)
        commit(
            expert_answers.move, expert_match, MatchState.DECLINED, by=expert_match.mailbox,
            decline_reason="no_capacity", now=now,
        )  # fmt: skip
        clock.move_to(now + timedelta(seconds=30))
        follow()
        assert PlannedCall.objects.get().cancelled_at is None  # the refusal may still be undone
        clock.move_to(now + timedelta(minutes=2))
        follow()
        assert to_company()[-1].context["is_cancelled"]
        assert PlannedCall.objects.get().cancelled_at
