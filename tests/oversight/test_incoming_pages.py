"""Pages « Courrier reçu »: who sees which mails, their state and reason, and decisions of staff."""

from datetime import timedelta

import pytest

from mailing import reception
from mailing.models import Channel, IncomingEmail, IncomingState, OutgoingEmail, Reason
from solicitations import links, reply_addresses
from solicitations.actions import company_requests
from solicitations.lifecycle import EventKind, Voice
from solicitations.models import Event, InternalMessage, Mailbox, Message
from tests.solicitations.factories import mailbox
from tests.solicitations.incoming import WORDS, answer, raw

pytestmark = [pytest.mark.demo_directory, pytest.mark.django_db, pytest.mark.usefixtures("first_request")]

LIST = "/courrier/recu/"
STRANGER = "quelqu.un@ailleurs.example.net"


@pytest.fixture
def sent(sent_once):
    return sent_once


@pytest.fixture
def author(sent) -> Mailbox:
    return mailbox(sent, "recrutement@france-travail")


@pytest.fixture
def held(author, today) -> IncomingEmail:
    return answer(author, sender=STRANGER, files=("plan.pdf",), now=today)


@pytest.fixture
def unknown(author, today) -> IncomingEmail:
    return answer(author, to="personne@ailleurs.example.net", message_id="<x@y.example>", now=today)


def text_of(client, path: str) -> str:
    return client.get(path).content.decode().replace("&#x27;", "'")


def listed(client, **query) -> list[str]:
    return [line.email.message_id for line in client.get(LIST, query).context["lines"]]


def test_a_held_mail_to_an_institution_is_judged_by_its_sender_alone(as_regional, author, today):
    """Published, it is read by its people; staff read no word of it before either."""
    to = reply_addresses.make(author, voice=Voice.INSTITUTION)
    held = answer(author, "Entre collègues.", to=to, sender=STRANGER, now=today)

    text = text_of(as_regional, f"{LIST}{held.pk}/")

    assert "Entre collègues" not in text
    assert "Jugez de l'expéditeur" in text
    assert STRANGER in text
    as_regional.post(f"{LIST}{held.pk}/publier/")
    assert InternalMessage.objects.get().body == "Entre collègues."


class TestIncomingList:
    def test_each_mail_shows_its_sender_state_reason_and_request(self, as_regional, held, sent):
        text = text_of(as_regional, LIST)

        for shown in (STRANGER, "Retenu", str(Reason.OTHER_SENDER.label), sent.reference, "Re: Trouver"):
            assert shown in text

    def test_a_region_sees_those_about_its_requests_and_the_national_team_all(
        self, as_regional, as_other_regional, as_national, held, unknown
    ):
        assert listed(as_regional) == [held.message_id]
        assert listed(as_other_regional) == []
        assert set(listed(as_national)) == {held.message_id, unknown.message_id}

    def test_filters_by_state_sender_and_reference(self, as_national, held, unknown, sent):
        assert listed(as_national, etat="held") == [held.message_id]
        assert listed(as_national, etat="refused") == [unknown.message_id]
        assert listed(as_national, q="quelqu") == [held.message_id]
        assert listed(as_national, q=sent.reference) == [held.message_id]
        assert listed(as_national, q="AAAA-AAAA") == []

    @pytest.mark.parametrize("path", [LIST, "/courrier/"])
    def test_every_filter_is_on_the_page(self, as_national, held, path):
        page = as_national.get(path)

        for field in page.context["form"]:
            assert f'id="{field.auto_id}"' in page.content.decode()

    def test_mails_refused_as_automatic_are_counted_and_listed(
        self, as_regional, held, unknown, author, today
    ):
        away = answer(author, auto_submitted="auto-replied", message_id="<a@b.example>", now=today)

        page = as_regional.get(LIST)

        assert [(code, count) for code, count, _ in page.context["counters"]] == [("held", 1), ("machine", 1)]
        assert listed(as_regional, etat="machine") == [away.message_id]
        assert "Publier" in text_of(as_regional, f"{LIST}{away.pk}/")

    def test_counters_leave_out_mails_older_than_thirty_days(self, as_regional, held, today):
        IncomingEmail.objects.update(received_at=today - timedelta(days=31))

        assert as_regional.get(LIST).context["counters"][0][1] == 0

    @pytest.mark.parametrize("query", [{"etat": "x"}, {"q": "\0"}, {"q": "%"}, {"page": "x"}])
    def test_unknown_filters_never_fail(self, as_regional, held, query):
        assert as_regional.get(LIST, query).status_code == 200

    def test_empty_list_has_a_sentence(self, as_regional, sent):
        assert "Personne n'a encore répondu par courriel" in text_of(as_regional, LIST)

    def test_a_page_is_as_many_queries_with_one_mail_as_with_many(
        self, as_regional, author, today, django_assert_max_num_queries
    ):
        for number in range(10):
            answer(author, f"Mot {number}", message_id=f"<m{number}@poste.example.org>", now=today)

        as_regional.get(LIST)  # writes in the session that somebody is there, once a minute
        with django_assert_max_num_queries(8):
            as_regional.get(LIST)

    def test_the_outbox_leads_to_it(self, as_regional, sent):
        assert f'href="{LIST}"' in text_of(as_regional, "/courrier/")


