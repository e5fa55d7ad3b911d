"""The expert's page: everything needed to answer, and GET changes nothing."""

from datetime import timedelta

import pytest

from mailing.models import OutgoingEmail
from solicitations.actions import company_requests, expert_answers, expert_messages, staff_actions
from solicitations.lifecycle import EventKind, MatchState
from solicitations.models import Event, Match
from tests.solicitations.factories import TEXT, mailbox, match, send
from tests.workspace.conftest import answer_path, page_text

pytestmark = [pytest.mark.demo_directory, pytest.mark.django_db, pytest.mark.usefixtures("first_request")]


@pytest.fixture
def sent(sent_once):
    return sent_once


def test_the_page_shows_words_contact_company_why_and_the_others(client, sent):
    text = page_text(client.get(answer_path(mailbox(sent, "recrutement@france-travail"))))

    for shown in (
        TEXT,
        "La gérante",
        "03 53 02 00 01",
        "contact@peintures.example.org",
        "6 salariés",
        "Is-sur-Tille (Côte-d'Or)",
        "Pourquoi vous ? Vous répondez sur",
        "Mission locale du bassin dijonnais",
        "Transmise",
        sent.reference,
    ):
        assert shown in text


def test_the_phone_is_tapped_to_call_and_the_address_to_mail(client, sent):
    html = client.get(answer_path(mailbox(sent, "recrutement@france-travail"))).content.decode()

    assert 'href="tel:+33353020001"' in html
    assert 'href="mailto:contact@peintures.example.org"' in html


def test_get_changes_nothing_even_with_a_choice(client, sent):
    expert_match = match(sent, "recrutement@france-travail")
    before = (Event.objects.count(), OutgoingEmail.objects.count())

    for choice in ("", "?choix=prendre", "?choix=decliner", "?choix=autre"):
        assert client.get(answer_path(expert_match.mailbox) + choice).status_code == 200

    expert_match.refresh_from_db()
    assert expert_match.state == MatchState.SENT
    assert (Event.objects.count(), OutgoingEmail.objects.count()) == before


@pytest.mark.parametrize(
    ("choice", "opened"),
    [
        ("prendre", 'class="fr-btn " autofocus'),
        ("decliner", "<summary autofocus>Je ne peux pas"),
    ],
)
def test_the_buttons_of_the_mail_open_the_page_at_that_choice(client, sent, choice, opened):
    response = client.get(f"{answer_path(mailbox(sent, 'recrutement@france-travail'))}?choix={choice}")

    assert opened in " ".join(response.content.decode().split())


def test_nobody_indexes_or_stores_the_page(client, sent):
    response = client.get(answer_path(mailbox(sent, "recrutement@france-travail")))

    assert "no-store" in response["Cache-Control"]
    assert "noindex" in response["X-Robots-Tag"]
    assert response["Referrer-Policy"] == "same-origin"


def test_what_the_others_answered_is_shown_in_words(client, commit, sent, now):
    taker = match(sent, "entreprises@mission-locale")
    commit(expert_answers.move, taker, MatchState.TAKEN, by=taker.mailbox, now=now)
    other = (
        match(sent, "contact@capemploi")
        if sent.mailboxes.filter(email__startswith="contact@capemploi")
        else None
    )

    text = page_text(client.get(answer_path(mailbox(sent, "recrutement@france-travail"))))

    assert "Prise en charge" in text
    assert other is None or "Transmise" in text


def test_each_opening_of_a_confidential_request_is_recorded(client, commit, now):
    request = commit(send, "dettes-fiscales", now=now, siret="", text="Deux trimestres de TVA.")
    box = request.mailboxes.order_by("pk").first()

    for _ in range(2):
        response = client.get(answer_path(box))

    opened = Event.objects.filter(solicitation=request, kind=EventKind.OPENED)
    assert [event.by_mailbox for event in opened] == [box, box]
    assert "Demande confidentielle" in page_text(response)


def test_the_browsers_history_does_not_name_the_company_of_a_confidential_request(client, commit, now):
    request = commit(send, "dettes-fiscales", now=now, siret="", text="Deux trimestres de TVA.")

    html = client.get(answer_path(request.mailboxes.order_by("pk").first())).content.decode()

    title = html.partition("<title>")[2].partition("</title>")[0]
    assert "Peintures" not in title


def test_an_expert_who_was_withdrawn_reads_a_sentence_only(client, commit, sent, now, django_user_model):
    admin = django_user_model.objects.create_user("nationale@equipe.example.org", role="national")
    expert_match = match(sent, "recrutement@france-travail")
    commit(staff_actions.withdraw, expert_match, reason="erreur de commune", by=admin, now=now)

    text = page_text(client.get(answer_path(expert_match.mailbox)))

    assert (
        "L'équipe du service vous a retiré ce besoin : erreur de commune, mardi 1er décembre à 10 h." in text
    )
    assert TEXT not in text
    assert sent.phone not in text
    assert sent.company_name not in text


