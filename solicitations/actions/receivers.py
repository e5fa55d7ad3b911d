"""Receivers of a need: institutions with an office and an expert for it, colleagues of an office."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from experts.models import Absence, Expert, Institution, Office
from experts.models.experts import ExpertQuerySet
from experts.routing import explanations, loading
from experts.routing.decision import Chosen, NeedDecision
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


def of_subjects(solicitation: Solicitation, slugs: Sequence[str], *, now: datetime) -> dict[str, Receivers]:
    """The receivers of each subject, in catalogue order; none that the company unticked."""
    today = solicitation.today(now)
    around = loading.institutions_covering(solicitation.commune, on=today)
    unticked = set(solicitation.unticked_institutions.values_list("pk", flat=True))
    asked = [institution for institution in around if institution.pk not in unticked]
    decisions = loading.decide_for_each_institution(
        [institution.code for institution in asked],
        subjects=slugs,
        commune=solicitation.commune,
        facts=solicitation.facts,
        on=today,
    )
    chosen = [choice for of_one in decisions.values() for need in of_one.values() for choice in need.chosen]
    offices = Office.objects.in_bulk({choice.office for choice in chosen}, field_name="code")
    people = Expert.objects.in_bulk({choice.expert_pk for choice in chosen})
    return {
        slug: Receivers(
            able=tuple(
                _receiver(institution, need.chosen, offices, people)
                for institution in asked
                if (need := of_one[institution.code]).chosen
            ),
            others=tuple(
                (institution, _why_nobody(need))
                for institution in asked
                if not (need := of_one[institution.code]).chosen
            ),
        )
        for slug, of_one in decisions.items()
    }


def _receiver(
    institution: Institution, chosen: Sequence[Chosen], offices: dict[str, Office], people: dict[int, Expert]
) -> Receiver:
    return Receiver(
        institution,
        offices=tuple(dict.fromkeys(offices[choice.office].name for choice in chosen)),
        people=tuple(dict.fromkeys(people[choice.expert_pk].name for choice in chosen)),
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
    others = reachable(match, now=now).filter(office=match.expert.office_id)
    return list(others.select_related("office__institution").order_by("name", "pk"))


def reachable(match: Match, *, now: datetime) -> ExpertQuerySet:
    """Experts of open offices who are there today and do not have the need, whatever the rule says.

    None of an institution that is never notified, nor of one that the company unticked.
    """
    solicitation = match.mailbox.solicitation
    today = solicitation.today(now)
    having = Match.objects.live().filter(need=match.need_id)
    found = _present(today).filter(office__in=Office.objects.open_on(today))
    found = found.exclude(office__institution__notified=Institution.Notified.NEVER)
    found = found.exclude(office__institution__in=solicitation.unticked_institutions.values("pk"))
    return found.exclude(pk__in=having.values("expert")).exclude(email__iexact=match.mailbox.email)


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
