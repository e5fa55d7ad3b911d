"""People and the clock act at the same time: threads with connections of their own, real commits.

Each rehearsal starts its acts together; whoever comes second finds what the first one left, and is refused by
the domain's own words or has nothing to do. A deadlock or a broken constraint would come out as an error.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from functools import partial
from threading import Barrier, Thread
from threading import Event as Signal
from urllib.parse import urlsplit

import pytest
from django.db import connection, connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.http import HttpResponse
from django.test import Client
from psycopg2 import Error

from experts.changes import applying, editing, snapshot
from experts.changes.row_plans import Plan
from experts.models import Cause, Expert, Institution, Office, Seat, User
from mailing import delivery
from mailing.models import OutgoingEmail
from portal import mailbox_erasure
from solicitations import links
from solicitations.actions import (
    company_requests,
    expert_answers,
    expert_messages,
    feedback,
    reassigning,
    staff_actions,
    submission,
    undoing,
)
from solicitations.dispatch import fallback, holding, reoffer, routing
from solicitations.dispatch.states import refresh_states
from solicitations.lifecycle import ForbiddenMove, HeldReason, MatchState, NeedState, RequestState
from solicitations.models import Draft, Event, Match, Solicitation
from territories.models import Commune
from tests.experts.factories import ExpertFactory, PersonFactory
from tests.faults.consistency import ABANDONED
from tests.solicitations.factories import blank, match, part, send
from tests.workers import wait_for_a_blocked_session

pytestmark = [pytest.mark.demo_directory, pytest.mark.django_db(transaction=True)]

MINUTE = timedelta(minutes=1)
PATIENCE = 300  # seconds before giving up
Act = Callable[[], object]


def together(*acts: Act) -> list[object]:
    """Start all calls at the same time; return the result of each, or its exception."""
    barrier = Barrier(len(acts), timeout=PATIENCE)
    outcomes: list[object] = [TimeoutError("still waiting")] * len(acts)

    def play(index: int, act: Act) -> None:
        try:
            connection.ensure_connection()
            barrier.wait()
            outcomes[index] = act()
        except Exception as error:  # noqa: BLE001 (the outcome is what the test looks at)
            outcomes[index] = error
        finally:
            connections.close_all()

    threads = [Thread(target=play, args=pair, daemon=True) for pair in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
    return outcomes


def errors(outcomes: list[object]) -> list[type[Exception]]:
    return [type(outcome) for outcome in outcomes if isinstance(outcome, Exception)]


def mails(occasion: str) -> list[str]:
    """Recipients of the mails of this occasion, sent or to be sent."""
    rows = OutgoingEmail.objects.filter(template__endswith=f"/{occasion}", cancelled_at=None)
    return sorted(rows.values_list("to", flat=True))


def nothing_twice() -> bool:
    """True when no expert was sent a need twice."""
    rows = OutgoingEmail.objects.filter(template__endswith="/notified", cancelled_at=None)
    about = [name for names in rows.values_list("about", flat=True) for name in names]
    return max(Counter(name for name in about if name.startswith("match:")).values()) == 1


def test_two_clicks_on_one_draft_make_one_request(now):
    draft = Draft.objects.create(answers={"texte": "…"}, created_at=now, updated_at=now)

    def click() -> object:
        parts = [part("trouver-candidats")]
        return submission.submit(blank(now=now), parts=parts, draft=draft, now=now)

    outcomes = together(click, click, click)

    assert errors(outcomes) == [submission.AlreadySent] * 2
    assert Solicitation.objects.count() == 1
    assert len(mails("received")) == 1
    assert len(mails("notified")) == 4


@pytest.mark.parametrize(
    ("first", "second"),
    [
        pytest.param({}, {}, id="one SIRET"),
        pytest.param({"siret": ""}, {}, id="one address, one SIRET known"),
    ],
)
def test_of_two_simultaneous_similar_requests_one_is_routed(now, first, second):
    outcomes = together(
        lambda: send(now=now, **first), lambda: send(now=now, **second), lambda: send(now=now, **first)
    )

    assert errors(outcomes) == []
    routed = Solicitation.objects.get(state=RequestState.SUBMITTED)
    held = Solicitation.objects.held()
    assert {row.held_reason for row in held} == {HeldReason.DUPLICATE}
    assert {row.duplicate_of for row in held} == {routed}
    assert len(mails("notified")) == 4


def test_two_experts_may_take_the_same_need(now):
    request = send(now=now)
    expert_match, other = (
        match(request, "recrutement@france-travail"),
        match(request, "entreprises@mission-locale"),
    )

    outcomes = together(
        *(
            lambda row=row: expert_answers.move(row, MatchState.TAKEN, by=row.mailbox, now=now)
            for row in (expert_match, other)
        )
    )

    assert errors(outcomes) == []
    assert Match.objects.taken().count() == 2
    request.refresh_from_db()
    assert request.progress == NeedState.IN_PROGRESS
    # The second to take knows of the first, who is told nothing of the second: he has taken already.
    recipients = mails("taken_for_others")
    assert Counter(recipients)[expert_match.mailbox.email] + Counter(recipients)[other.mailbox.email] == 1
    assert len(mails("taken_for_company")) == 2


def test_a_double_click_takes_once(now):
    request = send(now=now)
    row = match(request, "recrutement@france-travail")

    outcomes = together(
        *[lambda: expert_answers.move(row, MatchState.TAKEN, by=row.mailbox, now=now)] * 3,
        lambda: expert_answers.take_all(row.mailbox, now=now),
    )

    assert set(errors(outcomes)) <= {ForbiddenMove}
    assert Event.objects.moves().count() == 1
    assert len(mails("taken_for_company")) == 1


def test_a_taking_and_a_cancellation_at_once(now):
    request = send(now=now)
    row = match(request, "recrutement@france-travail")

    outcomes = together(
        lambda: expert_answers.move(row, MatchState.TAKEN, by=row.mailbox, now=now),
        lambda: company_requests.cancel(request, now=now),
    )

    assert errors(outcomes) in ([], [ForbiddenMove])
    request.refresh_from_db()
    row.refresh_from_db()
    assert (request.state, request.progress) == (RequestState.CANCELLED, NeedState.CANCELLED)
    assert row.state == MatchState.WITHDRAWN
    assert mails("taken_for_company") == mails("taken_for_others") == []


def test_two_clicks_on_deletion_erase_once(now):
    request = send(now=now)

    outcomes = together(*(lambda: mailbox_erasure.erase_mailbox(request.email, now=now) for _ in range(3)))

    assert errors(outcomes) == []
    assert request.events.filter(kind="anonymised").count() == 1


@pytest.mark.parametrize("round_", range(2))
def test_an_undo_while_its_mails_are_being_sent(now, smtp_sink, round_):
    request = send(now=now)
    row = match(request, "recrutement@france-travail")
    expert_answers.move(row, MatchState.TAKEN, by=row.mailbox, now=now)
    leaving = OutgoingEmail.objects.filter(template__contains="/taken_for_")
    later = now + 2 * MINUTE

    outcomes = together(
        lambda: undoing.undo(row, by=row.mailbox, now=later),
        *(lambda pk=pk: delivery.deliver(pk, now=later) for pk in leaving.values_list("pk", flat=True)),
    )

    assert errors(outcomes) == []
    row.refresh_from_db()
    assert row.state == MatchState.SENT
    assert not leaving.pending().exists()
    notified = set(leaving.exclude(sent_at=None).values_list("to", flat=True))
    # Whoever was told is told again; nobody else is mailed.
    assert set(mails("undone_for_company") + mails("undone_for_experts")) == notified
    assert len(smtp_sink.messages) == len(notified)


def test_a_mail_being_sent_while_its_move_is_undone_counts_as_sent(now):
    request = send(now=now)
    row = match(request, "recrutement@france-travail")
    expert_answers.move(row, MatchState.TAKEN, by=row.mailbox, now=now)
    mail = OutgoingEmail.objects.get(template__endswith="taken_for_company")
    later = now + 2 * MINUTE
    barrier = Barrier(2, timeout=PATIENCE)

    def leave() -> None:
        with transaction.atomic():
            locked = OutgoingEmail.objects.select_for_update().get(pk=mail.pk)
            barrier.wait()
            wait_for_a_blocked_session()
            locked.record_sent(provider_id="", at=later)
            locked.save()

    def undo() -> None:
        barrier.wait()
        undoing.undo(row, by=row.mailbox, now=later)

    outcomes = together(leave, undo)

    assert errors(outcomes) == []
    assert mails("undone_for_company") == [request.email]


def test_a_request_routed_twice_at_once_has_each_match_once(now):
    request = send(now=now)
    Match.objects.all().delete()
    request.mailboxes.all().delete()
    OutgoingEmail.objects.all().delete()
    Solicitation.objects.update(routing_due_at=now, routed_at=None)

    outcomes = together(*[lambda: routing.route_safely(request.pk, now=now)] * 4)

    assert errors(outcomes) == []
    request.refresh_from_db()
    assert (request.progress, request.routing_error) == (NeedState.WAITING, "")
    assert len(mails("notified")) == 4
    assert nothing_twice()


def test_two_simultaneous_searches_for_a_fallback_ask_it_once(now):
    request = send("clause-insertion", commune="21166", naf="81.30Z", craft=False, now=now)
    row = match(request, "facilitation@clauses")
    expert_answers.move(row, MatchState.DECLINED, by=row.mailbox, decline_reason="other", now=now)

    outcomes = together(*[lambda: fallback.offer_fallback(row.need_id, now=now + 2 * MINUTE)] * 4)

    assert errors(outcomes) == []
    assert row.need.matches.filter(origin="fallback").count() == 1
    assert len(mails("taken_over")) == 1
    assert nothing_twice()


def test_a_fallback_and_the_undoing_of_the_last_refusal_at_once(now):
    request = send("clause-insertion", commune="21166", naf="81.30Z", craft=False, now=now)
    row = match(request, "facilitation@clauses")
    expert_answers.move(row, MatchState.DECLINED, by=row.mailbox, decline_reason="other", now=now)

    outcomes = together(
        lambda: fallback.offer_fallback(row.need_id, now=now + 2 * MINUTE),
        lambda: undoing.undo(row, by=row.mailbox, now=now + 2 * MINUTE),
    )

    assert errors(outcomes) == []
    row.refresh_from_db()
    request.refresh_from_db()
    assert row.state == MatchState.SENT
    assert (request.state, request.progress) == (RequestState.SUBMITTED, NeedState.WAITING)
    assert row.need.matches.count() == 1 + len(mails("taken_over"))


def test_a_hand_over_and_a_withdrawal_by_staff_at_once(now):
    request = send(now=now)
    row = match(request, "entreprises@mission-locale")
    geiq = Institution.objects.get(code="GEIQ")
    admin = User.objects.create_user("nationale@equipe.example.org", role="national")

    outcomes = together(
        lambda: expert_answers.hand_over(row, geiq, comment="", by=row.mailbox, now=now),
        lambda: staff_actions.withdraw(row, reason="erreur", by=admin, now=now),
    )

    assert errors(outcomes) == [ForbiddenMove]
    row.refresh_from_db()
    made = Match.objects.filter(introduced_by=row).count()
    assert (row.state, made) in {(MatchState.REPLACED, 1), (MatchState.WITHDRAWN, 0)}
    assert nothing_twice()


def test_two_experts_hand_over_to_one_institution_at_once(now):
    request = send(now=now)
    geiq = Institution.objects.get(code="GEIQ")
    rows = [match(request, "entreprises@mission-locale"), match(request, "recrutement@france-travail")]

    outcomes = together(
        *(
            lambda row=row: expert_answers.hand_over(row, geiq, comment="", by=row.mailbox, now=now)
            for row in rows
        )
    )

    assert errors(outcomes) == [expert_answers.NobodyThere]
    assert Match.objects.filter(expert__office__institution=geiq).count() == 1
    assert nothing_twice()


@contextmanager
def impatient() -> Iterator[BaseDatabaseWrapper]:
    """Let this thread wait 0.1 s for locks; give another connection, in a transaction that is rolled back."""
    with connection.cursor() as cursor:
        cursor.execute("SET lock_timeout = '100ms'")
    other = connection.copy()
    other.set_autocommit(False)
    try:
        yield other
    finally:
        other.close()
        connection.close()


class TestRoutingWithItsRequest:
    """The foreign keys of the matches are checked at the commit, where the routing can still fail."""

    def test_a_request_whose_experts_are_being_changed_is_kept(self, now):
        with impatient() as other:
            other.cursor().execute("SELECT FROM experts_expert FOR UPDATE")
            [sent] = submission.submit(blank(now=now), parts=[part("trouver-candidats")], now=now)

        assert sent.routing_error == "OperationalError"
        assert list(Solicitation.objects.unrouted(now=now + MINUTE)) == [sent]
        assert OutgoingEmail.objects.get().template.endswith("/received")

    def test_a_request_whose_expert_is_deleted_meanwhile_is_kept(self, now):
        gone = ExpertFactory(office=Office.objects.get(code="PE-DIJON"), has_all_subjects=True)

        def delete_expert(execute, sql, *others):
            result = execute(sql, *others)
            if sql.startswith('INSERT INTO "solicitations_match"'):
                other.cursor().execute("DELETE FROM experts_expert WHERE id = %s", [gone.pk])
                other.commit()
            return result

        with impatient() as other, connection.execute_wrapper(delete_expert):
            [sent] = submission.submit(blank(now=now), parts=[part("trouver-candidats")], now=now)

        assert sent.routing_error == "IntegrityError"
        routing.route_safely(sent.pk, now=now + MINUTE)
        assert match(sent, "recrutement@france-travail").state == MatchState.SENT

    def test_an_error_after_the_commit_sends_nothing_twice(self, now, monkeypatch):
        draft = Draft.objects.create(answers={"texte": "…"}, created_at=now, updated_at=now)
        monkeypatch.setattr(submission, "_finish", None)

        with pytest.raises(submission.AlreadySent):
            submission.submit(blank(now=now), parts=[part("trouver-candidats")], draft=draft, now=now)

        sent = Solicitation.objects.get()
        assert sent.progress == NeedState.WAITING
        assert OutgoingEmail.objects.filter(template__endswith="/received").count() == 1

    def test_a_connection_lost_at_the_commit_keeps_one_request(self, now, monkeypatch):
        """The draft tells whether it was committed."""
        draft = Draft.objects.create(answers={"texte": "…"}, created_at=now, updated_at=now)
        commit, commits = BaseDatabaseWrapper._commit, []  # noqa: SLF001

        def lose_connection(self):
            commits.append(self)
            if len(commits) == 1:
                with self.connection.cursor() as cursor, suppress(Error):
                    cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")
            return commit(self)

        monkeypatch.setattr(BaseDatabaseWrapper, "_commit", lose_connection)
        [sent] = submission.submit(blank(now=now), parts=[part("trouver-candidats")], draft=draft, now=now)

        assert len(commits) == 2
        assert list(Solicitation.objects.all()) == [sent]


class TestReassigning:
    @pytest.fixture
    def row(self, now) -> Match:
        return match(send(now=now), "recrutement@france-travail")

    @pytest.fixture
    def colleagues(self, row) -> list[Expert]:
        return [ExpertFactory(office=row.expert.office, has_all_subjects=True) for _ in range(2)]

    @pytest.fixture
    def managers(self, row, now) -> list[User]:
        people = [PersonFactory() for _ in range(2)]
        for person in people:
            Seat.objects.create(user=person, office=row.expert.office, given_at=now)
        return people

    def give(self, row: Match, target: Expert, by: User, now: datetime) -> None:
        reassigning.reassign(row.need.solicitation_id, [row.pk], target, by=by, now=now)

    @pytest.mark.parametrize("is_taken", [True, False])
    def test_two_managers_give_one_need_at_once(self, row, colleagues, managers, now, is_taken):
        if is_taken:
            expert_answers.move(row, MatchState.TAKEN, by=row.mailbox, now=now)

        outcomes = together(
            *(
                lambda person=person, by=by: self.give(row, person, by, now + MINUTE)
                for person, by in zip(colleagues, managers, strict=True)
            )
        )

        assert errors(outcomes) == [ForbiddenMove]
        [given] = Match.objects.filter(expert__in=colleagues)
        assert given.state == (MatchState.TAKEN if is_taken else MatchState.SENT)
        assert mails("reassigned" if is_taken else "notified").count(given.expert.email) == 1
        assert nothing_twice()

    def test_it_is_taken_while_a_manager_gives_it(self, row, colleagues, managers, now):
        outcomes = together(
            lambda: expert_answers.move(row, MatchState.TAKEN, by=row.mailbox, now=now),
            lambda: self.give(row, colleagues[0], managers[0], now),
        )

        row.refresh_from_db()
        given = Match.objects.get(expert=colleagues[0])
        was_taken_first = errors(outcomes) == []
        assert row.state == MatchState.REPLACED
        assert errors(outcomes) in ([], [ForbiddenMove])
        assert given.state == (MatchState.TAKEN if was_taken_first else MatchState.SENT)
        row.need.refresh_from_db()
        assert row.need.state == (NeedState.IN_PROGRESS if was_taken_first else NeedState.WAITING)

    @pytest.mark.parametrize("who", ["giver", "receiver"])
    def test_somebody_leaves_while_a_manager_gives_it(self, row, colleagues, managers, now, who):
        target = colleagues[0]
        Expert.objects.filter(pk=row.expert_id if who == "giver" else target.pk).update(left_at=now)

        outcomes = together(
            lambda: reoffer.reoffer(row.need.solicitation_id, now=now),
            lambda: self.give(row, target, managers[0], now),
        )

        assert set(errors(outcomes)) <= {ForbiddenMove, expert_answers.NobodyThere}
        live = Match.objects.active().filter(need=row.need)
        assert live.exclude(expert__in=Expert.objects.gone(now.date(), now=now)).exists()
        assert nothing_twice()

    def test_a_hand_over_and_a_manager_at_once(self, row, colleagues, managers, now):
        geiq = Institution.objects.get(code="GEIQ")

        outcomes = together(
            lambda: expert_answers.hand_over(row, geiq, comment="", by=row.mailbox, now=now),
            lambda: self.give(row, colleagues[0], managers[0], now),
        )

        assert errors(outcomes) == [ForbiddenMove]
        assert Match.objects.filter(introduced_by=row).count() == 1


def test_one_address_in_two_offices_is_one_mailbox_whoever_brings_it_in(now):
    request = send(now=now)
    rows = [match(request, "entreprises@mission-locale"), match(request, "recrutement@france-travail")]
    targets = [Institution.objects.get(code=code) for code in ("GEIQ", "ARACT")]
    for office in Office.objects.filter(institution__in=targets):
        Expert.objects.filter(office=office).update(
            email=f"{'Deux' if office.pk % 2 else 'deux'}@postes.example.org"
        )

    outcomes = together(
        *(
            lambda row=row, target=target: expert_answers.bring_in(
                row, target, comment="", by=row.mailbox, now=now
            )
            for row, target in zip(rows, targets, strict=True)
        )
    )

    assert errors(outcomes) == []
    assert request.mailboxes.get(email__iexact="deux@postes.example.org").matches.count() == 2


@pytest.mark.parametrize("round_", range(2))
def test_a_correction_and_an_answer_at_once(now, round_):
    request = send(now=now)
    row = match(request, "recrutement@france-travail")
    admin = User.objects.create_user("nationale@equipe.example.org", role="national")
    dijon = Commune.objects.resolve("21231")

    outcomes = together(
        lambda: staff_actions.correct(request, columns={"commune": dijon}, subjects={}, by=admin, now=now),
        lambda: expert_answers.move(row, MatchState.TAKEN, by=row.mailbox, now=now),
        lambda: routing.route_safely(request.pk, now=now),
    )

    assert errors(outcomes) == []
    request.refresh_from_db()
    row.refresh_from_db()
    assert request.commune == dijon
    assert (row.state, request.progress) == (MatchState.TAKEN, NeedState.IN_PROGRESS)
    assert Match.objects.filter(expert__office__code="PLIE-DIJON").count() == 1
    assert nothing_twice()


def test_a_held_request_released_by_staff_and_by_the_clock_at_once(now):
    request = send(now=now, text="Voir https://a.example.org et https://b.example.org")
    admin = User.objects.create_user("nationale@equipe.example.org", role="national")
    later = now + timedelta(hours=5)

    outcomes = together(
        lambda: staff_actions.release(request, by=admin, now=later),
        lambda: holding.release_when_due(request.pk, now=later),
        lambda: company_requests.add_information(request, body="C'est urgent.", now=later),
    )
    routing.route_safely(request.pk, now=later)

    assert errors(outcomes) in ([], [ForbiddenMove])
    assert Event.objects.filter(solicitation=request, kind="released").count() == 1
    assert len(mails("notified")) == 4


def test_all_actions_at_once_on_one_request_do_not_deadlock(now, smtp_sink):
    """No two actions lock the same rows in opposite orders."""
    request = send("recrutement-developpement", "financer-formation", commune="21231", naf="72.19Z", now=now)
    admin = User.objects.create_user("nationale@equipe.example.org", role="national")
    boxes = list(request.mailboxes.select_related("solicitation__commune").order_by("pk"))
    geiq = Institution.objects.get(code="GEIQ")
    at = now + 2 * MINUTE
    acts: list[Act] = [
        lambda: staff_actions.correct(request, columns={"naf": "72.11Z"}, subjects={}, by=admin, now=at),
        lambda: company_requests.add_information(request, body="C'est urgent.", now=at),
        lambda: feedback.report_not_called(request, now=at),
        lambda: send("recrutement-developpement", commune="21231", naf="72.19Z", now=at),
        lambda: staff_actions.withdraw(boxes[0].matches.first(), reason="erreur", by=admin, now=at),
    ]
    for box in boxes:
        row = box.matches.first()
        acts += [
            lambda box=box: expert_answers.take_all(box, now=at),
            lambda box=box: expert_messages.post_message(box, body=f"Bonjour de {box.pk}", now=at),
            lambda box=box, row=row: expert_answers.bring_in(row, geiq, comment="", by=box, now=at),
            lambda box=box: expert_messages.record_opened(box, now=at),
        ]
    acts += [
        lambda pk=pk: delivery.deliver(pk, now=at)
        for pk in OutgoingEmail.objects.pending().values_list("pk", flat=True)
    ]

    outcomes = together(*acts)

    assert set(errors(outcomes)) <= {ForbiddenMove, expert_answers.NobodyThere, expert_messages.NotInThread}
    assert nothing_twice()
    request.refresh_from_db()
    before = request.progress
    with transaction.atomic():
        refresh_states(request)
    assert request.progress == before


@pytest.mark.parametrize(
    "acts",
    [
        ["besoins/{}/prendre/"] * 2,
        ["tout-prendre/"] * 2,
        ["besoins/{}/prendre/", "tout-prendre/"],
        ["besoins/{}/prendre/"] * 4,
    ],
    ids=["take", "take all", "take and take all", "four clicks"],
)
def test_two_simultaneous_takes_by_one_mailbox_are_both_told_that_it_is_done(now, acts):
    expert_match = match(send(now=now), "recrutement@france-travail")
    path = urlsplit(links.answer_url(expert_match.mailbox)).path
    seen = re.search(r'name="seen" value="([0-9]+)"', Client().get(path).content.decode())[1]

    def click(act: str) -> str:
        page = Client().post(path + act.format(expert_match.pk), {"seen": seen}, follow=True)
        return page.content.decode()

    pages = together(*(partial(click, act) for act in acts))

    assert errors(pages) == []
    assert not any(
        "Rien n&#x27;a été changé" in str(page) or "Rien n'a été changé" in str(page) for page in pages
    )
    assert len(mails("taken_for_company")) == 1


def closing_of(office: Office, *, now: datetime) -> Plan:
    stored = snapshot.load(offices=[office.pk]).offices[office.code]
    return Plan(offices=(editing.close_office(office.code, stored, on=now.date()),))


def pause_of(expert: Expert) -> Plan:
    stored = snapshot.load(experts=[expert.pk]).experts
    key = (expert.office.code, expert.email.lower())
    return Plan(experts=(editing.change(key, stored[key], {"is_paused": True}),))


@pytest.mark.parametrize("is_taken_first", [True, False], ids=["taken first", "closed first"])
@pytest.mark.parametrize("what", ["office", "expert"])
def test_a_closing_while_its_match_is_taken_loses_no_need(now, what, is_taken_first):
    request = send(now=now)
    expert_match = match(request, "recrutement@france-travail")
    admin = User.objects.create_user("national@equipe.example.org", name="Léa Martin", role="national")
    office, expert = expert_match.expert.office, expert_match.expert
    plan = closing_of(office, now=now) if what == "office" else pause_of(expert)
    path = urlsplit(links.answer_url(expert_match.mailbox)).path
    seen = re.search(r'name="seen" value="([0-9]+)"', Client().get(path).content.decode())[1]

    def take() -> HttpResponse:
        return Client().post(f"{path}besoins/{expert_match.pk}/prendre/", {"seen": seen})

    def close() -> None:
        applying.apply(plan, cause=Cause.PAGE, author=admin, now=now)
        reoffer.reoffer(request.pk, now=now)

    def hold_until_both_wait() -> None:
        with transaction.atomic():
            Solicitation.objects.locked(request.pk)
            is_held.set()
            wait_for_a_blocked_session(2)

    def first(act: Act) -> object:
        is_held.wait(PATIENCE)
        return act()

    def second(act: Act) -> object:
        is_held.wait(PATIENCE)
        wait_for_a_blocked_session()
        return act()

    is_held = Signal()
    acts = (take, close) if is_taken_first else (close, take)
    outcomes = together(hold_until_both_wait, lambda: first(acts[0]), lambda: second(acts[1]))

    assert errors(outcomes) == []
    page = outcomes[1 if is_taken_first else 2]
    expert_match.refresh_from_db()
    with connection.cursor() as cursor:
        cursor.execute(ABANDONED)
        assert cursor.fetchone() == (0,)
    assert Match.objects.live().filter(need=expert_match.need_id).exists()
    if is_taken_first:
        assert (page.status_code, expert_match.state) == (302, MatchState.TAKEN)
        assert expert_match.expert_left_at == now
        assert mails("taker_gone") == [request.email]
    else:
        assert (page.status_code, expert_match.state) == (409, MatchState.WITHDRAWN)
        text = page.content.decode()
        gone = "est fermée" if what == "office" else "Vous n&#x27;êtes plus à ce poste"
        assert gone in text
        assert "changement fait par Léa Martin" in text
