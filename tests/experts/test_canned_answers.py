"""One table of canned answers: each has one owner, and those of staff came from an older table."""

from datetime import UTC, datetime
from importlib import import_module

import pytest
from django.db import IntegrityError, connection, transaction

from experts.models import CannedAnswer, Institution
from territories.models import Region

pytestmark = [pytest.mark.demo_directory, pytest.mark.django_db]

NOW = datetime(2026, 11, 3, 9, tzinfo=UTC)
COPY = import_module("solicitations.migrations.0025_ready_answers_leave").COPY


def test_a_text_has_one_owner():
    with pytest.raises(IntegrityError, match="canned_answer_has_one_owner"), transaction.atomic():
        CannedAnswer.objects.create(
            institution=Institution.objects.first(),
            region=Region.objects.get(pk="27"),
            title="x",
            body="x",
            changed_at=NOW,
        )


@pytest.mark.parametrize("region", [None, "27"])
def test_an_owner_keeps_a_title_once_whatever_its_capitals(region):
    CannedAnswer.objects.create(region_id=region, title="Délai", body="x", changed_at=NOW)

    with pytest.raises(IntegrityError, match="canned_answer_once_per_owner"), transaction.atomic():
        CannedAnswer.objects.create(region_id=region, title="DÉLAI", body="x", changed_at=NOW)


def test_texts_of_staff_are_copied_even_those_that_capitals_alone_told_apart(django_user_model):
    author = django_user_model.objects.create_user("a@equipe.example.org", role="national")
    rows = [
        (1, "27", "Délai", "A"),
        (2, "27", "DÉLAI", "B"),
        (3, "94", "Délai", "C"),
        (4, None, "Délai", "D"),
    ]
    with connection.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO solicitations_readyanswer (id, region_id, title, body, changed_by_id, changed_at) "
            "VALUES (%s, %s, %s, %s, %s, %s)",
            [(*row, author.pk, NOW) for row in rows],
        )
        cursor.execute(COPY)

    kept = CannedAnswer.objects.of_staff().values_list("region", "title", "body", "changed_by")
    assert sorted(kept, key=lambda row: row[2]) == [
        ("27", "Délai", "A", author.pk),
        ("27", "DÉLAI (2)", "B", author.pk),
        ("94", "Délai", "C", author.pk),
        (None, "Délai", "D", author.pk),
    ]
