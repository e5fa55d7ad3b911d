"""The two pages that mails ask the owner to open: « vous a-t-on rappelé ? » and the survey."""

from datetime import timedelta
from urllib.parse import urlsplit

import pytest
import time_machine
from django.utils import timezone

from solicitations import links
from solicitations.actions import company_requests, expert_answers
from solicitations.lifecycle import EventKind, MatchState, RequestState
from solicitations.models import Event, Match, Solicitation, Survey
from tests.owners.visitor import text_of
from tests.solicitations.factories import match, send

pytestmark = [pytest.mark.django_db, pytest.mark.demo_directory]

ANSWERS = {"called": "yes", "usefulness": "partly", "outcome": "under_way", "comment": "Un appel rapide."}
PAGES = {"survey": links.survey_url, "call check": links.call_check_url}


@pytest.fixture
def now():
    return timezone.now()


@pytest.fixture
def sent(commit, now) -> Solicitation:
    return commit(send, now=now)


@pytest.fixture
def asked(sent, now) -> Survey:
    return Survey.objects.create(solicitation=sent, asked_at=now)


def path_of(url: str) -> str:
    return urlsplit(url).path


def owner_page(client, solicitation: Solicitation) -> str:
    return text_of(client.get(path_of(links.follow_url(solicitation))))


@pytest.mark.parametrize("url", PAGES.values(), ids=PAGES)
class TestLinks:
    def test_opening_the_page_records_nothing(self, client, sent, taken_by_somebody, url):
        before = Event.objects.count()

        assert client.get(path_of(url(sent))).status_code == 200
        assert Event.objects.count() == before

    def test_the_page_is_not_indexed_and_not_stored(self, client, sent, url):
        headers = client.get(path_of(url(sent))).headers

        assert "noindex" in headers["X-Robots-Tag"]
        assert "no-store" in headers["Cache-Control"]

    def test_its_link_opens_no_other_page(self, client, sent, url):
        token = path_of(url(sent)).split("/")[2]

        assert client.get(f"/suivi/{token}/").status_code == 404
        assert client.post(f"/suivi/{token}/annuler/").status_code == 404

    def test_the_follow_up_link_does_not_open_it(self, client, sent, url):
        token = path_of(links.follow_url(sent)).split("/")[2]
        last = path_of(url(sent)).split("/")[3]

        assert client.get(f"/suivi/{token}/{last}/").status_code == 404

    def test_it_opens_sixty_days_after_a_mail_that_asks(self, client, sent, now, url):
        """The six-month point leaves long after the owner's page has closed."""
        Solicitation.objects.update(state=RequestState.CANCELLED, ended_at=now - timedelta(days=180))
        assert client.get(path_of(url(sent))).status_code == 410

        Event.objects.create(solicitation=sent, kind=EventKind.FOLLOWED_UP, at=now)

        assert client.get(path_of(url(sent))).status_code == 200
        assert client.get(path_of(links.follow_url(sent))).status_code == 200
        with time_machine.travel(now + timedelta(days=61)):
            page = client.get(path_of(url(sent)))
        assert page.status_code == 410
        assert "plus temps de répondre" in text_of(page)

    def test_its_link_is_revoked_with_the_owner_s_other_links(self, client, sent, url):
        path = path_of(url(sent))
        Solicitation.objects.update(link_serial=2)

        assert client.get(path).status_code == 410


@pytest.fixture
def taken_by_somebody(commit, sent, now):
    """The request was sent, and taken, a week ago: as when the mail asks."""
    week_ago = now - timedelta(days=7)
    Match.objects.filter(need__solicitation=sent).update(sent_at=week_ago)
    expert_match = match(sent, "recrutement@france-travail")
    commit(expert_answers.move, expert_match, MatchState.TAKEN, by=expert_match.mailbox, now=week_ago)
    return expert_match


