"""Replies by mail: published, held or refused."""

from datetime import timedelta
from email import message_from_bytes
from textwrap import wrap
from urllib.parse import quote

import pytest
import time_machine
from django.conf import settings as project
from django.db import connection

from experts.models import Expert, User
from mailing import reception
from mailing.message_builder import build_message
from mailing.models import Channel, IncomingEmail, IncomingState, OutgoingEmail, Reason
from mailing.replies.headers import people
from solicitations import links, reply_addresses, tasks
from solicitations.actions import company_requests, expert_answers, expert_messages
from solicitations.conversation import replies
from solicitations.lifecycle import AlertCause, DeclineReason, EventKind, MatchState
from solicitations.models import Addition, Mailbox, Message, Solicitation
from tests.solicitations.factories import mailbox, match, send
from tests.solicitations.incoming import WORDS, answer, raw, receive

pytestmark = [pytest.mark.demo_directory, pytest.mark.django_db, pytest.mark.usefixtures("first_request")]
COLLEAGUE = "agent@france-travail-dijon.example.org"
STRANGER = "quelqu.un@ailleurs.example.net"


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
def owner(sent) -> Solicitation:
    """The company, where a person may be an expert's mailbox or the company."""
    return sent


def outcome(email: IncomingEmail) -> tuple[str, str]:
    return email.state, email.reason


def written(occasion: str) -> list[OutgoingEmail]:
    return list(OutgoingEmail.objects.filter(template__endswith=f"/{occasion}").order_by("pk"))


ACCEPTED = (IncomingState.ACCEPTED, "")


class TestWhereItGoes:
    def test_an_experts_answer_is_a_message_mailed_to_the_others_and_never_to_its_author(
        self, author, other, now
    ):
        email = answer(author, now=now)

        message = Message.objects.get()
        assert outcome(email) == ACCEPTED
        assert (message.mailbox, message.body, message.incoming, message.sent_from) == (
            author,
            WORDS,
            email,
            "",
        )
        notified = {row.to for row in written("message")}
        assert other.email in notified
        assert author.email not in notified
        assert {row.from_name for row in written("message")} == {f"{message.author}, via Relais Entreprises"}

    @pytest.mark.parametrize("name", ["Nadia Benali", 'Lou "Chef" Ménétrier', "Équipe Ouest; CCI <x@y.fr>"])
    def test_the_mail_is_from_its_author_by_an_address_that_invites_to_answer(self, author, name, now):
        Expert.objects.filter(email=author.email).update(name=name)

        answer(author, now=now)

        for row in written("message"):
            raw_mail = build_message(row, row.rendered()).message().as_bytes()
            [(shown, address)] = people(message_from_bytes(raw_mail), "From")
            assert shown.startswith(name)
            assert shown.endswith(", via Relais Entreprises")
            assert address == "demandes@relais-entreprises.example.org"

    def test_a_companys_answer_is_added_to_its_request_and_never_enters_the_thread(self, owner, author, now):
        expert_messages.ask(author, body="Temps plein ?", now=now)

        email = answer(owner, "Oui, dès lundi.", now=now)

        assert outcome(email) == ACCEPTED
        assert Addition.objects.get().body == "Oui, dès lundi."
        assert not Message.objects.exists()
        assert author.email in {row.to for row in written("added")}
        assert author.matches.get().need.solicitation.questions.get().answered_at == now
        assert owner.events.filter(kind=EventKind.ADDED, is_by_company=True).exists()

    def test_files_are_named_and_held_back_on_the_row_and_in_the_mails(self, author, now):
        answer(author, files=("plan.pdf", "devis.docx"), now=now)

        message = Message.objects.get()
        assert message.attachments == ["plan.pdf", "devis.docx"]
        content = written("message")[0].rendered()
        assert "2 pièces jointes retenues : plan" in content.text
        assert "2 pièces jointes retenues : plan" in content.html

    def test_a_reply_typed_between_the_lines_of_our_mail_is_published(self, commit, now):
        long = "Nous cherchons un peintre, et voici ce que nous avons déjà tenté. " * 8
        second = commit(send, text=long, siret="", email="autre@example.org", now=now)
        author = mailbox(second, "recrutement@france-travail")
        [mail] = [row for row in written("notified") if f"mailbox:{author.pk}" in row.about]
        text = mail.rendered().text
        lines = [
            part
            for line in text.splitlines()
            for part in wrap(line, break_long_words=False, break_on_hyphens=False) or [""]
        ]
        at = max(number for number, line in enumerate(lines) if "tenté" in line) + 1
        copy = "\n".join([*lines[:at], "", "Je connais quelqu'un.", "", *lines[at:]])
        head = "De : Relais Entreprises <x@example.org>\nEnvoyé : lundi 30 novembre 2026 10:05\nObjet : Aide"

        answer(author, f"Voir plus bas.\n\n{head}\n\n{copy}", in_reply_to=mail.message_id, now=now)

        assert Message.objects.get().body == "Voir plus bas.\n\nJe connais quelqu'un."

    def test_the_incoming_mail_names_its_request_and_mailbox(self, author, owner, now):
        by_expert = answer(author, now=now)
        by_owner = answer(owner, message_id="<second@poste.example.org>", now=now)

        assert by_expert.about == [f"request:{owner.pk}", f"mailbox:{author.pk}"]
        assert by_owner.about == [f"request:{owner.pk}"]

    def test_processing_twice_publishes_once(self, author, now):
        email = answer(author, now=now)
        replies.process_reply(email.pk, now=now)

        assert Message.objects.count() == 1

    def test_an_address_in_other_case_is_the_same_address(self, author, now):
        email = answer(author, to=reply_addresses.make(author).upper(), now=now)

        assert outcome(email) == ACCEPTED


