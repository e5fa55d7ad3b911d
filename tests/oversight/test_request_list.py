"""The staff's list of requests: urgent ones first, filters, search, pages, and no text of a company."""

from datetime import timedelta

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from experts.models import Expert, Office, User
from oversight import mail_occasions
from oversight.views import request_list
from solicitations.actions import expert_answers, staff_actions
from solicitations.lifecycle import ClosedReason, MatchState
from solicitations.models import Solicitation
from territories.models import Region
from tests.experts.factories import PersonFactory, signed_in
from tests.solicitations.factories import TEXT, match, send

pytestmark = [pytest.mark.demo_directory, pytest.mark.django_db, pytest.mark.usefixtures("first_request")]

LIST = "/demandes/"


@pytest.fixture
def sent(sent_once):
    return sent_once


def shown(client, **query) -> list[str]:
    """References of the list below the urgent requests."""
    return [row.reference for row in client.get(LIST, query).context["rows"]]


def test_list_shows_company_place_subjects_state_and_institutions(as_regional, sent):
    page = as_regional.get(LIST).content.decode()

    for shown in (
        "Peintures Vannier SARL",
        "Is-sur-Tille",
        sent.reference,
        "En attente de réponse",
        "France Travail",
    ):
        assert shown in page


@pytest.mark.parametrize("path", [LIST, "/demandes/?vue=alertes"])
def test_text_of_a_company_is_never_in_the_list(as_regional, sent, confidential, held, path):
    page = as_regional.get(path).content.decode()

    assert TEXT not in page
    assert "Mon serveur" not in page
    assert "a.example.org" not in page


def test_visitor_is_sent_to_sign_in_and_an_expert_is_refused(client, sent):
    assert client.get(LIST).url.startswith("/connexion/")
    expert = PersonFactory(email=Expert.objects.order_by("pk")[0].email.lower())
    assert signed_in(expert).get(LIST).status_code == 403


def test_region_sees_its_own_requests_alone(as_regional, as_other_regional, as_national, commit, sent, today):
    corsican = commit(send, now=today, commune="2A004", siret="00010074300012")

    assert shown(as_regional) == [sent.reference]
    assert shown(as_other_regional) == [corsican.reference]
    assert set(shown(as_national)) == {sent.reference, corsican.reference}


def test_regions_are_a_filter_of_the_national_team_alone(as_regional, as_national, sent, commit, today):
    commit(send, now=today, commune="2A004", siret="00010074300012")

    assert shown(as_national, region="27") == [sent.reference]
    assert "region" not in as_regional.get(LIST).context["form"].fields
    assert shown(as_regional, region="94") == [sent.reference]


def test_request_that_reaches_nobody_comes_first_of_all(as_national, commit, held, today):
    Office.objects.filter(is_fallback=True).update(is_fallback=False)
    alone = commit(send, "autre", now=today + timedelta(minutes=1), siret="00010074300012")
    assert alone.alerts.get().cause == "nobody"

    urgent = [row.reference for row in as_national.get(LIST).context["urgent"]]

    assert urgent == [alone.reference, held.reference]
    assert "Personne à qui transmettre la demande" in as_national.get(LIST).content.decode()


def test_settled_alert_leaves_the_top_of_the_list(as_national, held, national, commit, today):
    commit(staff_actions.release, held, by=national, now=today)

    assert as_national.get(LIST).context["urgent"] == []


def test_four_counters_count_and_filter(as_national, commit, sent, held, today):
    declined = commit(send, "rse", now=today - timedelta(days=30), siret="00010074300012")
    Solicitation.objects.filter(pk=declined.pk).update(progress="unanswered")
    declined.needs.update(state="unanswered")
    old = commit(send, "digitaliser", now=today - timedelta(days=8), siret="00010088100010")
    Solicitation.objects.filter(pk=old.pk).update(progress="waiting", is_fallback=True)

    counters = {counter.code: counter.count for counter in as_national.get(LIST).context["counters"]}

    assert counters == {"retenues": "1", "non-couvertes": "1", "en-retard": "1", "sans-reponse": "1"}
    assert shown(as_national, vue="retenues") == [held.reference]
    assert shown(as_national, vue="non-couvertes") == [old.reference]
    assert shown(as_national, vue="en-retard") == [old.reference]
    assert shown(as_national, vue="sans-reponse") == [declined.reference]


@pytest.mark.parametrize(
    "text",
    [
        "peintures vannier", "VANNIER", "Vann", "vannier, peintures", "La gérante",
        "000 100 370 00014", "00010037000014", "000100370",
        "Contact@Peintures.example.org",
    ],
)  # fmt: skip
def test_search_finds_by_name_siret_and_email(as_regional, commit, sent, today, text):
    commit(
        send, now=today, siret="00010074300012", company_name="Autre", contact_name="X", email="x@example.org"
    )

    assert shown(as_regional, q=text) == [sent.reference]


