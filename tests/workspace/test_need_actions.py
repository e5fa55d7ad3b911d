"""Buttons of the expert's page; posted from an older page, they change nothing."""

import re
from datetime import timedelta

import pytest

from experts.models import Institution
from mailing.models import OutgoingEmail
from solicitations.actions import company_requests, expert_answers, staff_actions, undoing
from solicitations.lifecycle import MatchState, RequestState
from solicitations.models import Match
from tests.experts.factories import ExpertFactory
from tests.solicitations.factories import mailbox, match, send
from tests.workspace.conftest import answer_path, hidden_fields, page_text

pytestmark = [pytest.mark.demo_directory, pytest.mark.django_db, pytest.mark.usefixtures("first_request")]


@pytest.fixture
def sent(sent_once):
    return sent_once


@pytest.fixture
def expert_match(sent):
    return match(sent, "recrutement@france-travail")


@pytest.fixture
def taken(commit, expert_match, now):
    commit(expert_answers.move, expert_match, MatchState.TAKEN, by=expert_match.mailbox, now=now)
    expert_match.refresh_from_db()
    return expert_match


@pytest.fixture
def legal_match(commit, now):
    """Match of a labour-law need, taken."""
    request = commit(send, "contrat-travail", now=now, siret="")
    row = match(request, request.mailboxes.order_by("pk").first().email)
    commit(expert_answers.move, row, MatchState.TAKEN, by=row.mailbox, now=now)
    return row


def action_path(row, act: str) -> str:
    return f"besoins/{row.pk}/{act}/"


class TestTake:
    def test_the_need_is_taken_and_reported_on_top_with_a_way_back(self, submit, expert_match):
        page = submit(expert_match.mailbox, action_path(expert_match, "prendre"))

        expert_match.refresh_from_db()
        assert expert_match.state == MatchState.TAKEN
        text = page_text(page)
        assert "Vous prenez en charge « Diffuser une offre et trouver des candidats »." in text
        assert "Vous avez pris ce besoin en charge, mardi 1er décembre à 10 h." in text
        assert action_path(expert_match, "annuler") in page.content.decode()

    def test_the_company_is_told_who_a_minute_later(self, submit, expert_match, now):
        submit(expert_match.mailbox, action_path(expert_match, "prendre"))

        mail = OutgoingEmail.objects.get(template__endswith="/taken_for_company")
        assert mail.not_before == now + timedelta(minutes=1)
        assert mail.context["person"] == expert_match.expert.name

    def test_a_second_click_is_harmless(self, client, submit, expert_match):
        page = client.get(answer_path(expert_match.mailbox))
        submit(expert_match.mailbox, action_path(expert_match, "prendre"), page=page)

        again = submit(expert_match.mailbox, action_path(expert_match, "prendre"), page=page)

        assert again.status_code == 200
        assert "Déjà prise en charge depuis votre boîte à 10 h." in page_text(again)
        assert OutgoingEmail.objects.filter(template__endswith="/taken_for_company").count() == 1

    @pytest.mark.parametrize("act", ["prendre", "decliner", "conclure"])
    def test_a_second_click_on_the_second_post_of_a_mailbox_is_harmless(
        self, client, submit, expert_match, commit, now, act
    ):
        second = Match.objects.create(
            need=expert_match.need,
            expert=ExpertFactory(email=expert_match.mailbox.email),
            mailbox=expert_match.mailbox,
            sent_at=now,
        )
        commit(expert_answers.move, expert_match, MatchState.TAKEN, by=expert_match.mailbox, now=now)
        path = answer_path(expert_match.mailbox)
        client.post(path + action_path(second, "prendre"), {"seen": "0"})

        again = client.post(path + action_path(second, act), {"seen": "0"}, follow=True)

        assert again.status_code in {200, 409}
        assert {row.state for row in expert_match.mailbox.matches.all()} == {MatchState.TAKEN}

    def test_taking_all_needs_sends_one_mail(self, submit, two_needs):
        box = mailbox(two_needs, "formation@region-bfc")

        submit(box, "tout-prendre/")

        assert set(box.matches.values_list("state", flat=True)) == {MatchState.TAKEN}
        assert OutgoingEmail.objects.filter(template__endswith="/taken_for_company").count() == 1

    def test_one_need_leaves_the_other_where_it_was(self, submit, two_needs):
        box = mailbox(two_needs, "formation@region-bfc")
        first, second = box.matches.order_by("need__position")

        submit(box, action_path(first, "prendre"))

        second.refresh_from_db()
        assert second.state == MatchState.SENT


