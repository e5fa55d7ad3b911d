"""SQL that fills each table of the history."""

from dataclasses import dataclass

from django.conf import settings
from django.db import models

from mailing.models import OutgoingEmail
from solicitations.models import Alert, Event, Mailbox, Match, Need, Solicitation


@dataclass(frozen=True)
class Table:
    """A table, the SQL expression of each column, and the source of its rows."""

    model: type[models.Model]
    columns: dict[str, str]
    source: str


# The outcome of a request depends on chance and on its age; recent ones are still open.
REQUESTS = """
    INSERT INTO bench.request
    SELECT number, example, sent_at, outcome,
        CASE
            WHEN outcome IN ('waiting', 'taken', 'held', 'uncovered') THEN NULL
            WHEN outcome = 'unanswered' THEN sent_at + interval '45 days'
            ELSE least(sent_at + interval '20 days' * bench.chance(number, 4), bench.now())
        END
    FROM (
        SELECT number, example, sent_at,
            CASE
                WHEN age < interval '3 days' AND state_chance < 0.80 THEN
                    CASE WHEN state_chance < 0.55 THEN 'waiting' ELSE 'taken' END
                WHEN age < interval '10 days' AND state_chance < 0.30 THEN
                    CASE WHEN state_chance < 0.12 THEN 'waiting' ELSE 'taken' END
                WHEN age < interval '45 days' AND state_chance < 0.05 THEN
                    CASE WHEN state_chance < 0.02 THEN 'waiting' ELSE 'taken' END
                WHEN age < interval '90 days' AND state_chance < 0.01 THEN 'taken'
                WHEN age < interval '2 days' AND state_chance > 0.98 THEN 'held'
                WHEN age < interval '30 days' AND state_chance > 0.995 THEN 'uncovered'
                WHEN age > interval '730 days' THEN 'anonymised'
                WHEN outcome_chance < 0.66 THEN 'helped'
                WHEN outcome_chance < 0.74 THEN 'no_help'
                WHEN outcome_chance < 0.79 THEN 'unreachable'
                WHEN outcome_chance < 0.87 AND age > interval '46 days' THEN 'unanswered'
                WHEN outcome_chance < 0.92 THEN 'declined'
                WHEN outcome_chance < 0.96 THEN 'cancelled'
                WHEN outcome_chance < 0.97 THEN 'staff'
                WHEN outcome_chance < 0.99 THEN 'spam'
                WHEN outcome_chance < 0.995 THEN 'test'
                ELSE 'duplicate'
            END AS outcome
        FROM (
            SELECT number, (bench.chance(number, 1) * (%(examples)s - 1))::int AS example,
                bench.now() - %(past)s::interval * (1 - number::float / %(count)s) AS sent_at,
                %(past)s::interval * (1 - number::float / %(count)s) AS age,
                bench.chance(number, 2) AS state_chance, bench.chance(number, 3) AS outcome_chance
            FROM generate_series(1, %(count)s) AS number
        ) AS drawn
    ) AS requests_drawn
"""

# Keeps one request out of %(one_of)s, and the first page of each list.
THIN_OUT = """
    DELETE FROM bench.request USING (
        SELECT number, row_number() OVER (
            PARTITION BY outcome, region IS NOT DISTINCT FROM %(region)s,
                sent_at < bench.now() - %(late)s::interval,
                EXISTS (SELECT FROM bench.example_need AS need
                        WHERE need.example = request.example AND need.is_fallback)
            ORDER BY number DESC) AS place
        FROM bench.request JOIN bench.example USING (example)
    ) AS ranked
    WHERE ranked.number = request.number AND place > %(page)s AND mod(request.number, %(one_of)s) <> 0
"""

SENT_BY = "sent_at + interval '1 minute'"
PROGRESS = """CASE outcome
    WHEN 'taken' THEN 'in_progress' WHEN 'anonymised' THEN 'helped' WHEN 'staff' THEN 'waiting'
    WHEN 'held' THEN 'received' WHEN 'spam' THEN 'received' WHEN 'test' THEN 'received'
    WHEN 'duplicate' THEN 'received' ELSE outcome END"""
UNROUTED = "('held', 'uncovered', 'spam', 'test', 'duplicate')"
OUTCOME_AT = """(SELECT min(match.ended_at) FROM bench.match AS match
    WHERE match.id BETWEEN request.number * 16 AND request.number * 16 + 15
      AND match.state IN ('helped', 'no_help', 'unreachable'))"""
# Surveys that the clock has sent; those of the last hours are still due.
SURVEYED_AT = f"""CASE
    WHEN outcome IN ('helped', 'no_help', 'unreachable', 'unanswered', 'declined', 'anonymised')
        AND ended_at + interval '{settings.SURVEY_AFTER.days} days' <= bench.done_until()
    THEN ended_at + interval '{settings.SURVEY_AFTER.days} days' END"""

