"""After an outage of the sweep, each overdue mail is sent once, in order; one reminder a day to a person."""

from datetime import timedelta

import pytest
import time_machine
from django.db import connection

from experts.models import Absence, Expert
from mailing.models import OutgoingEmail
from solicitations import tasks
from solicitations.models import Event, Mailbox
from tests.solicitations.clock.clock_rows import recipients
from tests.solicitations.factories import send

pytestmark = [pytest.mark.demo_directory, pytest.mark.django_db]
DAY, HOUR, MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)
EXPERT = "facilitation@clauses-dijon.example.org"
OFFICE = "contact@clauses-dijon.example.org"
FALLBACK = "referent-tpe-pme@dreets-bfc.example.org"


@pytest.fixture
def three(commit, now):
    """Three requests to one mailbox, sent on Tuesday, Wednesday and Thursday by three companies."""
    return [
        commit(
            send,
            "clause-insertion",
            commune="21166",
            siret="",
            company_name=f"Entreprise {day}",
            email=f"gerant{day}@example.org",
            now=now + day * DAY,
        )
        for day in range(3)
    ]


def listed(row: OutgoingEmail) -> list[str]:
    return [line["reference"] for line in row.context["requests"]]


def written(requests, *, since) -> list[tuple[str, str, str]]:
    """The mails written since then: template, recipient, numbers of these requests."""
    rows = OutgoingEmail.objects.filter(created_at__gte=since, cancelled_at=None).order_by("pk")
    return [(row.template.rpartition("/")[2], row.to, concerned(row, requests)) for row in rows]


def concerned(row: OutgoingEmail, requests) -> str:
    return " ".join(str(day) for day, request in enumerate(requests) if f"request:{request.pk}" in row.about)


def reminders() -> list[OutgoingEmail]:
    return list(OutgoingEmail.objects.filter(template__endswith="/reminders").order_by("pk"))


def test_after_three_days_without_a_sweep_one_mail_lists_all_waiting_requests(three, sweep, now):
    sweep(now + 6 * DAY)  # nothing ran from Friday to Monday

    [row] = reminders()
    assert listed(row) == [request.reference for request in three]
    assert "3 demandes vous attendent" in row.rendered().subject
    for request in three:
        assert request.company_name in row.rendered().text


def test_mails_of_each_day_after_an_outage(three, sweep, now):
    """No sweep from Friday 4 to Monday 7, then one a day from Tuesday 8 at ten."""
    steps_by_moment = {}
    for day in range(7, 15):
        at = now + day * DAY
        sweep(at)
        sweep(at + 5 * MINUTE)
        if found := written(three, since=at):
            steps_by_moment[at.strftime("%a %d")] = found

    assert steps_by_moment == {
        "Tue 08": [("reminders", EXPERT, "0 1 2"), ("where_things_stand", "gerant0@example.org", "0")],
        "Wed 09": [("reminders", EXPERT, "0 1 2"), ("where_things_stand", "gerant1@example.org", "1")],
        "Thu 10": [("reminders", EXPERT, "0 1 2"), ("where_things_stand", "gerant2@example.org", "2")],
        "Fri 11": [("manager_told", OFFICE, "0"), ("notified", FALLBACK, "0")],
        "Mon 14": [
            ("reminders", FALLBACK, "0"),
            ("manager_told", OFFICE, "1"),
            ("notified", FALLBACK, "1"),
            ("manager_told", OFFICE, "2"),
            ("notified", FALLBACK, "2"),
        ],
    }


def test_two_reminders_of_a_request_are_sent_on_different_days(commit, sweep, now):
    commit(send, "clause-insertion", commune="21166", siret="", now=now)

    for minute in range(0, 120, 10):
        sweep(now + 9 * DAY + minute * MINUTE)
    assert len(reminders()) == 1

    sweep(now + 10 * DAY)
    assert len(reminders()) == 2


