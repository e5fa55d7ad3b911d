"""Other requests of a company: those that the same mailbox received, and no other."""

import pytest

from experts.models import User
from solicitations.models import Mailbox
from tests.solicitations.factories import send
from workspace import company_history

pytestmark = [pytest.mark.demo_directory, pytest.mark.django_db]
FIRM = {"commune": "21231", "naf": "72.19Z", "craft": False, "headcount_min": 38, "headcount_max": 38}


def test_only_requests_of_this_company_that_the_mailbox_received_are_listed(commit, now):
    """Two of one firm reach a common mailbox; a third, of another firm, reaches it too."""
    first = commit(send, "recrutement-developpement", now=now, **FIRM)
    second = commit(send, "financer-formation", now=now, **FIRM)
    elsewhere = {"siret": "", "email": "autre@ailleurs.example.org"}
    commit(send, "financer-formation", now=now, **FIRM, **elsewhere)
    emails = set(second.mailboxes.values_list("email", flat=True))
    shared = first.mailboxes.filter(email__in=emails).order_by("pk")[0]
    alone = second.mailboxes.exclude(email__in=first.mailboxes.values("email")).first()

    assert [row.reference for row in company_history.of_mailbox(shared)] == [second.reference]
    assert [row.path for row in company_history.of_mailbox(shared)] == [""]  # a link opens one request
    assert alone is None or company_history.of_mailbox(alone) == []
    shared.used_by = User(email=shared.email)
    twin = Mailbox.objects.get(solicitation=second, email=shared.email)
    assert [row.path for row in company_history.of_mailbox(shared)] == [f"/besoins/{twin.pk}/"]
