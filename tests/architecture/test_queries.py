"""Queries in tests: the SQL of Django, a random order for lack of one, no lock over tables without a name."""

import pytest
from django.apps import apps
from django.db import connection, transaction
from django.db.backends.postgresql.compiler import SQLCompiler as DjangoCompiler
from django.db.models import Count, Exists, OuterRef

from experts.models import Office, Theme
from solicitations.models import Match, Need
from tests.experts.factories import OfficeFactory, ThemeFactory
from tests.postgresql.compiler import SQLCompiler

pytestmark = pytest.mark.django_db

MANY = 8
ROWS = [model._base_manager.order_by("pk") for model in apps.get_models()]  # noqa: SLF001
QUERIES = [
    *ROWS,
    *(rows.select_related() for rows in ROWS),
    Match.objects.only("state", "expert__name").select_related("expert").order_by("pk"),
    Match.objects.filter(Exists(Match.objects.filter(need=OuterRef("need"), state="taken"))).order_by("pk"),
    Need.objects.filter(matches__expert__office__areas=1, matches__isnull=False).order_by("pk"),
    Need.objects.annotate(count=Count("matches")).filter(count__gt=1).order_by("pk"),
    Need.objects.filter(pk__in=Need.objects.filter(matches__state="taken")).order_by("pk"),
]


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


def test_sql_is_that_of_django():
    """Twice, since the second query uses what the first one kept."""
    queries = [rows.query for rows in QUERIES]
    written = [[SQLCompiler(query.clone(), connection, None).as_sql() for _ in range(2)] for query in queries]

    assert written == [[DjangoCompiler(query.clone(), connection, None).as_sql()] * 2 for query in queries]
