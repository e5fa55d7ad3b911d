"""The company's view of each institution."""

from datetime import timedelta

import pytest

from experts.models import Office
from solicitations import progress
from solicitations.actions import company_requests, expert_answers, staff_actions
from solicitations.dispatch import fallback
from solicitations.lifecycle import DeclineReason, MatchState
from solicitations.models import Match, Need, Solicitation
from solicitations.progress import AnswerKind
from tests.solicitations.factories import send

pytestmark = [pytest.mark.django_db, pytest.mark.demo_directory, pytest.mark.usefixtures("first_request")]


@pytest.fixture
def sent(sent_once) -> Solicitation:
    return sent_once


def matches(solicitation: Solicitation) -> list[Match]:
    return list(Match.objects.with_people().filter(need__solicitation=solicitation).in_order())


def kinds(solicitation: Solicitation) -> dict[str, list[AnswerKind]]:
    return {
        line.name: [step.kind for step in line.steps] for line in progress.build(solicitation).institutions
    }


def institution(match: Match) -> str:
    return match.expert.office.institution.name


def decline(commit, match: Match, now) -> None:
    reason = DeclineReason.NO_CAPACITY
    commit(expert_answers.move, match, MatchState.DECLINED, by=match.mailbox, decline_reason=reason, now=now)


def test_every_institution_has_received(sent):
    assert set(map(tuple, kinds(sent).values())) == {(AnswerKind.RECEIVED,)}


def test_refusal_shows_as_received_until_all_have_declined(sent, commit, now):
    first, *others = matches(sent)
    decline(commit, first, now)

    assert kinds(sent)[institution(first)] == [AnswerKind.RECEIVED]
    for other in others:
        decline(commit, other, now)
    assert set(map(tuple, kinds(sent).values())) == {(AnswerKind.RECEIVED,)}

    need = Need.objects.get(solicitation=sent)
    commit(fallback.offer_fallback, need.pk, now=now + timedelta(minutes=2))

    shown = kinds(sent)
    assert shown[institution(first)] == [AnswerKind.DECLINED]
    assert [AnswerKind.RECEIVED] in shown.values()


def test_taker_is_named_with_the_office_phone(sent, commit, now):
    taken = matches(sent)[0]
    commit(expert_answers.move, taken, MatchState.TAKEN, by=taken.mailbox, now=now)

    lines = {line.name: line for line in progress.build(sent).institutions}

    [step] = lines[institution(taken)].steps
    assert (step.kind, step.person, step.office) == (
        AnswerKind.TAKEN,
        taken.expert.name,
        taken.expert.office.name,
    )
    assert step.phone == taken.expert.office.phone


def test_taker_who_shows_a_number_is_reached_there(sent, commit, now):
    taken = matches(sent)[0]
    taken.expert.shows_phone, taken.expert.phone = True, "06 39 98 00 00"
    taken.expert.save()
    commit(expert_answers.move, taken, MatchState.TAKEN, by=taken.mailbox, now=now)

    steps = [step for line in progress.build(sent).institutions for step in line.steps if step.person]

    assert steps[0].phone == "06 39 98 00 00"


def test_nobody_is_named_before_taking(sent):
    assert not [step for line in progress.build(sent).institutions for step in line.steps if step.person]


@pytest.mark.parametrize(
    ("outcome", "kind"),
    [
        (MatchState.HELPED, AnswerKind.ANSWERED),
        (MatchState.NO_HELP, AnswerKind.ANSWERED),
        (MatchState.UNREACHABLE, AnswerKind.UNREACHABLE),
    ],
)
def test_outcome_shows_as_an_answer(sent, commit, now, outcome, kind):
    taken = matches(sent)[0]
    commit(expert_answers.move, taken, MatchState.TAKEN, by=taken.mailbox, now=now)
    commit(expert_answers.move, Match.objects.get(pk=taken.pk), outcome, by=taken.mailbox, now=now)

    assert kinds(sent)[institution(taken)] == [kind]


def test_labour_law_answer_is_shown_with_its_date(commit, now):
    sent = commit(send, "premier-salarie", now=now)
    taken = matches(sent)[0]
    commit(expert_answers.move, taken, MatchState.TAKEN, by=taken.mailbox, now=now)
    commit(
        expert_answers.move,
        Match.objects.get(pk=taken.pk),
        MatchState.HELPED,
        by=taken.mailbox,
        answer="Oui, par écrit.",
        now=now,
    )

    [answer] = progress.build(sent).legal_answers

    assert (answer.answer, answer.at) == ("Oui, par écrit.", now)


def test_cancelled_request_says_so(sent, commit, now):
    commit(company_requests.cancel, sent, now=now)

    assert progress.build(Solicitation.objects.get(pk=sent.pk)).ending == "Vous avez annulé cette demande."


def test_closing_message_of_staff_is_shown(sent, commit, now, django_user_model):
    admin = django_user_model.objects.create(email="equipe@example.org", role="national")

    commit(staff_actions.close, sent, message="Appelez votre antenne.", by=admin, now=now)
    sent.refresh_from_db()

    assert progress.build(sent).message == "Appelez votre antenne."


def test_request_that_reaches_nobody_says_so(commit, now):
    Office.objects.update(closed_on=now.date())

    request = commit(send, now=now, siret="", email="autre@example.org")

    assert progress.build(request).is_unassigned


def test_request_not_routed_yet_is_not_said_to_reach_nobody(sent):
    assert not progress.build(sent).is_unassigned


def test_request_closed_by_staff_has_nobody_left_to_read_more(sent, commit, now, django_user_model):
    admin = django_user_model.objects.create_user("nationale@equipe.example.org", role="national")
    assert progress.build(sent).has_readers

    commit(staff_actions.close, sent, message="Réglé.", by=admin, now=now)

    sent.refresh_from_db()
    assert not progress.build(sent).has_readers
