"""Communes where a plan leaves a subject to nobody, or takes the last fallback: said before it is saved."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from django.utils import timezone

from directory.coverage import content_loading
from directory.coverage.commune_groups import CommuneGroups, GroupSet
from directory.coverage.content_loading import CoveragePlace
from directory.coverage.directory_content import CoverageExpert, CoverageOffice, DirectoryContent
from directory.coverage.subject_coverage import CoverageEngine, union
from directory.foresight.directory_in_memory import read_criteria
from experts.changes import editing, snapshot
from experts.changes.directory_facts import AbsenceEntry
from experts.changes.row_plans import Plan, RowOutcome, RowPlan
from experts.models import Absence, Expert, Office, Subject
from territories.areas import AreaRef, Level
from territories.models import Area, Commune

# Facts whose change may take somebody away.
NARROWING = {
    "closed_on", "agreement_ends_on", "left_at", "is_paused", "subjects", "has_all_subjects", "areas",
    "office", "institution", "dropped_at", "absence", "declared_absences", "is_fallback",
}  # fmt: skip
ABSENCES = ("absence", "declared_absences")
MAX_DAYS = 4  # of an absence: its first, then those when a colleague goes away too
MAX_COMMUNES = 12
MAX_AWAY = 5  # people of one plan whose absences are looked at day by day
FALLBACK = "Antenne de repli"
OWN_FALLBACK = "Antenne de repli de la région, où il ne reste que la nationale"


@dataclass(frozen=True, slots=True)
class Loss:
    """A subject, and the communes that nobody would answer any more; ``names``: the most populated."""

    subject: str
    count: int
    names: tuple[str, ...]

    @property
    def is_of_subject(self) -> bool:
        return self.subject not in {FALLBACK, OWN_FALLBACK}

    @property
    def others(self) -> int:
        return self.count - len(self.names)


def losses(plan: Plan, *, now: datetime) -> list[Loss]:
    """The subjects that the plan leaves without an office somewhere, the widest first; then the fallback."""
    changes = plan.only_changes()
    every: list[RowPlan[Any]] = [*changes.offices, *changes.experts]
    rows = [row for row in every if row.instance and (_is_removed(row) or NARROWING & set(row.written_facts))]
    if not rows:
        return []
    widest: dict[str, Loss] = {}
    for on in _days(rows, timezone.localdate(now)):
        for loss in _losses_on(on, changes, _region(rows)):
            if loss.subject not in widest or widest[loss.subject].count < loss.count:
                widest[loss.subject] = loss
    return sorted(widest.values(), key=lambda loss: (loss.is_of_subject, -loss.count, loss.subject))


def _losses_on(on: date, changes: Plan, region: str | None) -> list[Loss]:
    """Subjects that the plan leaves to nobody on a day."""
    before = content_loading.load(CoveragePlace(region), on=on)
    after = replace(before, offices=tuple(_after(before, changes)))
    old, new = CoverageEngine(before), CoverageEngine(after)
    labels = dict(Subject.objects.values_list("slug", "label"))
    lost = [
        (labels[asked.slug], old.cover(asked).covered & ~new.cover(asked).covered)
        for asked in before.subjects
    ]
    nobody = _reached(old) & ~_reached(new)
    nobody_near = _reached(old, most=Level.REGION) & ~_reached(new, most=Level.REGION) & ~nobody
    lost += [(FALLBACK, nobody), (OWN_FALLBACK, nobody_near)]
    return _named([(label, groups) for label, groups in lost if groups], before.groups)


def losses_of_departure(expert: Expert, *, now: datetime) -> list[Loss]:
    """The subjects that nobody would answer somewhere, were this expert to leave now."""
    [(key, stored)] = snapshot.load(experts=[expert.pk]).experts.items()
    if stored.facts["left_at"] is not None:
        return []
    return losses(Plan(experts=(editing.close_expert(key, stored, at=now, successor=""),)), now=now)


def loss_sentence(found: Sequence[Loss]) -> str:
    """Say the widest loss, and the number of the others; empty when there is none."""
    if not found:
        return ""
    first = next((loss for loss in found if loss.is_of_subject), found[0])
    others = sum(loss.is_of_subject for loss in found) - 1
    places = (
        f"{first.count} communes, dont {', '.join(first.names[:3])}" if first.count > 1 else first.names[0]
    )
    more = (
        f", ni à {others} autre{'s' if others > 1 else ''} sujet{'s' if others > 1 else ''}" if others else ""
    )
    sentence = f"Plus personne n'y répond à «\u00a0{first.subject}\u00a0» ({places}){more}."
    if not first.is_of_subject:
        sentence = f"L'antenne de repli n'a plus personne ({places})."
    return f"{sentence} Dites à votre région qui vous remplace, si vous le savez."


def _reached(engine: CoverageEngine, *, most: Level = Level.NATIONAL) -> GroupSet:
    """The communes that a fallback office covers by areas no wider than ``most``."""
    return union(answer for answer in engine.fallback if answer.reach.rank[0] <= most)


def _named(lost: list[tuple[str, GroupSet]], among: CommuneGroups) -> list[Loss]:
    """The losses, with the names of their largest communes; those of all are read at once."""
    largest = {groups: among.largest(groups, MAX_COMMUNES) for groups in {groups for _, groups in lost}}
    codes = {code for ones in largest.values() for code in ones}
    names = dict(Commune.objects.filter(pk__in=codes).values_list("pk", "name"))
    return [
        Loss(label, among.count(groups), tuple(names[code] for code in largest[groups]))
        for label, groups in lost
    ]


def _region(rows: list[RowPlan[Any]]) -> str | None:
    """The region of all these offices or experts, the nation when there are several."""
    codes = {str(row.before.get("office", row.key)) for row in rows}
    regions = list(Office.objects.filter(code__in=codes).values_list("region_id", flat=True).distinct())
    return regions[0] if len(regions) == 1 else None


def _is_removed(row: RowPlan[Any]) -> bool:
    return row.outcome is RowOutcome.REMOVED


def _days(rows: list[RowPlan[Any]], today: date) -> list[date]:
    """The day when the last of these changes takes effect, and days of new absences: all may differ."""
    days = {_day(rows, today)}
    for row in [row for row in rows if set(ABSENCES) & set(row.written_facts)][:MAX_AWAY]:
        expert: Any = row.instance
        for absence in _new_absences(row):
            first = max(absence.from_on, today)
            others = Absence.objects.filter(
                expert__office=expert.office_id, from_on__gt=first, from_on__lte=absence.to_on
            )
            colleagues = others.exclude(expert=expert.pk).order_by("from_on", "pk")
            days |= {first, *colleagues.values_list("from_on", flat=True)[: MAX_DAYS - 1]}
    return sorted(days)


def _new_absences(row: RowPlan[Any]) -> set[AbsenceEntry]:
    """Days away that the plan adds to an expert, and that have not ended."""
    if not set(ABSENCES) & set(row.written_facts):
        return set()
    before, after = (_absences(facts) for facts in (row.before, row.after))
    return after - before


def _absences(facts: Mapping[str, Any]) -> set[AbsenceEntry]:
    declared, own = facts.get("declared_absences", ()), facts.get("absence")
    return {*declared, *([own] if own else [])}


def _day(rows: list[RowPlan[Any]], today: date) -> date:
    """The day when the last of these changes takes effect."""
    days = [today]
    for row in rows:
        for value in row.written_facts.values():
            if isinstance(value, datetime):
                days.append(timezone.localdate(value))
            elif isinstance(value, date):
                days.append(value)
    return max(days)


def _after(content: DirectoryContent, plan: Plan) -> list[CoverageOffice]:
    """The offices of the place as the plan leaves them."""
    areas = _area_pks(plan)
    written = {row.instance.pk: row for row in plan.experts if row.instance}
    offices = {str(row.key): row for row in plan.offices if row.instance}
    moved: dict[str, list[CoverageExpert]] = _newcomers(plan, areas, content.on)
    kept: dict[str, list[CoverageExpert]] = {}
    standing = [
        office
        for office in content.offices
        if office.code not in offices or not _is_removed(offices[office.code])
    ]
    for office in standing:
        for expert in office.experts:
            row = written.get(expert.pk)
            if row and _is_removed(row):
                continue
            changed = _expert(expert, row, areas, content.on) if row else expert
            if row and set(ABSENCES) & set(row.written_facts):
                changed = _with_absences(changed, row, office.experts, content.on)
            code = str(row.after["office"]) if row else office.code
            (kept if code == office.code else moved).setdefault(code, []).append(changed)
    return [
        _office(
            replace(office, experts=(*kept.get(office.code, ()), *moved.get(office.code, ()))),
            offices.get(office.code),
            areas,
        )
        for office in (*standing, *_new_offices(plan, areas))
    ]


def _new_offices(plan: Plan, areas: Mapping[AreaRef, int]) -> Iterator[CoverageOffice]:
    """The offices that the plan creates, still without people: they may take over what others leave."""
    for row in plan.offices:
        if row.outcome is RowOutcome.CREATED:
            facts = row.after
            yield CoverageOffice(
                code=str(row.key),
                institution=facts["institution"],
                areas=_pks(facts["areas"], areas),
                experts=(),
                criteria=read_criteria(facts),
                exclusive_subjects=frozenset(facts["exclusive_subjects"]),
                is_fallback=bool(facts["is_fallback"]),
            )


def _newcomers(plan: Plan, areas: Mapping[AreaRef, int], on: date) -> dict[str, list[CoverageExpert]]:
    """The experts that the plan creates, by office; their numbers are nobody's."""
    found: dict[str, list[CoverageExpert]] = {}
    for number, row in enumerate(row for row in plan.experts if row.outcome is RowOutcome.CREATED):
        away = any(one.from_on <= on <= one.to_on for one in _absences(row.after))
        newcomer = CoverageExpert(-1 - number, row.after["email"], is_away=away)
        found.setdefault(row.after["office"], []).append(_expert(newcomer, row, areas, on))
    return found