@pytest.fixture
def poison() -> None:
    """A mail that the database refuses each time, as a bug of ours would make it."""
    with connection.cursor() as cursor:
        cursor.execute(
            "ALTER TABLE solicitations_message ADD CONSTRAINT poison CHECK (body <> 'poison') NOT VALID"
        )


class TestSecrets:
    def test_a_quote_that_stays_in_the_text_opens_nobodys_page(self, author, other, now):
        link, address = links.answer_url(author), reply_addresses.make(author)
        wrapped = f"https://garde.example.net/?url={quote(link, safe='')}"

        answer(author, f"Voici : {link} et {wrapped}, {address}.", now=now)

        body = Message.objects.get().body
        for secret in (link, quote(link, safe=""), address, link.partition(".")[2][-30:]):
            assert secret not in body
        assert body.startswith("Voici : http")
        assert author.email not in body

    def test_any_other_link_stays(self, author, now):
        answer(author, "Voir https://www.example.org/aides/2026-12.html", now=now)

        assert Message.objects.get().body == "Voir https://www.example.org/aides/2026-12.html"


class TestTheSweep:
    def test_the_sweep_processes_mails_that_no_worker_did(self, author, now):
        [email] = reception.store(raw(author), channel=Channel.PIPE, now=now)

        with time_machine.travel(now + timedelta(seconds=30), tick=False):
            tasks.sweep()
        assert not Message.objects.exists()
        with time_machine.travel(now + timedelta(seconds=61), tick=False):
            tasks.sweep()

        email.refresh_from_db()
        assert outcome(email) == ACCEPTED

    def test_a_mail_that_always_fails_is_retried_ever_later_and_does_not_stop_the_others(
        self, poison, author, other, now
    ):
        [bad] = reception.store(raw(author, "poison"), channel=Channel.PIPE, now=now)
        [good] = reception.store(
            raw(other, message_id="<autre@poste.example.org>"), channel=Channel.PIPE, now=now
        )

        waits = []
        for minutes in (2, 10):
            at = now + timedelta(minutes=minutes)
            with time_machine.travel(at, tick=False):
                tasks.sweep()
            bad.refresh_from_db()
            waits.append(bad.next_try_at - at)

        good.refresh_from_db()
        assert outcome(good) == ACCEPTED
        assert outcome(bad) == (IncomingState.RECEIVED, "")
        assert bad.last_error == "IntegrityError"
        assert waits == [timedelta(minutes=2), timedelta(minutes=10)]


