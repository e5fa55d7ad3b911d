"""SQL queries of the routing; rows come back as tuples.

In SQL, since Django takes three times longer to build these queries than PostgreSQL to answer them: routing
must take milliseconds on the whole country's directory. Tests check the number of queries and their results;
the tables' names are those that Django gives them.
"""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from django.db import connection

# Step 2 of the rule. A group is replaced by its members, in catalogue order.
INSTITUTIONS = """
    SELECT subject.slug, institution.code
    FROM experts_subjectinstitution AS answer
    JOIN experts_subject AS subject ON subject.id = answer.subject_id
    JOIN experts_institution AS institution
      ON institution.id = answer.institution_id OR institution.group_id = answer.group_id
    WHERE subject.slug = ANY(%(subjects)s) AND NOT answer.is_relay
      AND institution.notified <> 'never' AND institution.dropped_at IS NULL
      AND institution.code <> ALL(%(without_institutions)s)
    ORDER BY answer.position, institution.position, institution.code
"""

# An office is found by its own areas or by those of one of its experts.
OFFICES = """
    SELECT office.id, office.code, office.name, institution.code, office.is_fallback,
        office.closed_on, office.agreement_ends_on,
        ARRAY(
            SELECT area_id FROM experts_office_areas
            WHERE office_id = office.id AND area_id = ANY(%(areas)s)
        ),
        ARRAY(
            SELECT subject.slug
            FROM experts_office_exclusive_subjects AS exclusive
            JOIN experts_subject AS subject ON subject.id = exclusive.subject_id
            WHERE exclusive.office_id = office.id AND subject.slug = ANY(%(subjects)s)
        ),
        office.headcount_min, office.headcount_max, office.age_min_years, office.age_max_years,
        office.naf, office.naf_excluded, office.legal_forms, office.legal_forms_excluded,
        office.craft, office.project_holders
    FROM experts_office AS office
    JOIN experts_institution AS institution ON institution.id = office.institution_id
    WHERE office.id = ANY(ARRAY(
        SELECT office_id FROM experts_office_areas WHERE area_id = ANY(%(areas)s)
        UNION
        SELECT expert.office_id
        FROM experts_expert_areas AS own
        JOIN experts_expert AS expert ON expert.id = own.expert_id
        WHERE own.area_id = ANY(%(areas)s) AND expert.dropped_at IS NULL
      ))
      AND office.dropped_at IS NULL
      AND institution.code <> ALL(%(without_institutions)s) AND office.code <> ALL(%(without_offices)s)
      AND (
        (%(with_fallback)s AND office.is_fallback)
        OR (institution.code = ANY(%(institutions)s)
            AND institution.notified <> 'never' AND institution.dropped_at IS NULL)
      )
"""

# All the experts of these offices, since colleagues replace the absent; one row for each absence that day.
EXPERTS = """
    WITH asked AS MATERIALIZED (SELECT id, slug FROM experts_subject WHERE slug = ANY(%(subjects)s))
    SELECT expert.office_id, expert.id, expert.email, expert.name, expert.has_all_subjects,
        expert.is_paused, expert.is_bouncing, expert.left_at,
        ARRAY(
            SELECT asked.slug
            FROM experts_expert_subjects AS skill
            JOIN asked ON asked.id = skill.subject_id
            WHERE skill.expert_id = expert.id
        ),
        ARRAY(SELECT area_id FROM experts_expert_areas WHERE expert_id = expert.id),
        absence.from_on, absence.to_on, absence.deputy_id
    FROM experts_expert AS expert
    LEFT JOIN experts_absence AS absence
      ON absence.expert_id = expert.id AND %(on)s BETWEEN absence.from_on AND absence.to_on
    WHERE expert.office_id = ANY(%(offices)s) AND expert.dropped_at IS NULL
"""

Value = Iterable[str] | Iterable[int] | bool | date


def fetch(query: str, values: Mapping[str, Value]) -> list[tuple[Any, ...]]:
    """Run one of the queries above; lists and sets become PostgreSQL arrays."""
    arrays = {
        name: value if isinstance(value, bool | date) else list(value) for name, value in values.items()
    }
    with connection.cursor() as cursor:
        cursor.execute(query, arrays)
        found: list[tuple[Any, ...]] = cursor.fetchall()
    return found
