"""Three voices: each text is read by those it was written for, on pages and by mail, and by nobody else."""

from datetime import timedelta

import pytest
from django.db import transaction

from experts.models import MailPreference, Seat, User
from experts.models.mail_preferences import MailChoice
from mailing.models import IncomingState, OutgoingEmail, Reason
from oversight import permissions, timeline
from solicitations import links, reply_addresses
from solicitations.actions import (
    company_requests,
    expert_answers,
    expert_messages,
    held_replies,
    reassigning,
    undoing,
)
from solicitations.clock import digests
from solicitations.conversation import reading_rights
from solicitations.dispatch import readdressing
from solicitations.lifecycle import MatchState, Voice
from solicitations.models import Addition, InternalMessage, Mailbox, Match, Message, OfficeManager, Question
from tests.experts.factories import ExpertFactory, PersonFactory, signed_in
from tests.solicitations.factories import mailbox, match
from tests.solicitations.incoming import answer, raw, receive
from tests.workspace.conftest import answer_path, page_text
from workspace import request_texts

pytestmark = [pytest.mark.demo_directory, pytest.mark.django_db, pytest.mark.usefixtures("first_request")]

INNER, THREAD, ASKED, REPLIED, ADDED = "Mot interne.", "Mot du fil.", "Temps plein ?", "Oui.", "En février."


@pytest.fixture
def sent(sent_once):
    return sent_once


@pytest.fixture
def author(sent) -> Mailbox:
    return mailbox(sent, "recrutement@france-travail")


@pytest.fixture
def other(sent) -> Mailbox:
    return mailbox(sent, "entreprises@mission-locale")


@pytest.fixture
def taker(commit, sent, now) -> Mailbox:
    """A third expert, who took the need."""
    box = sent.mailboxes.exclude(email__startswith="recrutement@france").exclude(
        email__startswith="entreprises@mission"
    )[0]
    commit(expert_answers.move, box.matches.get(), MatchState.TAKEN, by=box, now=now)
    return box


@pytest.fixture
def manager(sent, author, now) -> OfficeManager:
    """The manager of the author's office, who has an account."""
    user = User.objects.create(email="responsable@france-travail-dijon.example.org")
    office = author.speaker().office
    Seat.objects.create(user=user, office=office, given_at=now)
    return OfficeManager(user, office.institution, sent)


@pytest.fixture
def texts_of_each_voice(commit, sent, author, taker, manager, now) -> None:
    """A word in each voice: the internal one and the question are the author's, who did not take the need."""
    commit(expert_messages.post_internal_message, author, body=INNER, now=now)
    commit(expert_messages.post_message, author, body=THREAD, now=now)
    question = commit(expert_messages.ask, author, body=ASKED, now=now)
    commit(company_requests.add_information, sent, body=REPLIED, question=question, now=now)
    commit(company_requests.add_information, sent, body=ADDED, now=now)


def mailed(template: str) -> set[str]:
    return {row.to for row in OutgoingEmail.objects.filter(template__endswith=f"/{template}")}


def seen(page) -> set[str]:
    return {text for text in (INNER, THREAD, ASKED, REPLIED, ADDED) if text in page_text(page)}


