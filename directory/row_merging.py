"""Merging of two rows of one person, or of two offices: the requests follow the one that stays."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime

from django.db import transaction

from directory.address_changes import mail_new_links
from directory.area_effects import communes_of
from experts.changes import applying, editing, snapshot
from experts.changes.directory_facts import AbsenceEntry, Facts
from experts.changes.rights import refusals
from experts.changes.row_plans import Plan
from experts.changes.stored import StoredRow
from experts.models import Cause, Expert, Office, User
from solicitations.dispatch import readdressing
from solicitations.lifecycle import ACTIVE, MatchState
from solicitations.models import Event, Match, Solicitation
from territories.areas import AreaRef

# States of two matches of one need, the one that stays first.
BEST_FIRST = [
    MatchState.TAKEN, MatchState.HELPED, MatchState.NO_HELP, MatchState.UNREACHABLE, MatchState.SENT,
    MatchState.DECLINED, MatchState.EXPIRED, MatchState.REPLACED, MatchState.WITHDRAWN,
]  # fmt: skip
SWAPPED = [field.name for field in Match._meta.concrete_fields if field.name not in {"id", "need", "expert"}]
MERGED = "Réunie avec une autre fiche de la même personne"


class MergeRefused(Exception):
    """Two rows that cannot be merged; the text says why."""


def plan_merge_of_experts(kept: Expert, gone: Expert, *, now: datetime) -> Plan:
    """Plan one row for a person: it gains the subjects, areas and absences of the other, which leaves."""
    both = [kept.office_id, gone.office_id]
    around = Expert.objects.filter(office__in=both)
    stored = snapshot.load(offices=both, experts=list(around.values_list("pk", flat=True)))
    rows = stored.experts
    key, former = _key(kept), _key(gone)
    kept_facts, gone_facts = rows[key].facts, rows[former].facts
    facts: Facts = {
        "has_all_subjects": kept_facts["has_all_subjects"] or gone_facts["has_all_subjects"],
        "absence": kept_facts["absence"],
        "declared_absences": _joined_absences(kept_facts, gone_facts),
        "areas": _joined_areas(kept_facts, gone_facts, stored.offices),
    }
    facts["subjects"] = (
        frozenset() if facts["has_all_subjects"] else kept_facts["subjects"] | gone_facts["subjects"]
    )
    plans = [
        editing.change(key, rows[key], _without_oneself(facts, key[1], former[1])),
        editing.close_expert(former, rows[former], at=now, successor=kept.name),
    ]
    deputy = key[1] if kept.office_id == gone.office_id else None
    for other, row in rows.items():
        if other not in {key, former} and (named := _deputy_renamed(row.facts, former[1], deputy)):
            plans.append(editing.change(other, row, named))
    return Plan(experts=tuple(plans))


def _joined_absences(kept_facts: Facts, gone_facts: Facts) -> frozenset[AbsenceEntry]:
    """The declared absences of both rows, and the other's one of a file; deputies stay in their office."""
    is_near = kept_facts["office"] == gone_facts["office"]
    found = set(kept_facts["declared_absences"])
    known = {(one.from_on, one.to_on) for one in (*found, kept_facts["absence"]) if one}
    for absence in (*gone_facts["declared_absences"], gone_facts["absence"]):
        if absence and (absence.from_on, absence.to_on) not in known:
            found.add(absence if is_near else replace(absence, deputy=None))
    return frozenset(found)


def _joined_areas(
    kept_facts: Facts, gone_facts: Facts, offices: Mapping[str, StoredRow[Office]]
) -> frozenset[AreaRef]:
    """Own areas of the row that stays: none when those of its office cover what both rows cover."""
    if not kept_facts["areas"] and not gone_facts["areas"]:
        return frozenset()
    of_office: frozenset[AreaRef] = offices[kept_facts["office"]].facts["areas"]
    joined: frozenset[AreaRef] = (kept_facts["areas"] or of_office) | (
        gone_facts["areas"] or offices[gone_facts["office"]].facts["areas"]
    )
    if joined == kept_facts["areas"] or communes_of(joined) != communes_of(of_office):
        return joined
    return frozenset()


def _without_oneself(facts: Facts, *emails: str) -> Facts:
    """The facts whose absences name neither row as a deputy."""

    def without_deputy(absence: AbsenceEntry) -> AbsenceEntry:
        return replace(absence, deputy=None) if absence.deputy in emails else absence

    absence: AbsenceEntry | None = facts["absence"]
    declared = frozenset(map(without_deputy, facts["declared_absences"]))
    return facts | {"absence": absence and without_deputy(absence), "declared_absences": declared}


