"""Receivers of a need: institutions with an office and an expert for it, colleagues of an office."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from experts.models import Absence, Expert, Institution, Office
from experts.models.experts import ExpertQuerySet
from experts.routing import explanations, loading
from experts.routing.decision import Chosen, NeedDecision
from mailing.prepared_queries import PreparedQuery
from solicitations import wording
from solicitations.models import Match, Solicitation


@dataclass(frozen=True)
class Receiver:
    """An institution that would receive a need, with the offices and the experts that the rule chooses."""

    institution: Institution
    offices: tuple[str, ...]
    people: tuple[str, ...]
    emails: frozenset[str]

    @property
    def label(self) -> str:
        """« Chambre de métiers — CMA Dijon, Équipe artisanat »."""
        who = dict.fromkeys((*self.offices, *self.people))
        return f"{self.institution.name} — {', '.join(who)}"


@dataclass(frozen=True)
class Receivers:
    """The institutions around a request for one subject; ``others`` have nobody, each with the reason."""

    able: tuple[Receiver, ...] = ()
    others: tuple[tuple[Institution, str], ...] = ()


_UNTICKED = Solicitation.unticked_institutions.through.objects
_INSTITUTIONS: PreparedQuery[Institution] = PreparedQuery(
    lambda solicitation: (
        Institution.objects.listed()
        .exclude(notified=Institution.Notified.NEVER)
        .exclude(pk__in=_UNTICKED.filter(solicitation=solicitation).values("institution"))
        .order_by("position", "pk")
    )
)


def of_subjects(solicitation: Solicitation, slugs: Sequence[str], *, now: datetime) -> dict[str, Receivers]:
    """The receivers of each subject, in catalogue order; none that the company unticked."""
    today = solicitation.today(now)
    institutions = {row.code: row for row in _INSTITUTIONS.rows(solicitation=solicitation.pk)}
    decisions = loading.decide_for_each_institution(
        list(institutions),
        subjects=slugs,
        commune=solicitation.commune,
        facts=solicitation.facts,
        on=today,
    )
    return {
        slug: Receivers(
            able=tuple(
                _receiver(institutions[code], need.chosen) for code, need in of_one.items() if need.chosen
            ),
            others=tuple(
                (institutions[code], _why_nobody(need)) for code, need in of_one.items() if not need.chosen
            ),
        )
        for slug, of_one in decisions.items()
    }


def _receiver(institution: Institution, chosen: Sequence[Chosen]) -> Receiver:
    return Receiver(
        institution,
        offices=tuple(dict.fromkeys(choice.office_name for choice in chosen)),
        people=tuple(dict.fromkeys(choice.expert_name for choice in chosen)),
        emails=frozenset(choice.expert.lower() for choice in chosen),
    )


def _why_nobody(need: NeedDecision) -> str:
    """« ne traite pas ce sujet »: the obstacles met most often, in French; empty when none is known."""
    met = [tuple(explanations.obstacles(refused)) for refused in need.refused]
    [(reasons, _)] = Counter(met).most_common(1) or [((), 0)]
    return wording.listed(reasons)


def colleagues(match: Match, *, now: datetime) -> list[Expert]:
    """The experts of the same office who are there today and do not have the need; none in a closed office.

    They need not treat the subject: who hands it over knows them. Needs ``with_people``.
    """
    found = _COLLEAGUES.rows(**_asked_for(match, now=now), office=match.expert.office_id)
    for person in found:
        person.office = match.expert.office
    return found


def reachable(match: Match, *, now: datetime) -> ExpertQuerySet:
    """Experts of open offices who are there today and do not have the need, whatever the rule says.

    None of an institution that is never notified, nor of one that the company unticked.
    """
    return _reachable(**_asked_for(match, now=now))


def _asked_for(match: Match, *, now: datetime) -> dict[str, Any]:
    """The arguments of ``_reachable`` for a match."""
    mailbox = match.mailbox
    return {
        "need": match.need_id,
        "solicitation": mailbox.solicitation_id,
        "email": mailbox.email,
        "today": mailbox.solicitation.today(now),
    }


def _reachable(*, need: Any, solicitation: Any, email: Any, today: Any) -> ExpertQuerySet:
    having = Match.objects.live().filter(need=need)
    unticked = _UNTICKED.filter(solicitation=solicitation)
    found = _present(today).filter(office__in=Office.objects.open_on(today))
    found = found.exclude(office__institution__notified=Institution.Notified.NEVER)
    found = found.exclude(office__institution__in=unticked.values("institution"))
    return found.exclude(pk__in=having.values("expert")).exclude(email__iexact=email)


_COLLEAGUES: PreparedQuery[Expert] = PreparedQuery(
    lambda need, solicitation, email, today, office: (
        _reachable(need=need, solicitation=solicitation, email=email, today=today)
        .filter(office=office)
        .order_by("name", "pk")
    )
)


def is_there(expert: Expert, *, on: date) -> bool:
    """Return whether the expert can receive a need that day: in an open office, neither gone nor absent."""
    return expert.office.is_open_on(on) and _present(on).filter(pk=expert.pk).exists()


def _present(day: date) -> ExpertQuerySet:
    """Experts who are there that day, whether their office is open or not."""
    serving = Expert.objects.listed().filter(is_paused=False, is_bouncing=False, left_at=None)
    away = Absence.objects.filter(from_on__lte=day, to_on__gte=day)
    return serving.exclude(pk__in=away.values("expert"))


def choose_person(match: Match, person: Expert, *, now: datetime) -> Sequence[Chosen]:
    """Return the person as an expert to mail, while they may still receive the need."""
    return [
        Chosen(found.office.code, found.office.institution.code, found.email, found.pk)
        for found in reachable(match, now=now).select_related("office__institution").filter(pk=person.pk)
    ]
