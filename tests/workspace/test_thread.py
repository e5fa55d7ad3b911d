"""Messages to experts, questions to the company, the expert's own record, and new links."""

from datetime import timedelta
from urllib.parse import urlsplit

import pytest

from experts.tokens import make_token
from mailing.models import OutgoingEmail
from solicitations import links
from solicitations.actions import company_requests, expert_answers
from solicitations.lifecycle import AlertCause, MatchState
from solicitations.models import Mailbox, Message, Question
from tests.solicitations.factories import mailbox, match
from tests.workspace.conftest import answer_path, hidden_fields, page_text

pytestmark = [pytest.mark.reference, pytest.mark.django_db]


@pytest.fixture
def box(sent):
    return mailbox(sent, "recrutement@france-travail")


class TestExpertThread:
    def test_a_message_is_shown_with_its_author_and_mailed_to_the_others(self, press, box):
        page = press(box, "message/", body="Qui appelle ?")

        assert "Qui appelle ?" in page_text(page)
        told = OutgoingEmail.objects.filter(template__endswith="/message")
        assert told.count() == 3
        assert not told.filter(to=box.email).exists()

    def test_a_second_click_posts_the_message_once(self, press, box):
        press(box, "message/", body="Qui appelle ?")
        press(box, "message/", body="Qui appelle ?")

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
    def test_errors_are_shown(self, press, box, body, sentence):
        page = press(box, "message/", body=body)

        assert sentence in page_text(page)
        assert not Message.objects.exists()

    def test_markup_is_escaped(self, press, box):
        page = press(box, "message/", body="<script>alert(1)</script> 🎉")

        assert "<script>alert" not in page.content.decode()
        assert "&lt;script&gt;alert(1)&lt;/script&gt; 🎉" in page.content.decode()

    def test_text_of_an_expert_who_declined_meanwhile_is_kept(self, client, commit, press, box, sent, now):
        page = client.get(answer_path(box))
        mine = match(sent, "recrutement@france-travail")
        commit(expert_answers.move, mine, MatchState.DECLINED, by=box, decline_reason="no_capacity", now=now)

        late = press(box, "message/", page=page, body="Encore un mot.")

        assert late.status_code == 409
        assert "Ce que vous aviez écrit n'a pas été envoyé Encore un mot." in page_text(late)
        assert not Message.objects.exists()


class TestQuestion:
    def test_a_question_is_mailed_to_the_company_and_stays_on_the_page(self, press, box, sent):
        page = press(box, "question/", body="Temps plein ?")

        assert OutgoingEmail.objects.get(template__endswith="/question").to == sent.email
        assert "Temps plein ?" in page_text(page)
        assert "sans réponse pour l'instant" in page_text(page)

    def test_what_the_company_adds_answers_it(self, client, commit, press, box, sent, now):
        press(box, "question/", body="Temps plein ?")
        commit(company_requests.add_information, sent, body="Oui.", now=now)

        assert "complétée mardi 1er décembre à 10 h" in page_text(client.get(answer_path(box)))

    @pytest.mark.parametrize(
        ("body", "sentence"),
        [
            (" ", "Écrivez votre question."),
            ("x" * 501, "Raccourcissez votre question : 500 caractères au plus."),
        ],
    )
    def test_errors_are_shown(self, press, box, body, sentence):
        page = press(box, "question/", body=body)

        assert sentence in page_text(page)
        assert not Question.objects.exists()


