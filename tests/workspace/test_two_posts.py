"""A need sent to two posts of one person: two lines of her inbox, each with the reason."""

import pytest

from solicitations.lifecycle import MatchState
from solicitations.models import Match
from tests.experts.factories import ExpertFactory, OfficeFactory, PersonFactory, signed_in
from tests.solicitations.factories import match, send
from tests.workspace.conftest import page_text

pytestmark = [pytest.mark.demo_directory, pytest.mark.django_db]
WHY = "adressé à deux de vos postes, ici : {}. Une seule réponse suffit."


def test_a_need_sent_to_two_posts_is_marked_and_one_answer_closes_both(commit, now):
    expert_match = match(commit(send, now=now), "recrutement@france-travail")
    client = signed_in(PersonFactory(email=expert_match.mailbox.email))
    assert "deux de vos postes" not in page_text(client.get("/besoins/"))
    other = ExpertFactory(office=OfficeFactory(), email=expert_match.mailbox.email, name="Son autre poste")
    twin = Match.objects.get(pk=expert_match.pk)
    twin.pk, twin.expert = None, other
    twin.save(force_insert=True)

    page = client.get("/besoins/")

    text = page_text(page)
    assert [text.count(WHY.format(post)) for post in (expert_match.person, "Son autre poste")] == [1, 1]
    typed = {"besoins": [expert_match.pk], "seen": page.context["version"].event, "geste": "clore"}
    client.post("/besoins/lot/", typed | {"issue": "decline-not_my_subject"})
    states = set(
        Match.objects.filter(need=expert_match.need, mailbox=expert_match.mailbox).values_list(
            "state", flat=True
        )
    )
    assert len(states) == 1
    assert states != {MatchState.SENT}
