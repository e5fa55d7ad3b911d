"""The labour-law clock on the pages of experts and staff, and the printed question and answer."""

from datetime import date, timedelta
from urllib.parse import urlsplit

import pytest
import time_machine

from solicitations import links, progress
from solicitations.actions import company_requests, expert_answers, undoing
from solicitations.lifecycle import MatchState
from solicitations.models import Match, Need, Solicitation
from solicitations.views.legal import LegalClock, clock
from tests.solicitations.factories import send
from tests.workspace.conftest import page_text

pytestmark = [pytest.mark.django_db, pytest.mark.demo_directory]

DAY = timedelta(days=1)
ANSWER = "Oui : un contrat écrit, remis sous deux jours."


@pytest.fixture
def asked(commit, now) -> Solicitation:
    """A question sent on Tuesday 1 December, due on the 15th."""
    return commit(send, "contrat-travail", now=now, siret="")


def read(solicitation: Solicitation, now) -> LegalClock | None:
    need = Need.objects.select_related("subject", "solicitation__commune").get(solicitation=solicitation)
    matches = Match.objects.filter(need=need).with_people().in_order()
    return clock(need, matches, now=now)


def first(solicitation: Solicitation) -> Match:
    return Match.objects.with_people().filter(need__solicitation=solicitation).in_order().first()


def conclude(commit, match: Match, outcome: MatchState, now, answer: str = ANSWER) -> None:
    if match.state == MatchState.SENT:
        commit(expert_answers.move, match, MatchState.TAKEN, by=match.mailbox, now=now)
    fresh = Match.objects.with_people().get(pk=match.pk)
    commit(expert_answers.move, fresh, outcome, by=match.mailbox, answer=answer, now=now)


@pytest.mark.parametrize(
    ("days", "left", "late", "is_past"),
    [(0, 10, 0, False), (3, 7, 0, False), (14, 0, 0, False), (15, 0, 1, True), (18, 0, 3, True)],
    ids=["on the day", "after three days", "the last day", "the day after", "the Saturday after"],
)
def test_working_days_left_are_counted_then_those_of_the_delay(asked, now, days, left, late, is_past):
    found = read(asked, now + timedelta(days=days))

    assert found.due_on == date(2026, 12, 15)
    assert (found.days_left, found.days_late, found.is_past) == (left, late, is_past)


@pytest.mark.parametrize(
    ("low", "high", "runs"),
    [(299, 299, True), (300, 300, False), (250, 499, True), (None, None, True), (300, None, False)],
    ids=["below", "at 300", "astride", "unknown", "above"],
)
def test_clock_runs_below_three_hundred_employees_or_when_unknown(commit, now, low, high, runs):
    sent = commit(send, "contrat-travail", now=now, siret="", headcount_min=low, headcount_max=high)

    assert (read(sent, now) is not None) == runs


def test_another_subject_has_no_clock(commit, now):
    assert read(commit(send, now=now), now) is None


def test_taking_does_not_stop_the_clock(commit, asked, now):
    commit(expert_answers.move, first(asked), MatchState.TAKEN, by=first(asked).mailbox, now=now)

    assert read(asked, now).answered_at is None


@pytest.mark.parametrize("outcome", [MatchState.HELPED, MatchState.NO_HELP])
def test_the_first_answer_stops_the_clock_with_its_date(commit, asked, now, outcome):
    conclude(commit, first(asked), outcome, now + timedelta(days=2))

    found = read(asked, now + timedelta(days=20))

    assert (found.answered_at, found.is_answered_in_time) == (now + timedelta(days=2), True)
    assert found.answered_by == first(asked).expert.office.name


def test_not_reaching_the_company_does_not_stop_the_clock(commit, asked, now):
    conclude(commit, first(asked), MatchState.UNREACHABLE, now, answer="")

    assert read(asked, now).answered_at is None


def test_an_answer_after_the_date_is_late(commit, asked, now):
    conclude(commit, first(asked), MatchState.HELPED, now + timedelta(days=15))

    assert not read(asked, now + timedelta(days=20)).is_answered_in_time


