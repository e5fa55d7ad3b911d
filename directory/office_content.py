"""Content of the page of an office, and of that of an expert."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import Q

from directory import never_asked
from directory.criteria_texts import criteria_texts
from directory.forms.office_facts import CriteriaForm
from directory.list_rows import area_name, is_ours
from directory.row_states import RowState, expert_states, office_states
from directory.silence import silent
from experts.models import Expert, Institution, Office, Subject, User

OFFICE_FACTS = (*CriteriaForm.base_fields, "is_fallback")


@dataclass(frozen=True)
class ExpertLine:
    """One expert on the page of their office."""

    expert: Expert
    subjects: list[str]
    areas: list[str]
    states: list[RowState]
    warnings: list[str]


@dataclass(frozen=True)
class OfficeContent:
    """Content of an office's page. ``lines``: the experts in post; ``left``: the former ones."""

    office: Office
    is_ours: bool
    areas: list[str]
    criteria: list[tuple[str, str]]
    exclusive_subjects: list[str]
    states: list[RowState]
    warnings: list[str]
    lines: list[ExpertLine]
    left: list[ExpertLine]


def office_content(office: Office, *, user: User, today: date, now: datetime) -> OfficeContent:
    """Gather the content of the page of an office. Seven queries."""
    experts = list(office.experts.prefetch_related("areas", "subjects", "absences").order_by("name", "pk"))
    lines = expert_lines(experts, office, today=today, now=now)
    gone = {line.expert.pk for line in lines if line.expert.dropped_at or _has_left(line.expert, now)}
    there = [line for line in lines if line.expert.pk not in gone]
    return OfficeContent(
        office=office,
        is_ours=is_ours(office, user),
        areas=_area_names(office),
        criteria=criteria_texts(office_facts(office)),
        exclusive_subjects=sorted(subject.label for subject in office.exclusive_subjects.all()),
        states=office_states(office, today=today),
        warnings=_office_warnings(office, there),
        lines=there,
        left=[line for line in lines if line.expert.pk in gone],
    )


def expert_lines(experts: list[Expert], office: Office, *, today: date, now: datetime) -> list[ExpertLine]:
    """Lines of experts of one office, read with their areas, subjects and absences."""
    among = Expert.objects.filter(pk__in=[expert.pk for expert in experts])
    silent_pks = set(silent(among, now=now).values_list("pk", flat=True))
    answered = answered_subjects(office.institution)
    facts = office_facts(office)
    return [
        ExpertLine(
            expert,
            subjects=sorted(subject.label for subject in expert.subjects.all()),
            areas=_area_names(expert),
            states=expert_states(expert, today=today, now=now, silent_pks=silent_pks),
            warnings=[]
            if _has_left(expert, now)
            else never_asked.expert_reasons(
                expert_facts(expert), facts, answered=answered, labels=_labels(expert.subjects.all())
            ),
        )
        for expert in experts
    ]


def answered_subjects(institution: Institution) -> frozenset[str]:
    """The slugs of the subjects that an institution, or its group, is asked about."""
    named = Q(answers__institution=institution)
    if institution.group_id:
        named |= Q(answers__group=institution.group_id)
    subjects = Subject.objects.listed().filter(named, answers__is_relay=False)
    return frozenset(subjects.values_list("slug", flat=True))


def office_facts(office: Office) -> dict[str, Any]:
    """Facts of an office, named as its columns."""
    facts = {name: getattr(office, name) for name in OFFICE_FACTS}
    return facts | {"areas": frozenset(area.ref for area in office.areas.all())}


def expert_facts(expert: Expert) -> dict[str, Any]:
    """Facts of an expert that decide whether they are asked."""
    return {
        "has_all_subjects": expert.has_all_subjects,
        "subjects": frozenset(subject.slug for subject in expert.subjects.all()),
        "areas": frozenset(area.ref for area in expert.areas.all()),
    }


def _office_warnings(office: Office, there: list[ExpertLine]) -> list[str]:
    is_notified = office.institution.notified != Institution.Notified.NEVER
    reasons = never_asked.office_reasons(office_facts(office), is_notified=is_notified)
    if not there:
        reasons.append("Personne n'y reçoit de demande : ajoutez un référent.")
    return reasons


def _area_names(row: Office | Expert) -> list[str]:
    return [area_name(area) for area in sorted(row.areas.all(), key=lambda area: (area.level, area.name))]


def _labels(subjects: Iterable[Subject]) -> dict[str, str]:
    return {subject.slug: subject.label for subject in subjects}


def _has_left(expert: Expert, now: datetime) -> bool:
    return expert.left_at is not None and expert.left_at <= now
