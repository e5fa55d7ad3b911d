"""Messages among the experts of a request, and questions to the company."""

import pytest

from mailing.models import OutgoingEmail
from solicitations.actions import company_requests, expert_answers
from solicitations.lifecycle import MatchState
from solicitations.models import Message, Question
from tests.solicitations.factories import match
from tests.workspace.conftest import answer_path, page_text

pytestmark = [pytest.mark.demo_directory, pytest.mark.django_db, pytest.mark.usefixtures("first_request")]


@pytest.fixture
def sent(sent_once):
    return sent_once


class TestExpertThread:
    def test_a_message_is_shown_with_its_author_and_mailed_to_the_others(self, submit, expert_mailbox):
        page = submit(expert_mailbox, "message/", body="Qui appelle ?")

        assert "Qui appelle ?" in page_text(page)
        notified = OutgoingEmail.objects.filter(template__endswith="/message")
        assert notified.count() == 3
        assert not notified.filter(to=expert_mailbox.email).exists()

    def test_a_second_click_posts_the_message_once(self, submit, expert_mailbox):
        submit(expert_mailbox, "message/", body="Qui appelle ?")
        submit(expert_mailbox, "message/", body="Qui appelle ?")

        assert Message.objects.count() == 1

    @pytest.mark.parametrize(
        ("body", "sentence"),
        [
            ("", "Écrivez votre message."),
            ("\x00\u202e \n", "Écrivez votre message."),
            ("x" * 3001, "Raccourcissez votre texte : 3 000 caractères au plus."),
        ],
        ids=["empty", "invisible", "too long"],
    )
    def test_errors_are_shown(self, submit, expert_mailbox, body, sentence):
        page = submit(expert_mailbox, "message/", body=body)

        assert sentence in page_text(page)
        assert not Message.objects.exists()

    def test_markup_is_escaped(self, submit, expert_mailbox):
        page = submit(expert_mailbox, "message/", body="<script>alert(1)</script> 🎉")

        assert "<script>alert" not in page.content.decode()
        assert "&lt;script&gt;alert(1)&lt;/script&gt; 🎉" in page.content.decode()

    def test_text_of_an_expert_who_declined_meanwhile_is_kept(
        self, client, commit, submit, expert_mailbox, sent, now
    ):
        page = client.get(answer_path(expert_mailbox))
        expert_match = match(sent, "recrutement@france-travail")
        commit(
            expert_answers.move,
            expert_match,
            MatchState.DECLINED,
            by=expert_mailbox,
            decline_reason="no_capacity",
            now=now,
        )

        late = submit(expert_mailbox, "message/", page=page, body="Encore un mot.")

        assert late.status_code == 409
        assert "Ce que vous aviez écrit n'a pas été envoyé Encore un mot." in page_text(late)
        assert not Message.objects.exists()


class TestQuestion:
    def test_a_question_is_mailed_to_the_company_and_stays_on_the_page(self, submit, expert_mailbox, sent):
        page = submit(expert_mailbox, "question/", body="Temps plein ?")

        assert OutgoingEmail.objects.get(template__endswith="/question").to == sent.email
        assert "Temps plein ?" in page_text(page)
        assert "sans réponse pour l'instant" in page_text(page)

    def test_a_text_of_the_company_answers_the_question(
        self, client, commit, submit, expert_mailbox, sent, now
    ):
        submit(expert_mailbox, "question/", body="Temps plein ?")
        commit(company_requests.add_information, sent, body="Oui.", now=now)

        assert "complétée mardi 1er décembre à 10 h" in page_text(client.get(answer_path(expert_mailbox)))

    @pytest.mark.parametrize(
        ("body", "sentence"),
        [
            (" ", "Écrivez votre question."),
            ("x" * 501, "Raccourcissez votre question : 500 caractères au plus."),
        ],
    )
    def test_errors_are_shown(self, submit, expert_mailbox, body, sentence):
        page = submit(expert_mailbox, "question/", body=body)

        assert sentence in page_text(page)
        assert not Question.objects.exists()
