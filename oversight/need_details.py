"""Details of a request's needs: experts asked and why, experts refused and why."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from experts.models import Expert, Office
from experts.routing import explanations
from experts.routing.decision import Chosen, NeedDecision
from mailing.prepared_queries import PreparedQuery
from oversight.request_rows import Badge, badge
from solicitations import wording
from solicitations.lifecycle import DeclineReason, MatchOrigin, MatchState, NeedState
from solicitations.models import Match, Need, Solicitation
from solicitations.views.legal import LegalClock, clock


@dataclass(frozen=True)
class AskedExpert:
    """An expert who has, or had, a need: state of their match and reasons why they were asked."""

    person: str
    email: str
    office: str
    institution: str
    state: Badge
    since: datetime
    origin: str
    reasons: tuple[str, ...]
    texts: tuple[str, ...]


@dataclass(frozen=True)
class UnmailedExpert:
    """An expert that the decision chose and that was not mailed."""

    person: str
    office: str
    reasons: tuple[str, ...]


@dataclass(frozen=True)
class RefusalGroup:
    """Offices and experts refused for the same obstacles."""

    obstacles: str
    names: tuple[str, ...]


@dataclass(frozen=True)
class NeedDetail:
    """One need: its experts, those chosen but not mailed, and those refused."""

    subject: str
    state: Badge
    is_decided: bool
    is_fallback: bool
    asked: tuple[AskedExpert, ...]
    expected: tuple[UnmailedExpert, ...]
    refused: tuple[RefusalGroup, ...]
    refused_count: int
    unknown: str
    clock: LegalClock | None


@dataclass(frozen=True)
class DirectoryNames:
    """Names of the offices and experts that decisions identify by code and email."""

    offices: dict[str, str]
    experts: dict[tuple[str, str], str]

    def of(self, office: str, email: str | None) -> str:
        """« Antenne — personne », or the office alone; those no longer in the directory show their code."""
        name = self.offices.get(office, office)
        return f"{name} — {self.experts.get((office, email), email)}" if email else name


_MATCHES: PreparedQuery[Match] = PreparedQuery(
    lambda solicitation: (
        Match.objects.filter(need__solicitation=solicitation)
        .select_related("expert__office__institution", "mailbox", "introduced_by__expert__office")
        .in_order()
    )
)


def need_details(solicitation: Solicitation, *, now: datetime) -> list[NeedDetail]:
    """Details of the needs of a request, in the order they were asked."""
    needs = list(solicitation.needs.select_related("subject").order_by("position", "pk"))
    matches: dict[int, list[Match]] = {need.pk: [] for need in needs}
    for need in needs:
        need.solicitation = solicitation
    for match in _MATCHES.rows(solicitation=solicitation.pk):
        matches[match.need_id].append(match)
    decisions = {need.pk: NeedDecision.from_json(need.decision) for need in needs if need.decision}
    names = _names(decisions.values())
    return [_need_detail(need, matches[need.pk], decisions.get(need.pk), names, now=now) for need in needs]


def _names(decisions: Iterable[NeedDecision]) -> DirectoryNames:
    codes = {
        office
        for decided in decisions
        for office in (*decided.offices, *(refused.office for refused in decided.refused))
    }
    offices = Office.objects.filter(code__in=codes).values_list("code", "name")
    experts = Expert.objects.filter(office__code__in=codes).values_list("office__code", "email", "name")
    return DirectoryNames(dict(offices), {(code, email): name for code, email, name in experts})


def _need_detail(
    need: Need,
    matches: Sequence[Match],
    decided: NeedDecision | None,
    names: DirectoryNames,
    *,
    now: datetime,
) -> NeedDetail:
    mailed = {match.expert_id for match in matches}
    chosen = decided.chosen if decided else ()
    return NeedDetail(
        subject=need.subject.label,
        state=badge(NeedState(need.state)),
        is_decided=decided is not None,
        is_fallback=need.is_fallback,
        asked=tuple(_asked_expert(match) for match in matches),
        expected=tuple(
            _unmailed_expert(choice, names) for choice in chosen if choice.expert_pk not in mailed
        ),
        refused=tuple(_refusal_groups(decided, names)),
        refused_count=len(decided.refused) if decided else 0,
        unknown=explanations.facts(decided.unknown) if decided else "",
        clock=clock(need, matches, now=now),
    )


def _asked_expert(match: Match) -> AskedExpert:
    office = match.expert.office
    reasons = explanations.reasons(Chosen.from_json(match.reason)) if match.reason else []
    if match.introduced_by:
        reasons = [f"par {match.introduced_by.expert.office.name}", *reasons]
    return AskedExpert(
        person=match.person,
        email="" if match.mailbox.is_erased else match.mailbox.email,
        office=office.name,
        institution=office.institution.name,
        state=badge(MatchState(match.state)),
        since=match.ended_at or match.taken_at or match.sent_at,
        origin=MatchOrigin(match.origin).label,
        reasons=tuple(reasons),
        texts=tuple(_texts(match)),
    )


def _texts(match: Match) -> Iterable[str]:
    if match.decline_reason:
        yield DeclineReason(match.decline_reason).label
    if match.comment:
        yield match.comment
    if match.answer:
        yield match.answer


def _unmailed_expert(choice: Chosen, names: DirectoryNames) -> UnmailedExpert:
    return UnmailedExpert(
        person=names.experts.get((choice.office, choice.expert), choice.expert),
        office=names.offices.get(choice.office, choice.office),
        reasons=tuple(explanations.reasons(choice)),
    )


def _refusal_groups(decided: NeedDecision | None, names: DirectoryNames) -> Iterable[RefusalGroup]:
    """Refusals grouped by obstacles, the largest group first."""
    groups: dict[str, list[str]] = {}
    for refused in decided.refused if decided else ():
        obstacles = wording.listed(explanations.obstacles(refused))
        groups.setdefault(obstacles, []).append(names.of(refused.office, refused.expert))
    for obstacles, who in sorted(groups.items(), key=lambda group: -len(group[1])):
        yield RefusalGroup(obstacles, tuple(dict.fromkeys(who)))
