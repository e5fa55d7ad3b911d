"""Several people behind one mailbox: the second press says what the first one did, when, and who."""

from datetime import timedelta

import pytest

from experts.models import Institution
from mailing.models import OutgoingEmail
from solicitations.actions import expert_answers, undoing
from solicitations.clock import erasure
from solicitations.lifecycle import MatchState, RequestState
from solicitations.models import Match
from tests.solicitations.factories import mailbox, match
from tests.workspace.conftest import answer_path, page_text

pytestmark = [pytest.mark.demo_directory, pytest.mark.django_db, pytest.mark.usefixtures("first_request")]

CALLED_BY = "Déjà prise en charge depuis votre boîte à 10 h"


@pytest.fixture
def sent(sent_once):
    return sent_once


@pytest.fixture
def expert_match(sent):
    return match(sent, "recrutement@france-travail")


@pytest.fixture
def taken(commit, expert_match, now):
    commit(
        expert_answers.move,
        expert_match,
        MatchState.TAKEN,
        by=expert_match.mailbox,
        first_name="Nadia",
        now=now,
    )
    return Match.objects.with_people().get(pk=expert_match.pk)


def action_path(row, act: str) -> str:
    return f"besoins/{row.pk}/{act}/"


def the_mail(occasion: str) -> OutgoingEmail:
    return OutgoingEmail.objects.filter(template__endswith=f"/{occasion}").first()