REQUEST = Table(
    Solicitation,
    {
        "id": "number",
        "reference": "bench.reference(number)",
        "state": """CASE
            WHEN outcome IN ('waiting', 'taken', 'uncovered') THEN 'submitted'
            WHEN outcome IN ('held', 'cancelled', 'anonymised') THEN outcome ELSE 'closed' END""",
        "progress": PROGRESS,
        "held_reason": "CASE outcome WHEN 'held' THEN 'automatic' ELSE '' END",
        "held_at": "CASE outcome WHEN 'held' THEN sent_at END",
        "closed_reason": """CASE
            WHEN outcome IN ('helped', 'no_help', 'unreachable', 'anonymised') THEN 'done'
            WHEN outcome IN ('unanswered', 'declined', 'staff', 'spam', 'test', 'duplicate') THEN outcome
            ELSE '' END""",
        "commune_id": "commune",
        "region_id": "region",
        "description": """repeat(bench.pick('{"Nous cherchons quelqu''un depuis quatre mois. ",
            "Un client ne paie plus et la trésorerie ne passera pas l''été. ",
            "Nous voulons former deux salariés avant la rentrée. ",
            "Le local est trop petit et le propriétaire vend. "}', number, 5), 6)""",
        "company_name": """CASE WHEN is_project THEN '' ELSE
            bench.pick('{Boulangerie,Menuiserie,Garage,Coiffure,Maçonnerie,Librairie,Brasserie,Fromagerie,
                Plomberie,Scierie,Imprimerie,Pharmacie,Transports,Électricité,Hôtel,Pépinière}', number, 6)
            || ' ' || bench.invented_name(number, 7)
            || bench.pick('{" SARL"," SAS",""," et fils"}', number, 8) END""",
        "siret": "CASE WHEN is_project THEN '' ELSE lpad((mod(number, 300000))::text, 9, '0') || '00017' END",
        "is_project_holder": "is_project",
        "naf": "CASE WHEN is_project THEN '' ELSE '43.34Z' END",
        "headcount_min": "12",
        "headcount_max": "12",
        "contact_name": "bench.invented_name(number, 9) || ' ' || bench.invented_name(number, 12)",
        "phone": "'+33199000001'",
        "email": "'contact-' || mod(number, 400000) || '@example.org'",
        "consent_version": "'bench'",
        "consented_at": "sent_at",
        "submitted_at": "sent_at",
        "routed_at": f"CASE WHEN outcome NOT IN {UNROUTED} OR outcome = 'uncovered' THEN {SENT_BY} END",
        "ended_at": "ended_at",
        "outcome_at": OUTCOME_AT,
        "surveyed_at": SURVEYED_AT,
        "is_fallback": f"""outcome NOT IN {UNROUTED} AND EXISTS (
            SELECT FROM bench.example_need AS need
            WHERE need.example = request.example AND need.is_fallback)""",
    },
    """FROM (SELECT *, bench.chance(number, 15) < 0.05 AS is_project FROM bench.request) AS request
       JOIN bench.example USING (example) ORDER BY number""",
)

NEED = Table(
    Need,
    {
        "id": "number * 2 + position",
        "solicitation_id": "number",
        "subject_id": "subject",
        "position": "position",
        "state": PROGRESS,
        "decision": "decision",
        "is_fallback": f"is_fallback AND outcome NOT IN {UNROUTED}",
        "exhausted_at": "CASE outcome WHEN 'declined' THEN ended_at END",
    },
    "FROM bench.request JOIN bench.example_need USING (example) ORDER BY number, position",
)

MATCHES = f"""
    INSERT INTO bench.match
    SELECT id, number, example, position, is_first, box, expert, reason, state, {SENT_BY},
        CASE WHEN state IN ('taken', 'helped', 'no_help', 'unreachable') THEN
            least(sent_at + interval '2 days' * bench.chance(id, 2), ended_at) END,
        CASE WHEN state NOT IN ('sent', 'taken') THEN coalesce(ended_at, sent_at + interval '1 hour') END
    FROM (
        SELECT number * 16 + match AS id, request.*, position, is_first, box, expert, reason,
            CASE
                WHEN outcome IN ('cancelled', 'staff') THEN 'withdrawn'
                WHEN outcome IN ('unanswered', 'declined') THEN
                    CASE outcome WHEN 'declined' THEN outcome ELSE 'expired' END
                WHEN outcome = 'waiting' AND is_first THEN 'sent'
                WHEN outcome = 'anonymised' AND is_first THEN 'helped'
                WHEN is_first THEN outcome
                WHEN bench.chance(number * 16 + match, 1) < 0.2 THEN 'declined'
                WHEN ended_at IS NULL AND sent_at > bench.now() - interval '45 days' THEN 'sent'
                ELSE 'expired'
            END AS state
        FROM bench.request JOIN bench.example_match USING (example)
        WHERE outcome NOT IN {UNROUTED}
    ) AS made
    ORDER BY id
"""

