"""Words of a person who may be in danger."""

import pytest

from experts.wording.distress import is_distress
from experts.wording.features import words


def told(text: str) -> bool:
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
    ],
)
def test_distress_is_seen(text):
    assert told(text)


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
        "",
    ],
)
def test_ordinary_trouble_is_not_distress(text):
    assert not told(text)