class TestSecondPress:
    def test_taking_twice_says_when_and_by_whom(self, client, submit, expert_match, clock):
        old_tab = client.get(answer_path(expert_match.mailbox))
        submit(expert_match.mailbox, action_path(expert_match, "prendre"), page=old_tab, first_name="Nadia")
        clock.shift(timedelta(minutes=98))

        text = page_text(submit(expert_match.mailbox, action_path(expert_match, "prendre"), page=old_tab))

        assert f"{CALLED_BY}, par Nadia." in text
        assert "accordez-vous avant d'appeler" in text
        assert "C'est bien noté" not in text

    def test_without_a_first_name_it_says_when(self, client, submit, expert_match):
        old_tab = client.get(answer_path(expert_match.mailbox))
        submit(expert_match.mailbox, action_path(expert_match, "prendre"), page=old_tab)

        assert f"{CALLED_BY}." in page_text(
            submit(expert_match.mailbox, action_path(expert_match, "prendre"), page=old_tab)
        )

    def test_the_day_after_it_says_which_day(self, client, submit, expert_match, clock):
        old_tab = client.get(answer_path(expert_match.mailbox))
        submit(expert_match.mailbox, action_path(expert_match, "prendre"), page=old_tab)
        clock.shift(timedelta(days=1))

        again = page_text(submit(expert_match.mailbox, action_path(expert_match, "prendre"), page=old_tab))

        assert "Déjà prise en charge depuis votre boîte mardi 1er décembre à 10 h." in again

    @pytest.mark.parametrize(
        ("act", "typed", "sentence"),
        [
            ("decliner", {"reason": "no_capacity"}, "Déjà déclinée depuis votre boîte à 10 h."),
            (
                "orienter",
                {"institution": "GEIQ", "way": "hand_over"},
                "Déjà passée à quelqu'un d'autre depuis votre boîte à 10 h.",
            ),
            (
                "orienter",
                {"institution": "GEIQ", "way": "bring_in"},
                "Aide déjà demandée depuis votre boîte à 10 h : Groupement d'employeurs",
            ),
        ],
    )
    def test_each_act_says_that_the_mailbox_did_it(self, client, submit, expert_match, act, typed, sentence):
        if "institution" in typed:
            typed = typed | {"institution": str(Institution.objects.get(code="GEIQ").pk)}
        old_tab = client.get(answer_path(expert_match.mailbox))
        submit(expert_match.mailbox, action_path(expert_match, act), page=old_tab, **typed)

        assert sentence in page_text(
            submit(expert_match.mailbox, action_path(expert_match, act), page=old_tab, **typed)
        )

    @pytest.mark.parametrize(
        ("outcome", "sentence"),
        [
            ("helped", "Déjà terminée (aide apportée) depuis votre boîte à 10 h."),
            ("no_help", "Déjà terminée (pas de solution) depuis votre boîte à 10 h."),
            ("unreachable", "Déjà notée injoignable depuis votre boîte à 10 h."),
        ],
    )
    def test_each_outcome_says_so_too(self, client, submit, taken, outcome, sentence):
        old_tab = client.get(answer_path(taken.mailbox))
        submit(taken.mailbox, action_path(taken, "conclure"), page=old_tab, outcome=outcome)

        again = submit(taken.mailbox, action_path(taken, "conclure"), page=old_tab, outcome=outcome)

        assert sentence in page_text(again)

    def test_undoing_twice_says_so(self, client, submit, taken):
        old_tab = client.get(answer_path(taken.mailbox))
        submit(taken.mailbox, action_path(taken, "annuler"), page=old_tab)

        again = submit(taken.mailbox, action_path(taken, "annuler"), page=old_tab)

        assert "Réponse déjà annulée depuis votre boîte à 10 h." in page_text(again)

    def test_declining_after_a_colleague_took_changes_nothing_and_says_who_took(
        self, client, submit, expert_match
    ):
        old_tab = client.get(answer_path(expert_match.mailbox))
        submit(expert_match.mailbox, action_path(expert_match, "prendre"), page=old_tab, first_name="Nadia")

        again = submit(
            expert_match.mailbox, action_path(expert_match, "decliner"), page=old_tab, reason="no_capacity"
        )

        assert f"{CALLED_BY}, par Nadia. Rien n'a été changé" in page_text(again)
        assert Match.objects.get(pk=expert_match.pk).state == MatchState.TAKEN

    def test_words_of_the_second_press_are_given_back(self, client, submit, expert_match):
        old_tab = client.get(answer_path(expert_match.mailbox))
        submit(
            expert_match.mailbox,
            action_path(expert_match, "decliner"),
            page=old_tab,
            reason="other",
            words="Trop loin.",
        )

        again = submit(
            expert_match.mailbox,
            action_path(expert_match, "decliner"),
            page=old_tab,
            reason="other",
            words="Voir la CCI.",
        )

        assert "Ce que vous aviez écrit n'a pas été envoyé Voir la CCI." in page_text(again)

    def test_taking_all_tells_what_a_colleague_took_since(self, client, submit, two_needs):
        box = mailbox(two_needs, "formation@region-bfc")
        first, second = box.matches.order_by("need__position")
        old_tab = client.get(answer_path(box))
        submit(box, action_path(first, "prendre"), page=old_tab, first_name="Nadia")

        text = page_text(submit(box, "tout-prendre/", page=old_tab, first_name="Karim"))

        assert f"Vous prenez en charge « {second.need.subject.label} »." in text
        assert f"« {first.need.subject.label} » : {CALLED_BY}, par Nadia." in text
        assert list(box.matches.order_by("need__position").values_list("taken_by", flat=True)) == [
            "Nadia",
            "Karim",
        ]

    def test_taking_all_twice_says_who_took(self, client, submit, two_needs):
        box = mailbox(two_needs, "formation@region-bfc")
        old_tab = client.get(answer_path(box))
        submit(box, "tout-prendre/", page=old_tab, first_name="Nadia")

        assert f"{CALLED_BY}, par Nadia." in page_text(submit(box, "tout-prendre/", page=old_tab))


