"""The page of a request: why these experts, timeline, possible actions."""

from datetime import timedelta

import pytest

from experts.models import Institution
from solicitations.actions import company_requests, expert_answers, expert_messages, undoing
from solicitations.lifecycle import ContactWish, EventKind, MatchState
from solicitations.models import Solicitation, Survey
from tests.solicitations.factories import TEXT, match, send
from workspace import call_planning

pytestmark = [pytest.mark.demo_directory, pytest.mark.django_db, pytest.mark.usefixtures("first_request")]


@pytest.fixture
def sent(sent_once):
    return sent_once


def page_of(client, solicitation):
    return client.get(f"/demandes/{solicitation.reference}/")


def text_of(client, solicitation) -> str:
    return page_of(client, solicitation).content.decode().replace("&#x27;", "'")


def test_summary_says_who_where_what_and_how_to_call(as_regional, sent):
    text = text_of(as_regional, sent)

    for shown in (
        "Peintures Vannier SARL, Is-sur-Tille (Côte-d'Or)", TEXT, "La gérante", sent.email, "6 salariés",
        "43.34Z", sent.reference, "En attente de réponse",
    ):  # fmt: skip
        assert shown in text


def test_decision_names_the_chosen_with_their_reasons(as_regional, sent):
    [need] = page_of(as_regional, sent).context["needs"]

    by_office = {asked.office: asked for asked in need.asked}
    assert "territoire : Bassin d'emploi dijonnais (zone)" in by_office["France Travail Dijon"].reasons
    assert {asked.state.label for asked in need.asked} == {"Transmise"}
    assert not need.expected


def test_refusals_are_grouped_by_obstacle(as_regional, sent):
    [need] = page_of(as_regional, sent).context["needs"]

    assert need.refused_count == sum(len(refusals.names) for refusals in need.refused)
    assert "moins proche qu'un autre de la même institution" in {
        refusals.obstacles for refusals in need.refused
    }
    assert "<details" in text_of(as_regional, sent).split("Écartés")[0].rsplit("</p>", 1)[-1]


def test_unknown_facts_are_listed(as_national, commit, today):
    unknown = commit(
        send, "recruter-apprenti", now=today, headcount_min=None, headcount_max=None, naf="", craft=None
    )

    text = text_of(as_national, unknown)

    assert "Faits non vérifiés" in text


def test_held_request_says_who_would_be_asked_and_offers_release(as_regional, held):
    text = text_of(as_regional, held)

    assert "Seraient sollicités" in text
    assert "Libérer la demande" in text
    assert "Ajouter une institution" not in text


def test_timeline_is_in_order_with_mails_and_their_state(as_regional, commit, sent, today):
    expert_match = match(sent, "recrutement@france-travail")
    commit(expert_answers.move, expert_match, MatchState.TAKEN, by=expert_match.mailbox, now=today)
    commit(expert_messages.post_message, expert_match.mailbox, body="Je les appelle demain.", now=today)
    commit(expert_messages.ask, expert_match.mailbox, body="Quel salaire ?", now=today)
    commit(company_requests.add_information, sent, body="Le poste est à temps plein.", now=today)

    timeline = page_of(as_regional, sent).context["timeline"]

    titles = [item.title for item in timeline]
    assert titles.index("Demande envoyée") < titles.index("Référents désignés")
    assert [item.at for item in timeline] == sorted(item.at for item in timeline)
    mailing = next(item for item in timeline if item.title == "Courriel : Nouvelle demande")
    assert len(mailing.mails) == 4
    assert {mail.state for mail in mailing.mails} == {"en attente"}
    text = text_of(as_regional, sent)
    for shown in (
        "Je les appelle demain.",
        "Quel salaire ?",
        "Le poste est à temps plein.",
        "Prise en charge —",
    ):
        assert shown in text


def test_opening_a_confidential_request_is_recorded_and_shown(as_regional, regional, confidential):
    page_of(as_regional, confidential)
    text = text_of(as_regional, confidential)

    opened = confidential.events.filter(kind=EventKind.OPENED)
    assert {event.by_user for event in opened} == {regional}
    assert opened.count() == 2
    assert "Ouvertures enregistrées : 2" in text


def test_opening_another_request_is_not_recorded(as_regional, sent):
    page_of(as_regional, sent)

    assert not sent.events.filter(kind=EventKind.OPENED).exists()


def test_labour_law_says_by_when_an_answer_is_due(as_regional, confidential):
    text = text_of(as_regional, confidential).split("Droit du travail</dt>")[1].split("</dd>")[0]

    assert "mardi 15\u00a0décembre</time>" in text
    assert "Il reste 10 jours ouvrés." in text


def test_answers_to_the_survey_are_shown(as_regional, sent, today):
    survey = Survey.objects.create(solicitation=sent, asked_at=today)
    assert "pas encore donné" in text_of(as_regional, sent)

    survey.was_called, survey.usefulness, survey.outcome = False, "no", "unsolved"
    survey.comment, survey.answered_at = "Personne n'a appelé.", today
    survey.save()

    text = text_of(as_regional, sent)
    assert "Pas rappelée. Aide utile : non. Mon besoin n'est pas réglé." in text
    assert "Personne n'a appelé." in text


def test_times_are_the_territorys_own(as_national, commit, today):
    martinique = commit(send, now=today, commune="97209")

    assert "envoyée <time" in text_of(as_national, martinique)
    assert "mardi 1er\u00a0décembre à 5\u00a0h" in text_of(as_national, martinique)


