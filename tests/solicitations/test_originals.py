"""« Voir l'original »: the pages that show it, and what is removed from it."""

from urllib.parse import quote, urlsplit

import pytest
import time_machine

from solicitations import links, reply_addresses
from solicitations.actions import expert_messages, staff_actions
from solicitations.lifecycle import EventKind
from solicitations.models import Addition, Mailbox, Message, Solicitation
from tests.solicitations.factories import mailbox, match, send
from tests.solicitations.incoming import answer

pytestmark = [pytest.mark.demo_directory, pytest.mark.django_db, pytest.mark.usefixtures("first_request")]

COLLEAGUE = "lea.martin@france-travail-dijon.example.org"
TEXT = """Je l'appelle lundi.

Le 1 déc. 2026, Relais Entreprises a écrit :
> Ouvrir : {link}
> Copie à chef@ailleurs.example.net"""


@pytest.fixture(autouse=True)
def clock(now):
    with time_machine.travel(now, tick=False):
        yield


@pytest.fixture
def sent(sent_once) -> Solicitation:
    return sent_once


@pytest.fixture
def author(sent) -> Mailbox:
    return mailbox(sent, "recrutement@france-travail")


@pytest.fixture
def other(sent) -> Mailbox:
    return mailbox(sent, "entreprises@mission-locale")


@pytest.fixture
def mailed_message(author, now) -> Message:
    text = TEXT.format(link=links.answer_url(author))
    answer(author, text, sender=COLLEAGUE, files=("plan.pdf",), now=now)
    return Message.objects.get()


@pytest.fixture
def added(sent, now) -> Addition:
    answer(sent, "Oui, dès lundi.", sender="compta@peintures.example.org", now=now)
    return Addition.objects.get()


def page_of(person: Mailbox | Solicitation) -> str:
    url = links.answer_url(person) if isinstance(person, Mailbox) else links.follow_url(person)
    return urlsplit(url).path


def original(client, person: Mailbox | Solicitation, shown: Message | Addition):
    return client.get(f"{page_of(person)}originaux/{shown.pk}/")


class TestAnExpert:
    def test_the_page_says_where_it_came_from_what_was_held_back_and_shows_the_way(
        self, client, mailed_message, other
    ):
        page = client.get(page_of(other)).content.decode()

        assert f"Envoyé depuis {COLLEAGUE}" in page
        assert "1 pièce jointe retenue : plan.pdf" in page
        assert f"originaux/{mailed_message.pk}/" in page

    def test_it_is_plain_text_with_the_quotes_that_were_taken_away(self, client, mailed_message, other):
        response = original(client, other, mailed_message)

        assert response["Content-Type"] == "text/plain; charset=utf-8"
        assert response["X-Content-Type-Options"] == "nosniff"
        assert "no-store" in response["Cache-Control"]
        found = response.content.decode()
        for shown in (
            f"De : {mailed_message.author}, {COLLEAGUE}",
            "Objet : Re:",
            "lundi",
            "> Ouvrir : http",
        ):
            assert shown in found

    def test_no_address_that_the_thread_does_not_show_and_no_link_of_its_author(
        self, client, mailed_message, author, other
    ):
        found = original(client, other, mailed_message).content.decode()

        assert "Copie à (adresse masquée)" in found
        for secret in ("chef@", author.email, links.answer_url(author), reply_addresses.make(author)):
            assert secret not in found

    @pytest.mark.parametrize(
        "respelt",
        [
            lambda url: url.replace("/reponse/", "/\n> reponse/"),
            lambda url: url.removeprefix("http://").replace("localhost", "LOCALHOST"),
            lambda url: quote(url, safe=""),
        ],
        ids=["wrapped", "capitals", "inside another"],
    )
    def test_no_spelling_of_its_authors_link_opens_their_page(self, client, author, other, now, respelt):
        answer(author, f"Je l'appelle lundi.\n\n> Ouvrir : {respelt(links.answer_url(author))}", now=now)

        found = original(client, other, Message.objects.get()).content.decode()

        assert "Ouvrir" in found
        assert page_of(author).split("/")[2] not in found

    def test_one_who_declined_may_read_it(self, client, mailed_message, other, now):
        row = match(other.solicitation, other.email)
        row.state, row.ended_at, row.decline_reason = "declined", now, "other"
        row.save()

        assert original(client, other, mailed_message).status_code == 200

    def test_one_who_was_withdrawn_may_not_read_it(
        self, client, mailed_message, other, django_user_model, now
    ):
        staff = django_user_model.objects.create_user("nationale@equipe.example.org", role="national")
        staff_actions.withdraw(match(other.solicitation, other.email), reason="Erreur", by=staff, now=now)

        assert original(client, other, mailed_message).status_code == 404

    def test_mails_of_another_request_or_of_the_company_and_typed_messages_are_not_shown(
        self, client, commit, mailed_message, added, author, now
    ):
        second = commit(send, "financer-formation", now=now, email="autre@ailleurs.example.net", siret="")
        stranger = Mailbox.objects.filter(solicitation=second).order_by("pk").first()
        typed = expert_messages.post_message(author, body="Bonjour", now=now)
        added.pk = max(mailed_message.pk, typed.pk) + 1

        assert original(client, stranger, mailed_message).status_code == 404
        assert original(client, author, typed).status_code == 404
        assert original(client, author, added).status_code == 404

    def test_opening_a_confidential_original_is_recorded(self, client, commit, now):
        request = commit(send, "licenciement", now=now)
        person = Mailbox.objects.filter(solicitation=request).order_by("pk").first()
        answer(person, now=now)

        original(client, person, Message.objects.get())

        assert request.events.filter(kind=EventKind.OPENED, by_mailbox=person).exists()

    def test_nothing_is_left_of_a_mail_that_was_erased(self, client, mailed_message, other):
        type(mailed_message.incoming).objects.filter(pk=mailed_message.incoming_id).update(raw=b"")

        assert original(client, other, mailed_message).status_code == 404


class TestTheOwner:
    def test_the_owner_reads_mails_sent_in_her_name(self, client, added, sent):
        page = client.get(page_of(sent)).content.decode()
        found = original(client, sent, added).content.decode()

        assert "Envoyé depuis compta@peintures.example.org" in page
        assert f"originaux/{added.pk}/" in page
        assert "Oui, dès lundi." in found

    def test_the_owner_cannot_read_originals_of_the_experts_thread(self, client, mailed_message, sent):
        assert original(client, sent, mailed_message).status_code == 404
