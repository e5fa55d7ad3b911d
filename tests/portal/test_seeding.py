"""What the demo is filled with: every link in it opens."""

from urllib.parse import urlsplit

import pytest
from django.utils import timezone

from portal.demo import seeding
from solicitations import links
from solicitations.models import Draft


@pytest.mark.reference
@pytest.mark.django_db(transaction=True)
def test_the_draft_left_in_the_demo_opens_at_its_second_step(client):
    seeding.leave_a_draft(now=timezone.now())

    answer = client.get(urlsplit(links.resume_url(Draft.objects.get())).path)

    assert answer.url == f"/demande/{seeding.DRAFT_SUBJECT}/entreprise/"
    assert client.get(answer.url).status_code == 200