def test_duplicate_leads_to_the_first_and_back(as_regional, commit, sent, today):
    second = commit(send, now=today, text="Je précise : un plaquiste aussi.")

    assert f"/demandes/{sent.reference}/" in text_of(as_regional, second)
    assert "Réunir à la première demande" in text_of(as_regional, second)
    assert f"/demandes/{second.reference}/" in text_of(as_regional, sent)


def test_texts_of_people_are_escaped(as_regional, commit, today):
    nasty = "<script>alert(1)</script> {{ 7 }}"
    sent = commit(send, now=today, text=nasty, company_name=nasty, contact_name=nasty)

    text = text_of(as_regional, sent)

    assert "<script>alert" not in text
    assert "&lt;script&gt;alert(1)" in text


def test_unticked_institution_is_not_offered(as_regional, sent):
    geiq = Institution.objects.get(code="GEIQ")
    sent.unticked_institutions.set([geiq])

    assert geiq not in page_of(as_regional, sent).context["forms"]["add"].fields["institution"].queryset


def test_queries_do_not_grow_with_what_happened(
    as_regional, commit, sent, today, django_assert_max_num_queries
):
    with django_assert_max_num_queries(60) as few:
        page_of(as_regional, sent)
    expert_match = match(sent, "recrutement@france-travail")
    commit(expert_answers.move, expert_match, MatchState.TAKEN, by=expert_match.mailbox, now=today)
    for number in range(5):
        commit(expert_messages.post_message, expert_match.mailbox, body=f"Mot {number}", now=today)

    with django_assert_max_num_queries(len(few.captured_queries)):
        page_of(as_regional, sent)


class TestTimeline:
    @pytest.fixture
    def talked(self, commit, sent, today):
        """A question to the company, what it added, and an answer that was undone."""
        expert_match = match(sent, "recrutement@france-travail")
        commit(expert_messages.ask, expert_match.mailbox, body="Quel salaire ?", now=today)
        commit(company_requests.add_information, sent, body="1 900 euros.", now=today + timedelta(minutes=5))
        commit(
            expert_answers.move,
            expert_match,
            MatchState.TAKEN,
            by=expert_match.mailbox,
            now=today + timedelta(minutes=6),
        )
        commit(undoing.undo, expert_match, by=expert_match.mailbox, now=today + timedelta(minutes=7))
        return sent

    def test_company_s_additions_and_questions_to_it_are_in_the_conversation(self, as_regional, talked):
        page = as_regional.get(f"/demandes/{talked.reference}/?fil=conversation")

        shown = [(item.title, item.who) for item in page.context["timeline"]]
        assert [title for title, _ in shown] == [
            "Précision demandée à l'entreprise",
            "Informations ajoutées à la demande",
        ]
        assert shown[1][1] == "l'entreprise"
        assert "L'entreprise a écrit ensuite" in page.content.decode()

    def test_question_without_an_answer_says_so(self, as_regional, commit, sent, today):
        expert_match = match(sent, "recrutement@france-travail")
        commit(expert_messages.ask, expert_match.mailbox, body="Quel salaire ?", now=today)

        assert "Sans réponse à ce jour." in text_of(as_regional, sent)

    def test_newest_comes_first_on_demand(self, as_regional, talked):
        path = f"/demandes/{talked.reference}/"

        oldest = [item.at for item in as_regional.get(path).context["timeline"]]
        newest = [item.at for item in as_regional.get(f"{path}?ordre=recent").context["timeline"]]

        assert oldest == sorted(oldest)
        assert newest == oldest[::-1]

    def test_links_combine_the_order_and_the_conversation(self, as_regional, talked):
        page = as_regional.get(f"/demandes/{talked.reference}/?ordre=recent").content.decode()

        assert 'href="?#passe"' in page
        assert 'href="?ordre=recent&amp;fil=conversation#passe"' in page

    def test_undo_is_logged_as_an_undo_once(self, as_regional, talked):
        titles = [item.title for item in page_of(as_regional, talked).context["timeline"]]

        subject = talked.needs.get().subject.label
        assert titles.count(f"Réponse annulée — {subject}") == 1
        assert f"Transmise — {subject}" not in titles
        assert "« Prise en charge » redevient « Transmise »" in text_of(as_regional, talked)

    @pytest.mark.parametrize("query", ["?ordre=x", "?fil=x", "?fil=&ordre=", "?ordre=%00"])
    def test_unknown_order_never_fails(self, as_regional, sent, query):
        assert as_regional.get(f"/demandes/{sent.reference}/{query}").status_code == 200


def test_planned_calls_and_the_wished_contact_are_lines_of_the_summary(as_regional, sent, today):
    assert "Appel prévu" not in text_of(as_regional, sent).partition("Ce qui s'est passé")[0]
    expert_match = match(sent, "recrutement@france-travail")
    Solicitation.objects.filter(pk=sent.pk).update(contact_wish=ContactWish.VISIT)
    call_planning.plan(expert_match.mailbox, starts_at=today + timedelta(days=2), now=today)

    page = page_of(as_regional, sent)

    summary = page.content.decode().replace("&#x27;", "'").partition("Ce qui s'est passé")[0]
    assert "<dt>Appel prévu</dt>" in summary
    assert "Souhaite un rendez-vous sur place" in summary
    assert [call.mailbox for call, _ in page.context["planned_calls"]] == [expert_match.mailbox]
    call_planning.cancel(expert_match.mailbox, now=today)
    assert not page_of(as_regional, sent).context["planned_calls"]
