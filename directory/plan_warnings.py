"""Warnings about a plan before it is saved: rows that will never be asked, requests that depend on it."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models.functions import Lower, Upper

from directory import never_asked
from directory.office_content import answered_subjects
from experts.changes import snapshot
from experts.changes.row_plans import Plan, RowPlan
from experts.changes.stored import StoredDirectory, StoredRow
from experts.models import Expert, Institution, Office, Subject, User
from solicitations.lifecycle import MatchState
from solicitations.models import Match, Solicitation

# Facts that take people away from requests when they are set.
LEAVING = {"closed_on", "agreement_ends_on", "left_at", "is_paused", "dropped_at", "office"}
MAX_ROWS_LISTED = 20


@dataclass(frozen=True, slots=True)
class Warned:
    """A row that will never be asked anything, and why."""

    label: str
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Dependent:
    """A request with needs that an expert of the plan has, as the user may see it."""

    reference: str
    waiting: int
    taken: int


@dataclass(frozen=True, slots=True)
class Dependents:
    """The open requests of the people of a plan; ``others``: those that the list leaves out."""

    listed: tuple[Dependent, ...]
    others: int
    waiting: int
    taken: int

    def __bool__(self) -> bool:
        return bool(self.waiting or self.taken)


def never_asked_after(plan: Plan) -> list[Warned]:
    """The rows of the plan, and the experts of its offices, that nobody would ever ask after it."""
    stored = _around(plan)
    after = plan.applied_to(stored)
    touched = {row.key for row in plan.only_changes().rows()}
    before = {label for label, _ in _rows_with_warnings(stored, touched)}
    return [
        Warned(after_label(key, after), tuple(reasons))
        for key, reasons in _rows_with_warnings(after, touched)
        if key in touched or key not in before
    ]


def used_addresses(plan: Plan) -> list[str]:
    """Sentences about the addresses that the plan gives and that others use, whatever their capitals."""
    given = {
        str(row.written_facts["email"]).lower(): row
        for row in plan.only_changes().experts
        if row.written_facts.get("email")
        and row.written_facts["email"].lower() != str(row.before.get("email", "")).lower()
    }
    others = used_posts(given, but=[row.instance.pk for row in plan.experts if row.instance])
    return [*map(staff_sentence, sorted(staff_addresses(given))), *others.values()]


def staff_addresses(emails: Iterable[str]) -> set[str]:
    """The addresses of members of the staff among these, in lower case."""
    staff = User.objects.filter(is_active=True, role__gt="").annotate(lower=Lower("email"))
    return set(staff.filter(lower__in=set(emails)).values_list("lower", flat=True))


def staff_sentence(email: str) -> str:
    return f"« {email} » est aussi l'adresse d'un membre de l'équipe du portail."


def used_posts(emails: Iterable[str], *, but: Collection[int] = ()) -> dict[str, str]:
    """A sentence for each of these addresses that has a post already, except those in ``but``."""
    posts = Expert.objects.listed().filter(left_at=None).exclude(pk__in=but).annotate(upper=Upper("email"))
    found = posts.filter(upper__in={email.upper() for email in emails}).order_by("office__name", "pk")
    offices: dict[str, list[str]] = {}
    for email, name in found.values_list("email", "office__name"):
        offices.setdefault(email.lower(), []).append(f"« {name} »")
    return {
        email: f"« {email} » répond déjà dans {', '.join(names)} : ce sera la même personne."
        for email, names in sorted(offices.items())
    }


def after_label(key: Any, directory: StoredDirectory) -> str:
    """The name of an office or an expert."""
    rows: Any = directory.offices if isinstance(key, str) else directory.experts
    return str(rows[key].facts["name"])


def _around(plan: Plan) -> StoredDirectory:
    """The offices of the plan, those of its experts, and their experts."""
    changes = plan.only_changes()
    codes = {str(row.key) for row in changes.offices}
    for row in changes.experts:
        codes |= {facts["office"] for facts in (row.before, row.after) if facts}
    offices = Office.objects.filter(code__in=codes)
    experts = Expert.objects.filter(office__in=offices)
    return snapshot.load(
        offices=list(offices.values_list("pk", flat=True)), experts=list(experts.values_list("pk", flat=True))
    )


def _rows_with_warnings(directory: StoredDirectory, touched: set[Any]) -> Iterable[tuple[Any, list[str]]]:
    institutions = {
        one.code: one
        for one in Institution.objects.filter(
            code__in={stored.facts["institution"] for stored in directory.offices.values()}
        )
    }
    answered = {code: answered_subjects(one) for code, one in institutions.items()}
    labels = dict(Subject.objects.values_list("slug", "label"))
    for code, office in directory.offices.items():
        institution = institutions[office.facts["institution"]]
        is_notified = institution.notified != Institution.Notified.NEVER
        if code in touched and (reasons := never_asked.office_reasons(office.facts, is_notified=is_notified)):
            yield code, reasons
    for key, expert in directory.experts.items():
        if _is_gone(expert):
            continue
        of_office = directory.offices[expert.facts["office"]].facts
        skills = answered[of_office["institution"]]
        if reasons := never_asked.expert_reasons(expert.facts, of_office, answered=skills, labels=labels):
            yield key, reasons


def _is_gone(expert: StoredRow[Expert]) -> bool:
    return bool(expert.facts["left_at"] or expert.facts["dropped_at"])


def dependents(plan: Plan, *, user: User) -> Dependents:
    """The open requests that people of the plan have, when it takes them away from somewhere."""
    offices = [row.instance.pk for row in plan.offices if row.instance and _leaves(row)]
    experts = [row.instance.pk for row in plan.experts if row.instance and _leaves(row)]
    matches = Match.objects.active().filter(
        expert__in=Expert.objects.filter(office__in=offices)
        .values("pk")
        .union(Expert.objects.filter(pk__in=experts).values("pk"))
    )
    counts: dict[int, dict[str, int]] = {}
    for pk, state in matches.values_list("need__solicitation", "state"):
        counts.setdefault(pk, {MatchState.SENT: 0, MatchState.TAKEN: 0})[state] += 1
    visible = Solicitation.objects.visible_to(user).filter(pk__in=counts).newest_first()
    listed = tuple(
        Dependent(reference, counts[pk][MatchState.SENT], counts[pk][MatchState.TAKEN])
        for pk, reference in visible.values_list("pk", "reference")[:MAX_ROWS_LISTED]
    )
    return Dependents(
        listed,
        others=len(counts) - len(listed),
        waiting=sum(one[MatchState.SENT] for one in counts.values()),
        taken=sum(one[MatchState.TAKEN] for one in counts.values()),
    )


def _leaves(row: RowPlan[Any]) -> bool:
    return any(value for fact, value in row.written_facts.items() if fact in LEAVING)