class TestFirstName:
    def test_it_is_optional(self, submit, expert_match):
        submit(expert_match.mailbox, action_path(expert_match, "prendre"))

        assert Match.objects.get(pk=expert_match.pk).taken_by == ""

    @pytest.mark.parametrize("name", ["Nadia", "Jean-Noël", "Anne Sophie", "N'Golo", "Zoé L."])
    def test_a_first_name_is_kept(self, submit, expert_match, name):
        submit(expert_match.mailbox, action_path(expert_match, "prendre"), first_name=name)

        assert Match.objects.get(pk=expert_match.pk).taken_by == name

    @pytest.mark.parametrize(
        "typed", ["06 12 34 56 78", "www.exemple.fr", "nadia@exemple.fr", "<b>", "x" * 41]
    )
    def test_anything_else_is_refused_and_changes_nothing(self, submit, expert_match, typed):
        page = submit(expert_match.mailbox, action_path(expert_match, "prendre"), first_name=typed)

        assert "Écrivez seulement votre prénom" in page_text(page)
        assert Match.objects.get(pk=expert_match.pk).state == MatchState.SENT

    def test_the_company_and_the_other_experts_read_it_in_their_mails(self, taken):
        assert the_mail("taken_for_company").context["person"] == f"Nadia, {taken.expert.name}"
        assert the_mail("taken_for_others").context["person"] == f"Nadia, {taken.expert.name}"

    def test_the_other_experts_read_it_on_their_page(self, client, taken, sent):
        other = mailbox(sent, "entreprises@mission-locale")

        assert f"Nadia, {taken.expert.name}" in page_text(client.get(answer_path(other)))

    def test_the_colleagues_of_the_mailbox_read_it_on_theirs(self, client, taken):
        text = page_text(client.get(answer_path(taken.mailbox)))

        assert "Nadia a pris ce besoin en charge, mardi 1er décembre à 10 h." in text

    def test_a_name_that_the_expert_bears_is_not_repeated(self, taken):
        taken.expert.name = "Nadia Benali"

        assert taken.person == "Nadia Benali"

    def test_undoing_takes_it_away(self, commit, taken, now):
        commit(undoing.undo, taken, by=taken.mailbox, now=now)

        assert Match.objects.get(pk=taken.pk).taken_by == ""

    def test_undoing_a_second_taking_brings_back_the_first_one(self, commit, taken, now):
        box = taken.mailbox
        commit(expert_answers.move, taken, MatchState.NO_HELP, by=box, comment="Rien ici.", now=now)
        later = now + timedelta(minutes=5)
        commit(expert_answers.move, taken, MatchState.TAKEN, by=box, first_name="Karim", now=later)

        commit(undoing.undo, taken, by=box, now=later)

        assert Match.objects.get(pk=taken.pk).taken_by == "Nadia"

    def test_anonymisation_erases_it(self, commit, taken, sent, now):
        type(sent).objects.filter(pk=sent.pk).update(
            state=RequestState.CLOSED, closed_reason="done", ended_at=now - timedelta(days=731)
        )

        commit(erasure.anonymise, sent.pk, now=now)

        assert Match.objects.get(pk=taken.pk).taken_by == ""
        assert not taken.events.filter(reason="Nadia").exists()


class TestUndo:
    def test_the_button_sits_in_the_message_that_announces_the_act(self, submit, expert_match):
        page = submit(expert_match.mailbox, action_path(expert_match, "prendre")).content.decode()

        message = page.partition("rl-messages")[2].partition("<h1")[0]
        assert action_path(expert_match, "annuler") in message
        assert page.count(action_path(expert_match, "annuler")) == 1

    @pytest.mark.parametrize("reason", ["no_capacity", "other"])
    def test_after_a_refusal_too(self, submit, expert_match, reason):
        page = submit(
            expert_match.mailbox, action_path(expert_match, "decliner"), reason=reason, words="Trop loin."
        )

        message = page.content.decode().partition("rl-messages")[2].partition("<h1")[0]
        assert action_path(expert_match, "annuler") in message

    @pytest.mark.parametrize("outcome", ["helped", "no_help", "unreachable"])
    def test_after_an_outcome_too(self, submit, taken, outcome):
        page = submit(taken.mailbox, action_path(taken, "conclure"), outcome=outcome, words="Vu.")

        message = page.content.decode().partition("rl-messages")[2].partition("<h1")[0]
        assert action_path(taken, "annuler") in message

    def test_after_a_hand_over_too(self, submit, expert_match):
        target = Institution.objects.get(code="GEIQ")
        page = submit(
            expert_match.mailbox,
            action_path(expert_match, "orienter"),
            institution=str(target.pk),
            way="hand_over",
        )

        message = page.content.decode().partition("rl-messages")[2].partition("<h1")[0]
        assert action_path(expert_match, "annuler") in message

    def test_once_the_message_is_gone_it_stays_with_the_answer(self, client, submit, expert_match):
        submit(expert_match.mailbox, action_path(expert_match, "prendre"))

        page = client.get(answer_path(expert_match.mailbox)).content.decode()

        assert page.count(action_path(expert_match, "annuler")) == 1

    def test_taking_all_gives_one_button_a_need(self, submit, two_needs):
        box = mailbox(two_needs, "formation@region-bfc")

        page = submit(box, "tout-prendre/").content.decode()

        message = page.partition("rl-messages")[2].partition("<h1")[0]
        assert all(action_path(row, "annuler") in message for row in box.matches.all())
