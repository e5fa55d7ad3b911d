"""The expert's own record on the page of a request: the phone number and the departure."""

import pytest

from solicitations.actions import expert_answers
from solicitations.lifecycle import AlertCause, MatchState
from tests.solicitations.factories import match
from tests.workspace.conftest import answer_path, page_text

pytestmark = [pytest.mark.demo_directory, pytest.mark.django_db, pytest.mark.usefixtures("first_request")]


@pytest.fixture
def sent(sent_once):
    return sent_once


@pytest.mark.parametrize(
    ("typed", "kept"),
    [("0380123456", "03 80 12 34 56"), ("+596 596 12 34 56", "05 96 12 34 56"), ("3949", "3949")],
)
def test_the_number_is_corrected(submit, expert_mailbox, sent, typed, kept):
    expert = match(sent, "recrutement@france-travail").expert

    page = submit(expert_mailbox, f"postes/{expert.pk}/numero/", phone=typed)

    expert.refresh_from_db()
    assert expert.phone == kept
    assert "phone" in expert.edited_fields
    assert kept in page_text(page)


@pytest.mark.parametrize("typed", ["", "12", "zéro un", "0" * 40, "<b>0380123456"])
def test_a_bad_number_is_refused_with_an_example(submit, expert_mailbox, sent, typed):
    expert = match(sent, "recrutement@france-travail").expert

    page = submit(expert_mailbox, f"postes/{expert.pk}/numero/", phone=typed)

    assert "par exemple 03 80 12 34 56" in page_text(page)
    before = expert.phone
    expert.refresh_from_db()
    assert expert.phone == before


@pytest.mark.parametrize("typed", ["08 99 12 34 56", "0825 12 34 56", "+33 (0)8 10 12 34 56"])
def test_a_surcharged_number_is_refused(submit, expert_mailbox, sent, typed):
    expert = match(sent, "recrutement@france-travail").expert

    page = submit(expert_mailbox, f"postes/{expert.pk}/numero/", phone=typed)

    assert "Ce numéro est surtaxé" in page_text(page)
    assert type(expert).objects.get(pk=expert.pk).phone == expert.phone


def test_departure_is_recorded_and_staff_are_alerted(submit, expert_mailbox, sent, now):
    expert = match(sent, "recrutement@france-travail").expert

    page = submit(expert_mailbox, f"postes/{expert.pk}/depart/", successor="Le service formation")

    expert.refresh_from_db()
    assert (expert.left_at, expert.successor) == (now, "Le service formation")
    assert sent.alerts.get().cause == AlertCause.DEPARTURE
    assert "Merci de l'avoir dit." in page_text(page)
    assert "Vous n'êtes plus à ce poste : ce besoin est proposé à d'autres" in page_text(page)


def test_a_page_that_would_refuse_a_change_does_not_offer_it(client, commit, expert_mailbox, sent, now):
    declined = match(sent, "recrutement@france-travail")
    acts = [f"postes/{declined.expert_id}/{act}/" for act in ("numero", "depart")]
    before = client.get(answer_path(expert_mailbox)).content.decode()
    commit(
        expert_answers.move,
        declined,
        MatchState.DECLINED,
        by=expert_mailbox,
        decline_reason="no_capacity",
        now=now,
    )

    after = client.get(answer_path(expert_mailbox))

    assert all(act in before for act in acts)
    assert not any(act in after.content.decode() for act in acts)
    assert "ouvrez une demande que vous n'avez pas déclinée" in page_text(after)


def test_nobody_changes_the_record_of_another_expert(client, sent, expert_mailbox):
    other = match(sent, "entreprises@mission-locale").expert

    for act in ("numero", "depart"):
        assert (
            client.post(
                f"{answer_path(expert_mailbox)}postes/{other.pk}/{act}/", {"phone": "0380123456"}
            ).status_code
            == 404
        )
