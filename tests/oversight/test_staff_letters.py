"""Mails that staff send to experts: a reminder immediately, a message to one of them."""

from datetime import timedelta

import pytest
import time_machine
from django.test import Client

from experts.accounts.sessions import SEEN_AT_KEY
from experts.models import Expert
from mailing import message_builder
from mailing.models import OutgoingEmail
from solicitations import links, reply_addresses, tasks
from solicitations.actions import expert_answers, staff_letters, undoing
from solicitations.lifecycle import ClosedReason, EventKind, MatchState, Voice
from solicitations.models import Match, Solicitation, StaffMessage
from tests.solicitations.factories import mailbox, match, send

pytestmark = [pytest.mark.demo_directory, pytest.mark.django_db, pytest.mark.usefixtures("first_request")]

DAY = timedelta(days=1)
WORD = "Pouvez-vous l'appeler avant vendredi ?"


@pytest.fixture
def sent(sent_once):
    return sent_once


@pytest.fixture
def do(django_capture_on_commit_callbacks):
    """Post an action at a moment, and return the text of the page that follows."""

    def posted(client, solicitation, act: str, *, now=None, **posted):
        moment = now or solicitation.submitted_at
        session = client.session
        session[SEEN_AT_KEY] = int(moment.timestamp())  # she never left
        session.save()
        with time_machine.travel(moment, tick=False), django_capture_on_commit_callbacks(execute=True):
            answer = client.post(f"/demandes/{solicitation.reference}/{act}/", posted, follow=True)
        return answer.content.decode().replace("&#x27;", "'")

    return posted


def reminded(solicitation: Solicitation) -> set[str]:
    """Recipients of the reminders that staff asked for."""
    rows = OutgoingEmail.objects.about(f"request:{solicitation.pk}")
    return set(rows.filter(template__endswith="staff_reminder").values_list("to", flat=True))


def everybody(solicitation: Solicitation) -> set[str]:
    return set(solicitation.mailboxes.values_list("email", flat=True))