class TestOneMail:
    def test_the_reason_the_text_the_files_and_the_headers_are_shown(self, as_regional, held):
        text = text_of(as_regional, f"{LIST}{held.pk}/")

        for shown in (str(Reason.OTHER_SENDER.label), WORDS, "plan.pdf", "Message-ID: &lt;premier@poste"):
            assert shown in text

    def test_nothing_in_it_opens_anothers_page(self, as_regional, author, today):
        shown = f"Voir {links.answer_url(author)} et écrire à {reply_addresses.make(author)}"

        email = answer(author, shown, sender=STRANGER, now=today)
        text = text_of(as_regional, f"{LIST}{email.pk}/").replace(email.recipient, "")

        _, top, original = text.partition("L'original, en texte")
        assert "localhost:8000/… et" in original
        assert top
        assert links.answer_url(author) not in text
        assert reply_addresses.make(author) not in text

    def test_its_html_is_escaped(self, as_regional, author, today):
        content = raw(author, sender=STRANGER).replace(
            b"Content-Type: text/plain", b"Content-Type: text/html"
        )
        content = content.replace(WORDS.encode(), b"<img src=x onerror=alert(1)>&lt;script&gt;alert(2)")

        [email] = reception.store(content, channel=Channel.PIPE, now=today)
        text = text_of(as_regional, f"{LIST}{email.pk}/")

        assert "onerror" not in text
        assert "<script>alert" not in text

    def test_the_opening_of_a_confidential_one_is_recorded(self, as_regional, regional, confidential, today):
        [person] = Mailbox.objects.filter(solicitation=confidential)[:1]
        email = answer(person, sender=STRANGER, now=today)

        as_regional.get(f"{LIST}{email.pk}/")

        opening = confidential.events.get(kind=EventKind.MAIL_OPENED)
        assert (opening.by_user, opening.reason) == (regional, f"incoming:{email.pk}")

    def test_a_mail_that_failed_shows_its_error_and_next_try(self, as_regional, author, today):
        [email] = reception.store(raw(author), channel=Channel.PIPE, now=today)
        email.postpone("IntegrityError", at=today)
        email.about = [f"request:{author.solicitation_id}"]
        email.save()

        assert "IntegrityError. Prochain essai" in text_of(as_regional, f"{LIST}{email.pk}/")


class TestRequestPage:
    def test_the_alert_links_to_the_held_mails(self, as_regional, held, sent):
        page = text_of(as_regional, f"/demandes/{sent.reference}/")

        assert f'href="{LIST}?q={sent.reference}&amp;etat=held"' in page

    def test_a_message_received_by_mail_links_to_its_original(self, as_regional, author, sent, today):
        email = answer(author, files=("plan.pdf",), now=today)

        page = text_of(as_regional, f"/demandes/{sent.reference}/")

        assert "Reçu par courriel. 1 pièce jointe retenue : plan.pdf." in page
        assert f'href="{LIST}{email.pk}/"' in page


