"""The forecast: the command's lines and the page of the next seven days."""

from datetime import timedelta
from io import StringIO

import pytest
import time_machine
from django.core.management import CommandError, call_command

from experts.models import User
from mailing.models import OutgoingEmail
from solicitations.actions import expert_answers
from solicitations.clock import forecast
from solicitations.clock.steps import Step
from solicitations.lifecycle import MatchState
from solicitations.models import Draft, Event, Solicitation
from territories.models import Region
from tests.experts.factories import signed_in
from tests.solicitations.clock.clock_rows import recipients
from tests.solicitations.factories import match, send

pytestmark = [pytest.mark.demo_directory, pytest.mark.django_db]
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
EXPERT = "facilitation@clauses-dijon.example.org"


def clock(at: str, *options: str) -> list[list[str]]:
    """The fields of each line that the command prints."""
    printed = StringIO()
    call_command("clock", "--at", at, *options, stdout=printed, stderr=StringIO())
    return [line.split("\t") for line in printed.getvalue().splitlines()]


class TestCommand:
    def test_a_line_has_the_moment_the_step_the_recipient_the_request_and_the_reason(self, sent_to_one):
        [line] = clock("2026-12-04T10:00", "--dry-run")

        assert line == [
            "2026-12-04T10:00+01:00",
            "reminders",
            EXPERT,
            sent_to_one.reference,
            "Sans réponse depuis 3 jours",
        ]

    def test_a_dry_run_writes_nothing(self, sent_to_one):
        before = (Event.objects.count(), OutgoingEmail.objects.count())

        clock("2026-12-15T10:00", "--dry-run")

        assert (Event.objects.count(), OutgoingEmail.objects.count()) == before

    def test_without_dry_run_the_printed_steps_are_done(self, sent_to_one, commit):
        lines = clock("2026-12-11T10:00", "--dry-run")
        commit(clock, "2026-12-11T10:00")

        upcoming = {line[1] for line in lines}
        written = {row.template.rpartition("/")[2] for row in OutgoingEmail.objects.all()}
        assert upcoming == {"reminders", "where_things_stand", "notified"}
        assert upcoming <= written

    def test_a_second_wave_line_names_the_experts_to_be_asked(self, sent, commit):
        recipients_by_step = {line[1]: line[2] for line in clock("2026-12-11T10:00", "--dry-run")}
        commit(clock, "2026-12-11T10:00")

        assert recipients_by_step["notified"] in recipients("notified")

    def test_a_bare_date_is_the_end_of_its_day(self, sent_to_one):
        assert len(clock("2026-12-04", "--dry-run")) == 1

    def test_at_night_nothing_is_printed(self, sent_to_one):
        assert clock("2026-12-04T21:00", "--dry-run") == []

    def test_reminders_of_drafts_are_printed_too(self, now):
        Draft.objects.create(email="plus-tard@example.org", created_at=now, updated_at=now)

        [line] = clock("2026-12-02T11:00", "--dry-run")

        assert line[1:3] == ["resume_reminder", "plus-tard@example.org"]

    def test_an_invalid_date_is_refused_with_a_sentence(self):
        with pytest.raises(CommandError, match="demain"):
            clock("demain")


