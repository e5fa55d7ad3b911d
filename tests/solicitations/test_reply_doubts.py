"""Replies that may be automatic, repeated, copied, or sent to several of our addresses."""

from datetime import timedelta
from itertools import permutations

import pytest
from celery.exceptions import SoftTimeLimitExceeded
from django.conf import settings as project

from experts.models import Seat, User
from mailing import reception
from mailing.models import Channel, IncomingEmail, IncomingState, OutgoingEmail, Reason
from solicitations import reply_addresses
from solicitations.actions import expert_messages, held_replies, staff_letters
from solicitations.conversation import replies
from solicitations.lifecycle import AlertCause
from solicitations.models import Addition, Mailbox, Message, OfficeManager, Solicitation
from tests.solicitations.factories import mailbox, send
from tests.solicitations.incoming import WORDS, answer, raw, receive

pytestmark = [pytest.mark.demo_directory, pytest.mark.django_db, pytest.mark.usefixtures("first_request")]
COLLEAGUE = "agent@france-travail-dijon.example.org"
ACCEPTED = (IncomingState.ACCEPTED, "")
RECEIPT = "Nous avons bien reçu votre message n° {}, du {}/12/2026. Référence AB-{}."
RECEIPTS = [
    RECEIPT,
    "Merci, votre demande ({}) est enregistrée sous le numéro {} ; délai moyen {} h.",
    "Thank you, ticket {} was opened on 2026-12-{} (position {} in the queue).",
    "Notre accueil est fermé. Ticket #{}-{}-{}.",
]


@pytest.fixture
def sent(sent_once) -> Solicitation:
    return sent_once


@pytest.fixture
def author(sent) -> Mailbox:
    return mailbox(sent, "recrutement@france-travail")


@pytest.fixture
def other(sent) -> Mailbox:
    return mailbox(sent, "entreprises@mission-locale")


def outcome(email: IncomingEmail) -> tuple[str, str]:
    return email.state, email.reason


def mailed(occasion: str) -> list[str]:
    return list(OutgoingEmail.objects.filter(template__endswith=f"/{occasion}").values_list("to", flat=True))


def send_number(person, number: int, text: str, **how):
    return answer(person, text, message_id=f"<m{person.pk}-{number}@poste.example.org>", **how)


class TestWeakSigns:
    @pytest.mark.parametrize(
        "headers",
        [
            {"x_auto_response_suppress": "All"},
            {"x_auto_reply": "no"},
            {"subject": "Absence : ma vendeuse ne vient plus"},
            {"subject": "Accusé de réception de la mairie"},
            {"precedence": "bulk"},
            {"list_unsubscribe": "<https://tickets.example.org/non>"},
        ],
        ids=str,
    )
    def test_one_from_the_mailbox_itself_is_published(self, author, headers, now):
        assert outcome(answer(author, now=now, **headers)) == ACCEPTED
        assert Message.objects.get().body == WORDS

    @pytest.mark.parametrize(
        ("headers", "reason"),
        [
            ({"x_auto_response_suppress": "All", "subject": "Absence : Recrutement"}, Reason.DOUBTFUL),
            ({"x_autoreply": "yes"}, Reason.DOUBTFUL),
            ({"return_path": "<>"}, Reason.DOUBTFUL),
            ({"precedence": "bulk", "list_id": "<equipe.example.org>"}, Reason.LIST),
            ({"precedence": "bulk", "x_auto_response_suppress": "All"}, Reason.LIST),
        ],
        ids=str,
    )
    def test_two_are_held_with_one_alert_and_staff_may_publish(
        self, author, headers, reason, now, django_user_model
    ):
        staff = django_user_model.objects.create_user("nationale@equipe.example.org", role="national")

        email = answer(author, now=now, **headers)

        assert outcome(email) == (IncomingState.HELD, reason)
        assert author.solicitation.alerts.open().get().cause == AlertCause.REPLY_HELD
        assert len(mailed("alert")) == 1
        assert not Message.objects.exists()
        held_replies.publish_reply(email, by=staff, now=now)
        assert (Message.objects.get().body, Message.objects.get().sent_from) == (WORDS, "")

    def test_one_from_a_colleague_is_held(self, author, now):
        email = answer(author, sender=COLLEAGUE, x_auto_response_suppress="All", now=now)

        assert outcome(email) == (IncomingState.HELD, Reason.DOUBTFUL)

    def test_doubtful_mails_get_no_answer(self, author, now):
        mails = OutgoingEmail.objects.count()

        answer(author, "", x_autoreply="yes", now=now)

        assert OutgoingEmail.objects.count() == mails