class TestReaders:
    def test_pages_show_each_text_to_its_readers_alone(
        self, client, texts_of_each_voice, sent, author, other, taker
    ):
        shown = {
            "author": seen(client.get(answer_path(author))),
            "other": seen(client.get(answer_path(other))),
            "taker": seen(client.get(answer_path(taker))),
            "owner": seen(client.get(links.follow_url(sent))),
        }

        assert shown == {
            "author": {THREAD, ASKED, REPLIED, ADDED},  # by link: no internal voice
            "other": {THREAD, ASKED, ADDED},
            "taker": {THREAD, ASKED, REPLIED, ADDED},
            "owner": {ASKED, REPLIED, ADDED},
        }

    def test_mails_go_to_the_readers_alone(self, texts_of_each_voice, sent, author, other, taker, manager):
        everybody = set(sent.mailboxes.values_list("email", flat=True))
        added = OutgoingEmail.objects.filter(template__endswith="/added")

        assert mailed("internal_message") == {manager.email}
        assert mailed("message") == everybody - {author.email}
        assert mailed("question") == {sent.email}
        assert {row.to for row in added if row.context["body"] == REPLIED} == {author.email, taker.email}
        assert {row.to for row in added if row.context["body"] == ADDED} == everybody

    def test_inner_voice_is_read_with_an_account_of_the_institution(
        self, texts_of_each_voice, sent, author, other, manager
    ):
        author.used_by = other.used_by = manager.user
        office = manager.user.seats.get().office

        assert [
            row.body for row in request_texts.internal_messages(sent, reading_rights.of_mailbox(author))
        ] == [INNER]
        assert request_texts.internal_messages(sent, reading_rights.of_mailbox(other)) == []
        assert [
            row.body
            for row in request_texts.internal_messages(sent, reading_rights.of_manager(sent, [office]))
        ] == [INNER]
        elsewhere = other.speaker().office
        assert request_texts.internal_messages(sent, reading_rights.of_manager(sent, [elsewhere])) == []

    def test_staff_see_that_an_inner_message_was_written_not_its_words(
        self, client, texts_of_each_voice, sent
    ):
        nation = User.objects.create(email="equipe@nation.example.org", role="national")
        events = timeline.events_of(sent)
        shown = " ".join(item.text for item in timeline.timeline_items(sent, events, user=nation))
        mail = OutgoingEmail.objects.filter(template__endswith="/internal_message").first()

        assert INNER not in shown
        assert all(text in shown for text in (THREAD, ASKED, REPLIED, ADDED))
        assert mail.context["is_internal"]

    def test_staff_read_no_inner_word_in_a_digest(self, commit, sent, author, manager, now):
        colleague = ExpertFactory(office=author.speaker().office)
        box = Mailbox.objects.create(solicitation=sent, email=colleague.email, created_at=now)
        Match.objects.create(need=sent.needs.get(), expert=colleague, mailbox=box, sent_at=now)
        MailPreference.objects.create(address=box.email, choice=MailChoice.DIGEST, changed_at=now)
        commit(expert_messages.post_internal_message, author, body=INNER, now=now)
        commit(digests.gather, box.email.lower(), now=now + timedelta(days=1))
        digest = OutgoingEmail.objects.get(template__endswith="/digest")
        nation = User.objects.create(email="equipe@nation.example.org", role="national")

        page = signed_in(nation).get(f"/courrier/{digest.pk}/").content.decode()

        assert INNER in digest.rendered().text
        assert INNER not in page

    def test_answer_goes_to_all_when_its_author_declined_and_nobody_took(self, commit, sent, author, now):
        question = commit(expert_messages.ask, author, body=ASKED, now=now)
        expert_match = match(sent, author.email)
        commit(
            expert_answers.move, expert_match, MatchState.DECLINED, by=author, decline_reason="other", now=now
        )

        commit(company_requests.add_information, sent, body=REPLIED, question=question, now=now)

        assert Addition.objects.get().question is None
        assert mailed("added") == set(sent.mailboxes.exclude(pk=author.pk).values_list("email", flat=True))

    def test_first_mail_of_an_expert_who_comes_later_quotes_no_answer_to_another(
        self, texts_of_each_voice, sent, now
    ):
        context = sent.additions.filter(question=None).values_list("body", flat=True)

        assert list(context) == [ADDED]