class TestDecline:
    @pytest.mark.parametrize("reason", ["not_my_area", "not_my_subject", "not_eligible", "no_capacity"])
    def test_a_reason_of_the_list_is_enough(self, submit, expert_match, reason):
        submit(expert_match.mailbox, action_path(expert_match, "decliner"), reason=reason)

        expert_match.refresh_from_db()
        assert (expert_match.state, expert_match.decline_reason) == (MatchState.DECLINED, reason)

    @pytest.mark.parametrize(
        ("typed", "sentence"),
        [
            ({}, "Choisissez une raison."),
            ({"reason": "helped"}, "Choisissez une raison dans la liste."),
            ({"reason": "other"}, "Précisez la raison en quelques mots."),
            ({"reason": "other", "words": "\x00 \u202e"}, "Précisez la raison en quelques mots."),
            (
                {"reason": "other", "words": "x" * 3001},
                "Raccourcissez votre texte : 3 000 caractères au plus.",
            ),
        ],
        ids=["nothing", "unknown", "other without words", "invisible words", "too long"],
    )
    def test_errors_are_shown_and_the_text_is_kept(self, submit, expert_match, typed, sentence):
        page = submit(expert_match.mailbox, action_path(expert_match, "decliner"), **typed)

        expert_match.refresh_from_db()
        assert expert_match.state == MatchState.SENT
        assert sentence in page_text(page)
        assert typed.get("words", "").strip("\x00 \u202e") in page.content.decode()

    @pytest.mark.parametrize(
        ("act", "typed", "fields"),
        [
            ("decliner", {}, {"decline{}_reason"}),
            ("decliner", {"reason": "other"}, {"decline{}_words"}),
            ("orienter", {}, {"introduce{}_institution", "introduce{}_way"}),
            ("prendre", {"first_name": "06 12 34 56 78"}, {"take{}_first_name"}),
        ],
        ids=["no reason", "no words", "nobody named", "a number for a name"],
    )
    @pytest.mark.parametrize("position", [0, 1], ids=["the first need", "the second need"])
    def test_errors_land_on_their_own_need_and_are_counted(
        self, submit, two_needs, position, act, typed, fields
    ):
        box = mailbox(two_needs, "formation@region-bfc")
        row = box.matches.order_by("need__position")[position]

        page = submit(box, f"besoins/{row.pk}/{act}/", **typed).content.decode()

        linked = set(re.findall(r'href="#((?:decline|introduce|take)[^"]+)"', page))
        assert linked == {field.format(row.pk) for field in fields}
        assert all(f'id="{field}"' in page for field in linked)
        counted = f"{len(fields)}\u00a0points sont à revoir" if len(fields) > 1 else "Un point est à revoir"
        assert counted in page

    def test_errors_are_listed_on_top_too(self, submit, expert_match):
        page = submit(expert_match.mailbox, action_path(expert_match, "decliner"), reason="other")

        assert page_text(page).count("Précisez la raison en quelques mots.") == 2
        assert f'<a href="#decline{expert_match.pk}_words">' in page.content.decode()
        assert "Erreur :" in page.content.decode().partition("</title>")[0]

    def test_other_takes_words(self, submit, expert_match):
        submit(
            expert_match.mailbox,
            action_path(expert_match, "decliner"),
            reason="other",
            words="Déjà suivie par un confrère.",
        )

        expert_match.refresh_from_db()
        assert expert_match.comment == "Déjà suivie par un confrère."


class TestOtherInstitution:
    def test_hand_over_ends_mine(self, submit, expert_match):
        target = Institution.objects.get(code="GEIQ")

        page = submit(
            expert_match.mailbox,
            action_path(expert_match, "orienter"),
            institution=str(target.pk),
            way="hand_over",
            word="Pour vous.",
        )

        expert_match.refresh_from_db()
        assert expert_match.state == MatchState.REPLACED
        assert f"Vous avez passé ce besoin à : {target.name}" in page_text(page)

    def test_after_a_hand_over_only_a_sentence_and_the_way_back_are_left(self, submit, expert_match, sent):
        target = Institution.objects.get(code="GEIQ")
        page = submit(
            expert_match.mailbox,
            action_path(expert_match, "orienter"),
            institution=str(target.pk),
            way="hand_over",
        )

        assert sent.description not in page_text(page)
        submit(expert_match.mailbox, action_path(expert_match, "annuler"), page=page)

        expert_match.refresh_from_db()
        assert expert_match.state == MatchState.SENT

    def test_bring_in_keeps_mine(self, submit, taken):
        target = Institution.objects.get(code="GEIQ")

        submit(
            taken.mailbox,
            action_path(taken, "orienter"),
            institution=str(target.pk),
            way="bring_in",
            word="Aide ?",
        )

        taken.refresh_from_db()
        assert taken.state == MatchState.TAKEN
        assert taken.introduces.get().expert.office.institution == target

    def test_institutions_that_have_it_already_are_not_offered(self, client, expert_match, sent):
        page = client.get(answer_path(expert_match.mailbox)).content.decode()

        select = page.partition("<select")[2].partition("</select>")[0]
        assert "Groupement d&#x27;employeurs" in select
        assert "Mission locale" not in select
        assert "France Travail — " not in select

    @pytest.mark.parametrize(
        ("typed", "sentence"),
        [
            ({"way": "hand_over"}, "Choisissez une institution."),
            ({"institution": "999999", "way": "hand_over"}, "Choisissez une institution dans la liste."),
            ({"institution": "x", "way": "bring_in"}, "Choisissez une institution dans la liste."),
            ({"institution": "GEIQ"}, "Dites si vous passez la main ou demandez de l'aide."),
            ({"institution": "GEIQ", "way": "helped"}, "Dites si vous passez la main ou demandez de l'aide."),
        ],
    )
    def test_bad_choices_change_nothing(self, submit, expert_match, typed, sentence):
        if typed.get("institution") == "GEIQ":
            typed = typed | {"institution": str(Institution.objects.get(code="GEIQ").pk)}

        page = submit(expert_match.mailbox, action_path(expert_match, "orienter"), **typed)

        expert_match.refresh_from_db()
        assert expert_match.state == MatchState.SENT
        assert sentence in page_text(page)