class TestRepetition:
    @pytest.mark.parametrize("receipt", RECEIPTS)
    def test_two_mailboxes_that_answer_every_mail_stop_after_two_each(self, author, other, receipt, now):
        for number in range(6):
            for person in (author, other):
                at = now + timedelta(seconds=number)
                send_number(person, number, receipt.format(number, number + 1, number * 7), now=at)

        assert Message.objects.count() == 4
        assert author.solicitation.alerts.open().count() == 1
        assert len(mailed("alert")) == 1

    def test_the_company_too(self, sent, now):
        emails = [send_number(sent, number, f"Reçu, ticket {number}.", now=now) for number in range(4)]

        assert [outcome(email) for email in emails[1:]] == [
            ACCEPTED,
            *[(IncomingState.HELD, Reason.REPEATED)] * 2,
        ]
        assert Addition.objects.count() == 2

    @pytest.mark.parametrize(
        "headers", [{"subject": "Réponse automatique : Aide"}, {"precedence": "bulk"}], ids=str
    )
    def test_one_weak_sign_and_words_read_already_are_held(self, author, headers, now):
        emails = [
            send_number(author, number, f"Je transmets à ma collègue, dossier {number}.", now=now, **headers)
            for number in range(3)
        ]

        held = (IncomingState.HELD, Reason.REPEATED)
        assert [outcome(email) for email in emails] == [ACCEPTED, held, held]

    def test_other_words_are_not_alike(self, author, now):
        for number, text in enumerate(["Oui.", "Je l'appelle.", "C'est fait.", "Oui, encore."]):
            assert outcome(send_number(author, number, text, now=now)) == ACCEPTED

    def test_the_same_words_an_hour_later_are_published(self, author, now):
        for number in range(4):
            email = send_number(author, number, "Toujours rien.", now=now + timedelta(hours=number))
            assert outcome(email) == ACCEPTED

    def test_two_mailboxes_that_answer_each_other_once_an_hour_stop(self, author, other, now):
        for number in range(14):
            for person in (author, other):
                send_number(person, number, RECEIPT.format(number, 1, 2), now=now + timedelta(hours=number))

        assert Message.objects.count() == 10
        assert author.solicitation.alerts.open().count() == 1

    def test_two_mailboxes_that_answer_once_an_hour_in_other_words_stop(self, author, other, now):
        for number in range(25):
            for person in (author, other):
                text = f"{person.email} {chr(97 + number)}"
                send_number(person, number, text, now=now + timedelta(hours=2 * number))

        assert Message.objects.count() == 40
        assert author.solicitation.alerts.open().count() == 1

    def test_more_than_six_mails_a_minute_about_one_request_are_held(self, author, other, now):
        words = ["un", "deux", "trois", "quatre", "cinq", "six", "sept", "huit"]
        emails = [
            send_number((author, other)[number % 2], number, word, now=now + timedelta(seconds=number))
            for number, word in enumerate(words)
        ]

        assert [outcome(email) for email in emails] == [ACCEPTED] * 6 + [
            (IncomingState.HELD, Reason.FLOOD)
        ] * 2
        assert not mailed("turned_away")
        assert outcome(send_number(author, 9, "neuf", now=now + timedelta(minutes=2))) == ACCEPTED

    def test_more_than_twenty_mails_a_day_of_one_person_are_held(self, author, now):
        for number in range(21):
            text = f"Message {chr(97 + number)}"
            last = send_number(author, number, text, now=now + timedelta(minutes=number))

        assert outcome(last) == (IncomingState.HELD, Reason.FLOOD)
        assert Message.objects.count() == 20


class TestCopies:
    def test_the_same_text_with_the_same_message_id_is_published_once(self, author, now):
        answer(author, now=now)
        again = receive(b"Received: from mx.example.org\n" + raw(author), now=now)

        assert outcome(again) == (IncomingState.REFUSED, Reason.DUPLICATE)
        assert again.about[0] == f"request:{author.solicitation_id}"
        assert Message.objects.count() == 1
        assert not mailed("turned_away")

    def test_other_words_with_the_same_message_id_are_published(self, author, now):
        for text in ("Je l'appelle lundi.", "Elle ne répond pas.", "Je l'appelle mardi."):
            assert outcome(answer(author, text, now=now)) == ACCEPTED

        assert Message.objects.count() == 3

    def test_another_file_with_the_same_words_is_another_mail(self, author, now):
        answer(author, "Voici.", files=("plan.pdf",), now=now)

        assert outcome(answer(author, "Voici.", files=("devis.pdf",), now=now)) == ACCEPTED

    def test_other_spaces_and_line_ends_are_the_same_text(self, author, now):
        answer(author, "Je l'appelle\nlundi.", now=now)

        assert answer(author, "Je l'appelle  lundi.\n\n", now=now).reason == Reason.DUPLICATE

    def test_copy_of_a_held_mail_is_held_once(self, author, now):
        for _ in range(2):
            email = answer(author, sender="x@ailleurs.example.net", now=now)

        assert outcome(email) == (IncomingState.REFUSED, Reason.DUPLICATE)
        assert IncomingEmail.objects.held().count() == 1

    def test_mail_that_was_refused_may_come_again(self, author, now):
        answer(author, auto_submitted="auto-replied", now=now)

        assert outcome(answer(author, now=now)) == ACCEPTED