@pytest.mark.parametrize(
    ("text", "is_found"),
    [
        ("Durand", True),
        ("O'Brien", True),
        ("jean-luc", True),
        ("Dura SAS", True),
        ("SA", False),
        ("urand", False),
    ],
)
def test_each_word_of_a_search_begins_a_word_of_a_name(as_regional, commit, today, text, is_found):
    name, contact = "SAS Durand & fils", "Jean-Luc O'Brien"
    found = commit(send, now=today, siret="00010074300012", company_name=name, contact_name=contact)

    assert shown(as_regional, q=text) == ([found.reference] if is_found else [])


def test_search_finds_a_reference_however_it_is_typed(as_regional, sent, commit, today):
    commit(send, now=today, siret="00010074300012")

    for typed in (
        sent.reference,
        sent.reference.lower(),
        sent.reference.replace("-", ""),
        f" {sent.reference} ",
    ):
        assert shown(as_regional, q=typed) == [sent.reference]


@pytest.mark.parametrize("text", ["introuvable", "\0", "%", "_", "'; --", "🙂", "x" * 500, "\u202e"])
def test_search_that_finds_nothing_says_so_and_never_fails(as_regional, sent, text):
    answer = as_regional.get(LIST, {"q": text})

    assert answer.status_code == 200


@pytest.mark.parametrize(
    "query",
    [
        {"vue": "x"},
        {"etat": "x"},
        {"theme": "x"},
        {"page": "0"},
        {"page": "-1"},
        {"page": "9" * 9},
        {"page": "é"},
    ],
)
def test_unknown_filters_and_pages_never_fail(as_national, sent, query):
    assert as_national.get(LIST, query).status_code == 200


def test_theme_and_state_filter(as_national, commit, sent, national, today):
    other = commit(send, "rse", now=today, siret="00010074300012")
    theme = sent.needs.get().subject.theme

    assert shown(as_national, theme=theme.slug) == [sent.reference]
    assert set(shown(as_national, etat="waiting")) == {sent.reference, other.reference}
    commit(staff_actions.mark, other, ClosedReason.SPAM, by=national, now=today)
    assert shown(as_national, etat="waiting") == [sent.reference]
    assert shown(as_national, etat="spam") == [other.reference]
    assert shown(as_national, etat="uncovered") == []


@pytest.mark.parametrize("reason", [ClosedReason.SPAM, ClosedReason.TEST])
def test_request_set_aside_shows_why_and_not_uncovered(as_national, commit, sent, national, reason):
    commit(staff_actions.mark, sent, reason, by=national, now=sent.submitted_at)

    [row] = as_national.get(LIST).context["rows"]

    assert row.state.label == reason.label


def test_institutions_are_grouped_by_the_state_of_their_matches(as_regional, commit, sent, today):
    expert_match = match(sent, "recrutement@france-travail")
    commit(expert_answers.move, expert_match, MatchState.TAKEN, by=expert_match.mailbox, now=today)

    [row] = as_regional.get(LIST).context["rows"]

    assert [standing.state.label for standing in row.institutions] == [
        "Prise en charge",
        "En attente de réponse",
    ]
    assert row.institutions[0].names == ("France Travail",)


def test_pages_follow_each_other_without_a_total(as_national, commit, sent, today, monkeypatch):
    monkeypatch.setattr(request_list, "PAGE", 2)
    references = [sent.reference]
    for minute in range(1, 5):
        with time_machine.travel(today + timedelta(minutes=minute), tick=False):
            one = commit(
                send, now=today + timedelta(minutes=minute), siret="", email=f"n{minute}@example.org"
            )
        references.append(one.reference)

    pages = [shown(as_national, page=number) for number in (1, 2, 3, 4)]

    newest = references[::-1]
    assert pages == [newest[:2], newest[2:4], newest[4:], []]
    first, last = as_national.get(LIST).context["page"], as_national.get(LIST, {"page": 3}).context["page"]
    assert (first.previous, first.next) == ("", "?page=2")
    assert (last.previous, last.next) == ("?page=2", "")


def test_queries_do_not_grow_with_the_list(as_national, commit, sent, today, django_assert_max_num_queries):
    with django_assert_max_num_queries(40) as few:
        as_national.get(LIST)
    for number in range(4):
        commit(send, "digitaliser", now=today, siret="", email=f"n{number}@example.org")

    with django_assert_max_num_queries(len(few.captured_queries)):
        as_national.get(LIST)


def test_queries_are_as_many_when_something_is_urgent(
    as_national, commit, held, national, today, django_assert_num_queries
):
    as_national.get(LIST)  # writes in the session that somebody is there, once a minute
    with CaptureQueriesContext(connection) as urgent:
        as_national.get(LIST)
    commit(staff_actions.release, held, by=national, now=today)

    with django_assert_num_queries(len(urgent)):
        assert as_national.get(LIST).context["urgent"] == []


