"""Mentions in the forms of the request page."""

import pytest

from solicitations.models import Mailbox, Match, Message
from tests.experts.factories import ExpertFactory
from tests.solicitations.factories import mailbox
from tests.workspace.conftest import page_text

pytestmark = [pytest.mark.demo_directory, pytest.mark.django_db]


def test_a_mention_is_marked_an_unknown_name_reported_and_an_ambiguous_one_refused(submit, sent, now):
    box = mailbox(sent, "recrutement@france-travail")

    page = submit(box, "message/", body="<b>@mission locale</b> et @Zoé")

    html = page.content.decode()
    assert '&lt;b&gt;<strong class="rl-mention">@mission locale</strong>&lt;/b&gt;' in html
    assert "« @Zoé » ne désigne personne ici." in page_text(page)

    for name in ("Zoé Martin", "Zoé Petit"):
        expert = ExpertFactory(office=box.speaker().office, name=name)
        martin_or_petit = Mailbox.objects.create(solicitation=sent, email=expert.email, created_at=now)
        Match.objects.create(need=sent.needs.get(), expert=expert, mailbox=martin_or_petit, sent_at=now)
    page = submit(box, "message/", body="@Zoé")

    assert "écrivez son nom en entier" in page_text(page)
    assert "@Zoé</textarea>" in page.content.decode()
    assert Message.objects.count() == 1