class TestRemindNow:
    def test_mails_those_who_have_not_answered_and_names_them(self, as_regional, commit, sent, today, do):
        taken, declined = match(sent, "recrutement@france-travail"), match(sent, "entreprises@mission")
        commit(expert_answers.move, taken, MatchState.TAKEN, by=taken.mailbox, now=today)
        commit(
            expert_answers.move,
            declined,
            MatchState.DECLINED,
            by=declined.mailbox,
            decline_reason="no_capacity",
            now=today,
        )

        text = do(as_regional, sent, "relancer")

        assert reminded(sent) == everybody(sent) - {taken.mailbox.email, declined.mailbox.email}
        for one in Match.objects.sent().filter(need__solicitation=sent).with_people():
            assert one.expert.office.name in text.split("Un rappel part")[1].split("</p>")[0]
        assert taken.expert.office.name not in text.split("Un rappel part")[1].split("</p>")[0]

    def test_is_sent_at_once_and_links_to_the_expert_s_own_page(self, as_regional, sent, today, do):
        do(as_regional, sent, "relancer")

        expert = mailbox(sent, "recrutement@france-travail")
        mail = OutgoingEmail.objects.get(to=expert.email, template__endswith="staff_reminder")
        assert mail.not_before == today
        assert links.answer_url(expert) in mail.rendered().text
        assert "La région, de l'équipe du service, vous relance." in mail.rendered().text

    def test_again_the_same_day_mails_nobody_and_says_so(
        self, as_regional, as_national, sent, today, regional, do
    ):
        do(as_regional, sent, "relancer")
        mails, events = OutgoingEmail.objects.count(), sent.events.count()

        text = do(as_national, sent, "relancer", now=today + timedelta(hours=5))

        assert (
            "Personne n'a été relancé : la demande l'a déjà été aujourd'hui à 10\u00a0h, par La région"
            in text
        )
        assert (OutgoingEmail.objects.count(), sent.events.count()) == (mails, events)
        assert "Relancer maintenant" not in text

    def test_the_next_day_is_possible_again(self, as_regional, sent, today, do):
        do(as_regional, sent, "relancer")
        do(as_regional, sent, "relancer", now=today + DAY)

        rows = OutgoingEmail.objects.filter(template__endswith="staff_reminder")
        assert rows.count() == 2 * len(everybody(sent))

    def test_the_day_is_that_of_the_territory(self, as_national, commit, today, do):
        """At 3 h in Paris, it is still the day before in Martinique."""
        island = commit(send, now=today, commune="97209", siret="", email="autre@example.org")
        do(as_national, island, "relancer", now=today)

        text = do(as_national, island, "relancer", now=today + timedelta(hours=17))

        assert "déjà été aujourd'hui" in text

    def test_leaves_out_those_whom_the_portal_reminded_today_and_says_so(
        self, as_regional, commit, sent, today, do
    ):
        morning = today + 3 * DAY
        commit(tasks.run_clock, now=morning)
        assert OutgoingEmail.objects.filter(template__endswith="/reminders").exists()

        text = do(as_regional, sent, "relancer", now=morning + timedelta(hours=1))

        assert "Personne n'a été relancé" in text
        assert reminded(sent) == set()
        assert not sent.events.filter(kind=EventKind.STAFF_REMINDED).exists()

    def test_replaces_none_of_the_portal_s_reminders_which_wait_for_another_day(
        self, as_regional, commit, sent, today, do
    ):
        def by_portal():
            rows = OutgoingEmail.objects.filter(template__endswith="/reminders")
            return sorted(set(rows.values_list("created_at", flat=True)))

        early = today + 3 * DAY - timedelta(hours=2)
        do(as_regional, sent, "relancer", now=early)
        commit(tasks.run_clock, now=today + 3 * DAY)
        assert by_portal() == []

        commit(tasks.run_clock, now=today + 6 * DAY)
        commit(tasks.run_clock, now=today + 7 * DAY)
        assert by_portal() == [today + 6 * DAY, today + 7 * DAY]

    def test_does_not_prevent_an_expert_from_undoing(self, as_regional, commit, sent, today, do):
        expert_match = match(sent, "recrutement@france-travail")
        commit(expert_answers.move, expert_match, MatchState.TAKEN, by=expert_match.mailbox, now=today)
        do(as_regional, sent, "relancer")

        commit(undoing.undo, expert_match, by=expert_match.mailbox, now=today + timedelta(seconds=30))

        expert_match.refresh_from_db()
        assert expert_match.state == MatchState.SENT

    def test_never_mails_somebody_who_left(self, as_regional, sent, today, do):
        gone = match(sent, "recrutement@france-travail")
        Expert.objects.filter(pk=gone.expert_id).update(left_at=today)

        do(as_regional, sent, "relancer")

        assert gone.mailbox.email not in reminded(sent)

    def test_is_offered_neither_on_a_held_request_nor_on_one_that_is_over(self, as_regional, held, sent, do):
        do(as_regional, sent, "classer", marque="essai")

        for request in (held, sent):
            text = do(as_regional, request, "relancer")
            assert "Rien n'a été fait" in text
            assert "Relancer maintenant" not in text
            assert reminded(request) == set()

    def test_names_no_company_of_a_confidential_request(self, as_regional, confidential, do):
        do(as_regional, confidential, "relancer")

        mail = OutgoingEmail.objects.filter(template__endswith="staff_reminder").first().rendered()
        assert "Demande confidentielle" in mail.text
        for part in (mail.subject, mail.text, mail.html):
            assert confidential.company_name not in part

    def test_is_in_the_history_with_its_author_and_whom_it_reached(self, as_regional, sent, do):
        do(as_regional, sent, "relancer")

        [item] = [
            item
            for item in as_regional.get(f"/demandes/{sent.reference}/").context["timeline"]
            if item.title == "Relance par l'équipe"
        ]
        assert item.who == "La région"
        assert "France Travail Dijon" in item.text