MAILBOX = Table(
    Mailbox,
    {
        "id": "number * 16 + box",
        "solicitation_id": "number",
        "email": "email",
        "round": "1",
        "created_at": SENT_BY,
    },
    f"""FROM bench.request JOIN bench.example_box USING (example)
        WHERE outcome NOT IN {UNROUTED} ORDER BY number, box""",
)

MATCH = Table(
    Match,
    {
        "id": "id",
        "need_id": "number * 2 + position",
        "mailbox_id": "number * 16 + box",
        "expert_id": "expert",
        "state": "state",
        "reason": "reason",
        "sent_at": "sent_at",
        "taken_at": "taken_at",
        "ended_at": "ended_at",
        "decline_reason": "CASE state WHEN 'declined' THEN 'no_capacity' ELSE '' END",
        "subject_id": "subject",
        "department_id": "department",
    },
    """FROM bench.match JOIN bench.example_need USING (example, position)
       JOIN (SELECT example, department_id AS department FROM bench.example
             JOIN territories_commune ON code = commune) AS place USING (example)
       ORDER BY id""",
)

EVENT = Table(
    Event,
    {
        "id": "row_number() OVER ()",
        "solicitation_id": "number",
        "match_id": "match",
        "kind": "kind",
        "by_mailbox_id": "mailbox",
        "from_state": "from_state",
        "to_state": "to_state",
        "at": "at",
    },
    f"""FROM (
        SELECT number, NULL::bigint AS match, 'submitted' AS kind, NULL::bigint AS mailbox,
            '' AS from_state, '' AS to_state, sent_at AS at
        FROM bench.request
        UNION ALL
        SELECT number, NULL, 'routed', NULL, '', '', {SENT_BY}
        FROM bench.request WHERE outcome NOT IN {UNROUTED}
        UNION ALL
        SELECT number, id, 'moved', number * 16 + box, 'sent', 'taken', taken_at
        FROM bench.match WHERE taken_at IS NOT NULL
        UNION ALL
        SELECT number, id, 'moved', CASE WHEN state <> 'expired' THEN number * 16 + box END,
            CASE WHEN taken_at IS NULL THEN 'sent' ELSE 'taken' END, state, ended_at
        FROM bench.match WHERE ended_at IS NOT NULL AND state <> 'withdrawn'
        UNION ALL
        SELECT number, NULL, 'closed', NULL, '', '', ended_at FROM bench.request WHERE ended_at IS NOT NULL
        UNION ALL
        SELECT number, match, kind, NULL, '', '', at FROM bench.mark
    ) AS events""",
)

ALERT = Table(
    Alert,
    {
        "id": "number",
        "solicitation_id": "number",
        "cause": """CASE outcome
            WHEN 'held' THEN 'held' WHEN 'uncovered' THEN 'nobody' ELSE 'all_declined' END""",
        "raised_at": "sent_at",
        "settled_at": "ended_at",
    },
    "FROM bench.request WHERE outcome IN ('held', 'uncovered', 'declined')",
)

# The mails of the last weeks: those of older requests have been erased.
MAIL = Table(
    OutgoingEmail,
    {
        "id": "row_number() OVER ()",
        "key": "key",
        "to": "recipient",
        "template": "'solicitations/emails/' || occasion",
        "context": "jsonb_build_object('words', repeat('Bonjour, ', 60))",
        "about": "ARRAY['request:' || number]",
        "created_at": "sent_at",
        "not_before": "sent_at",
        "next_try_at": "sent_at",
        "attempts": "1",
        "message_id": "'<' || key || '@example.org>'",
        "sent_at": "sent_at",
    },
    f"""FROM (
        SELECT number, sent_at, 'received' AS occasion, 'received:' || number AS key,
            'contact-' || mod(number, 400000) || '@example.org' AS recipient
        FROM bench.request WHERE number > (SELECT max(number) * 0.92 FROM bench.request)
        UNION ALL
        SELECT number, {SENT_BY}, 'notified', 'notified:' || number || ':' || box || ':r1', email
        FROM bench.request JOIN bench.example_box USING (example)
        WHERE number > (SELECT max(number) * 0.92 FROM bench.request) AND outcome NOT IN {UNROUTED}
    ) AS written""",
)

TABLES = (REQUEST, NEED, MAILBOX, MATCH, EVENT, ALERT, MAIL)