def deliver(content: bytes, recipients: tuple[str, ...], *, now) -> list[IncomingEmail]:
    """One delivery per recipient, as a mail server does."""
    return [receive(content, recipient=address, now=now) for address in recipients]


class TestSeveralAddresses:
    """A mail to two of our addresses is two rows, read in any order."""

    @pytest.fixture
    def second(self, commit, now) -> Solicitation:
        """Another request of the same company."""
        return commit(send, "financer-formation", now=now, text="Une formation pour mon équipe.")

    @pytest.mark.parametrize("is_first", [True, False])
    @pytest.mark.parametrize("header", ["To", "Cc"])
    def test_own_address_and_one_of_another_person(self, author, other, sent, is_first, header, now):
        for stranger in (other, sent):
            addresses = [reply_addresses.make(author), reply_addresses.make(stranger)]
            number = f"<{header}{stranger.pk}@poste.example.org>"
            text = f"Je l'appelle, {stranger.email}."
            both = addresses if is_first else addresses[::-1]
            if header == "To":
                content = raw(author, text, to=", ".join(both), message_id=number)
            else:
                content = raw(author, text, to=both[0], cc=both[1], message_id=number)
            emails = reception.store(content, channel=Channel.PIPE, now=now)
            for email in emails:
                replies.process_reply(email.pk, now=now)
                email.refresh_from_db()

            assert len(emails) == 2
            assert sorted(map(outcome, emails)) == [ACCEPTED, (IncomingState.REFUSED, Reason.DUPLICATE)]
        assert {message.mailbox for message in Message.objects.all()} == {author}
        assert not Addition.objects.exists()
        assert not mailed("turned_away")
        assert not author.solicitation.alerts.exists()

    @pytest.mark.parametrize("order", list(permutations((0, 1))), ids=str)
    def test_delivered_twice(self, author, other, order, now):
        addresses = (reply_addresses.make(author), reply_addresses.make(other))
        content = raw(author, to=", ".join(addresses))

        emails = deliver(content, tuple(addresses[at] for at in order), now=now)

        assert [email.reason for email in emails] == ["", Reason.DUPLICATE]
        assert Message.objects.get().mailbox == author
        assert not mailed("turned_away")

    @pytest.mark.parametrize("order", list(permutations((0, 1))), ids=str)
    def test_address_that_belongs_to_nobody(self, author, order, now):
        addresses = (reply_addresses.make(author), f"reponse@{project.REPLY_DOMAIN}")

        emails = deliver(raw(author, to=", ".join(addresses)), tuple(addresses[at] for at in order), now=now)

        assert [email.reason for email in emails] == ["", Reason.DUPLICATE]
        assert not mailed("turned_away")

    @pytest.mark.parametrize("order", list(permutations((0, 1))), ids=str)
    @pytest.mark.parametrize("answered", [0, 1])
    def test_two_requests_of_one_company_publish_at_the_one_that_is_answered(
        self, sent, second, order, answered, now
    ):
        people = (sent, second)
        addresses = [reply_addresses.make(person) for person in people]
        thread = f"<request-{people[answered].pk}@{project.REPLY_DOMAIN}>"
        content = raw(sent, "Oui.", to=", ".join(addresses), in_reply_to=thread)

        deliver(content, tuple(addresses[at] for at in order), now=now)

        assert Addition.objects.get().solicitation == people[answered]
        held = IncomingEmail.objects.held().get()
        assert (held.reason, held.about) == (Reason.ELSEWHERE, [f"request:{people[1 - answered].pk}"])
        assert not mailed("turned_away")

    def test_blind_copies_to_two_requests_are_published_once(self, sent, second, now):
        content = raw(sent, "Oui.", to="moi@example.org")

        first, last = deliver(content, tuple(map(reply_addresses.make, (sent, second))), now=now)

        assert (outcome(first), last.reason) == (ACCEPTED, Reason.ELSEWHERE)

    def test_colleague_of_two_mailboxes_of_one_request(self, author, other, now):
        Mailbox.objects.filter(pk=other.pk).update(email="accueil@france-travail-dijon.example.org")
        addresses = (reply_addresses.make(author), reply_addresses.make(other))

        deliver(raw(author, sender=COLLEAGUE, to=", ".join(addresses)), addresses, now=now)

        assert Message.objects.count() == 1

    def test_blind_copy_to_another_person_is_held_and_its_author_told_nothing(self, author, other, now):
        addresses = (reply_addresses.make(author), reply_addresses.make(other))

        first, last = deliver(raw(author, to=addresses[0]), addresses, now=now)

        assert (outcome(first), outcome(last)) == (ACCEPTED, (IncomingState.HELD, Reason.OTHER_SENDER))
        assert not mailed("turned_away")

    def test_stranger_is_held_once(self, author, other, now):
        addresses = (reply_addresses.make(author), reply_addresses.make(other))

        emails = deliver(raw(author, sender="x@y.example", to=", ".join(addresses)), addresses, now=now)

        assert [email.reason for email in emails] == [Reason.OTHER_SENDER, Reason.DUPLICATE]
        assert len(mailed("turned_away")) == 1


