"""Work of staff among colleagues: internal notes, and who takes care of a request."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction
from django.test import Client

from experts.models import User
from mailing.models import OutgoingEmail
from mailing.replies import DELIMITER
from solicitations import links
from solicitations.actions import handling
from solicitations.clock import erasure
from solicitations.lifecycle import EventKind, RequestState
from solicitations.models import Solicitation, StaffNote
from territories.models import Region
from tests.experts.factories import signed_in
from tests.solicitations.factories import mailbox, send

pytestmark = [pytest.mark.demo_directory, pytest.mark.django_db, pytest.mark.usefixtures("first_request")]

NOTE = "Le gérant rappelle mardi : ne pas le brusquer."
YEARS = timedelta(days=731)


@pytest.fixture
def sent(sent_once):
    return sent_once


@pytest.fixture
def colleague() -> User:
    """Another member of the staff of the requests' region."""
    region = Region.objects.get(pk="27")
    return User.objects.create_user(
        "nadia@equipe.example.org", name="Nadia Benali", role="region", region=region
    )


@pytest.fixture
def as_colleague(colleague) -> Client:
    return signed_in(colleague)


@pytest.fixture
def do(django_capture_on_commit_callbacks):
    """Post an action, reload the request, and return the text of the page that follows."""

    def posted(client, solicitation, act: str, **posted):
        with django_capture_on_commit_callbacks(execute=True):
            answer = client.post(f"/demandes/{solicitation.reference}/{act}/", posted, follow=True)
        solicitation.refresh_from_db()
        return answer.content.decode().replace("&#x27;", "'")

    return posted


def text_of(client, path: str) -> str:
    return client.get(path).content.decode().replace("&#x27;", "'")


class TestNote:
    def test_is_shown_with_its_author_to_the_staff_who_see_the_request(
        self, as_regional, as_colleague, as_national, sent, do
    ):
        do(as_regional, sent, "noter", body=NOTE)

        for client in (as_regional, as_colleague, as_national):
            page = text_of(client, f"/demandes/{sent.reference}/")
            assert NOTE in page
            assert "Note interne" in page
            assert "l'équipe seule la lit" in page

    def test_is_mailed_to_nobody_and_shown_to_neither_the_company_nor_an_expert(self, as_regional, sent, do):
        before = OutgoingEmail.objects.count()

        do(as_regional, sent, "noter", body=NOTE)

        assert OutgoingEmail.objects.count() == before
        expert = mailbox(sent, "recrutement@france-travail")
        for url in (links.follow_url(sent), links.answer_url(expert), f"{links.answer_url(expert)}reponse/"):
            assert NOTE not in text_of(Client(), url)

    def test_is_not_found_by_another_region(self, as_other_regional, sent, do):
        assert as_other_regional.post(f"/demandes/{sent.reference}/noter/", {"body": NOTE}).status_code == 404
        assert not StaffNote.objects.exists()

    def test_may_be_written_on_a_request_held_or_over(self, as_regional, held, sent, do):
        do(as_regional, sent, "classer", marque="essai")

        for request in (held, sent):
            assert "La note est gardée" in do(as_regional, request, "noter", body=NOTE)

    def test_is_written_once_by_a_double_click(self, as_regional, sent, do):
        do(as_regional, sent, "noter", body=NOTE)
        do(as_regional, sent, "noter", body=NOTE)

        assert sent.staff_notes.count() == 1
        assert sent.events.filter(kind=EventKind.NOTED).count() == 1

    @pytest.mark.parametrize(
        "body", ["", " \n ", "\u200b", "x" * 2001], ids=["", "blank", "invisible", "long"]
    )
    def test_without_words_is_refused_with_a_sentence(self, as_regional, sent, do, body):
        assert "fr-message--error" in do(as_regional, sent, "noter", body=body)
        assert not StaffNote.objects.exists()

    def test_blank_one_is_refused_by_the_database(self, sent, regional, today):
        with pytest.raises(IntegrityError, match="staff_note_says_something"), transaction.atomic():
            StaffNote.objects.create(solicitation=sent, author=regional, body=" \n", at=today)

    def test_is_erased_with_the_request(self, as_regional, sent, commit, today, do):
        do(as_regional, sent, "noter", body=NOTE)
        do(as_regional, sent, "s-en-occuper")
        do(as_regional, sent, "classer", marque="essai")

        commit(erasure.anonymise, sent.pk, now=today + YEARS)

        sent.refresh_from_db()
        assert sent.state == RequestState.ANONYMISED
        assert not StaffNote.objects.exists()
        assert (sent.handled_by, sent.handled_since) == (None, None)
        assert NOTE not in do(as_regional, sent, "noter", body=NOTE)
        assert not StaffNote.objects.exists()