class TestConclude:
    @pytest.mark.parametrize("outcome", ["helped", "no_help", "unreachable"])
    def test_the_three_ends(self, submit, taken, outcome):
        submit(taken.mailbox, action_path(taken, "conclure"), outcome=outcome)

        taken.refresh_from_db()
        assert taken.state == outcome

    @pytest.mark.parametrize("outcome", ["", "taken", "withdrawn", "sent"])
    def test_any_other_state_is_refused(self, submit, taken, outcome):
        page = submit(taken.mailbox, action_path(taken, "conclure"), outcome=outcome)

        taken.refresh_from_db()
        assert taken.state == MatchState.TAKEN
        assert "Dites comment cela s'est terminé." in page_text(page)

    @pytest.mark.parametrize("outcome", ["helped", "no_help"])
    def test_labour_law_asks_what_was_answered(self, submit, legal_match, outcome):
        page = submit(legal_match.mailbox, action_path(legal_match, "conclure"), outcome=outcome, answer=" ")

        legal_match.refresh_from_db()
        assert legal_match.state == MatchState.TAKEN
        assert "Écrivez ce que vous avez répondu : l'entreprise y a droit." in page_text(page)

    def test_the_answer_is_kept_dated_and_shown(self, submit, legal_match):
        page = submit(
            legal_match.mailbox,
            action_path(legal_match, "conclure"),
            outcome="helped",
            answer="Le préavis est d'un mois.",
        )

        legal_match.refresh_from_db()
        assert legal_match.answer == "Le préavis est d'un mois."
        text = page_text(page)
        assert "Vous avez aidé l'entreprise, mardi 1er décembre à 10 h." in text
        assert "Ce que vous avez répondu : Le préavis est d'un mois." in text

    def test_an_unreachable_company_needs_no_written_answer(self, submit, legal_match):
        submit(legal_match.mailbox, action_path(legal_match, "conclure"), outcome="unreachable")

        legal_match.refresh_from_db()
        assert legal_match.state == MatchState.UNREACHABLE


class TestUndoButton:
    def test_within_the_minute_nothing_was_sent(self, submit, expert_match, clock):
        submit(expert_match.mailbox, action_path(expert_match, "prendre"))
        clock.shift(timedelta(seconds=50))

        page = submit(expert_match.mailbox, action_path(expert_match, "annuler"))

        expert_match.refresh_from_db()
        assert expert_match.state == MatchState.SENT
        assert "est annulée" in page_text(page)
        assert not OutgoingEmail.objects.pending().filter(template__endswith="/taken_for_company").exists()

    def test_a_move_is_undone_once(self, client, submit, expert_match):
        submit(expert_match.mailbox, action_path(expert_match, "prendre"))
        page = submit(expert_match.mailbox, action_path(expert_match, "annuler"))

        assert action_path(expert_match, "annuler") not in page.content.decode()

    def test_an_older_page_does_not_undo_what_it_has_not_seen(
        self, client, commit, submit, taken, now, clock
    ):
        page = client.get(answer_path(taken.mailbox))
        clock.shift(timedelta(minutes=5))
        commit(
            expert_answers.move, taken, MatchState.HELPED, by=taken.mailbox, now=now + timedelta(minutes=5)
        )

        late = submit(taken.mailbox, action_path(taken, "annuler"), page=page)

        taken.refresh_from_db()
        assert taken.state == MatchState.HELPED
        assert late.status_code == 409