@pytest.mark.parametrize(
    "local", ["reponse", "contact", "reponse+e1-aaaaaaaaaaaaaaaa", "reponse+", "abuse", "é" * 60]
)
def test_parts_of_a_mail_to_nobody_are_not_parsed(author, now, monkeypatch, local):
    def parsed(*_, **__):
        raise AssertionError("parsed")

    content = raw(author, to=f"{local}@{project.REPLY_DOMAIN}")
    monkeypatch.setattr("mailing.replies.reply.parse", parsed)

    assert receive(content, now=now).reason in {Reason.UNKNOWN, Reason.FORGED}


def test_mail_that_takes_too_long_waits_and_ends_the_task(author, now, monkeypatch):
    def read(*_, **__):
        raise SoftTimeLimitExceeded

    [email] = reception.store(raw(author), channel=Channel.PIPE, now=now)
    monkeypatch.setattr("mailing.replies.read", read)

    with pytest.raises(SoftTimeLimitExceeded):
        replies.process_reply_safely(email.pk, now=now + timedelta(minutes=5))

    email.refresh_from_db()
    assert (email.state, email.last_error) == (IncomingState.RECEIVED, "SoftTimeLimitExceeded")
    assert email.next_try_at == now + timedelta(minutes=10)


class TestLoops:
    """Programs that answer each mail they get, whoever wrote it and in whichever voice."""

    @pytest.mark.parametrize("pause", [timedelta(seconds=5), timedelta(hours=1)], ids=str)
    @pytest.mark.parametrize("voice", ["institution", "company", "experts", "staff"])
    def test_end_by_themselves_with_one_alert(self, commit, now, manager, pause, voice):
        author = mailbox(manager.solicitation, "recrutement@france-travail")
        begin(voice, author, manager, commit, now=now)
        at, answered = now, 0
        for round_number in range(30):
            at += pause
            waiting = OutgoingEmail.objects.filter(reply_to__startswith="reponse+", sent_at=None)
            mails = list(
                waiting.filter(cancelled_at=None).exclude(template__endswith="/notified").order_by("pk")
            )
            if round_number and not mails:
                break
            for mail in mails:
                text = RECEIPT.format(mail.pk, 1, 2) + f"\n{mail.to}"
                content = raw(
                    author, text, sender=mail.to, to=mail.reply_to, message_id=f"<{mail.pk}@poste.fr>"
                )
                answered += receive(content, now=at).state == IncomingState.ACCEPTED
            OutgoingEmail.objects.filter(pk__in=[mail.pk for mail in mails]).update(sent_at=at)

        assert round_number < 29
        assert 0 < answered <= 30
        alerts = author.solicitation.alerts.open().filter(cause=AlertCause.REPLY_HELD)
        assert alerts.count() <= 1
        assert mailed("alert").count("region@equipe.example.org") <= 2


@pytest.fixture
def manager(author, now) -> OfficeManager:
    """The manager of the author's office, whose mailbox answers too."""
    user = User.objects.create_user("responsable@france-travail-dijon.example.org")
    office = author.speaker().office
    Seat.objects.create(user=user, office=office, given_at=now)
    return OfficeManager(user, office.institution, author.solicitation)


def begin(voice: str, author: Mailbox, manager: OfficeManager, commit, *, now) -> None:
    """A first word, in that voice."""
    OutgoingEmail.objects.update(sent_at=now)
    if voice == "staff":
        region = User.objects.create_user(
            "region@equipe.example.org", role="region", region=author.solicitation.region
        )
        commit(staff_letters.write_to_expert, author, body="Où en êtes-vous ?", by=region, now=now)
    elif voice == "company":
        commit(expert_messages.ask, author, body="Temps plein ?", now=now)
    elif voice == "institution":
        commit(expert_messages.post_internal_message, manager, body="Entre nous.", now=now)
    else:
        commit(expert_messages.post_message, author, body="Qui appelle ?", now=now)