class TestRepliesByMail:
    @pytest.mark.parametrize("voice", reply_addresses.LETTERS)
    def test_expert_speaks_in_the_voice_of_the_address(self, author, manager, voice, now):
        email = answer(author, to=reply_addresses.make(author, voice=voice), now=now)

        written = {
            Voice.EXPERTS: Message.objects.count(),
            Voice.INSTITUTION: InternalMessage.objects.count(),
            Voice.COMPANY: Question.objects.count(),
        }
        assert email.state == IncomingState.ACCEPTED
        assert written == {one: int(one == voice) for one in reply_addresses.LETTERS}

    def test_a_mailbox_of_two_institutions_answers_the_one_that_wrote(
        self, commit, sent, author, manager, other, now
    ):
        second = ExpertFactory(office=other.speaker().office, email=author.email)
        Match.objects.create(need=sent.needs.get(), expert=second, mailbox=author, sent_at=now)
        colleague = PersonFactory()
        Seat.objects.create(user=colleague, office=second.office, given_at=now)
        asks = OfficeManager(colleague, second.office.institution, sent)
        commit(expert_messages.post_internal_message, asks, body=INNER, now=now)
        mail = OutgoingEmail.objects.get(template__endswith="/internal_message", to=author.email)

        email = answer(author, to=mail.reply_to, now=now)

        assert email.state == IncomingState.ACCEPTED
        answered = InternalMessage.objects.latest("pk")
        assert (answered.institution, answered.author) == (second.office.institution, second.name)
        # An older address names none of them.
        email = answer(
            author, "Et encore.", to=reply_addresses.make(author, voice=Voice.INSTITUTION), now=now
        )
        assert (email.state, email.reason) == (IncomingState.REFUSED, Reason.SEVERAL)
        assert "sert plusieurs institutions" in OutgoingEmail.objects.latest("pk").rendered().text

    def test_who_went_to_another_institution_answers_neither_by_a_mail_of_the_former(
        self, commit, sent, author, manager, other, now
    ):
        commit(expert_messages.post_internal_message, manager, body=INNER, now=now)
        mail = OutgoingEmail.objects.get(template__endswith="/internal_message", to=author.email)
        stranger = "autre@partout.example.org"
        held = answer(author, "Merci.", sender=stranger, to=mail.reply_to, now=now)
        person = author.speaker()
        person.office = other.speaker().office
        person.save()

        email = answer(author, to=mail.reply_to, message_id="<apres@poste.example.org>", now=now)

        assert (email.state, email.reason) == (IncomingState.REFUSED, Reason.EXPIRED)
        assert InternalMessage.objects.count() == 1
        nation = User.objects.create(email="equipe@nation.example.org", role="national")
        with pytest.raises(expert_messages.NotInThread):
            commit(held_replies.publish_reply, held, by=nation, now=now)

    def test_manager_speaks_to_her_institution_in_her_name(self, manager, author, now):
        email = receive(raw(manager, to=reply_addresses.make(manager)), now=now)

        written = InternalMessage.objects.get()
        assert email.state == IncomingState.ACCEPTED
        assert (written.by_user, written.mailbox) == (manager.user, None)
        assert written.author.endswith(", responsable")
        assert mailed("internal_message") == {author.email}

    def test_nobody_writes_for_a_manager(self, manager, now):
        colleague = "agent@france-travail-dijon.example.org"

        email = receive(raw(manager, to=reply_addresses.make(manager), sender=colleague), now=now)

        assert (email.state, email.reason) == (IncomingState.HELD, Reason.OTHER_SENDER)

    def test_reply_of_a_manager_whose_seat_ended_is_not_taken(self, manager, now):
        address = reply_addresses.make(manager)
        Seat.objects.update(ended_at=now)

        email = receive(raw(manager, to=address), now=now)

        assert (email.state, email.reason) == (IncomingState.REFUSED, Reason.EXPIRED)

    def test_company_answers_the_author_of_a_question(self, commit, sent, author, other, now):
        question = commit(expert_messages.ask, author, body=ASKED, now=now)
        mail = OutgoingEmail.objects.get(template__endswith="/question")

        answer(sent, REPLIED, to=mail.reply_to, now=now)

        assert Addition.objects.get().question == question
        assert mailed("added") == {author.email}

    def test_reply_to_what_the_company_added_goes_to_the_company(self, commit, sent, author, now):
        commit(company_requests.add_information, sent, body=ADDED, now=now)
        mail = OutgoingEmail.objects.get(template__endswith="/added", to=author.email)

        answer(author, to=mail.reply_to, now=now)

        assert Question.objects.get().mailbox == author
        assert not Message.objects.exists()

    def test_machine_absence_notice_and_bounce_speak_in_no_voice_and_get_no_answer(self, author, now):
        """A mail in answer would be answered by the machine in turn."""
        machines = {
            Reason.AUTO_REPLY: {"auto_submitted": "auto-replied"},
            Reason.OUT_OF_OFFICE: {"auto_submitted": "auto-replied", "subject": "Absent du bureau"},
            Reason.BOUNCE: {"sender": "MAILER-DAEMON@mx.example.org", "return_path": "<>"},
        }
        before = OutgoingEmail.objects.count()

        for voice in reply_addresses.LETTERS:
            for number, (reason, headers) in enumerate(machines.items()):
                name = f"<{voice}-{number}@poste.example.org>"
                to = reply_addresses.make(author, voice=voice)
                email = answer(author, to=to, message_id=name, now=now, **headers)
                assert (email.state, email.reason) == (IncomingState.REFUSED, reason), (voice, reason)

        assert [rows.objects.count() for rows in (Message, InternalMessage, Question)] == [0, 0, 0]
        assert OutgoingEmail.objects.count() == before

    def test_mail_that_names_two_voices_is_held(self, author, now):
        internal, shared = reply_addresses.make(author, voice=Voice.INSTITUTION), reply_addresses.make(author)

        email = receive(raw(author, to=f"{internal}, {shared}"), recipient=shared, now=now)

        assert (email.state, email.reason) == (IncomingState.HELD, Reason.ELSEWHERE)

    @pytest.mark.parametrize("is_first", [True, False])
    def test_mail_that_names_two_voices_speaks_in_that_of_the_mail_it_answers(
        self, commit, author, other, is_first, now
    ):
        commit(expert_messages.post_message, other, body=THREAD, now=now)
        mail = OutgoingEmail.objects.get(template__endswith="/message", to=author.email)
        internal = reply_addresses.make(author, voice=Voice.INSTITUTION)
        content = raw(author, to=f"{mail.reply_to}, {internal}", in_reply_to=mail.message_id)
        addresses = (mail.reply_to, internal) if is_first else (internal, mail.reply_to)

        emails = [receive(content, recipient=address, now=now) for address in addresses]

        assert [Message.objects.filter(mailbox=author).count(), InternalMessage.objects.count()] == [1, 0]
        held = (IncomingState.HELD, Reason.ELSEWHERE)
        both = [(IncomingState.ACCEPTED, ""), held]
        assert [(email.state, email.reason) for email in emails] == (both if is_first else both[::-1])
        assert "turned_away" not in {row.template.rpartition("/")[2] for row in OutgoingEmail.objects.all()}

    def test_published_inner_mail_is_not_shown_to_staff(self, author, now):
        email = answer(author, to=reply_addresses.make(author, voice=Voice.INSTITUTION), now=now)
        nation = User.objects.create(email="equipe@nation.example.org", role="national")

        assert email.state == IncomingState.ACCEPTED
        assert not permissions.visible_incoming(nation).exists()

    def test_each_mail_says_who_reads_its_answer_and_that_line_is_never_quoted_back(
        self, texts_of_each_voice, author, now
    ):
        for mail in OutgoingEmail.objects.all():
            assert mail.rendered().text.startswith("Votre réponse sera lue par ")
        mail = OutgoingEmail.objects.filter(template__endswith="/message").first()
        reader = Mailbox.objects.get(email=mail.to)

        answer(reader, f"D'accord.\n\n{mail.rendered().text}", to=mail.reply_to, now=now)

        assert Message.objects.get(mailbox=reader).body == "D'accord."