class TestDecisions:
    def test_a_published_mail_becomes_a_message_that_names_its_sender(
        self, as_regional, regional, held, author, sent
    ):
        page = as_regional.post(f"{LIST}{held.pk}/publier/", follow=True)

        held.refresh_from_db()
        message = Message.objects.get()
        assert held.state == IncomingState.ACCEPTED
        assert (message.mailbox, message.body, message.sent_from) == (author, WORDS, STRANGER)
        assert not sent.alerts.open().exists()
        event = sent.events.get(kind=EventKind.REPLY_PUBLISHED)
        assert (event.by_user, event.reason) == (regional, STRANGER)
        [copy] = OutgoingEmail.objects.filter(template__endswith="/sent_in_your_name")
        assert copy.to == author.email
        assert "Notre équipe l'a lue" in copy.rendered().text
        assert "une adresse de votre organisation" not in copy.rendered().text
        assert "Le texte est publié" in page.content.decode()

    def test_a_refused_mail_is_not_a_message_and_may_still_be_published(self, as_regional, held, sent):
        as_regional.post(f"{LIST}{held.pk}/ecarter/")

        held.refresh_from_db()
        assert (held.state, held.reason) == (IncomingState.REFUSED, Reason.SET_ASIDE)
        assert not Message.objects.exists()
        assert not sent.alerts.open().exists()
        assert sent.events.filter(kind=EventKind.REPLY_SET_ASIDE).exists()

        as_regional.post(f"{LIST}{held.pk}/publier/")
        assert Message.objects.count() == 1

    @pytest.mark.parametrize("act", ["publier", "ecarter"])
    def test_its_address_opened_by_hand_leads_to_the_mail(self, as_regional, held, act):
        assert as_regional.get(f"{LIST}{held.pk}/{act}/").url == f"{LIST}{held.pk}/"
        assert not Message.objects.exists()

    @pytest.mark.parametrize("act", ["publier", "ecarter"])
    def test_a_second_click_changes_nothing(self, as_regional, held, sent, act):
        as_regional.post(f"{LIST}{held.pk}/{act}/")
        before = (Message.objects.count(), Event.objects.count(), OutgoingEmail.objects.count())

        page = as_regional.post(f"{LIST}{held.pk}/{act}/", follow=True)

        assert (Message.objects.count(), Event.objects.count(), OutgoingEmail.objects.count()) == before
        assert "déjà été traité" in page.content.decode()

    def test_the_alert_stays_open_while_another_mail_is_held(self, as_regional, held, author, sent, today):
        answer(author, sender=STRANGER, message_id="<autre@poste.example.org>", now=today)

        as_regional.post(f"{LIST}{held.pk}/publier/")

        assert sent.alerts.open().exists()

    def test_a_mail_cannot_be_published_once_the_request_has_ended(self, as_regional, held, sent, today):
        company_requests.cancel(sent, now=today)

        page = as_regional.post(f"{LIST}{held.pk}/publier/", follow=True)

        held.refresh_from_db()
        assert held.state == IncomingState.HELD
        assert not Message.objects.exists()
        assert "plus de texte" in page.content.decode()

    def test_a_mail_refused_as_automatic_may_be_published(self, as_regional, author, today):
        email = answer(author, auto_submitted="auto-replied", now=today)

        as_regional.post(f"{LIST}{email.pk}/publier/")

        assert Message.objects.get().body == WORDS

    @pytest.mark.parametrize("how", [{"to": "personne@ailleurs.example.net"}, {"text": ""}])
    def test_a_mail_without_recipient_or_text_cannot_be_published(self, as_national, author, how, today):
        email = answer(author, now=today, **({"sender": STRANGER} | how))
        path = f"{LIST}{email.pk}/"

        as_national.post(f"{path}publier/")

        assert "Publier" not in text_of(as_national, path)
        assert not Message.objects.exists()
