"""The beat was off: each overdue mail leaves once, in order, one reminder mail a day to a person."""

from datetime import timedelta

import pytest
import time_machine
from django.db import connection

from experts.models import Expert
from mailing.models import OutgoingEmail
from solicitations import tasks
from solicitations.models import Event, Mailbox
from tests.solicitations.clock.reading import mails
from tests.solicitations.factories import send

pytestmark = [pytest.mark.reference, pytest.mark.django_db]
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
    """The mails of a day: the occasion, to whom, about which of these requests."""
    rows = OutgoingEmail.objects.filter(created_at__gte=since, cancelled_at=None).order_by("pk")
    return [(row.template.rpartition("/")[2], row.to, concerned(row, requests)) for row in rows]


def concerned(row: OutgoingEmail, requests) -> str:
    return " ".join(str(day) for day, request in enumerate(requests) if f"request:{request.pk}" in row.about)


def reminders() -> list[OutgoingEmail]:
    return list(OutgoingEmail.objects.filter(template__endswith="/reminders").order_by("pk"))


def test_after_three_days_without_a_beat_one_mail_lists_all_that_waits(three, tick, now):
    tick(now + 6 * DAY)  # nothing ran from Friday to Monday

    [row] = reminders()
    assert listed(row) == [request.reference for request in three]
    assert "3 demandes vous attendent" in row.rendered().subject
    for request in three:
        assert request.company_name in row.rendered().text


def test_the_exact_list_day_by_day(three, tick, now):
    """Off from Friday 4 to Monday 7 included, back on Tuesday 8 at ten."""
    told = {}
    for day in range(7, 15):
        at = now + day * DAY
        tick(at)
        tick(at + 5 * MINUTE)
        if found := written(three, since=at):
            told[at.strftime("%a %d")] = found

    assert told == {
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


def test_the_two_reminders_of_a_request_never_leave_on_one_day(commit, tick, now):
    commit(send, "clause-insertion", commune="21166", siret="", now=now)

    for minute in range(0, 120, 10):
        tick(now + 9 * DAY + minute * MINUTE)
    assert len(reminders()) == 1

    tick(now + 10 * DAY)
    assert len(reminders()) == 2


def test_the_manager_is_told_after_the_reminders_even_when_all_are_late(commit, tick, now):
    request = commit(send, "clause-insertion", commune="21166", siret="", now=now)
    tick(now + 20 * DAY)
    assert mails("manager_told") == []

    tick(now + 21 * DAY)

    kinds = list(
        Event.objects.filter(solicitation=request, match__pk=request.mailboxes.first().matches.get().pk)
        .filter(kind__in=["reminded", "manager_told"])
        .in_order()
        .values_list("kind", flat=True)
    )
    assert kinds == ["reminded", "reminded", "manager_told"]


def test_another_request_that_falls_due_later_that_day_waits_for_the_morrow(commit, tick, now):
    first = commit(send, "clause-insertion", commune="21166", siret="", now=now)
    second = commit(
        send, "clause-insertion", commune="21166", siret="", email="b@example.org", now=now + 60 * MINUTE
    )

    tick(now + 3 * DAY)
    tick(now + 3 * DAY + 2 * 60 * MINUTE)
    assert [listed(row) for row in reminders()] == [[first.reference]]

    tick(now + 6 * DAY - 2 * 60 * MINUTE)  # Monday at eight
    assert listed(reminders()[1]) == [first.reference, second.reference]
    assert Event.objects.filter(solicitation=first, kind="reminded").count() == 1


def test_one_person_written_in_two_ways_gets_one_mail(three, tick, now):
    Mailbox.objects.filter(solicitation=three[1]).update(email=EXPERT.upper())

    tick(now + 6 * DAY)

    [row] = reminders()
    assert len(listed(row)) == 3


def test_a_confidential_request_in_the_list_is_not_named(commit, tick, now):
    first = commit(send, "dettes-fiscales", siret="", now=now)
    expert = Expert.objects.get(matches__need__solicitation=first)
    commit(send, "clause-insertion", commune="21166", siret="", email="b@example.org", now=now)
    Mailbox.objects.update(email=expert.email)

    tick(now + 3 * DAY)

    [row] = reminders()
    found = row.rendered()
    [confidential] = [line for line in row.context["requests"] if line["reference"] == first.reference]
    assert confidential["headline"] == ""
    assert "dettes" not in found.text.lower() + found.subject.lower()
    assert "Demande confidentielle" in found.text


REFUSE = """
    CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN IF NEW.solicitation_id = %d THEN RAISE 'poisoned'; END IF; RETURN NEW; END $$;
    CREATE TRIGGER refuse BEFORE INSERT ON solicitations_event FOR EACH ROW EXECUTE FUNCTION refuse();
"""


class TestPoisonedRow:
    """The database refuses every event of one request."""

    @pytest.fixture
    def poisoned(self, three):
        with connection.cursor() as cursor:
            cursor.execute(REFUSE % three[1].pk)
        return three[1]

    def mend(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute("DROP TRIGGER refuse ON solicitations_event")

    def test_the_other_requests_are_reminded_of(self, three, poisoned, tick, now):
        tick(now + 6 * DAY)

        [row] = reminders()
        assert listed(row) == [three[0].reference, three[2].reference]

    def test_it_is_recorded_tried_later_and_erased_once_it_succeeds(self, three, poisoned, tick, now):
        late = now + 8 * DAY
        tick(late)
        poisoned.refresh_from_db()
        assert poisoned.clock_error == "InternalError"
        assert poisoned.clock_retry_at == late + HOUR
        assert set(mails("where_things_stand")) == {"gerant0@example.org"}

        self.mend()
        tick(late + 30 * MINUTE)
        assert poisoned.email not in mails("where_things_stand")

        tick(late + HOUR)
        poisoned.refresh_from_db()
        assert poisoned.email in mails("where_things_stand")
        assert poisoned.clock_error == ""


def test_the_sweep_of_each_minute_keeps_time(commit, now):
    commit(send, "clause-insertion", commune="21166", siret="", now=now)

    with time_machine.travel(now + 3 * DAY, tick=False):
        commit(tasks.sweep)

    assert mails("reminders") == [EXPERT]