def test_an_undone_answer_restarts_the_clock(commit, asked, now):
    conclude(commit, first(asked), MatchState.HELPED, now)
    commit(undoing.undo, first(asked), by=first(asked).mailbox, now=now + timedelta(seconds=30))

    assert read(asked, now).answered_at is None


def test_the_first_of_two_answers_keeps_its_date(commit, asked, now):
    conclude(commit, first(asked), MatchState.NO_HELP, now + timedelta(days=1), answer="Pas encore.")
    conclude(commit, first(asked), MatchState.HELPED, now + timedelta(days=3))

    assert read(asked, now).answered_at == now + timedelta(days=1)


class TestTwoAnswers:
    @pytest.fixture
    def twice(self, commit, asked, now) -> Solicitation:
        conclude(commit, first(asked), MatchState.NO_HELP, now + DAY, answer="Pas encore.")
        conclude(commit, first(asked), MatchState.HELPED, now + 3 * DAY)
        return asked

    def test_each_is_shown_with_its_own_date(self, twice, now):
        [shown] = progress.build(twice).legal_answers

        assert (shown.answer, shown.at) == ("Pas encore.", now + DAY)
        assert [(later.answer, later.at) for later in shown.later] == [(ANSWER, now + 3 * DAY)]

    def test_not_having_reached_the_company_later_is_no_answer(self, commit, asked, now):
        conclude(commit, first(asked), MatchState.NO_HELP, now + DAY, answer="Pas encore.")
        commit(
            expert_answers.move, first(asked), MatchState.TAKEN, by=first(asked).mailbox, now=now + 2 * DAY
        )
        conclude(commit, first(asked), MatchState.UNREACHABLE, now + 3 * DAY, answer="Pas de réponse.")

        [shown] = progress.build(asked).legal_answers

        assert (shown.answer, shown.later) == ("Pas encore.", ())

    @pytest.mark.parametrize(("who", "page"), [("owner", ""), ("owner", "reponse/"), ("expert", "reponse/")])
    def test_the_pages_show_both_answers_in_order(self, client, twice, page, who, now):
        url = links.follow_url(twice) if who == "owner" else links.answer_url(first(twice).mailbox)
        with time_machine.travel(now + 4 * DAY, tick=False):
            text = page_text(client.get(f"{urlsplit(url).path}{page}"))

        order = ["mercredi 2 décembre", "Pas encore.", "Nouvelle réponse", "vendredi 4 décembre", ANSWER]
        places = [text.find(shown) for shown in order]
        assert -1 not in places
        assert places == sorted(places)


@pytest.mark.parametrize("is_taken_between", [False, True], ids=["at once", "taken again between"])
def test_an_undone_answer_leaves_the_one_before_with_its_date_and_words(commit, asked, now, is_taken_between):
    conclude(commit, first(asked), MatchState.NO_HELP, now + timedelta(days=1), answer="Pas encore.")
    if is_taken_between:
        commit(
            expert_answers.move, first(asked), MatchState.TAKEN, by=first(asked).mailbox, now=now + 2 * DAY
        )
    conclude(commit, first(asked), MatchState.HELPED, now + timedelta(days=3))
    commit(undoing.undo, first(asked), by=first(asked).mailbox, now=now + timedelta(days=3, seconds=30))

    [shown] = progress.build(Solicitation.objects.get(pk=asked.pk)).legal_answers
    assert (shown.answer, shown.at) == ("Pas encore.", now + timedelta(days=1))


def test_answers_undone_one_after_the_other_leave_none(commit, asked, now):
    for outcome, days in ((MatchState.NO_HELP, 1), (MatchState.HELPED, 2)):
        conclude(commit, first(asked), outcome, now + timedelta(days=days))
        commit(undoing.undo, first(asked), by=first(asked).mailbox, now=now + timedelta(days=days, seconds=9))

    assert (first(asked).answer, first(asked).answered_at) == ("", None)


