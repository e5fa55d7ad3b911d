"""Timeline of the request page: who did what, without a private word."""

import pytest
from django.urls import reverse

from solicitations.actions import expert_answers, handling
from solicitations.lifecycle import MatchState
from tests.experts.factories import PersonFactory, signed_in
from tests.solicitations.factories import mailbox, match
from tests.workspace.conftest import answer_path, page_text

pytestmark = [pytest.mark.demo_directory, pytest.mark.django_db]


def test_who_did_what_is_read_without_private_words_and_hands_by_their_own_mailbox_alone(
    client, sent, commit, now, django_user_model
):
    expert_match, other = (
        match(sent, "recrutement@france-travail"),
        mailbox(sent, "entreprises@mission-locale"),
    )
    person = PersonFactory(email=expert_match.mailbox.email, name="Mme Robert")
    expert_match.mailbox.used_by = person
    commit(expert_answers.move, expert_match, MatchState.TAKEN, by=expert_match.mailbox, now=now)
    commit(
        expert_answers.move,
        expert_match,
        MatchState.HELPED,
        by=expert_match.mailbox,
        comment="Entre nous, difficile.",
        now=now,
    )
    staff = django_user_model.objects.create_user("nat@equipe.example.org", role="national")
    commit(handling.write_note, sent, body="Note de l'équipe.", by=staff, now=now)

    own_page = page_text(signed_in(person).get(reverse("workspace:request", args=[expert_match.mailbox_id])))
    others_page = page_text(client.get(answer_path(other)))

    for page in (own_page, others_page):
        line = page.partition("Qui a fait quoi")[2]
        assert "Aide apportée" in line
        assert f"{expert_match.expert.name} (France Travail)" in line
        assert "Demande envoyée" in line
        assert "Note" not in line.partition("Entre experts")[0]
    assert "de la main de Mme Robert" in own_page
    assert "Mme Robert" not in others_page
    assert "Entre nous, difficile." not in others_page
