"""Words of a person who may be in danger."""

import json

import pytest

from experts.wording.distress import is_distress
from experts.wording.features import words
from tests.experts.wording.held_out import HERE


def shows_distress(text: str) -> bool:
    return is_distress([word.plain for word in words(text)])


@pytest.mark.parametrize(
    "text",
    [
        "je me sens seul, je craque",
        "j'en peux plus",
        "Je n'en peux vraiment plus, aidez-moi",
        "jen peu plu",
        "g envie den finir",
        "J'ai pensé à me pendre dans l'atelier",
        "des idées noires depuis la liquidation",
        "je pense au suicide",
        "plus envie de vivre",
        "je ne veux plus vivre",
        "je suis complètement à bout",
        "un petit patron au bout du rouleau",
        "JE CRAQUE !!!",
        "ma femme a peur que je fasse une bêtise",
        "je dors plus à cause de la boîte",
        "je fais un burn-out",
        "burn out",
        "nous n'en pouvons plus",
        "je préfère être mort",
        "j veu creve",
        "je voudrais que tout s'arrête",
        "ma famille serait mieux sans moi",
        "je suis fatigué de vivre",
        "je ne veux plus être là",
        "je vais me faire du mal",
        "mon mari parle de se tuer",
        "un salarié a dit qu'il allait se tuer",
        "mon employée est en danger",
        "un salarié me menace de mort",
        "mon mari me frappe",
        "un client m'a menacé avec une arme",
        "je n'ai plus la force",
        "je suis sur le point de craquer",
        "je sombre",
        "je craque pour un rien",
        "je ne vois plus d'issue",
        "je ne sais plus à qui parler",
        "ma vie ne vaut plus la peine",
        "je ne sers à rien",
        "crise d'angoisse tous les matins",
        "i want to die",
        "j'ai les médicaments devant moi",
        "je me sens comme une merde, j'ai honte devant mes enfants",
        "ils vont me retrouver pendu dans la grange",
        "dites à mes enfants que je les aime",
        "j'ai écrit une lettre d'adieu",
        "le fusil est chargé",
    ],
)
def test_distress_is_seen(text):
    assert shows_distress(text)


@pytest.mark.parametrize(
    "text",
    [
        "je veux en finir avec les impayés",
        "je peux plus payer mes salaires",
        "je suis seul dans ma boulangerie, je veux embaucher",
        "il peut plus porter, le médecin du travail le dit",
        "j'ai plus de boulot",
        "on crève la dalle les jours de marché mais on veut tenir",
        "je cherche un apprenti",
        "le moteur est mort",
        "je craque pour ce local",
        "on craque des noix",
        "burn out d'un salarié",
        "une salariée en burn-out depuis mars, que dois-je faire",
        "je voudrais disparaître des pages jaunes",
        "faire une connerie en embauchant",
        "issue de secours bloquée",
        "mon entreprise est en danger",
        "je suis à bout d'arguments avec la banque",
        "je tiens plus de deux cents ruches",
        "plus de force de vente",
        "une cliente menace de me mettre un avis",
        "je coule mes dalles en béton",
        "je suis perdu dans les aides",
        "je cherche désespérément un boulanger",
        "",
        "je pleure pas après une subvention mais une aide serait bienvenue",
        "formation prévention du suicide pour mes managers",
        "mon logiciel plante tous les jours, j'en peux plus de cet ordinateur",
        "je n'en peux plus des formulaires",
        "un camion chargé de palettes",
    ],
)
def test_ordinary_trouble_is_not_distress(text):
    assert not shows_distress(text)


def test_phrases_that_the_list_was_never_tuned_on_are_told_apart():
    """Half of eighty, written before the list was read; the other half is above."""
    lines = [json.loads(line) for line in (HERE / "distress.jsonl").read_text().splitlines()]
    seen = {True: [], False: []}
    for line in lines:
        seen[line["is_distress"]].append(shows_distress(line["text"]))

    assert sum(seen[True]) >= 0.85 * len(seen[True])
    assert sum(seen[False]) <= 0.05 * len(seen[False])