class TestWord:
    @pytest.fixture
    def expert(self, sent):
        return mailbox(sent, "recrutement@france-travail")

    def test_is_mailed_to_this_expert_alone_and_a_reply_comes_back_to_staff(
        self, as_regional, regional, sent, expert, do, today
    ):
        text = do(as_regional, sent, "ecrire", mailbox=expert.pk, body=WORD)

        [mail] = OutgoingEmail.objects.filter(template__endswith="staff_word")
        message = message_builder.build_message(mail, mail.rendered())
        assert mail.to == expert.email
        found = reply_addresses.correspondent_of(message.reply_to[0], now=today)
        assert (found.person, found.voice, found.staff_message.body) == (expert, Voice.STAFF, WORD)
        assert mail.from_name == "La région, via Relais Entreprises"
        assert WORD in mail.rendered().text
        assert "Votre réponse sera lue par l'équipe du service seule." in mail.rendered().text
        assert f"envoyée à {regional.email}" in text

    def test_its_mail_has_no_link_that_a_reply_would_quote_to_staff(self, as_regional, sent, expert, do):
        do(as_regional, sent, "ecrire", mailbox=expert.pk, body=WORD)

        mail = OutgoingEmail.objects.get(template__endswith="staff_word").rendered()
        for part in (mail.text, mail.html):
            assert "/reponse/" not in part
            assert "reponse+" not in part

    def test_is_kept_in_the_history_and_shown_to_neither_company_nor_experts(
        self, as_regional, as_national, sent, expert, do
    ):
        do(as_regional, sent, "ecrire", mailbox=expert.pk, body=WORD)

        page = as_national.get(f"/demandes/{sent.reference}/").content.decode()
        assert "Pouvez-vous l&#x27;appeler avant vendredi ?" in page
        assert "Mot de l&#x27;équipe à France Travail Dijon" in page
        assert sent.events.filter(kind=EventKind.STAFF_WROTE).count() == 1
        other = mailbox(sent, "entreprises@mission")
        for url in (links.follow_url(sent), links.answer_url(other), links.answer_url(expert)):
            assert "avant vendredi" not in Client().get(url).content.decode()

    def test_of_a_colleague_with_a_very_long_name_is_sent_too(self, as_regional, regional, sent, expert, do):
        type(regional).objects.filter(pk=regional.pk).update(name="N" * 200)

        do(as_regional, sent, "ecrire", mailbox=expert.pk, body=WORD)

        assert OutgoingEmail.objects.get(template__endswith="staff_word").from_name.startswith("NNN")

    def test_is_mailed_once_by_a_double_click(self, as_regional, sent, expert, do):
        for _ in range(2):
            do(as_regional, sent, "ecrire", mailbox=expert.pk, body=WORD)

        assert StaffMessage.objects.count() == 1
        assert OutgoingEmail.objects.filter(template__endswith="staff_word").count() == 1

    @pytest.mark.parametrize(
        "bad", [{"mailbox": ""}, {"mailbox": "0"}, {"body": " "}, {"body": "x" * 2001}], ids=str
    )
    def test_bad_value_mails_nobody_and_keeps_what_was_typed(self, as_regional, sent, expert, do, bad):
        text = do(as_regional, sent, "ecrire", **({"mailbox": expert.pk, "body": WORD} | bad))

        assert "fr-message--error" in text
        assert not StaffMessage.objects.exists()

    def test_expert_of_another_request_is_refused(self, as_regional, sent, confidential, do):
        stranger = confidential.mailboxes.order_by("pk").first()

        do(as_regional, sent, "ecrire", mailbox=stranger.pk, body=WORD)

        assert not StaffMessage.objects.exists()

    def test_neither_one_who_left_nor_one_withdrawn_is_offered(self, as_regional, sent, expert, today, do):
        gone = match(sent, "entreprises@mission")
        Expert.objects.filter(matches__mailbox=expert).update(left_at=today)
        do(as_regional, sent, "retirer", match=gone.pk, reason="Erreur d'aiguillage.")

        names = [name for _, name in staff_letters.reachable(sent, now=today)]

        assert len(names) == len(everybody(sent)) - 2
        assert not [name for name in names if "France Travail" in name or "Mission locale" in name]

    def test_nobody_is_written_to_once_the_request_is_set_aside(self, as_regional, sent, expert, do):
        do(as_regional, sent, "classer", marque="indesirable")

        do(as_regional, sent, "ecrire", mailbox=expert.pk, body=WORD)

        sent.refresh_from_db()
        assert sent.closed_reason == ClosedReason.SPAM
        assert not StaffMessage.objects.exists()

    def test_preheader_of_a_confidential_one_does_not_quote_it(self, as_regional, confidential, do):
        expert = confidential.mailboxes.order_by("pk").first()

        do(as_regional, confidential, "ecrire", mailbox=expert.pk, body=WORD)

        html = OutgoingEmail.objects.get(template__endswith="staff_word").rendered().html
        assert "vendredi" not in html.partition("</div>")[0]