class TestWhoWrote:
    @pytest.mark.parametrize(
        "sender",
        [
            "recrutement@france-travail-dijon.example.org",
            "Recrutement@France-Travail-Dijon.Example.ORG",
            "recrutement+portail@france-travail-dijon.example.org",
            '"recrutement"@france-travail-dijon.example.org',
            "Équipe <recrutement@france-travail-dijon.example.org>",
        ],
    )
    def test_the_mailbox_itself_is_accepted_in_any_spelling(self, author, sender, now):
        email = answer(author, sender=sender, now=now)

        assert outcome(email) == ACCEPTED
        assert Message.objects.get().sent_from == ""
        assert not written("sent_in_your_name")

    def test_a_colleague_is_accepted_and_named_and_the_mailbox_gets_a_copy(self, author, other, now):
        email = answer(author, sender=COLLEAGUE, now=now)

        assert outcome(email) == ACCEPTED
        assert Message.objects.get().sent_from == COLLEAGUE
        [copy] = written("sent_in_your_name")
        assert copy.to == author.email
        assert WORDS in copy.rendered().text
        assert "une adresse de votre organisation" in copy.rendered().text
        assert "Envoyé depuis" in written("message")[0].rendered().text

    def test_a_very_long_sender_address_is_processed(self, author, now):
        endless = "a" * 5000

        colleague = answer(author, sender=f"{endless}@france-travail-dijon.example.org", now=now)
        stranger = answer(
            author, sender=f"{endless}@ailleurs.example.net", message_id="<autre@poste.example.org>", now=now
        )

        assert outcome(colleague) == ACCEPTED
        assert outcome(stranger) == (IncomingState.HELD, Reason.OTHER_SENDER)
        assert not written("turned_away")

    def test_a_colleague_of_the_owner_is_accepted(self, owner, now):
        email = answer(owner, sender="compta@peintures.example.org", now=now)

        assert outcome(email) == ACCEPTED
        assert Addition.objects.get().sent_from == "compta@peintures.example.org"
        [copy] = written("sent_in_your_name")
        assert copy.to == owner.email

    @pytest.mark.parametrize(
        "sender", [STRANGER, "", f"{COLLEAGUE}, {STRANGER}"], ids=["other", "none", "two"]
    )
    def test_another_sender_is_held_and_staff_are_alerted(self, author, sender, now):
        User.objects.create_user("nationale@equipe.example.org", role="national")

        email = answer(author, sender=sender, now=now)

        assert outcome(email) == (IncomingState.HELD, Reason.OTHER_SENDER)
        assert not Message.objects.exists()
        assert author.solicitation.alerts.open().get().cause == AlertCause.REPLY_HELD
        assert len(written("alert")) == 1

    def test_an_address_at_the_same_public_provider_is_no_colleague(self, commit, now):
        request = commit(send, now=now, email="peintures.vannier@orange.fr")

        same = answer(request, now=now)
        other_regional = answer(
            request, sender="voisin@orange.fr", message_id="<autre@poste.example.org>", now=now
        )

        assert outcome(same) == ACCEPTED
        assert outcome(other_regional) == (IncomingState.HELD, Reason.OTHER_SENDER)


def expire(person) -> None:
    """A newer link replaces the one whose address is still in the mails."""
    Mailbox.objects.filter(pk=person.pk).update(serial=person.serial + 1)


