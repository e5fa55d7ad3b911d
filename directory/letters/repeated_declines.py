"""Refusals of one expert for one reason, of three requests or more, that the directory does not explain."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Max, QuerySet
from django.utils import timezone

from experts.models import Expert, RevisedRow
from solicitations.lifecycle import DeclineReason, MatchState
from solicitations.models import Match

ALIKE = 3
WINDOW = timedelta(days=365)
# What the region changes in the directory when such refusals are right, by reason: kind of row and facts.
CHANGED_BY = {
    DeclineReason.NOT_MY_AREA: (RevisedRow.Kind.EXPERT, ["areas"]),
    DeclineReason.NOT_MY_SUBJECT: (RevisedRow.Kind.EXPERT, ["subjects", "has_all_subjects"]),
    DeclineReason.NOT_ELIGIBLE: (
        RevisedRow.Kind.OFFICE,
        [
            "headcount_min",
            "headcount_max",
            "naf_excluded",
            "legal_forms_excluded",
            "craft",
            "project_holders",
        ],
    ),
}


@dataclass(frozen=True, slots=True)
class DeclinedNeed:
    """A need that was refused: its subject, the commune and the request that it came from."""

    slug: str
    label: str
    commune: str
    solicitation: int
    at: datetime


@dataclass(frozen=True, slots=True)
class RepeatedDecline:
    """Refusals alike of one expert, the oldest first."""

    expert: Expert
    reason: DeclineReason
    needs: tuple[DeclinedNeed, ...]

    @property
    def evidence(self) -> str:
        """The number of refusals, their reason and their subjects, in words."""
        subjects = ", ".join(sorted({need.label for need in self.needs}))
        return f"{len(self.needs)} refus « {self.reason.label} » ({subjects})"


def repeated_declines(experts: QuerySet[Expert], *, now: datetime) -> list[RepeatedDecline]:
    """Refusals alike of the last year, since the last correction or verification. Four queries."""
    rows = Match.objects.filter(
        expert__in=experts.values("pk"),
        state=MatchState.DECLINED,
        decline_reason__in=CHANGED_BY,
        ended_at__gt=now - WINDOW,
    ).order_by("ended_at", "pk")
    needs: dict[tuple[int, DeclineReason], list[DeclinedNeed]] = defaultdict(list)
    columns = (
        "expert",
        "decline_reason",
        "need__subject__slug",
        "need__subject__label",
        "need__solicitation__commune",
        "need__solicitation",
        "ended_at",
    )
    for pk, reason, *need in rows.values_list(*columns):
        needs[pk, DeclineReason(reason)].append(DeclinedNeed(*need))
    people = experts.in_bulk({pk for pk, _ in needs})
    corrected = _last_corrections(people.values())
    found = []
    for (pk, reason), own in needs.items():
        since = corrected.get((pk, reason))
        recent = tuple(need for need in own if since is None or need.at > since)
        if len({need.solicitation for need in recent}) >= ALIKE:  # a request may have many needs
            found.append(RepeatedDecline(people[pk], reason, recent))
    return found


def _last_corrections(experts: Iterable[Expert]) -> dict[tuple[int, DeclineReason], datetime]:
    """Last verification of each expert, or last change of what a reason is about."""
    listed = list(experts)
    found = {}
    for reason, (kind, facts) in CHANGED_BY.items():
        of_office = kind == RevisedRow.Kind.OFFICE
        pks = {expert.office_id if of_office else expert.pk for expert in listed}
        rows = RevisedRow.objects.filter(kind=kind, row_pk__in=pks, after__has_any_keys=facts)
        changed = dict(rows.values_list("row_pk").annotate(last=Max("revision__made_at")).order_by())
        for expert in listed:
            moments = [changed.get(expert.office_id if of_office else expert.pk), _verified_at(expert)]
            if known := [moment for moment in moments if moment]:
                found[expert.pk, reason] = max(known)
    return found


def _verified_at(expert: Expert) -> datetime | None:
    if expert.verified_on is None:
        return None
    return timezone.make_aware(datetime.combine(expert.verified_on, datetime.min.time()))


def declines_of(expert: Expert, reason: DeclineReason, *, now: datetime) -> RepeatedDecline | None:
    """The refusals alike of one expert for a reason; ``None`` when they are too few."""
    found = repeated_declines(Expert.objects.filter(pk=expert.pk), now=now)
    return next((one for one in found if one.reason == reason), None)
