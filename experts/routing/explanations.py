"""Decisions explained in French, for staff's pages, mails and the command line. Pure."""

from collections.abc import Iterable, Mapping

from experts.routing.criteria import Obstacle
from experts.routing.decision import Chosen, Refused

FACTS: Mapping[str, str] = {
    "headcount": "effectif",
    "naf": "activité",
    "legal_form": "forme juridique",
    "craft": "qualité d'artisan",
    "age": "ancienneté de l'entreprise",
    "project_holder": "projet sans entreprise",
}
OBSTACLES: Mapping[Obstacle, str] = {
    Obstacle.CLOSED: "antenne fermée à cette date",
    Obstacle.HEADCOUNT: "n'intervient pas pour cet effectif",
    Obstacle.NAF: "n'intervient pas pour cette activité",
    Obstacle.LEGAL_FORM: "n'intervient pas pour cette forme juridique",
    Obstacle.CRAFT: "choisit selon la qualité d'artisan",
    Obstacle.AGE: "n'intervient pas à cette ancienneté de l'entreprise",
    Obstacle.PROJECT_HOLDER: "n'intervient pas sans entreprise créée",
    Obstacle.NO_SKILL: "ne traite pas ce sujet",
    Obstacle.ABSENT: "absent à cette date",
    Obstacle.LESS_LOCAL: "moins proche qu'un autre de la même institution",
    Obstacle.EXCLUSIVE: "une autre antenne traite seule ce sujet",
}
KINDS: Mapping[str, str] = {
    "commune": "commune",
    "epci": "intercommunalité",
    "zone": "zone",
    "department": "département",
    "region": "région",
}


def reasons(chosen: Chosen) -> list[str]:
    """Reasons to mail an expert: the area, the facts checked, the facts not known, the expert replaced."""
    found = []
    if chosen.area is not None:
        kind = KINDS.get(chosen.area.kind)
        found.append(f"territoire : {chosen.area_name} ({kind})" if kind else "territoire : toute la France")
    if chosen.checked:
        found.append(f"vérifié : {facts(chosen.checked)}")
    if chosen.unverified:
        found.append(f"non vérifié : {facts(chosen.unverified)}")
    if chosen.stand_in_for:
        found.append(f"remplace {chosen.stand_in_for}")
    return found


def obstacles(refused: Refused) -> list[str]:
    """Reasons not to mail an office or an expert."""
    return [OBSTACLES[obstacle] for obstacle in refused.obstacles]


def facts(names: Iterable[str]) -> str:
    """List names of facts: « effectif, activité »."""
    return ", ".join(FACTS[name] for name in names)
