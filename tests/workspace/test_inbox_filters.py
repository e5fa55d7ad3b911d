"""Filters, search, saved searches and needs put off."""

from datetime import date, timedelta
from itertools import product

import pytest

from experts.models import Seat
from solicitations.actions import expert_answers, expert_messages, undoing
from solicitations.lifecycle import MatchState
from solicitations.models import Match, Solicitation
from tests.experts.factories import ExpertFactory, PersonFactory, signed_in
from tests.solicitations.factories import mailbox, match, send
from tests.workspace.conftest import answer_path, page_text
from workspace.inbox import text_search
from workspace.inbox.search_words import typed_words
from workspace.models import SavedSearch
from workspace.views import inbox

pytestmark = [pytest.mark.demo_directory, pytest.mark.django_db, pytest.mark.usefixtures("first_request")]
INBOX = "/besoins/"
EXPERT, OTHER = "recrutement@france-travail", "entreprises@mission-locale"


@pytest.fixture
def sent(sent_once):
    return sent_once


@pytest.fixture
def expert_match(sent) -> Match:
    return match(sent, EXPERT)


@pytest.fixture
def expert_client(expert_match):
    return signed_in(PersonFactory(email=expert_match.mailbox.email))


def found(client, query: str) -> list[str]:
    return [row.applicant for row in client.get(INBOX + query).context["rows"]]


def words_that_find(client, words: list[str], company: str = "", query: str = "?q=") -> list[str]:
    return [word for word in words if any(company in name for name in found(client, query + word))]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Crêperie de l'Île", ["creperie", "de", "l", "ile"]),
        ("ŒUVRE & cœur", ["oeuvre", "coeur"]),
        ("a') | 'b':*", ["a", "b"]),
        (" ", []),
    ],
)
def test_words_are_typed_without_accents_capitals_nor_signs(text, words):
    assert typed_words(text) == words


class TestSearch:
    @pytest.fixture(autouse=True, params=["rare words", "frequent words"])
    def ways(self, request, monkeypatch):
        """Search in the indexes of texts; or need after need, as where most requests say the words."""
        if request.param == "frequent words":
            monkeypatch.setattr(text_search, "RARE", -1)
            monkeypatch.setattr(text_search, "_first_part", lambda number, enough: 1)

    @pytest.fixture
    def creperie(self, commit, expert_match, now) -> Solicitation:
        return commit(
            send,
            now=now,
            company_name="Crêperie du Cœur",
            contact_name="Zoé Évrard",
            siret="",
            email="z@x.fr",
            text="Nous cherchons un apprenti pâtissier, sans fausse manœuvre.",
        )

    def test_company_contact_place_text_and_reference_are_found(self, expert_client, creperie):
        words = [
            "creperie",
            "CRÊPERIE coeur",
            "zoe",
            "évrard",
            "patissier",
            "mano",
            "MANŒUVRE",
            "is sur tille",
            "côte-d'or",
            "COTE D OR",
            creperie.reference.lower(),
        ]

        assert words_that_find(expert_client, words, "Crêperie du Cœur") == words

    def test_other_words_find_nothing(self, expert_client, creperie):
        words = ["boulanger", "creperie boulanger", "dijon", "'", "%", "zzzz"]

        assert words_that_find(expert_client, words, "Crêperie du Cœur") == []

    def test_search_goes_on_until_the_page_is_full(
        self, expert_client, commit, expert_match, monkeypatch, now
    ):
        monkeypatch.setattr(inbox, "ON_A_PAGE", 2)
        for name, day in product(("Vannier", "Roy"), range(1, 5)):
            sent_at, email = now - timedelta(days=day), f"{name.lower()}{day}@x.fr"
            commit(send, now=sent_at, company_name=f"{name} {day}", siret="", email=email)

        pages = [found(expert_client, f"?onglet=tous&q=vannier&page={number}") for number in (1, 2, 3)]

        assert pages == [["Peintures Vannier SARL", "Vannier 1"], ["Vannier 2", "Vannier 3"], ["Vannier 4"]]

    def test_messages_of_the_experts_are_searched_too(self, expert_client, sent, expert_match, now):
        expert_messages.post_message(mailbox(sent, OTHER), body="Vu à l'hôtel d'entreprises.", now=now)

        assert found(expert_client, "?q=hotel") == ["Peintures Vannier SARL"]

    def test_confidential_words_are_in_no_search(self, expert_client, sent, expert_match, now):
        expert_messages.post_message(mailbox(sent, OTHER), body="Vu à l'hôtel.", now=now)
        Solicitation.objects.update(is_confidential=True)

        for word in ("peintures", "gerante", "hotel", "cherche", "cote d'or", sent.reference):
            assert found(expert_client, f"?q={word}") == []

    def test_colleague_searches_lines_only(self, expert_match):
        colleague = ExpertFactory(office=expert_match.expert.office, email="collegue@example.org")
        client = signed_in(PersonFactory(email=colleague.email))

        words = ["peintures", "gerante", "cherche"]
        assert words_that_find(client, words, query="?pour=antenne&q=") == ["peintures"]

    def test_need_handed_over_is_found_by_its_line_only(self, expert_client, expert_match, now):
        Match.objects.filter(pk=expert_match.pk).update(state=MatchState.REPLACED, ended_at=now)

        assert words_that_find(expert_client, ["peintures", "cherche"]) == ["peintures"]


