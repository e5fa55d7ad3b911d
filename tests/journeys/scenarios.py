"""The scenarios of the routing rule, played by people on the pages."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from companies import siret
from demo import seeding
from tests.journeys.person import Person
from tests.journeys.simulation import Simulation, link
from tests.solicitations.factories import send

SCENARIOS: dict[str, dict[str, Any]] = seeding.read_scenarios()
EMAIL = "contact@entreprise.example.org"


def submit_scenario(simulation: Simulation, name: str, **changes: Any) -> Person:
    """Submit a scenario's request on its day at ten; the owner ends on the thanks page."""
    scenario = SCENARIOS[name] | changes
    simulation.move_to(_moment(scenario))
    return submit_request(simulation, simulation.person(), scenario)


def send_scenario(simulation: Simulation, name: str) -> None:
    """Send a scenario's request on its day at ten, by the action that the form calls."""
    scenario = SCENARIOS[name]
    company = scenario["company"]
    simulation.move_to(_moment(scenario))
    with simulation.on_commit(execute=True):
        send(
            *scenario["subjects"],
            text=scenario["message"],
            commune=scenario["commune"],
            company_name=company["name"],
            **{column: company[column] for column in ("siret", "naf", "craft")},
            headcount_min=company["headcount"],
            headcount_max=company["headcount"],
            phone="06 39 98 12 34",
            email=EMAIL,
            now=simulation.now,
        )


def _moment(scenario: dict[str, Any]) -> datetime:
    return datetime.fromisoformat(scenario["date"]).replace(hour=10, tzinfo=ZoneInfo("Europe/Paris"))


def submit_request(
    simulation: Simulation, owner: Person, scenario: dict[str, Any], *, email: str = EMAIL
) -> Person:
    """Fill in the three steps of the form; the owner ends on the thanks page."""
    fill_need(owner, scenario)
    fill_company(owner, scenario["company"])
    simulation.clock.shift(20)  # the form takes a faster visitor for a robot
    return fill_contact(owner, email=email)


def fill_need(owner: Person, scenario: dict[str, Any]) -> Person:
    """Fill in the first step: commune, text, other subjects."""
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


def fill_company(owner: Person, company: dict[str, Any]) -> Person:
    """Fill in the second step: SIRET search, then the scenario's facts."""
    if company["project_holder"]:
        return owner.press("Je n'ai pas encore d'entreprise").press("Continuer")
    owner.fill("Le SIRET ou le nom", siret.display(company["siret"])).press("Chercher mon entreprise")
    owner.fill("Combien de salariés ?", str(company["headcount"]))
    if "Êtes-vous artisan ?" in owner.text:
        owner.choose("Oui" if company["craft"] else "Non")
    return owner.press("Continuer")


def fill_contact(owner: Person, *, email: str = EMAIL) -> Person:
    """Fill in the third step: contact and consent."""
    owner.fill("Vos prénom et nom", "La gérante").fill("Votre téléphone", "06 39 98 12 34")
    owner.fill("Votre adresse électronique", email).choose("J'accepte que ma demande")
    owner.press("Envoyer ma demande")
    assert "Votre demande est envoyée" in owner.text, owner.text
    return owner


def tick(owner: Person, name: str, value: str) -> None:
    """Tick the checkbox or radio button of this name and value."""
    owner.choose(next(one.label for one in owner.controls if (one.name, one.value) == (name, value)))


def open_as_expert(simulation: Simulation, address: str, *, choice: str = "Je prends en charge") -> Person:
    """Open the expert's page from the newest mail that offers this choice."""
    return simulation.person().open(link(simulation.last_mail(address, choice), choice))
