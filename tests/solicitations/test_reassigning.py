"""A manager gives the needs of a colleague to another person of the office."""

from datetime import timedelta

import pytest

from experts.models import Absence, Expert
from mailing.models import OutgoingEmail
from solicitations.actions import expert_answers, reassigning
from solicitations.actions.expert_answers import NobodyThere
from solicitations.lifecycle import EventKind, ForbiddenMove, MatchState
from solicitations.models import Event, Match, Solicitation
from tests.experts.factories import PersonFactory
from tests.solicitations.factories import match

pytestmark = [pytest.mark.demo_directory, pytest.mark.django_db, pytest.mark.usefixtures("first_request")]


@pytest.fixture
def sent(sent_once, now) -> Solicitation:
    request = sent_once
    OutgoingEmail.objects.pending().update(sent_at=now)
    return request


@pytest.fixture
def expert_match(sent) -> Match:
    return match(sent, "recrutement@france-travail")


@pytest.fixture
def manager():
    return PersonFactory(name="Anne Morel")


@pytest.fixture
def colleague(expert_match) -> Expert:
    return Expert.objects.create(
        office=expert_match.expert.office, name="Karim Dubois",
        email="karim.dubois@france-travail.example.org", phone="03 80 12 34 56", source="hand",
    )  # fmt: skip


@pytest.fixture
def reassign(expert_match, colleague, manager, commit, now):
    def act(*, to=None, at=now, comment=""):
        request = expert_match.mailbox.solicitation_id
        commit(
            reassigning.reassign,
            request,
            [expert_match.pk],
            to or colleague,
            by=manager,
            comment=comment,
            now=at,
        )

    return act


@pytest.fixture
def take(expert_match, commit, now):
    def act(row=None):
        row = row or expert_match
        commit(expert_answers.move, row, MatchState.TAKEN, by=row.mailbox, now=now)

    return act


def state(need, expert) -> str:
    return Match.objects.get(need=need, expert=expert).state


def waiting(address: str) -> list[str]:
    mails = OutgoingEmail.objects.pending().filter(to=address).order_by("pk")
    return [mail.template.rpartition("/")[2] for mail in mails]


def test_what_was_sent_is_sent_to_the_colleague(expert_match, colleague, reassign, manager):
    reassign(comment="Elle rentre lundi.")

    assert state(expert_match.need, expert_match.expert) == MatchState.REPLACED
    assert state(expert_match.need, colleague) == MatchState.SENT
    mail = OutgoingEmail.objects.pending().get(to=colleague.email)
    assert (mail.context["introducer"], mail.context["word"]) == (
        "Anne Morel (responsable)",
        "Elle rentre lundi.",
    )
    assert "stopped" in waiting(expert_match.mailbox.email)
    event = Event.objects.get(kind=EventKind.HANDED_OVER)
    assert (event.by_user, event.by_mailbox) == (manager, None)


def test_what_was_taken_stays_taken_in_the_hands_of_the_colleague(
    expert_match, colleague, sent, take, reassign, now
):
    take()
    OutgoingEmail.objects.pending().update(sent_at=now)

    reassign()

    assert state(expert_match.need, colleague) == MatchState.TAKEN
    sent.refresh_from_db()
    assert sent.progress == "in_progress"
    assert waiting(colleague.email) == ["reassigned"]
    notified = OutgoingEmail.objects.pending().get(to=sent.email)
    assert notified.template.endswith("/taken_for_company")
    assert notified.context["person"] == "Karim Dubois"


def test_company_that_was_not_told_yet_is_told_one_name(expert_match, colleague, sent, take, reassign):
    take()

    reassign()

    names = OutgoingEmail.objects.pending().filter(to=sent.email, template__endswith="/taken_for_company")
    assert [mail.context["person"] for mail in names] == ["Karim Dubois"]


def test_given_back_at_once_the_colleague_is_not_mailed(
    expert_match, colleague, reassign, manager, commit, now
):
    reassign()
    colleagues_match = Match.objects.get(need=expert_match.need, expert=colleague)

    commit(
        reassigning.reassign,
        expert_match.mailbox.solicitation_id,
        [colleagues_match.pk],
        expert_match.expert,
        by=manager,
        now=now,
    )

    assert state(expert_match.need, expert_match.expert) == MatchState.SENT
    assert "notified" not in waiting(colleague.email)


def test_colleague_who_has_the_need_keeps_it(expert_match, colleague, reassign, take, commit, now):
    commit(expert_answers.bring_in, expert_match, colleague, comment="", by=expert_match.mailbox, now=now)
    take()

    reassign()

    assert state(expert_match.need, colleague) == MatchState.TAKEN


@pytest.mark.parametrize("why", ["absent", "left", "paused"])
def test_nobody_away_receives_anything(expert_match, colleague, reassign, why, now):
    if why == "absent":
        Absence.objects.create(expert=colleague, from_on=now.date(), to_on=now.date() + timedelta(days=3))
    Expert.objects.filter(pk=colleague.pk).update(
        left_at=now if why == "left" else None, is_paused=why == "paused"
    )

    with pytest.raises(NobodyThere):
        reassign()

    assert state(expert_match.need, expert_match.expert) == MatchState.SENT


def test_what_changed_meanwhile_moves_nothing(expert_match, colleague, reassign, commit, now):
    commit(
        expert_answers.move,
        expert_match,
        MatchState.DECLINED,
        by=expert_match.mailbox,
        decline_reason="other",
        now=now,
    )

    with pytest.raises(ForbiddenMove):
        reassign()

    assert not Match.objects.filter(expert=colleague).exists()


def test_who_has_the_need_is_not_given_it_again(expert_match, reassign, take):
    take()

    with pytest.raises(ForbiddenMove):
        reassign(to=expert_match.expert)

    assert Match.objects.get(pk=expert_match.pk).state == MatchState.TAKEN


def test_colleague_who_declined_is_not_asked_again(expert_match, colleague, reassign, commit, now):
    commit(expert_answers.bring_in, expert_match, colleague, comment="", by=expert_match.mailbox, now=now)
    colleagues_match = Match.objects.with_people().get(need=expert_match.need, expert=colleague)
    commit(
        expert_answers.move,
        colleagues_match,
        MatchState.DECLINED,
        by=colleagues_match.mailbox,
        decline_reason="other",
        now=now,
    )

    with pytest.raises(ForbiddenMove):
        reassign()
