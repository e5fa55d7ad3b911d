"""Builders of candidates for the engine, around one commune."""

from datetime import date
from itertools import count

from experts.routing.engine import (
    ApplicantFacts,
    AskedSubject,
    CoveringArea,
    Demand,
    ExpertCandidate,
    NeedDecision,
    OfficeCandidate,
    decide,
)
from territories.areas import AreaRef

ON = date(2026, 12, 1)
SUBJECT = "recruter"

COMMUNE = CoveringArea(AreaRef("commune", "21231"), "Dijon", 1)
EPCI = CoveringArea(AreaRef("epci", "242100410"), "Dijon Métropole", 23)
SMALL_ZONE = CoveringArea(AreaRef("zone", "pays"), "Pays", 40)
ZONE = CoveringArea(AreaRef("zone", "bassin"), "Bassin", 200)
OTHER_ZONE = CoveringArea(AreaRef("zone", "autre"), "Autre bassin", 200)
DEPARTMENT = CoveringArea(AreaRef("department", "21"), "Côte-d'Or", 698)
REGION = CoveringArea(AreaRef("region", "27"), "Bourgogne-Franche-Comté", 3700)
NATIONAL = CoveringArea(AreaRef("national"), "France entière", 34969)

_pks = count(1)


def expert(name: str = "a", **facts) -> ExpertCandidate:
    """Build an expert who answers every subject in the office's areas."""
    return ExpertCandidate(**({"pk": next(_pks), "email": f"{name}@example.org"} | facts))


def office(code: str = "A", *experts: ExpertCandidate, areas=(DEPARTMENT,), **facts) -> OfficeCandidate:
    """Build an office of the institution PE; by default with one expert, named like the office."""
    staff = experts or (expert(code.lower()),)
    return OfficeCandidate(
        **({"code": code, "institution": "PE", "areas": tuple(areas), "experts": staff} | facts)
    )


def route(
    *offices: OfficeCandidate, institutions=("PE",), facts=None, on=ON, subject=SUBJECT
) -> NeedDecision:
    """Decide for one subject."""
    demand = Demand((AskedSubject(subject, tuple(institutions)),), facts or ApplicantFacts(), on)
    return decide(demand, offices).needs[0]


def names(decision) -> list[str]:
    """Experts to mail, as the part of their email before the @."""
    return [email.partition("@")[0] for email in decision.emails]


def lines(decision) -> list[tuple[str, str | None, list[str]]]:
    """Refusals as (office, name, obstacles)."""
    return [
        (
            line.office,
            line.expert and line.expert.partition("@")[0],
            [str(obstacle) for obstacle in line.obstacles],
        )
        for line in decision.refused
    ]