class TestRefused:
    @pytest.mark.parametrize(
        ("headers", "text", "reason"),
        [
            ({"auto_submitted": "auto-replied"}, WORDS, Reason.AUTO_REPLY),
            ({"auto_submitted": "auto-replied"}, "Je suis absent.", Reason.OUT_OF_OFFICE),
            ({"sender": "MAILER-DAEMON@mx.example.org"}, "Undelivered", Reason.BOUNCE),
            ({"sender": "postmaster@mx.example.org", "return_path": "<>"}, WORDS, Reason.BOUNCE),
            ({"content_class": "urn:content-classes:calendarmessage"}, "Accepté", Reason.CALENDAR),
            ({}, "", Reason.EMPTY),
            ({}, "> Bonjour", Reason.EMPTY),
            ({}, "long " * 5000, Reason.OVERSIZED),
        ],
        ids=["automatic", "absent", "bounce", "null", "calendar", "empty", "quotes", "long"],
    )
    def test_automatic_empty_or_oversized_mails_are_refused(self, author, headers, text, reason, now):
        email = answer(author, text, now=now, **headers)

        assert outcome(email) == (IncomingState.REFUSED, reason)
        assert bytes(email.raw)
        assert email.about[0] == f"request:{author.solicitation_id}"
        assert not Message.objects.exists()
        assert not written("message")

    def test_a_mailing_list_at_an_unknown_address_is_refused(self, author, now):
        address = f"reponse@{project.REPLY_DOMAIN}"

        email = answer(author, to=address, list_id="<equipe.example.org>", now=now)

        assert outcome(email) == (IncomingState.REFUSED, Reason.UNKNOWN)
        assert not written("turned_away")

    def test_an_address_without_a_token_is_refused(self, author, now):
        email = answer(author, to=f"reponse@{project.REPLY_DOMAIN}", now=now)

        assert outcome(email) == (IncomingState.REFUSED, Reason.UNKNOWN)

    def test_a_forged_token_is_refused_and_reveals_nothing(self, author, now):
        forged = reply_addresses.make(author).replace(f"e{author.pk}-", f"e{author.pk}-0")
        other = reply_addresses.make(author).replace(f"e{author.pk}-", f"e{author.pk + 1}-")

        for number, address in enumerate((forged[:-1], other)):
            email = answer(author, to=address, message_id=f"<m{number}@poste.example.org>", now=now)
            assert email.state == IncomingState.REFUSED
            assert email.reason in {Reason.FORGED, Reason.UNKNOWN}
            assert email.about == []

    def test_a_signature_with_a_wrong_last_letter_is_refused(self, author, now):
        good = reply_addresses.make(author)
        local, _, domain = good.partition("@")
        last = "0" if local[-1] != "0" else "1"

        email = answer(author, to=f"{local[:-1]}{last}@{domain}", now=now)

        assert outcome(email) == (IncomingState.REFUSED, Reason.FORGED)

    def test_a_replaced_token_is_refused(self, author, now):
        content = raw(author)
        expire(author)

        email = receive(content, now=now)

        assert outcome(email) == (IncomingState.REFUSED, Reason.EXPIRED)
        assert email.about[0] == f"request:{author.solicitation_id}"

    def test_a_token_of_a_request_that_ended_long_ago_is_refused(self, author, owner, now):
        company_requests.cancel(owner, now=now)

        for person, number in ((author, 1), (owner, 2)):
            message_id = f"<m{number}@poste.example.org>"
            email = answer(person, message_id=message_id, now=now + timedelta(days=61))
            assert outcome(email) == (IncomingState.REFUSED, Reason.EXPIRED)

    def test_a_cancelled_request_accepts_no_message(self, author, owner, now):
        company_requests.cancel(owner, now=now)

        assert outcome(answer(author, now=now)) == (IncomingState.REFUSED, Reason.CLOSED)
        second = answer(owner, message_id="<second@poste.example.org>", now=now)
        assert outcome(second) == (IncomingState.REFUSED, Reason.CLOSED)

    def test_an_expert_who_declined_may_not_write(self, author, now):
        row = match(author.solicitation, author.email)
        expert_answers.move(
            row, MatchState.DECLINED, by=author, decline_reason=DeclineReason.NOT_MY_SUBJECT, now=now
        )

        assert outcome(answer(author, now=now)) == (IncomingState.REFUSED, Reason.CLOSED)