def test_an_answer_stays_shown_to_the_owner_when_the_expert_takes_the_need_again(commit, asked, now):
    conclude(commit, first(asked), MatchState.NO_HELP, now + timedelta(days=1))
    expert_match = Match.objects.with_people().get(pk=first(asked).pk)
    commit(
        expert_answers.move,
        expert_match,
        MatchState.TAKEN,
        by=expert_match.mailbox,
        now=now + timedelta(days=2),
    )

    [shown] = progress.build(Solicitation.objects.get(pk=asked.pk)).legal_answers

    assert (shown.answer, shown.at) == (ANSWER, now + timedelta(days=1))


def test_a_cancelled_question_has_no_clock(commit, asked, now):
    commit(company_requests.cancel, asked, now=now)

    assert read(Solicitation.objects.get(pk=asked.pk), now) is None


SAID = {
    "running": (timedelta(days=3), "Il reste 7 jours ouvrés."),
    "one day": (timedelta(days=13), "Il reste 1 jour ouvré."),
    "last day": (timedelta(days=14), "C'est le dernier jour."),
    "late": (timedelta(days=16), "En retard de 2 jours ouvrés."),
}


def test_expert_reads_how_long_is_left(client, asked, now):
    path = urlsplit(links.answer_url(first(asked).mailbox)).path
    for when, (later, sentence) in SAID.items():
        with time_machine.travel(now + later, tick=False):
            text = page_text(client.get(path))

        assert sentence in text, when
        assert "avant le mardi 15 décembre" in text, when


class TestPrint:
    @pytest.fixture
    def answered(self, commit, asked, now) -> Match:
        commit(
            company_requests.add_information, asked, body="C'est un mi-temps.", now=now + timedelta(hours=1)
        )
        conclude(commit, first(asked), MatchState.HELPED, now + timedelta(days=2))
        return Match.objects.with_people().get(pk=first(asked).pk)

    @pytest.fixture(params=["owner", "expert"])
    def page(self, request, client, asked, answered, now) -> str:
        """The printed page, from the owner's link and from the expert's."""
        url = links.follow_url(asked) if request.param == "owner" else links.answer_url(answered.mailbox)
        with time_machine.travel(now + timedelta(days=3), tick=False):
            return page_text(client.get(f"{urlsplit(url).path}reponse/"))

    def test_question_and_answer_are_both_there_with_their_dates(self, page, asked, answered):
        for shown in (
            asked.description,
            "C'est un mi-temps.",
            ANSWER,
            "mardi 1er décembre 2026 à 10 h",
            "jeudi 3 décembre 2026 à 10 h",
            asked.applicant,
            asked.contact_name,
            answered.expert.name,
            answered.expert.office.name,
            answered.expert.office.phone,
            asked.reference,
        ):
            assert shown in page

    def test_print_names_its_full_address_and_its_date(self, page):
        assert "/reponse/ — imprimé le 4 décembre 2026" in page

    def test_the_pages_link_to_the_print(self, client, asked, answered, now):
        for url in (links.follow_url(asked), links.answer_url(answered.mailbox)):
            with time_machine.travel(now + timedelta(days=3), tick=False):
                html = client.get(urlsplit(url).path).content.decode()
            assert f'href="{urlsplit(url).path}reponse/"' in html

    def test_without_an_answer_the_print_redirects_to_the_page(self, client, asked, now):
        with time_machine.travel(now, tick=False):
            for url in (links.follow_url(asked), links.answer_url(first(asked).mailbox)):
                path = urlsplit(url).path
                assert client.get(f"{path}reponse/").url == path

    def test_an_expert_prints_his_own_answer_alone(self, client, commit, now):
        asked = commit(send, "premier-salarie", now=now)
        conclude(commit, first(asked), MatchState.HELPED, now)
        other = Match.objects.with_people().filter(need__solicitation=asked).in_order().last()
        assert other.mailbox != first(asked).mailbox

        path = urlsplit(links.answer_url(other.mailbox)).path
        with time_machine.travel(now, tick=False):
            assert client.get(f"{path}reponse/").url == path
