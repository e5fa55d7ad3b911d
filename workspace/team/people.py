"""People of the offices that a manager looks after, as her page lists them."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby

from django.db.models import Count

from experts.accounts import seats
from experts.models import Absence, Expert, Office, User
from experts.models.experts import ExpertQuerySet
from solicitations.lifecycle import MatchState
from solicitations.models import Match


@dataclass(frozen=True)
class TeamMember:
    """A person of an office: days away that have not ended, needs that wait, needs taken."""

    expert: Expert
    subjects: tuple[str, ...]
    absences: tuple[Absence, ...]
    is_away: bool
    waiting: int
    taken: int

    @property
    def has_needs(self) -> bool:
        return bool(self.waiting or self.taken)


@dataclass(frozen=True)
class Team:
    """An office and its people, by name."""

    office: Office
    members: tuple[TeamMember, ...]
    is_open: bool


def managed_people(user: User, *, now: datetime) -> ExpertQuerySet:
    """Experts of the offices that the account manages, without those that a directory file dropped."""
    return Expert.objects.listed().filter(office__in=seats.managed_offices(user, now=now).values("pk"))


def teams(user: User, *, now: datetime, today: date) -> list[Team]:
    """The offices that the account manages, with their people who have not left. Five queries."""
    offices = list(seats.managed_offices(user, now=now).select_related("institution").order_by("name", "pk"))
    people = managed_people(user, now=now).filter(left_at=None).order_by("office", "name", "pk")
    needs = _needs_of(people)
    absences: dict[int, list[Absence]] = defaultdict(list)
    to_come = Absence.objects.filter(expert__in=people.values("pk"), to_on__gte=today)
    for absence in to_come.select_related("deputy").order_by("from_on", "pk"):
        absences[absence.expert_id].append(absence)
    rows = people.prefetch_related("subjects")
    by_office = {pk: list(found) for pk, found in groupby(rows, key=lambda expert: expert.office_id)}
    return [
        Team(
            office,
            tuple(
                _member(expert, tuple(absences[expert.pk]), needs[expert.pk], today=today)
                for expert in by_office.get(office.pk, ())
            ),
            is_open=office.is_open_on(today),
        )
        for office in offices
    ]


def _needs_of(people: ExpertQuerySet) -> dict[int, dict[str, int]]:
    """The numbers of needs that these people were sent or have taken, by state."""
    counts: dict[int, dict[str, int]] = defaultdict(dict)
    active = Match.objects.active().filter(expert__in=people.values("pk"))
    for expert, state, count in active.values_list("expert", "state").annotate(count=Count("pk")).order_by():
        counts[expert][state] = count
    return counts


def _member(
    expert: Expert, absences: tuple[Absence, ...], needs: dict[str, int], *, today: date
) -> TeamMember:
    return TeamMember(
        expert,
        subjects=tuple(sorted(subject.label for subject in expert.subjects.all())),
        absences=absences,
        is_away=any(absence.from_on <= today for absence in absences),
        waiting=needs.get(MatchState.SENT, 0),
        taken=needs.get(MatchState.TAKEN, 0),
    )


def active_matches(expert: Expert) -> list[Match]:
    """Needs that a person was sent or has taken, the oldest first."""
    rows = Match.objects.active().filter(expert=expert).with_people()
    return list(rows.order_by("sent_at", "pk"))


def receivers_for(user: User, expert: Expert, *, now: datetime, today: date) -> list[Expert]:
    """People of the manager's open offices who are there today and may be given this person's needs."""
    away = Absence.objects.filter(from_on__lte=today, to_on__gte=today).values("expert")
    there = managed_people(user, now=now).filter(
        office__in=Office.objects.open_on(today), left_at=None, is_paused=False, is_bouncing=False
    )
    others = there.exclude(pk=expert.pk).exclude(pk__in=away)
    return list(others.select_related("office__institution").order_by("name", "pk"))