class TestHandling:
    def test_puts_ones_name_on_the_request_for_all_colleagues(
        self, as_regional, as_colleague, sent, colleague, do
    ):
        assert "vous vous en occupez" in do(as_colleague, sent, "s-en-occuper")

        assert sent.handled_by == colleague
        assert sent.events.get(kind=EventKind.HANDLED).by_user == colleague
        assert "Nadia Benali s'en occupe" in text_of(as_regional, f"/demandes/{sent.reference}/")
        assert "Nadia Benali s'en occupe" in text_of(as_regional, "/demandes/")

    def test_twice_by_the_same_person_is_once(self, as_colleague, sent, do):
        do(as_colleague, sent, "s-en-occuper")
        do(as_colleague, sent, "s-en-occuper")

        assert sent.events.filter(kind=EventKind.HANDLED).count() == 1

    def test_is_taken_over_with_a_word_only(self, as_regional, as_colleague, sent, regional, colleague, do):
        do(as_colleague, sent, "s-en-occuper")

        refused = do(as_regional, sent, "s-en-occuper", words=" ")
        assert "Dites à votre collègue pourquoi" in refused
        assert sent.handled_by == colleague

        do(as_regional, sent, "s-en-occuper", words="Tu pars en congé demain.")
        assert sent.handled_by == regional
        page = text_of(as_colleague, f"/demandes/{sent.reference}/")
        assert "À la place de Nadia Benali : Tu pars en congé demain." in page

    def test_taken_over_is_mailed_to_the_colleague_alone_who_answers_its_author(
        self, as_regional, as_colleague, sent, regional, colleague, do
    ):
        do(as_colleague, sent, "s-en-occuper")
        do(as_regional, sent, "s-en-occuper", words="Tu pars en congé demain.")
        do(as_regional, sent, "s-en-occuper", words="Tu pars en congé demain.")

        [mail] = OutgoingEmail.objects.filter(template__endswith="handled_by_another")
        assert (mail.to, mail.reply_to) == (colleague.email, regional.email)
        assert "Tu pars en congé demain." in mail.rendered().text
        assert DELIMITER not in mail.rendered().text

    def test_posted_without_a_word_just_after_a_colleague_changes_nothing(
        self, sent, regional, colleague, today
    ):
        """The page was free when it was opened."""
        handling.handle(sent, by=colleague, now=today)

        with pytest.raises(handling.HandledByAnother):
            handling.handle(sent, by=regional, now=today)

    def test_is_released_by_the_one_who_had_it(self, as_regional, as_colleague, sent, colleague, do):
        do(as_colleague, sent, "s-en-occuper")

        assert "Rien n'a été changé : c'est Nadia Benali" in do(as_regional, sent, "ne-plus-s-en-occuper")
        assert sent.handled_by == colleague
        do(as_colleague, sent, "ne-plus-s-en-occuper")
        assert sent.handled_by is None
        assert sent.events.filter(kind=EventKind.UNHANDLED).count() == 1

    @pytest.mark.parametrize("change", [{"is_active": False}, {"region_id": "94"}], ids=["left", "moved"])
    def test_of_a_colleague_who_sees_it_no_more_is_taken_over_freely(
        self, as_regional, sent, colleague, regional, do, change
    ):
        handling.handle(sent, by=colleague, now=sent.submitted_at)
        User.objects.filter(pk=colleague.pk).update(**change)

        assert "ne voit plus cette demande" in text_of(as_regional, f"/demandes/{sent.reference}/")
        do(as_regional, sent, "s-en-occuper")
        assert sent.handled_by == regional

    def test_ends_when_the_request_moves_to_another_region(self, as_regional, sent, commit, do):
        do(as_regional, sent, "s-en-occuper")
        form = as_regional.get(f"/demandes/{sent.reference}/").context["forms"]["correct"]
        values = {field.name: field.value() or "" for field in form}

        do(as_regional, sent, "corriger", **(values | {"commune": "Ajaccio", "commune_code": ""}))

        assert sent.region_id == "94"
        assert sent.handled_by is None
        assert sent.events.filter(kind=EventKind.UNHANDLED, by_user=None).exists()

    def test_name_without_a_date_is_refused_by_the_database(self, sent, regional):
        with pytest.raises(IntegrityError, match="solicitation_handled_since"), transaction.atomic():
            Solicitation.objects.filter(pk=sent.pk).update(handled_by=regional)

    def test_does_not_delay_the_experts_nor_the_clock(self, as_regional, sent, do):
        due = sent.clock_due_at

        do(as_regional, sent, "s-en-occuper")

        assert sent.clock_due_at == due

    def test_filter_shows_mine_nobodys_and_colleagues(
        self, as_regional, as_colleague, sent, commit, today, do
    ):
        other = commit(send, "digitaliser", now=today, siret="", email="x@example.org")
        do(as_colleague, sent, "s-en-occuper")

        def shown(client, value):
            return [row.reference for row in client.get("/demandes/", {"suivi": value}).context["rows"]]

        assert shown(as_colleague, "moi") == [sent.reference]
        assert shown(as_regional, "moi") == []
        assert shown(as_regional, "collegues") == [sent.reference]
        assert shown(as_regional, "personne") == [other.reference]