def test_a_cancelled_request_says_so_and_shows_nothing(client, commit, sent, now):
    box = mailbox(sent, "recrutement@france-travail")
    commit(company_requests.cancel, sent, now=now)

    text = page_text(client.get(answer_path(box)))

    assert "L'entreprise a annulé sa demande, mardi 1er décembre à 10 h." in text
    assert TEXT not in text


def test_who_declined_reads_the_thread_and_cannot_write(client, commit, sent, now):
    expert_match = match(sent, "recrutement@france-travail")
    commit(
        expert_answers.move,
        expert_match,
        MatchState.DECLINED,
        by=expert_match.mailbox,
        decline_reason="no_capacity",
        now=now,
    )
    commit(
        expert_messages.post_message,
        mailbox(sent, "entreprises@mission-locale"),
        body="Je l'appelle lundi.",
        now=now,
    )

    page = client.get(answer_path(expert_match.mailbox))

    assert "Je l'appelle lundi." in page_text(page)
    assert "vous pouvez lire, pas écrire" in page_text(page)
    assert f"{answer_path(expert_match.mailbox)}message/" not in page.content.decode()


def test_information_added_by_the_company_is_shown_after_its_text(client, commit, sent, now):
    commit(company_requests.add_information, sent, body="Le chantier commence en février.", now=now)

    text = page_text(client.get(answer_path(mailbox(sent, "recrutement@france-travail"))))

    assert "Ajouté mardi 1er décembre à 10 h : Le chantier commence en février." in text


@pytest.mark.parametrize(
    ("commune", "hour"),
    [pytest.param("97209", "5 h", id="Martinique"), pytest.param("97411", "13 h", id="La Réunion")],
)
def test_times_are_those_of_the_territory(client, commit, now, commune, hour):
    request = commit(send, now=now, commune=commune, siret="", email="autre@example.org")
    expert_match = Match.objects.with_people().filter(need__solicitation=request).in_order().first()
    commit(expert_answers.move, expert_match, MatchState.TAKEN, by=expert_match.mailbox, now=now)

    text = page_text(client.get(answer_path(expert_match.mailbox)))

    assert f"mardi 1er décembre à {hour}." in text


def test_a_labour_law_question_says_by_when_the_answer_is_due(client, commit, now):
    request = commit(send, "contrat-travail", now=now, siret="")
    box = request.mailboxes.order_by("pk").first()

    text = page_text(client.get(answer_path(box)))

    assert "Réponse attendue avant le mardi 15 décembre." in text
    assert "L. 5143-1" in text


def test_several_needs_have_their_buttons_and_one_for_all(client, two_needs):
    box = mailbox(two_needs, "formation@region-bfc")

    page = client.get(answer_path(box)).content.decode()

    assert page.count("/prendre/") == 2
    assert "Tout prendre en charge" in page


def test_two_posts_behind_one_address_answer_a_need_once(client, two_needs, now):
    box = mailbox(two_needs, "formation@region-bfc")
    expert_match = box.matches.with_people().in_order().first()
    other = two_needs.needs.first().matches.exclude(mailbox=box).first()
    other.mailbox = box
    other.need = expert_match.need
    other.save()

    page = client.get(answer_path(box)).content.decode()

    assert page.count("/prendre/") == 2


def test_the_number_of_queries_does_not_follow_the_number_of_others(
    client, sent, django_assert_max_num_queries
):
    with django_assert_max_num_queries(31):
        client.get(answer_path(mailbox(sent, "recrutement@france-travail")))


def test_the_undo_hint_differs_within_the_first_minute(client, commit, sent, now, clock):
    expert_match = match(sent, "recrutement@france-travail")
    commit(expert_answers.move, expert_match, MatchState.TAKEN, by=expert_match.mailbox, now=now)

    at_once = page_text(client.get(answer_path(expert_match.mailbox)))
    clock.shift(timedelta(minutes=2))
    later = page_text(client.get(answer_path(expert_match.mailbox)))

    assert "Pendant une minute, personne n'est encore prévenu." in at_once
    assert "Ceux que nous avons prévenus le seront de nouveau." in later


def test_a_request_closed_by_staff_offers_no_undo(client, commit, sent, now, django_user_model):
    expert_match = match(sent, "recrutement@france-travail")
    commit(expert_answers.move, expert_match, MatchState.TAKEN, by=expert_match.mailbox, now=now)
    admin = django_user_model.objects.create(email="equipe@example.org", role="national")
    commit(staff_actions.close, sent, message="Traité au téléphone.", by=admin, now=now)

    page = client.get(answer_path(expert_match.mailbox)).content.decode()

    assert "/annuler/" not in page