class TestMailToTheSender:
    def test_the_mailbox_itself_is_told_the_reason_and_its_page(self, author, now):
        answer(author, "", files=("devis.pdf",), now=now)

        [row] = written("turned_away")
        found = row.rendered().text
        assert row.to == author.email
        assert links.answer_url(author) in found
        assert "ne sont pas de ceux que nous transmettons" in " ".join(found.split())
        assert row.is_automatic
        assert row.reply_to == ""

    def test_another_address_is_told_no_reason(self, author, owner, now):
        answer(author, sender=STRANGER, now=now)

        [row] = written("turned_away")
        found = row.rendered()
        assert row.to == STRANGER
        for secret in (project.SITE_URL + "/reponse", owner.reference, author.email, "Peintures", "trouver"):
            assert secret not in found.text + found.html
        assert row.thread == ""

    def test_a_sender_is_answered_once_a_day(self, author, now):
        for number, later in enumerate((0, 1, 30)):
            message_id = f"<m{number}@poste.example.org>"
            answer(author, "", message_id=message_id, now=now + timedelta(hours=later))

        assert len(written("turned_away")) == 2

    @pytest.mark.parametrize(
        "headers",
        [
            {"auto_submitted": "auto-replied"},
            {"return_path": "<>"},
            {"list_id": "<equipe.example.org>", "precedence": "list"},
            {"sender": f"reponse+e1-{'0' * 20}@{project.REPLY_DOMAIN}"},
            {"sender": "ne-pas-repondre@relais-entreprises.example.org"},
            {"sender": "demandes@relais-entreprises.example.org"},
        ],
        ids=["automatic", "null", "list", "our address", "our sender", "our other sender"],
    )
    def test_automatic_mails_and_our_own_are_not_answered(self, author, headers, now):
        answer(author, "", now=now, **headers)

        assert not written("turned_away")

    def test_a_stranger_who_answers_none_of_our_mails_gets_nothing(self, author, now):
        answer(author, to=f"reponse@{project.REPLY_DOMAIN}", sender=STRANGER, now=now)

        assert not written("turned_away")

    def test_a_reply_to_our_mail_at_an_invalid_address_is_answered(self, author, now):
        ours = written("notified")[0]

        answer(
            author,
            to=f"reponse@{project.REPLY_DOMAIN}",
            sender=STRANGER,
            in_reply_to=ours.message_id,
            now=now,
        )

        assert [row.to for row in written("turned_away")] == [STRANGER]

    @pytest.mark.parametrize(
        "to",
        [
            "demandes@relais-entreprises.example.org",
            "ne-pas-repondre@relais-entreprises.example.org",
            f"reponse@{project.REPLY_DOMAIN}",
            f"demandes@{project.REPLY_DOMAIN}",
            f"reponse+e1-{'0' * 20}@{project.REPLY_DOMAIN}",
            f"reponse+e1-0123456789@{project.REPLY_DOMAIN}",
        ],
    )
    @pytest.mark.parametrize("who", ["author", "owner"])
    def test_who_answers_our_mail_at_another_address_is_told_where_to_write(self, who, to, request, now):
        person = request.getfixturevalue(who)
        ours = written("notified" if who == "author" else "received")[0]

        answer(person, to=to, in_reply_to=ours.message_id, now=now)

        [row] = written("turned_away")
        found = row.rendered().text
        assert row.to == person.email
        assert "L'adresse à laquelle vous avez écrit n'est pas lue." in found
        assert "Répondez depuis l'adresse" not in found
        assert project.SITE_URL + "/reponse" not in found
        assert project.SITE_URL + "/suivi" not in found

    def test_an_expired_address_is_answered_with_the_page(self, author, now):
        content = raw(author)
        expire(author)

        receive(content, now=now)

        author.refresh_from_db()
        assert links.answer_url(author) in written("turned_away")[0].rendered().text


class TestSpeakingOfTaking:
    @pytest.mark.parametrize(
        "text",
        [
            "Je prends en charge.",
            "Bonjour, je prends la demande.",
            "OK, je la prends en charge",
            "je m’en occupe",
            "Je vais m'en occuper demain.",
            "Je m'en charge !",
            "Nous prenons en charge cette demande.",
            "Je prends",
        ],
    )
    def test_a_reply_about_taking_is_published_and_its_author_is_shown_the_button(self, author, text, now):
        answer(author, text, now=now)

        assert Message.objects.get().body == text
        assert match(author.solicitation, author.email).state == MatchState.SENT
        [row] = written("where_the_button_is")
        assert row.to == author.email
        assert f"{links.answer_url(author)}?choix=prendre" in row.rendered().text

    @pytest.mark.parametrize(
        "text",
        [
            "Je ne prends pas en charge ce sujet.",
            "Je ne m'en occupe pas.",
            "Je prends note.",
            "Je prends bonne note, merci.",
            "Qui prend en charge ?",
            "Vous pouvez prendre en charge ?",
        ],
    )
    def test_other_sentences_do_not_show_the_button(self, author, text, now):
        answer(author, text, now=now)

        assert not written("where_the_button_is")

    def test_an_expert_who_has_taken_is_not_shown_the_button(self, author, now):
        expert_answers.move(match(author.solicitation, author.email), MatchState.TAKEN, by=author, now=now)

        answer(author, "Je prends en charge.", now=now)

        assert not written("where_the_button_is")
