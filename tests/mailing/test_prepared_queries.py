"""A prepared query gives what its queryset gives, and Django writes its SQL once."""

from datetime import UTC, datetime

import pytest
from django.db import transaction
from django.db.models.sql.compiler import SQLCompiler
from django.db.transaction import TransactionManagementError

from mailing.models import OutgoingEmail
from mailing.prepared_queries import Among, PreparedQuery
from territories.models import Commune

pytestmark = [pytest.mark.django_db, pytest.mark.demo_directory]


@pytest.fixture
def current():
    return PreparedQuery(lambda code: Commune.objects.current().with_place().filter(code=code))


def test_instances_with_what_is_joined(current, django_assert_num_queries):
    with django_assert_num_queries(1):
        dijon = current.first(code="21231")
        assert (dijon.place, dijon.region.name) == ("Dijon (Côte-d'Or)", "Bourgogne-Franche-Comté")
    assert dijon == Commune.objects.get(code="21231")


def test_each_call_has_its_own_values(current):
    assert [current.first(code=code).name for code in ("21231", "21054", "21231")] == [
        "Dijon",
        "Beaune",
        "Dijon",
    ]


def test_none_without_a_row(current):
    assert current.first(code="no such code") is None


def test_a_value_is_no_sql(current):
    assert current.first(code="21231' OR '1'='1") is None


def test_all_rows_in_order():
    starting = PreparedQuery(
        lambda start: (
            Commune.objects.filter(name__startswith=start).order_by("code").values_list("pk", flat=True)
        )
    )
    assert starting.rows(start="Dijon") == list(
        Commune.objects.filter(name__startswith="Dijon").order_by("code").values_list("pk", flat=True)
    )


def test_tuples_and_moments():
    late = PreparedQuery(lambda at: OutgoingEmail.objects.filter(created_at__gt=at).values_list("pk", "key"))
    assert late.rows(at=datetime(2026, 1, 1, tzinfo=UTC)) == []


@pytest.mark.parametrize("population", [[], [0], [157_634, 0]], ids=["none", "one", "two"])
def test_a_list_of_keys(population):
    peopled = PreparedQuery(
        lambda numbers: Commune.objects.filter(Among("population", numbers)).values_list("pk", "name")
    )
    expected = Commune.objects.filter(population__in=population).values_list("pk", "name")
    assert set(peopled.rows(numbers=population)) == set(expected)


def test_the_sql_is_written_once(current, monkeypatch):
    current.first(code="21231")
    monkeypatch.setattr(SQLCompiler, "as_sql", lambda *args, **kwargs: pytest.fail("written again"))
    assert current.first(code="21054").name == "Beaune"


def test_a_value_must_be_given(current):
    with pytest.raises(KeyError):
        current.first()


@pytest.mark.django_db(transaction=True)
def test_rows_are_locked_in_a_transaction_alone():
    locked = PreparedQuery(lambda code: Commune.objects.select_for_update().filter(code=code))
    with transaction.atomic():
        assert locked.first(code="21231").name == "Dijon"

    with pytest.raises(TransactionManagementError):
        locked.first(code="21231")