class TestStale:
    def test_a_page_older_than_a_colleagues_answer_says_who_and_when(
        self, client, commit, submit, expert_match, now
    ):
        page = client.get(answer_path(expert_match.mailbox))
        commit(
            expert_answers.move,
            expert_match,
            MatchState.DECLINED,
            by=expert_match.mailbox,
            decline_reason="no_capacity",
            now=now,
        )

        late = submit(expert_match.mailbox, action_path(expert_match, "prendre"), page=page)

        expert_match.refresh_from_db()
        assert (late.status_code, expert_match.state) == (409, MatchState.DECLINED)
        text = page_text(late)
        assert "Déjà déclinée depuis votre boîte à 10 h." in text
        assert "Rien n'a été changé" in text

    def test_what_was_typed_is_kept(self, client, commit, submit, expert_match, now):
        page = client.get(answer_path(expert_match.mailbox))
        commit(expert_answers.move, expert_match, MatchState.TAKEN, by=expert_match.mailbox, now=now)

        late = submit(
            expert_match.mailbox,
            action_path(expert_match, "decliner"),
            page=page,
            reason="other",
            words="Trop loin de chez nous.",
        )

        assert "Ce que vous aviez écrit n'a pas été envoyé Trop loin de chez nous." in page_text(late)

    def test_a_cancelled_request_says_so(self, client, commit, submit, expert_match, sent, now):
        page = client.get(answer_path(expert_match.mailbox))
        commit(company_requests.cancel, sent, now=now)

        late = submit(expert_match.mailbox, action_path(expert_match, "prendre"), page=page)

        expert_match.refresh_from_db()
        assert (late.status_code, expert_match.state) == (409, MatchState.WITHDRAWN)
        assert "L'entreprise a annulé sa demande, mardi 1er décembre à 10 h." in page_text(late)

    def test_withdrawn_by_staff_meanwhile(self, client, commit, submit, expert_match, now, django_user_model):
        admin = django_user_model.objects.create_user("nationale@equipe.example.org", role="national")
        page = client.get(answer_path(expert_match.mailbox))
        commit(staff_actions.withdraw, expert_match, reason="erreur", by=admin, now=now)

        late = submit(expert_match.mailbox, action_path(expert_match, "prendre"), page=page)

        assert late.status_code == 409
        assert "L'équipe du service vous a retiré ce besoin : erreur" in page_text(late)

    def test_an_answer_taken_back_by_a_colleague_cannot_be_concluded(
        self, client, commit, submit, taken, now
    ):
        page = client.get(answer_path(taken.mailbox))
        commit(undoing.undo, taken, by=taken.mailbox, now=now)

        late = submit(taken.mailbox, action_path(taken, "conclure"), page=page, outcome="helped")

        taken.refresh_from_db()
        assert (late.status_code, taken.state) == (409, MatchState.SENT)
        assert "Réponse déjà annulée depuis votre boîte à 10 h." in page_text(late)


def test_a_late_answer_to_an_expired_need_is_welcome(submit, commit, sent, expert_match, now):
    for row in sent.needs.get().matches.all():
        row.move_to(MatchState.EXPIRED, at=now)
        row.save()
    sent.move_to(RequestState.CLOSED, at=now, reason="unanswered")
    sent.save()

    page = submit(expert_match.mailbox, action_path(expert_match, "prendre"))

    expert_match.refresh_from_db()
    sent.refresh_from_db()
    assert (expert_match.state, sent.state) == (MatchState.TAKEN, RequestState.SUBMITTED)
    assert page.status_code == 200


def test_nobody_answers_for_somebody_else(client, sent, expert_match):
    other = mailbox(sent, "entreprises@mission-locale")
    path = answer_path(other)

    for act in ("prendre", "decliner", "orienter", "conclure", "annuler"):
        assert client.post(f"{path}{action_path(expert_match, act)}", {"seen": "0"}).status_code == 404

    expert_match.refresh_from_db()
    assert expert_match.state == MatchState.SENT


def test_the_address_of_an_act_opened_by_hand_leads_to_the_page(client, expert_match):
    path = answer_path(expert_match.mailbox)

    for act in (
        "tout-prendre/",
        action_path(expert_match, "prendre"),
        action_path(expert_match, "annuler"),
        "message/",
        "question/",
    ):
        assert client.get(f"{path}{act}").headers["Location"] == path


def test_forms_carry_no_state(client, taken):
    for fields in hidden_fields(client.get(answer_path(taken.mailbox))).values():
        assert set(fields) <= {"csrfmiddlewaretoken", "seen", "seen_call"}
