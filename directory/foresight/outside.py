"""Reasons why an office or an expert who is not among the candidates of a demand is not asked."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from experts.models import Expert, Institution, Office
from experts.routing import explanations
from experts.routing.decision import Decision, NeedDecision
from experts.routing.engine import AskedSubject


class OutsideReason(StrEnum):
    """Reasons that the rule never meets, since it only looks at its candidates."""

    LEFT_OUT = "left_out"
    RELAY_ONLY = "relay_only"
    OTHER_SUBJECT = "other_subject"
    OUT_OF_AREA = "out_of_area"
    NOBODY_THERE = "nobody_there"
    FALLBACK_ONLY = "fallback_only"
    SAME_ADDRESS = "same_address"


WORDS = {
    OutsideReason.LEFT_OUT: "retiré de l'annuaire",
    OutsideReason.RELAY_ONLY: "institution montrée comme relais, jamais sollicitée",
    OutsideReason.OTHER_SUBJECT: "autre sujet : celui-ci n'est pas confié à son institution",
    OutsideReason.OUT_OF_AREA: "hors territoire",
    OutsideReason.NOBODY_THERE: "personne n'y reçoit de demande",
    OutsideReason.FALLBACK_ONLY: "antenne de repli : elle reçoit seulement ce que personne ne couvre",
    OutsideReason.SAME_ADDRESS: "reçoit déjà la demande, à la même adresse, pour une autre antenne",
}


@dataclass(frozen=True)
class Named:
    """An office, or one of its experts, that people ask about; ``areas``: those that contain the commune."""

    office: Office
    expert: Expert | None
    areas: frozenset[int]

    @property
    def staff(self) -> list[Expert]:
        """The named expert, or the experts of the office who are listed."""
        if self.expert:
            return [self.expert]
        return [expert for expert in self.office.experts.all() if expert.dropped_at is None]

    @property
    def covers_the_place(self) -> bool:
        """Return whether one of them, or the office without experts, answers for the commune."""
        covering = [self._areas_of(expert) for expert in self.staff] or [self._office_areas()]
        return any(self.areas & own for own in covering)

    @property
    def is_left_out(self) -> bool:
        """Return whether the last directory file no longer has them."""
        return bool(self.office.dropped_at or (self.expert and self.expert.dropped_at))

    def _areas_of(self, expert: Expert) -> set[int]:
        own = {area.pk for area in expert.areas.all()}
        return own or self._office_areas()

    def _office_areas(self) -> set[int]:
        return {area.pk for area in self.office.areas.all()}


@dataclass(frozen=True)
class WhyNot:
    """Answer for one subject: whether they would be mailed, else each reason in words."""

    subject: str
    is_mailed: bool
    reasons: tuple[str, ...]


def explain(named: Named, decision: Decision, asked: Sequence[AskedSubject]) -> list[WhyNot]:
    """Say, subject by subject, why an office or an expert is not mailed."""
    institutions = {subject.slug: subject.institutions for subject in asked}
    return [_why_not(named, need, institutions.get(need.subject, ())) for need in decision.needs]


def _why_not(named: Named, need: NeedDecision, institutions: Collection[str]) -> WhyNot:
    if _is_chosen(named, need):
        return WhyNot(need.subject, True, ())
    obstacles = tuple(dict.fromkeys(_obstacles(named, need)))
    reasons = obstacles or tuple(WORDS[reason] for reason in _outside_reasons(named, need, institutions))
    return WhyNot(need.subject, False, reasons)


def _is_chosen(named: Named, need: NeedDecision) -> bool:
    if named.expert:
        return any(chosen.expert_pk == named.expert.pk for chosen in need.chosen)
    return named.office.code in need.offices


def _obstacles(named: Named, need: NeedDecision) -> Iterator[str]:
    """Obstacles of the rule: those of the office as a whole, else those of the expert, or of its experts."""
    for refused in need.refused:
        if refused.office != named.office.code:
            continue
        is_about = named.expert is None or refused.expert in {None, named.expert.email}
        if is_about:
            yield from explanations.obstacles(refused)


def _outside_reasons(
    named: Named, need: NeedDecision, institutions: Collection[str]
) -> Iterator[OutsideReason]:
    institution = named.office.institution
    if named.is_left_out:
        yield OutsideReason.LEFT_OUT
    if named.office.is_fallback:
        yield OutsideReason.FALLBACK_ONLY
    elif institution.notified == Institution.Notified.NEVER:
        yield OutsideReason.RELAY_ONLY
    elif institution.code not in institutions:
        yield OutsideReason.OTHER_SUBJECT
    if not named.covers_the_place:
        yield OutsideReason.OUT_OF_AREA
    if not named.staff:
        yield OutsideReason.NOBODY_THERE
    mailed = {email.lower() for email in need.emails}
    if named.expert and named.expert.email.lower() in mailed:
        yield OutsideReason.SAME_ADDRESS
