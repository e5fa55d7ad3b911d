"""Generates two years of requests, most of them closed, copied from a few thousand routed examples."""

import random
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection, models
from django.db.backends.utils import CursorWrapper
from psycopg2.extras import Json, execute_values

from bench.history_clock import MARKS, SURVEY
from bench.history_tables import MATCHES, REQUESTS, TABLES, THIN_OUT, Table
from experts.models import Subject, User
from experts.routing import loading
from experts.routing.decision import Decision
from experts.routing.engine import ApplicantFacts
from solicitations import tasks
from territories.models import Commune, Region

HERE = Path(__file__).resolve().parent
MAX_EXPERTS = 8  # requests to more experts would be held
WITH_TWO_NEEDS = 0.1
PAST = timedelta(days=760)
ON_A_PAGE = 26  # 25, and one to know whether another page follows
NOT_DONE_SINCE = timedelta(hours=3)  # work of this time is left to the clock
MOMENTS = """
    CREATE FUNCTION bench.now() RETURNS timestamptz LANGUAGE sql IMMUTABLE PARALLEL SAFE
        RETURN %(now)s::timestamptz;
    CREATE FUNCTION bench.done_until() RETURNS timestamptz LANGUAGE sql IMMUTABLE PARALLEL SAFE
        RETURN %(done_until)s::timestamptz;
"""
REQUESTS_FOR = "SELECT round(%(needs)s * %(examples)s::numeric / count(*))::int FROM bench.example_need"
NATIONAL_STAFF, REGIONAL_STAFF, REGION = "national@example.org", "regional@example.org", "27"


def fill(*, seed: int, needs: int, examples: int, now: datetime, one_of: int = 1) -> None:
    """Write a history of about that many needs, as it stands at ``now``.

    With ``one_of``, write only one request out of this number, and the first page of each list, so that pages
    show the same lines as with the whole history.
    """
    with connection.cursor() as cursor:
        cursor.execute((HERE / "history.sql").read_text())
        _write_examples(cursor, random.Random(seed), count=examples, now=now)
        cursor.execute(REQUESTS_FOR, {"needs": needs, "examples": examples})
        [(count,)] = cursor.fetchall()
        cursor.execute("SET session_replication_role = replica")  # skips the checks of foreign keys
        cursor.execute("SET maintenance_work_mem = '512MB'")
        cursor.execute(MOMENTS, {"now": now, "done_until": now - NOT_DONE_SINCE})
        cursor.execute(REQUESTS, {"count": count, "past": str(PAST), "examples": examples})
        if one_of > 1:
            late = str(settings.LATE_AFTER)
            cursor.execute(THIN_OUT, {"region": REGION, "late": late, "page": ON_A_PAGE, "one_of": one_of})
        for statement in (MATCHES, *MARKS):
            cursor.execute(statement)
        cursor.execute("ANALYZE bench.request, bench.match")
        indexes = _drop_indexes(cursor)
        for table in (*TABLES, SURVEY):
            _insert(cursor, table)
        for index in indexes:
            cursor.execute(index)
        cursor.execute("RESET session_replication_role")
        cursor.execute("DROP SCHEMA bench CASCADE")
    tasks.recount(now=now)
    User.objects.create_user(NATIONAL_STAFF, role="national")
    User.objects.create_user(REGIONAL_STAFF, role="region", region=Region.objects.get(pk=REGION))


def _write_examples(
    cursor: CursorWrapper, random_source: random.Random, *, count: int, now: datetime
) -> None:
    """Route a few thousand requests, in communes drawn in proportion to their population."""
    communes = list(Commune.objects.current().with_place().order_by("pk"))
    people = [commune.population for commune in communes]
    subjects = dict(Subject.objects.listed().order_by("pk").values_list("slug", "pk"))
    facts = ApplicantFacts(headcount=(12, 12), naf="43.34Z", craft=True, project_holder=False)
    number = 0
    while number < count:
        commune = random_source.choices(communes, people)[0]
        slugs = random_source.sample(list(subjects), 2 if random_source.random() < WITH_TWO_NEEDS else 1)
        decision = loading.decide(subjects=slugs, commune=commune, facts=facts, on=now.date())
        if any(len(need.emails) > MAX_EXPERTS for need in decision.needs):
            continue
        region = commune.region.pk if commune.region else None
        _rows(cursor, "example", [(number, commune.pk, commune.name, region)])
        _write_example(cursor, number, decision, subjects)
        number += 1


def _write_example(cursor: CursorWrapper, number: int, decision: Decision, subjects: dict[str, int]) -> None:
    boxes = {email.lower(): box for box, email in enumerate(decision.emails)}
    needs: list[tuple[Any, ...]] = []
    matches: list[tuple[Any, ...]] = []
    for position, need in enumerate(decision.needs):
        needs.append((number, position, subjects[need.subject], Json(need.as_json()), need.is_fallback))
        for rank, chosen in enumerate(need.chosen):
            box = boxes[chosen.expert.lower()]
            reason = Json(chosen.as_json())
            matches.append((number, position, len(matches), rank == 0, box, chosen.expert_pk, reason))
    _rows(cursor, "example_need", needs)
    _rows(cursor, "example_box", [(number, box, email) for email, box in boxes.items()])
    _rows(cursor, "example_match", matches)


def _rows(cursor: CursorWrapper, table: str, rows: list[tuple[Any, ...]]) -> None:
    if rows:
        execute_values(cursor.cursor, f"INSERT INTO bench.{table} VALUES %s", rows)


def _drop_indexes(cursor: CursorWrapper) -> list[str]:
    """Drop the indexes without constraint, faster to build at the end; return their definitions."""
    cursor.execute(
        "SELECT indexname, indexdef FROM pg_indexes"
        " WHERE tablename = ANY(%s) AND indexdef NOT LIKE 'CREATE UNIQUE %%'",
        [[table.model._meta.db_table for table in TABLES]],
    )
    found = cursor.fetchall()
    for name, _ in found:
        cursor.execute(f'DROP INDEX "{name}"')
    return [definition for _, definition in found]


def _insert(cursor: CursorWrapper, table: Table) -> None:
    """Fill a table from its source; missing columns get the default of their field."""
    written: dict[str, str] = {}
    defaults = []
    for field in table.model._meta.concrete_fields:
        column = str(field.column)
        if column in table.columns:
            written[column] = table.columns[column]
        elif field.db_default is models.NOT_PROVIDED:
            written[column] = "%s"
            defaults.append(field.get_db_prep_save(field.get_default(), connection))
    names = ", ".join(f'"{name}"' for name in written)
    name = table.model._meta.db_table
    cursor.execute(
        f"INSERT INTO {name} ({names}) SELECT {', '.join(written.values())} {table.source}", defaults
    )
    if "id" in table.columns:
        cursor.execute(f"SELECT setval('{name}_id_seq', max(id)) FROM {name}")
    cursor.execute(f"ANALYZE {name}")