def _expert(
    expert: CoverageExpert, row: RowPlan[Any], areas: Mapping[AreaRef, int], on: date
) -> CoverageExpert:
    facts = row.after
    left_at = facts.get("left_at")
    left_on = timezone.localdate(left_at) if left_at else None
    is_gone = facts.get("is_paused") or facts.get("dropped_at") or (left_on is not None and left_on <= on)
    return replace(
        expert,
        subjects=None if facts["has_all_subjects"] else facts["subjects"],
        areas=_pks(facts["areas"], areas) or None if "areas" in row.written_facts else expert.areas,
        is_away=bool(is_gone) or (expert.is_away and "is_paused" not in row.written_facts),
    )


def _with_absences(
    expert: CoverageExpert, row: RowPlan[Any], colleagues: Sequence[CoverageExpert], on: date
) -> CoverageExpert:
    """The expert on a day, away as the plan's absences say; deputies are named by their address."""
    pks = {one.email.lower(): one.pk for one in colleagues}
    covering = [one for one in _absences(row.after) if one.from_on <= on <= one.to_on]
    covering.sort(key=lambda one: (one.from_on, one.to_on, pks.get(one.deputy or "", 0)))
    is_gone = row.after["is_paused"] or row.after["dropped_at"] or row.after["is_bouncing"]
    return replace(
        expert,
        is_away=bool(is_gone or row.after["left_at"] or covering),
        deputies=tuple(pks[one.deputy] for one in covering if one.deputy in pks),
    )


def _office(office: CoverageOffice, row: RowPlan[Any] | None, areas: Mapping[AreaRef, int]) -> CoverageOffice:
    if row is None:
        return office
    facts = row.after
    return replace(
        office,
        institution=str(facts["institution"]),
        is_fallback=bool(facts["is_fallback"]),
        areas=_pks(facts["areas"], areas) if "areas" in row.written_facts else office.areas,
        closes_on=min(
            (day for day in (facts.get("closed_on"), facts.get("agreement_ends_on")) if day), default=None
        ),
    )


def _area_pks(plan: Plan) -> dict[AreaRef, int]:
    """The areas in use that the plan's rows name; a commune that no area names alone is left out."""
    every: list[RowPlan[Any]] = [*plan.offices, *plan.experts]
    refs = {ref for row in every for ref in row.after.get("areas", ())}
    rows = Area.objects.filter(dropped_at=None, current_code__in=[ref.code for ref in refs])
    return {AreaRef(area.kind, area.current_code): area.pk for area in rows}


def _pks(refs: frozenset[AreaRef], areas: Mapping[AreaRef, int]) -> tuple[int, ...]:
    return tuple(sorted(areas[ref] for ref in refs if ref in areas))