class TestExpertRecord:
    @pytest.mark.parametrize(
        ("typed", "kept"),
        [("0380123456", "03 80 12 34 56"), ("+596 596 12 34 56", "05 96 12 34 56"), ("3949", "3949")],
    )
    def test_the_number_is_corrected(self, press, box, sent, typed, kept):
        expert = match(sent, "recrutement@france-travail").expert

        page = press(box, f"postes/{expert.pk}/numero/", phone=typed)

        expert.refresh_from_db()
        assert expert.phone == kept
        assert "phone" in expert.edited_fields
        assert kept in page_text(page)

    @pytest.mark.parametrize("typed", ["", "12", "zéro un", "0" * 40, "<b>0380123456"])
    def test_a_bad_number_is_refused_with_an_example(self, press, box, sent, typed):
        expert = match(sent, "recrutement@france-travail").expert

        page = press(box, f"postes/{expert.pk}/numero/", phone=typed)

        assert "par exemple 03 80 12 34 56" in page_text(page)
        before = expert.phone
        expert.refresh_from_db()
        assert expert.phone == before

    def test_departure_is_recorded_and_staff_are_alerted(self, press, box, sent, now):
        expert = match(sent, "recrutement@france-travail").expert

        page = press(box, f"postes/{expert.pk}/depart/", successor="Le service formation")

        expert.refresh_from_db()
        assert (expert.left_at, expert.successor) == (now, "Le service formation")
        assert sent.alerts.get().cause == AlertCause.DEPARTURE
        assert "Merci de l'avoir dit." in page_text(page)
        assert "Vous n'êtes plus à ce poste : ce besoin est proposé à d'autres" in page_text(page)

    def test_nobody_changes_the_record_of_another_expert(self, client, sent, box):
        other = match(sent, "entreprises@mission-locale").expert

        for act in ("numero", "depart"):
            assert (
                client.post(
                    f"{answer_path(box)}postes/{other.pk}/{act}/", {"phone": "0380123456"}
                ).status_code
                == 404
            )


class TestAnswerLinks:
    @pytest.mark.parametrize(
        "token", ["x", "1-1.x", "%00", "é" * 20, "1-1", make_token("follow", 1, 1), "9" * 400]
    )
    def test_a_forged_link_opens_nothing(self, client, token):
        page = client.get(f"/reponse/{token}/")

        assert page.status_code == 404
        assert "Ce lien n'ouvre aucune demande" in page_text(page)

    def test_a_revoked_link_says_where_the_new_one_is(self, client, box, sent):
        path = answer_path(box)
        Mailbox.objects.filter(pk=box.pk).update(serial=2)

        page = client.get(path)

        assert page.status_code == 410
        assert "remplacé par un plus récent" in page_text(page)
        assert sent.description not in page_text(page)

    def test_an_owners_link_opens_no_experts_page(self, client, sent):
        token = urlsplit(links.follow_url(sent)).path.split("/")[2]

        assert client.get(f"/reponse/{token}/").status_code == 404

    @pytest.fixture
    def expired(self, box, sent, commit, now, clock):
        commit(company_requests.cancel, sent, now=now)
        clock.shift(timedelta(days=61))
        return answer_path(box)

    def test_an_expired_link_tells_nothing_and_offers_a_new_one(self, client, expired, sent):
        page = client.get(expired)

        assert page.status_code == 410
        assert sent.company_name not in page_text(page)
        assert "Recevoir un nouveau lien" in page_text(page)

    def test_an_expired_link_changes_nothing(self, client, expired, sent):
        assert client.post(f"{expired}tout-prendre/").status_code == 410
        assert client.post(f"{expired}message/", {"body": "x"}).status_code == 410

    def test_the_new_link_is_mailed_to_the_same_mailbox_once(
        self, client, expired, box, django_capture_on_commit_callbacks
    ):
        form = next(
            action for action in hidden_fields(client.get(expired)) if action.endswith("/nouveau-lien/")
        )
        with django_capture_on_commit_callbacks(execute=True):
            first = client.post(form)
            second = client.post(form)

        assert "Un nouveau lien est parti" in page_text(first)
        assert box.email not in page_text(first)
        assert second.status_code == 410
        mail = OutgoingEmail.objects.get(template__endswith="/link_reissued")
        assert mail.to == box.email
        assert client.get(urlsplit(mail.context["url"]).path).status_code == 200
        assert client.get(expired).status_code == 410