def test_empty_list_says_why(as_other_regional, sent):
    page = as_other_regional.get(LIST).content.decode()

    assert "Aucune demande n'est encore arrivée" in page
    assert "Aucune demande ne correspond" in as_other_regional.get(LIST, {"q": "x"}).content.decode()


def test_every_occasion_of_a_mail_has_its_words(settings):
    emails = (settings.BASE_DIR / "templates").glob("*/emails/*.subject.txt")

    assert {path.name.removesuffix(".subject.txt") for path in emails} <= mail_occasions.OCCASIONS.keys()


class TestMoreFilters:
    @pytest.fixture
    def other(self, commit, sent, today) -> Solicitation:
        """A request of another theme and département, a day later."""
        later = today + timedelta(days=1)
        with time_machine.travel(later, tick=False):
            return commit(
                send, "digitaliser", now=later, siret="", company_name="Alpha", email="x@example.org",
                commune="71076",
            )  # fmt: skip

    def test_institution_that_was_asked(self, as_regional, commit, sent, other, national, today):
        expert_match = match(sent, "recrutement@france-travail")
        code = expert_match.expert.office.institution.code

        assert shown(as_regional, institution=code) == [sent.reference]
        commit(staff_actions.withdraw, expert_match, reason="Erreur", by=national, now=today)
        assert shown(as_regional, institution=code) == []

    def test_departement_of_the_region(self, as_regional, as_national, sent, other):
        assert shown(as_regional, departement="71") == [other.reference]
        choices = as_regional.get(LIST).context["form"].fields["departement"].queryset
        assert {department.region_id for department in choices} == {"27"}
        assert as_national.get(LIST).context["form"].fields["departement"].queryset.count() > 90

    @pytest.mark.parametrize(
        ("period", "found"),
        [
            ({"du": "2026-12-01", "au": "2026-12-01"}, ["sent"]),
            ({"du": "2026-12-02"}, ["other"]),
            ({"au": "01/12/2026"}, ["sent"]),
            ({"du": "2026-12-01", "au": "2026-12-02"}, ["other", "sent"]),
            ({"au": "9999-12-31"}, ["other", "sent"]),
            ({"au": "2026-11-30"}, []),
        ],
    )
    def test_period_has_its_first_and_last_day_in_it(self, as_regional, sent, other, period, found):
        names = {"sent": sent.reference, "other": other.reference}

        assert shown(as_regional, **period) == [names[name] for name in found]

    def test_days_are_those_of_the_region(self, commit, today):
        """23 h in Martinique is the next day in Paris."""
        region = Region.objects.get(pk="02")
        staff = User.objects.create_user("972@equipe.example.org", role="region", region=region)
        late = today.replace(hour=4)
        island = commit(send, now=late, commune="97209")

        client = signed_in(staff)
        assert shown(client, au="2026-11-30") == [island.reference]
        assert shown(client, du="2026-12-01") == []

    @pytest.mark.parametrize(
        "query", [{"du": "hier"}, {"au": "31/02/2026"}, {"du": "2026-12-02", "au": "2026-12-01"}]
    )
    def test_wrong_period_has_a_sentence(self, as_regional, sent, query):
        page = as_regional.get(LIST, query)

        assert page.status_code == 200
        assert "fr-message--error" in page.content.decode()
        assert page.context["is_unfolded"]

    def test_order_is_newest_oldest_or_by_company(self, as_regional, commit, sent, other):
        project = commit(
            send, "reprendre", now=sent.submitted_at - timedelta(days=1), is_project_holder=True, siret="",
            company_name="", email="y@example.org",
        )  # fmt: skip

        assert shown(as_regional) == [other.reference, sent.reference, project.reference]
        assert shown(as_regional, tri="anciennes") == [project.reference, sent.reference, other.reference]
        assert shown(as_regional, tri="entreprise") == [other.reference, sent.reference, project.reference]
        assert "par nom d&#x27;entreprise" in as_regional.get(LIST, {"tri": "entreprise"}).content.decode()

    def test_every_filter_is_on_the_page_once(self, as_national, sent):
        page = as_national.get(LIST)

        for field in page.context["form"]:
            assert page.content.decode().count(f'id="{field.auto_id}"') == 1

    def test_order_alone_is_no_search(self, as_regional, held):
        page = as_regional.get(LIST, {"tri": "anciennes"})

        assert page.context["urgent"]
        assert not page.context["is_searched"]

    def test_files_have_the_same_filters_as_the_list(self, as_regional, sent):
        page = as_regional.get(LIST, {"q": "vannier", "page": "1"}).content.decode()

        assert 'href="/demandes/export.csv?q=vannier"' in page
        assert 'href="/demandes/export.xlsx?q=vannier"' in page
