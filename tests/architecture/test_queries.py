"""Guards on queries in tests: a random order for lack of one, no row lock over a join that names no table."""

import pytest
from django.db import transaction
from django.db.models import Count

from experts.models import Office, Theme
from tests.experts.factories import OfficeFactory, ThemeFactory

pytestmark = pytest.mark.django_db

MANY = 8


def orders(query):
    """The orders in which a query has come back, over many times: one by luck is one in 40,320."""
    return {tuple(row.pk for row in query.all()) for _ in range(10)}


def test_rows_without_an_order_come_in_a_random_one():
    ThemeFactory.create_batch(MANY)

    assert len(orders(Theme.objects.all())) > 1
    assert len(orders(Theme.objects.annotate(count=Count("subjects")))) > 1


def test_rows_in_order_stay_in_it():
    ThemeFactory.create_batch(MANY)

    assert len(orders(Theme.objects.order_by("pk"))) == 1


def test_sums_subqueries_and_slices_are_left_alone():
    themes = ThemeFactory.create_batch(MANY)

    assert Theme.objects.count() == MANY
    assert Theme.objects.filter(pk__in=Theme.objects.filter(pk=themes[0].pk)).get() == themes[0]
    for query in (Theme.objects.all()[:2], Theme.objects.values("slug").distinct()):
        assert "RANDOM" not in str(query.query)


def test_row_lock_over_a_join_names_its_tables():
    office = OfficeFactory()
    offices = Office.objects.select_related("institution").filter(pk=office.pk)

    with transaction.atomic():
        assert list(offices.select_for_update(of=("self",))) == [office]
        assert list(Office.objects.select_for_update()) == [office]
        with pytest.raises(RuntimeError, match="select_for_update"):
            list(offices.select_for_update())