def _deputy_renamed(facts: Facts, former: str, deputy: str | None) -> Facts:
    """The absences of a colleague that name the row that goes as a deputy."""

    def renamed(absence: AbsenceEntry) -> AbsenceEntry:
        return replace(absence, deputy=deputy) if absence.deputy == former else absence

    found: Facts = {}
    if facts["absence"] and renamed(facts["absence"]) != facts["absence"]:
        found["absence"] = renamed(facts["absence"])
    declared = frozenset(map(renamed, facts["declared_absences"]))
    return found if declared == facts["declared_absences"] else found | {"declared_absences": declared}


@transaction.atomic(durable=True)
def merge_experts(kept: Expert, gone: Expert, *, by: User, now: datetime) -> None:
    """Merge two rows of one person; matches, threads and links follow. Raises ``MergeRefused``."""
    matches = Match.objects.filter(expert=gone)
    requests = sorted(set(matches.values_list("need__solicitation", flat=True)))
    for pk in requests:
        Solicitation.objects.locked(pk)
    applying.lock_directory()
    plan = plan_merge_of_experts(kept, gone, now=now)
    if refused := refusals(plan, by):
        raise MergeRefused(refused[0].sentence)
    revision = applying.write(plan, cause=Cause.PAGE, author=by, now=now)
    others = Expert.objects.listed().filter(email__iexact=gone.email, left_at=None).exclude(pk=gone.pk)
    if revision and kept.email.lower() != gone.email.lower() and not others.exists():
        mailboxes = readdressing.readdress(requests, [gone.pk], former=gone.email, email=kept.email, now=now)
        mail_new_links(revision, gone.email, kept.email, mailboxes, now=now)
    matches.exclude(need__in=Match.objects.filter(expert=kept).values("need")).update(expert=kept)
    _join_shared_needs(kept, gone, now=now)


def shared_needs(kept: Expert, gone: Expert) -> int:
    """The number of needs sent to both rows."""
    return Match.objects.filter(
        expert=gone, need__in=Match.objects.filter(expert=kept).values("need")
    ).count()


def _join_shared_needs(kept: Expert, gone: Expert, *, now: datetime) -> None:
    """Give the row that stays the better of two matches of one need; the other one is withdrawn."""
    of_gone = {match.need_id: match for match in Match.objects.filter(expert=gone).with_people()}
    for of_kept in Match.objects.filter(expert=kept, need__in=of_gone).with_people().order_by("pk"):
        match_of_gone = of_gone[of_kept.need_id]
        if BEST_FIRST.index(MatchState(match_of_gone.state)) < BEST_FIRST.index(MatchState(of_kept.state)):
            _swap(of_kept, match_of_gone)
        if match_of_gone.state in ACTIVE:
            before = match_of_gone.state
            match_of_gone.move_to(MatchState.WITHDRAWN, at=now, comment=MERGED)
            match_of_gone.save()
            Event.objects.record_move(match_of_gone, before, reason=MERGED, at=now)


def _swap(first: Match, second: Match) -> None:
    """Exchange all that happened to two matches; each keeps its expert, which is unique in a need."""
    for name in SWAPPED:
        of_first, of_second = getattr(first, name), getattr(second, name)
        setattr(first, name, of_second)
        setattr(second, name, of_first)
    events = list(Event.objects.filter(match=first).values_list("pk", flat=True))
    Event.objects.filter(match=second).update(match=first)
    Event.objects.filter(pk__in=events).update(match=second)
    first.save()
    second.save()


def plan_merge_of_offices(kept: Office, gone: Office, *, today: date) -> Plan:
    """Plan one office: the people and the areas of the other come to it, and the other closes.

    Raises ``MergeRefused`` when both have a person at the same address.
    """
    people = Expert.objects.filter(office__in=[kept, gone])
    stored = snapshot.load(offices=[kept.pk, gone.pk], experts=list(people.values_list("pk", flat=True)))
    here = {email for code, email in stored.experts if code == kept.code}
    moving = {key: row for key, row in stored.experts.items() if key[0] == gone.code}
    if twice := [str(row.facts["name"]) for (_, email), row in moving.items() if email in here]:
        raise MergeRefused(f"Réunissez d'abord les deux fiches de : {', '.join(twice)}.")
    areas = stored.offices[kept.code].facts["areas"] | stored.offices[gone.code].facts["areas"]
    return Plan(
        offices=(
            editing.change(kept.code, stored.offices[kept.code], {"areas": areas}),
            editing.close_office(gone.code, stored.offices[gone.code], on=today),
        ),
        experts=tuple(editing.change(key, row, {"office": kept.code}) for key, row in moving.items()),
    )


def _key(expert: Expert) -> tuple[str, str]:
    return expert.office.code, expert.email.lower()