class TestWithdrawing:
    def test_words_are_erased_and_unsent_mails_cancelled(
        self, client, commit, texts_of_each_voice, author, other, now
    ):
        [thread] = Message.objects.all()

        commit(expert_messages.withdraw, thread, by=author, now=now + timedelta(minutes=14))

        thread.refresh_from_db()
        assert (thread.body, thread.attachments) == ("", [])
        assert not OutgoingEmail.objects.filter(template__endswith="/message").pending().exists()
        assert "Message retiré par son auteur" in page_text(client.get(answer_path(other)))

    @pytest.mark.parametrize("who", ["other", "late"])
    def test_others_and_later_are_refused(self, commit, texts_of_each_voice, author, other, who, now):
        refusal, by, at = {
            "other": (expert_messages.NotTheAuthor, other, now),
            "late": (expert_messages.TooLateToWithdraw, author, now + timedelta(minutes=16)),
        }[who]

        with pytest.raises(refusal):
            commit(expert_messages.withdraw, Message.objects.get(), by=by, now=at)

        assert Message.objects.get().body == THREAD

    def test_a_prepared_digest_loses_these_words_alone(self, commit, sent, author, other, now):
        MailPreference.objects.create(address=other.email, choice=MailChoice.DIGEST, changed_at=now)
        written = [
            commit(expert_messages.post_message, author, body=body, now=now) for body in ("Gardé.", "Retiré.")
        ]
        at = OutgoingEmail.objects.filter(is_for_digest=True)[0].not_before
        commit(digests.gather, other.email.lower(), now=at)

        commit(expert_messages.withdraw, written[1], by=author, now=now + timedelta(minutes=10))

        digest = OutgoingEmail.objects.get(template__endswith="/digest")
        assert digest.cancelled_at is None
        assert "Gardé." in digest.rendered().text
        assert "Retiré." not in digest.rendered().text

    def test_company_withdraws_what_it_added_from_the_mail_of_a_reassigned_need_too(
        self, commit, sent, author, manager, now
    ):
        added = commit(company_requests.add_information, sent, body=ADDED, now=now)
        expert_match = match(sent, author.email)
        commit(expert_answers.move, expert_match, MatchState.TAKEN, by=author, now=now)
        colleague = ExpertFactory(office=author.speaker().office)
        commit(reassigning.reassign, sent.pk, [expert_match.pk], colleague, by=manager.user, now=now)

        commit(expert_messages.withdraw, added, by=sent, now=now + timedelta(seconds=10))

        assert not [mail for mail in OutgoingEmail.objects.pending() if ADDED in str(mail.context)]

    def test_company_withdraws_what_it_added_from_first_mails_too(
        self, commit, texts_of_each_voice, sent, now
    ):
        added = Addition.objects.get(body=ADDED)

        commit(expert_messages.withdraw, added, by=sent, now=now)

        assert not OutgoingEmail.objects.pending().filter(context__body=ADDED).exists()


