"""The scenarios of the routing rule, told again as people's journeys."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from companies import siret
from demo import seeding
from tests.journeys.person import Person
from tests.journeys.world import World, link

SCENARIOS: dict[str, dict[str, Any]] = seeding.read_scenarios()
EMAIL = "contact@entreprise.example.org"


def tell(world: World, name: str, **changes: Any) -> Person:
    """Play a scenario from the subject's page to the thanks page, at ten in the morning of its day."""
    scenario = SCENARIOS[name] | changes
    at = datetime.fromisoformat(scenario["date"]).replace(hour=10, tzinfo=ZoneInfo("Europe/Paris"))
    world.go_to(at)
    return ask(world, world.person(), scenario)


def ask(world: World, owner: Person, scenario: dict[str, Any], *, email: str = EMAIL) -> Person:
    """The three steps of the form; the owner ends on the thanks page."""
    write(owner, scenario)
    say_who(owner, scenario["company"])
    world.clock.shift(20)  # nobody fills in a form in less
    return leave(owner, email=email)


def write(owner: Person, scenario: dict[str, Any]) -> Person:
    """First step: the place, the words, the other subjects."""
    first, *others = scenario["subjects"]
    owner.open(f"/sujets/{first}/").follow("Décrire mon besoin")
    owner.fill("Votre commune", scenario["commune_name"])
    owner.fill("Votre besoin, avec vos mots", scenario["message"])
    for slug in others:
        tick(owner, "subjects", slug)
    owner.press("Continuer")
    if "Laquelle est la vôtre ?" in owner.text:
        tick(owner, "commune_code", scenario["commune"])
        owner.press("Continuer")
    return owner


def say_who(owner: Person, company: dict[str, Any]) -> Person:
    """Second step: found by its number, the register's facts corrected by what the scenario knows."""
    if company["project_holder"]:
        return owner.press("Je n'ai pas encore d'entreprise").press("Continuer")
    owner.fill("Le SIRET ou le nom", siret.display(company["siret"])).press("Chercher mon entreprise")
    owner.fill("Combien de salariés ?", str(company["headcount"]))
    if "Êtes-vous artisan ?" in owner.text:
        owner.choose("Oui" if company["craft"] else "Non")
    return owner.press("Continuer")


def leave(owner: Person, *, email: str = EMAIL) -> Person:
    """Third step: the contact, the consent."""
    owner.fill("Vos prénom et nom", "La gérante").fill("Votre téléphone", "06 39 98 12 34")
    owner.fill("Votre adresse électronique", email).choose("J'accepte que ma demande")
    owner.press("Envoyer ma demande")
    assert "Votre demande est envoyée" in owner.text, owner.text
    return owner


def tick(owner: Person, name: str, value: str) -> None:
    """Tick the box or circle of a form by what it stands for."""
    owner.choose(next(one.label for one in owner.controls if (one.name, one.value) == (name, value)))


def answering(world: World, address: str, *, choice: str = "Je prends en charge") -> Person:
    """An expert who opens the page from the newest mail that proposes the choice."""
    return world.person().open(link(world.last(address, choice), choice))