class TestFilters:
    def test_filters_leave_what_they_name(self, expert_client, expert_match):
        expected = {
            "sujet=trouver-candidats": True,
            "sujet=licenciement": False,
            "departement=21": True,
            "departement=33": False,
            "du=2026-12-01&au=2026-12-01": True,
            "du=02/12/2026": False,
            "au=2026-11-30": False,
            "vue=retard": False,
            "vue=delai": False,
            "vue=rappel": False,
            "onglet=tous&etat=sent": True,
            "onglet=tous&etat=taken": False,
            "q=vannier&sujet=licenciement": False,
        }

        assert {query: bool(found(expert_client, f"?{query}")) for query in expected} == expected

    def test_filters_that_mean_nothing_are_reported_and_left_out(self, expert_client, expert_match):
        for query in ("du=2026-12-02&au=2026-12-01", "du=x", "sujet=inconnu", "referent=1"):
            assert found(expert_client, f"?{query}") == ["Peintures Vannier SARL"], query

    def test_manager_filters_by_colleague(self, expert_match, now):
        person = PersonFactory()
        Seat.objects.create(user=person, office=expert_match.expert.office, given_at=now)
        other = ExpertFactory(office=expert_match.expert.office)
        client = signed_in(person)

        assert found(client, f"?referent={expert_match.expert_id}") == ["Peintures Vannier SARL"]
        assert found(client, f"?referent={other.pk}") == []

    def test_search_is_kept_until_it_is_removed(self, expert_client, expert_match):
        found(expert_client, "?q=zzzz")
        assert expert_client.get(INBOX).url == f"{INBOX}?q=zzzz"

        found(expert_client, "?pour=moi&onglet=a-repondre")
        assert expert_client.get(INBOX).status_code == 200

    def test_search_is_saved_replaced_and_removed_by_its_author_alone(self, expert_client, expert_match):
        for query in ("q=vannier&onglet=tous&x=1", "q=roy"):
            expert_client.post("/besoins/recherches/", {"name": "Peintres", "query": query})

        [search] = SavedSearch.objects.all()
        assert search.query == "q=roy"
        stranger = signed_in(PersonFactory(email=ExpertFactory().email))
        assert stranger.post(f"/besoins/recherches/{search.pk}/retirer/").status_code == 404
        expert_client.post(f"/besoins/recherches/{search.pk}/retirer/")
        assert not SavedSearch.objects.exists()


class TestPuttingOff:
    @pytest.fixture
    def taken(self, expert_match, now) -> Match:
        expert_answers.move(expert_match, MatchState.TAKEN, by=expert_match.mailbox, now=now)
        return expert_match

    def post(self, client, path: str, row: Match, until: str):
        seen = client.get(path).context["page"].cards[0].last_event_id
        return client.post(f"{path}besoins/{row.pk}/remettre/", {"seen": seen, "until": until})

    def test_need_put_off_goes_last_and_comes_back_on_top(self, expert_client, commit, taken, clock, now):
        later = commit(send, now=now - timedelta(days=3), company_name="Roy", siret="", email="r@x.fr")
        row = match(later, EXPERT)
        expert_answers.move(row, MatchState.TAKEN, by=row.mailbox, now=now - timedelta(days=2))
        path = f"{INBOX}{row.mailbox_id}/"

        self.post(expert_client, path, row, "2026-12-03")
        assert found(expert_client, "?onglet=pris-en-charge") == ["Peintures Vannier SARL", "Roy"]
        assert found(expert_client, "?onglet=pris-en-charge&vue=remis") == ["Roy"]

        clock.shift(timedelta(days=2))
        assert found(expert_client, "?onglet=pris-en-charge") == ["Roy", "Peintures Vannier SARL"]

    def test_a_need_that_is_to_be_answered_again_is_put_off_no_more(self, expert_client, commit, taken, now):
        """She put it off, then undid her taking: it waits at its usual place, and again when taken again."""
        self.post(expert_client, f"{INBOX}{taken.mailbox_id}/", taken, "2026-12-20")
        later = commit(send, now=now + timedelta(minutes=1), company_name="Roy", siret="", email="r@x.fr")
        undoing.undo(taken, by=taken.mailbox, now=now + timedelta(minutes=2))

        assert found(expert_client, "?onglet=a-repondre") == ["Peintures Vannier SARL", "Roy"]

        for row in (taken, match(later, EXPERT)):
            expert_answers.move(row, MatchState.TAKEN, by=row.mailbox, now=now + timedelta(minutes=3))
        assert found(expert_client, "?onglet=pris-en-charge") == ["Peintures Vannier SARL", "Roy"]
        assert found(expert_client, "?onglet=pris-en-charge&vue=remis") == []
        page = expert_client.get(f"{INBOX}{taken.mailbox_id}/").content.decode()
        assert "Remettre à plus tard" in page

    def test_it_is_put_off_and_taken_up_again_by_link_too(self, client, taken):
        path = answer_path(taken.mailbox)
        self.post(client, path, taken, "2026-12-03")
        taken.refresh_from_db()
        assert taken.put_off.until == date(2026, 12, 3)

        self.post(client, path, taken, "")
        assert not Match.objects.filter(put_off__isnull=False).exists()

    @pytest.mark.parametrize("until", ["2026-12-01", "2025-01-01", "2031-01-01", "hier"])
    def test_only_a_day_to_come_is_taken(self, client, taken, until):
        answer = self.post(client, answer_path(taken.mailbox), taken, until)

        assert answer.status_code == 200
        assert "Erreur" in page_text(answer)

    def test_need_that_nobody_took_is_not_put_off(self, client, expert_match):
        assert (
            self.post(client, answer_path(expert_match.mailbox), expert_match, "2026-12-03").status_code
            == 409
        )
