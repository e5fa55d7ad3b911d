"""Texts that look automatic, and unusual texts written by people."""

import pytest

from solicitations.suspicion import looks_automatic

AUTOMATIC = {
    "two links": "Voir https://a.example.org puis www.b.example.org pour nos prix",
    "markup": 'Bonjour <a href="x">cliquez</a>',
    "forum markup": "[url=x]offre[/url]",
    "another script": "Купить дешево",
    "one letter repeated": "aaaaaaaaaaaaaaaaaaaaaa",
    "one word repeated": "test test test test test test test",
    "a sales pitch": "We offer the best SEO services and backlinks",
    "shouted": "BONJOUR NOUS VOUS PROPOSONS UNE OFFRE EXCEPTIONNELLE " * 4,
}
HONEST = {
    "the firm's own site": "Notre site est https://fromagerie.example.org, comment le faire connaître ?",
    "a short shout": "URGENT je cherche un boulanger",
    "accents and figures": "J'ai 3 salariés, dont 1 à 80 %, et un chantier à 120 000 €.",
    "emoji": "Besoin d'aide pour recruter 🙂🙂🙂",
    "a long plain text": "Nous cherchons deux soudeurs. " + "Notre atelier grandit et l'équipe aussi. " * 2,
    "nothing": "",
}


@pytest.mark.parametrize("text", AUTOMATIC.values(), ids=AUTOMATIC)
def test_an_automatic_text_is_detected(text):
    assert looks_automatic(text)


@pytest.mark.parametrize("text", HONEST.values(), ids=HONEST)
def test_a_text_of_a_person_is_accepted(text):
    assert not looks_automatic(text)


def test_ten_thousand_characters_take_no_time():
    assert not looks_automatic("ab, " * 2_500 + "a" * 10)