class TestReadersWhoChange:
    def test_digest_leaves_out_what_is_no_longer_for_its_reader(self, commit, sent, author, other, now):
        """She handed the need over between the words and the hour of her digest."""
        MailPreference.objects.create(address=other.email, choice=MailChoice.DIGEST, changed_at=now)
        commit(expert_messages.post_message, author, body=THREAD, now=now)
        commit(expert_messages.post_internal_message, author, body=INNER, now=now)
        to = ExpertFactory(office=other.speaker().office)
        commit(expert_answers.hand_over, match(sent, other.email), to, comment="", by=other, now=now)

        commit(digests.gather, other.email.lower(), now=now + timedelta(days=1))

        assert not OutgoingEmail.objects.filter(template__endswith="/digest").exists()
        assert not OutgoingEmail.objects.pending().filter(to=other.email, is_for_digest=True).exists()

    def test_digest_leaves_out_an_answer_when_its_reader_took_no_need_after_all(
        self, commit, sent, author, other, now
    ):
        MailPreference.objects.create(address=other.email, choice=MailChoice.DIGEST, changed_at=now)
        question = commit(expert_messages.ask, author, body=ASKED, now=now)
        commit(expert_answers.move, match(sent, other.email), MatchState.TAKEN, by=other, now=now)
        commit(company_requests.add_information, sent, body=REPLIED, question=question, now=now)
        commit(company_requests.add_information, sent, body=ADDED, now=now)
        commit(undoing.undo, match(sent, other.email), by=other, now=now)

        commit(digests.gather, other.email.lower(), now=now + timedelta(days=1))

        digest = OutgoingEmail.objects.get(template__endswith="/digest").rendered().text
        assert (ADDED in digest, REPLIED in digest) == (True, False)

    def test_answer_follows_its_author_to_an_address_that_has_a_part_already(
        self, commit, sent, author, other, taker, now
    ):
        question = commit(expert_messages.ask, author, body=ASKED, now=now)
        expert = author.speaker()
        with transaction.atomic():
            readdressing.readdress([sent.pk], [expert.pk], former=author.email, email=other.email, now=now)

        question.refresh_from_db()
        commit(company_requests.add_information, sent, body=REPLIED, question=question, now=now)

        assert mailed("added") == {other.email, taker.email}
        assert reading_rights.of_mailbox(other).may_read(Addition.objects.get())


class TestPagesOfAccounts:
    def test_manager_writes_within_her_institution(self, texts_of_each_voice, author, manager, now):
        client = signed_in(manager.user)
        path = f"/besoins/{author.pk}/"
        shown = page_text(client.get(path))

        client.post(f"{path}interne/", {"body": "Entre nous."})
        written = InternalMessage.objects.get(body="Entre nous.")
        client.post(f"{path}retirer/interne/{written.pk}/")

        written.refresh_from_db()
        assert written.by_user == manager.user
        assert written.withdrawn_at
        assert {text for text in (INNER, THREAD, ASKED, REPLIED, ADDED) if text in shown} == {
            INNER,
            ASKED,
            REPLIED,
            ADDED,
        }

    def test_link_has_no_inner_voice_to_write_in(self, client, author):
        assert client.post(f"{answer_path(author)}interne/", {"body": "x"}).status_code in {302, 404}
        assert not InternalMessage.objects.exists()