class TestCallCheck:
    def test_it_says_who_took_the_request(self, client, sent, taken_by_somebody):
        text = text_of(client.get(path_of(links.call_check_url(sent))))

        assert "Vous a-t-on rappelé ?" in text
        assert taken_by_somebody.expert.name in text
        assert "l'a prise en charge" in text

    def test_experts_who_did_not_take_it_are_not_named(self, client, sent, taken_by_somebody):
        text = text_of(client.get(path_of(links.call_check_url(sent))))

        assert "a reçu votre demande" not in text

    @pytest.mark.parametrize(("answer", "kind"), [("oui", "called"), ("non", "still_waiting")])
    def test_an_answer_is_recorded_once_and_thanked(self, client, sent, taken_by_somebody, answer, kind):
        path = path_of(links.call_check_url(sent))

        first = client.post(path, {"rappel": answer}, follow=True)
        client.post(path, {"rappel": answer})

        assert sent.events.filter(kind=kind).count() == 1
        assert "Merci" in text_of(first)

    def test_a_no_is_too_early_when_somebody_else_has_just_taken_the_request(
        self, client, commit, sent, taken_by_somebody, now
    ):
        Match.objects.filter(pk=taken_by_somebody.pk).update(taken_at=now)

        page = client.post(path_of(links.call_check_url(sent)), {"rappel": "non"}, follow=True)

        assert "Il est encore tôt" in text_of(page)
        assert not sent.events.filter(kind=EventKind.STILL_WAITING).exists()

    def test_a_post_without_an_answer_records_nothing(self, client, sent):
        assert client.post(path_of(links.call_check_url(sent))).status_code == 200
        assert not sent.events.filter(kind__in=["called", "still_waiting"]).exists()

    def test_a_cancelled_request_says_so(self, client, commit, sent, now):
        commit(company_requests.cancel, sent, now=now)

        page = client.post(path_of(links.call_check_url(sent)), {"rappel": "non"}, follow=True)

        assert "annulée" in text_of(page)


class TestSurvey:
    def test_answers_are_kept_and_thanked(self, client, sent, asked):
        page = client.post(path_of(links.survey_url(sent)), ANSWERS, follow=True)

        asked.refresh_from_db()
        assert (asked.was_called, asked.usefulness, asked.comment) == (True, "partly", "Un appel rapide.")
        assert "Merci" in text_of(page)

    @pytest.mark.parametrize("missing", ["called", "usefulness", "outcome"])
    def test_a_question_without_an_answer_is_asked_again(self, client, sent, asked, missing):
        page = client.post(path_of(links.survey_url(sent)), ANSWERS | {missing: ""})

        assert page.context["form"].errors[missing]
        assert "Un appel rapide." in text_of(page)
        asked.refresh_from_db()
        assert asked.answered_at is None

    @pytest.mark.parametrize("bad", [{"called": "peut-être"}, {"outcome": "\0"}, {"comment": "x" * 2001}])
    def test_a_bad_answer_is_refused_with_a_sentence(self, client, sent, asked, bad):
        page = client.post(path_of(links.survey_url(sent)), ANSWERS | bad)

        assert page.context["form"].errors.keys() == bad.keys()

    def test_what_was_answered_is_shown_to_be_corrected(self, client, sent, asked):
        path = path_of(links.survey_url(sent))
        client.post(path, ANSWERS)

        page = client.get(path)

        assert "Un appel rapide." in text_of(page)
        assert page.context["form"]["called"].initial == "yes"

    def test_the_owner_s_page_invites_once_asked(self, client, sent, now):
        assert "votre avis" not in owner_page(client, sent)

        Survey.objects.create(solicitation=sent, asked_at=now)

        assert "Donner mon avis" in owner_page(client, sent)
        assert path_of(links.survey_url(sent)) in client.get(path_of(links.follow_url(sent))).content.decode()

    def test_the_owner_s_page_does_not_ask_again(self, client, sent, asked):
        client.post(path_of(links.survey_url(sent)), ANSWERS)

        assert "Donner mon avis" not in owner_page(client, sent)
        assert "Vous avez donné votre avis" in owner_page(client, sent)
