"""Answers ready to use: kept by each region, filled into the closing message, edited before it is sent."""

import pytest
from django.db import IntegrityError, transaction

from experts import canned_answers
from experts.models import CannedAnswer
from mailing.models import OutgoingEmail
from solicitations.lifecycle import ClosedReason, RequestState

pytestmark = [pytest.mark.demo_directory, pytest.mark.django_db]

PAGE = "/demandes/reponses-pretes/"
TITLE, BODY = "Conseil en droit", "Nous ne donnons pas de conseil juridique.\nAppelez le 0 806 000 126."


def keep(client, title=TITLE, body=BODY, path=PAGE) -> str:
    answer = client.post(path, {"title": title, "body": body}, follow=True)
    return answer.content.decode().replace("&#x27;", "'")


def titles(client) -> list[str]:
    return [answer.title for answer in client.get(PAGE).context["answers"]]


@pytest.fixture
def close(django_capture_on_commit_callbacks):
    """Post the closing form, reload the request, and return the response."""

    def posted(client, solicitation, **posted):
        with django_capture_on_commit_callbacks(execute=True):
            answer = client.post(f"/demandes/{solicitation.reference}/clore/", posted, follow=True)
        solicitation.refresh_from_db()
        return answer

    return posted


def words_of(page) -> str:
    return page.context["forms"]["close"]["words"].value()


class TestKept:
    def test_each_region_keeps_its_own_and_the_national_team_sees_all(
        self, as_regional, as_other_regional, as_national
    ):
        keep(as_regional, "De Bourgogne")
        keep(as_other_regional, "De Corse")
        keep(as_national, "De tous")

        assert titles(as_regional) == ["De Bourgogne"]
        assert titles(as_other_regional) == ["De Corse"]
        assert titles(as_national) == ["De Bourgogne", "De Corse", "De tous"]

    def test_is_corrected_and_removed_by_its_region_alone(self, as_regional, as_other_regional, regional):
        keep(as_regional)
        kept = CannedAnswer.objects.get()
        path = f"{PAGE}{kept.pk}/"

        assert as_other_regional.get(path).status_code == 404
        assert as_other_regional.post(path, {"title": "x", "body": "x"}).status_code == 404
        assert as_other_regional.post(f"{path}retirer/").status_code == 404
        assert BODY in as_regional.get(path).content.decode()
        keep(as_regional, body="Autre texte.", path=path)
        kept.refresh_from_db()
        assert (kept.body, kept.changed_by) == ("Autre texte.", regional)
        as_regional.get(f"{path}retirer/")
        assert CannedAnswer.objects.exists()
        as_regional.post(f"{path}retirer/")
        assert not CannedAnswer.objects.exists()

    def test_the_same_title_twice_is_refused_with_a_sentence(self, as_regional, as_other_regional):
        keep(as_regional)

        assert "porte déjà ce titre" in keep(as_regional, body="Autre.")
        keep(as_other_regional)
        assert CannedAnswer.objects.count() == 2

    @pytest.mark.parametrize(
        ("title", "body"), [("", BODY), (TITLE, ""), ("x" * 81, BODY), (TITLE, "x" * 2001), (" ", "\u200b")]
    )
    def test_bad_value_is_refused_with_a_sentence(self, as_regional, title, body):
        assert "fr-message--error" in keep(as_regional, title, body)
        assert not CannedAnswer.objects.exists()

    def test_a_region_keeps_a_few_only(self, as_regional, regional, monkeypatch):
        monkeypatch.setattr(canned_answers, "MAX_ANSWERS", 1)
        keep(as_regional)

        assert "1 textes au plus" in keep(as_regional, "Autre")
        assert CannedAnswer.objects.count() == 1

    @pytest.mark.parametrize("columns", [{"title": " "}, {"body": ""}])
    def test_blank_one_is_refused_by_the_database(self, regional, today, columns):
        values = {"title": "x", "body": "x", "changed_by": regional, "changed_at": today} | columns
        with pytest.raises(IntegrityError, match="canned_answer_says_something"), transaction.atomic():
            CannedAnswer.objects.create(**values)

    def test_empty_page_says_what_it_is_for(self, as_regional):
        assert "Aucun texte pour l'instant" in as_regional.get(PAGE).content.decode().replace("&#x27;", "'")


class TestClosing:
    def test_offers_those_of_the_request_s_region_and_of_the_national_team(
        self, as_regional, as_other_regional, as_national, sent
    ):
        keep(as_regional, "De Bourgogne")
        keep(as_other_regional, "De Corse")
        keep(as_national, "De tous")

        for client in (as_regional, as_national):
            form = client.get(f"/demandes/{sent.reference}/").context["forms"]["close"]
            assert [str(row) for row in form.fields["ready"].queryset] == ["De Bourgogne", "De tous"]

    def test_fills_in_the_message_below_what_was_typed_and_closes_nothing(self, as_regional, sent, close):
        keep(as_regional)
        ready = CannedAnswer.objects.get().pk

        page = close(as_regional, sent, ready=ready, words="Bonjour Madame,", reprendre="1")

        assert words_of(page) == f"Bonjour Madame,\n\n{BODY}"
        assert "Erreur" not in page.content.decode().partition("</title>")[0]
        assert sent.state == RequestState.SUBMITTED
        again = close(as_regional, sent, ready=ready, words=words_of(page), reprendre="1")
        assert words_of(again) == words_of(page)

    def test_what_is_sent_is_what_was_edited(self, as_regional, sent, close):
        keep(as_regional)

        close(as_regional, sent, ready=CannedAnswer.objects.get().pk, words=f"{BODY}\nBon courage.")

        assert sent.closed_reason == ClosedReason.STAFF
        mail = OutgoingEmail.objects.get(template__endswith="closed_by_staff")
        assert mail.context["words"] == f"{BODY}\nBon courage."

    @pytest.mark.parametrize("ready", ["", "0", "x", "999999"])
    def test_an_unknown_choice_fills_in_nothing_and_keeps_what_was_typed(
        self, as_regional, sent, close, ready
    ):
        keep(as_regional)

        page = close(as_regional, sent, ready=ready, words="Bonjour Madame,", reprendre="1")

        assert words_of(page) == "Bonjour Madame,"

    def test_the_text_of_another_region_is_never_filled_in(self, as_regional, as_other_regional, sent, close):
        keep(as_regional)
        keep(as_other_regional, "De Corse", "Texte de Corse.")

        ready = CannedAnswer.objects.get(region="94").pk
        page = close(as_regional, sent, ready=ready, words="Bonjour,", reprendre="1")

        assert "Texte de Corse." not in page.content.decode()

    def test_without_any_the_form_asks_for_a_message_only(self, as_regional, sent):
        page = as_regional.get(f"/demandes/{sent.reference}/")

        assert "ready" not in page.context["forms"]["close"].fields
        assert "Reprendre ce texte" not in page.content.decode()
