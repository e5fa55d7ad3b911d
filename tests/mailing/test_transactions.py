"""Code that needs its caller's transaction says so, in tests too."""

import pytest
from django.db import transaction
from django.db.transaction import TransactionManagementError

from mailing.transactions import transaction_required


@transaction_required
def write() -> str:
    return "written"


@pytest.mark.django_db(transaction=True)
def test_code_that_requires_a_transaction_is_refused_without():
    with pytest.raises(TransactionManagementError, match="write needs its caller's transaction"):
        write()


@pytest.mark.django_db
def test_transaction_of_a_test_is_not_enough():
    with pytest.raises(TransactionManagementError):
        write()


@pytest.mark.django_db
def test_code_that_requires_a_transaction_runs_in_one():
    with transaction.atomic():
        assert write() == "written"