class TestComing:
    def test_the_steps_of_seven_days_are_in_order(self, sent_to_one, now):
        found = forecast.coming(Solicitation.objects.all(), now=now, until=now + 7 * DAY, most=10)

        assert [(coming.step, coming.at - now, coming.to) for coming in found] == [
            (Step.REMIND, 3 * DAY, (EXPERT,)),
            (Step.REMIND, 7 * DAY, (EXPERT,)),
            (Step.TELL_COMPANY, 7 * DAY, (sent_to_one.email,)),
        ]

    def test_sweeps_do_the_forecast_steps(self, sent, sweep, now):
        found = forecast.coming(Solicitation.objects.all(), now=now, until=now + 15 * DAY, most=10)

        for at in sorted({coming.at for coming in found}):
            sweep(at)

        expected = sorted((coming.step.value, address) for coming in found for address in coming.to)
        rows = OutgoingEmail.objects.filter(created_at__gt=now).order_by("pk")
        done = sorted((row.template.rpartition("/")[2], row.to) for row in rows)
        later = [
            pair
            for pair in done
            if pair[1] == "rh@maison-emploi-dijon.example.org" and pair[0] == "reminders"
        ]
        assert [pair for pair in done if pair not in later] == expected

    def test_reminders_of_one_day_to_one_person_are_one_step(self, commit, now):
        for number in range(2):
            commit(
                send, "clause-insertion", commune="21166", siret="", email=f"g{number}@example.org", now=now
            )

        found = forecast.coming(Solicitation.objects.all(), now=now, until=now + 4 * DAY, most=10)

        [coming] = found
        assert len(coming.requests) == 2

    def test_a_request_due_after_the_reminder_of_the_day_is_planned_for_the_next_day(
        self, sent_to_one, commit, now
    ):
        second = commit(
            send, "clause-insertion", commune="21166", siret="", email="b@example.org", now=now + HOUR
        )

        found = forecast.coming(Solicitation.objects.all(), now=now, until=now + 6 * DAY, most=10)

        upcoming = [(coming.at - now, [request.pk for request in coming.requests]) for coming in found]
        assert upcoming == [(3 * DAY, [sent_to_one.pk]), (6 * DAY - 2 * HOUR, [second.pk])]

    def test_a_person_reminded_today_is_next_reminded_on_another_day(self, sent_to_one, commit, sweep, now):
        second = commit(
            send, "clause-insertion", commune="21166", siret="", email="b@example.org", now=now + HOUR
        )
        sweep(now + 3 * DAY)  # Friday: the first request; the second falls due an hour later

        later = now + 3 * DAY + 2 * HOUR
        found = forecast.coming(
            Solicitation.objects.filter(pk=second.pk), now=later, until=later + 3 * DAY, most=10
        )

        assert [coming.at for coming in found] == [now + 6 * DAY - 2 * HOUR]

    def test_an_expiry_that_leaves_a_need_unanswered_is_mailed_to_the_company(
        self, sent_to_one, commit, sweep, now
    ):
        expert_match = match(sent_to_one, "facilitation@clauses")
        commit(expert_answers.move, expert_match, MatchState.TAKEN, by=expert_match.mailbox, now=now)
        for day in (7, 21, 45, 48):
            sweep(now + day * DAY)

        found = forecast.coming(Solicitation.objects.all(), now=now + 85 * DAY, until=now + 91 * DAY, most=10)

        assert [(coming.step, coming.to) for coming in found] == [(Step.EXPIRE, (sent_to_one.email,))]


class TestPage:
    @pytest.fixture
    def staff(self, sent_to_one):
        return signed_in(
            User.objects.create_user("bfc@equipe.example.org", role="region", region=sent_to_one.region)
        )

    def test_the_page_lists_the_steps_day_by_day(self, staff, sent_to_one, now):
        with time_machine.travel(now + HOUR, tick=False):
            page = staff.get("/demandes/a-venir/", follow=True).content.decode()

        assert "Vendredi 4\u00a0décembre" in page
        assert "10\u00a0h" in page
        assert EXPERT in page
        assert sent_to_one.company_name in page
        assert "Sans réponse depuis 3 jours" in page

    def test_another_regions_requests_are_not_seen(self, sent_to_one, now):
        other = Region.objects.get(pk="94")
        client = signed_in(User.objects.create_user("a@equipe.example.org", role="region", region=other))

        with time_machine.travel(now + HOUR, tick=False):
            page = client.get("/demandes/a-venir/", follow=True).content.decode()

        assert EXPERT not in page
        assert "Rien n'est prévu" in page.replace("&#x27;", "'")

    def test_a_confidential_request_is_not_named(self, commit, now):
        request = commit(send, "dettes-fiscales", siret="", now=now)
        client = signed_in(User.objects.create_user("n@equipe.example.org", role="national"))

        with time_machine.travel(now + HOUR, tick=False):
            page = client.get("/demandes/a-venir/", follow=True).content.decode()

        assert request.reference in page
        assert request.company_name not in page

    def test_the_list_of_requests_links_to_the_page(self, staff):
        assert "/demandes/a-venir/" in staff.get("/demandes/", follow=True).content.decode()

    def test_visitors_without_an_account_are_sent_to_the_login(self, client):
        assert client.get("/demandes/a-venir/").status_code == 302