def test_the_manager_is_told_after_the_reminders_even_when_all_are_late(commit, sweep, now):
    request = commit(send, "clause-insertion", commune="21166", siret="", now=now)
    Absence.objects.filter(expert__email=EXPERT).delete()  # at the end of the year
    sweep(now + 20 * DAY)
    assert recipients("manager_told") == []

    sweep(now + 21 * DAY)

    kinds = list(
        Event.objects.filter(solicitation=request, match__pk=request.mailboxes.first().matches.get().pk)
        .filter(kind__in=["reminded", "manager_told"])
        .in_order()
        .values_list("kind", flat=True)
    )
    assert kinds == ["reminded", "reminded", "manager_told"]


def test_a_request_due_after_the_reminder_of_the_day_waits_for_the_next_day(commit, sweep, now):
    first = commit(send, "clause-insertion", commune="21166", siret="", now=now)
    second = commit(
        send, "clause-insertion", commune="21166", siret="", email="b@example.org", now=now + 60 * MINUTE
    )

    sweep(now + 3 * DAY)
    sweep(now + 3 * DAY + 2 * 60 * MINUTE)
    assert [listed(row) for row in reminders()] == [[first.reference]]

    sweep(now + 6 * DAY - 2 * 60 * MINUTE)  # Monday at eight
    assert listed(reminders()[1]) == [first.reference, second.reference]
    assert Event.objects.filter(solicitation=first, kind="reminded").count() == 1


def test_an_address_in_other_case_is_the_same_person(three, sweep, now):
    Mailbox.objects.filter(solicitation=three[1]).update(email=EXPERT.upper())

    sweep(now + 6 * DAY)

    [row] = reminders()
    assert len(listed(row)) == 3


def test_a_confidential_request_in_the_list_is_not_named(commit, sweep, now):
    first = commit(send, "dettes-fiscales", siret="", now=now)
    expert = Expert.objects.get(matches__need__solicitation=first)
    commit(send, "clause-insertion", commune="21166", siret="", email="b@example.org", now=now)
    Mailbox.objects.update(email=expert.email)

    sweep(now + 3 * DAY)

    [row] = reminders()
    found = row.rendered()
    [confidential] = [line for line in row.context["requests"] if line["reference"] == first.reference]
    assert confidential["headline"] == ""
    assert "dettes" not in found.text.lower() + found.subject.lower()
    assert "Demande confidentielle" in found.text


REFUSE = """
    CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN IF NEW.solicitation_id = %d THEN RAISE 'refused'; END IF; RETURN NEW; END $$;
    CREATE TRIGGER refuse BEFORE INSERT ON solicitations_event FOR EACH ROW EXECUTE FUNCTION refuse();
"""


class TestFailingRequest:
    """The database refuses every event of one request."""

    @pytest.fixture
    def failing(self, three):
        with connection.cursor() as cursor:
            cursor.execute(REFUSE % three[1].pk)
        return three[1]

    def repair(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute("DROP TRIGGER refuse ON solicitations_event")

    def test_the_other_requests_are_in_the_reminder(self, three, failing, sweep, now):
        sweep(now + 6 * DAY)

        [row] = reminders()
        assert listed(row) == [three[0].reference, three[2].reference]

    def test_the_error_is_recorded_retried_later_and_erased_after_a_success(self, three, failing, sweep, now):
        late = now + 8 * DAY
        sweep(late)
        failing.refresh_from_db()
        assert failing.clock_error == "InternalError"
        assert failing.clock_retry_at == late + HOUR
        assert set(recipients("where_things_stand")) == {"gerant0@example.org"}

        self.repair()
        sweep(late + 30 * MINUTE)
        assert failing.email not in recipients("where_things_stand")

        sweep(late + HOUR)
        failing.refresh_from_db()
        assert failing.email in recipients("where_things_stand")
        assert failing.clock_error == ""


def test_the_task_of_each_minute_does_the_clocks_work(commit, now):
    commit(send, "clause-insertion", commune="21166", siret="", now=now)

    with time_machine.travel(now + 3 * DAY, tick=False):
        commit(tasks.sweep)

    assert recipients("reminders") == [EXPERT]
