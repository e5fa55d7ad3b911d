"""Recap at the third step of what is to be sent; lists and results that say what they hold."""

import html
import re

import pytest
from django.core.cache import cache

from companies import legal_forms
from demo.fake_register import Mode
from experts.models import Subject
from tests.owners.visitor import NEED, text_of

pytestmark = [pytest.mark.django_db, pytest.mark.demo_directory]


def test_third_step_shows_what_is_sent_each_part_with_a_way_to_change_it(visitor):
    visitor.reach_contact(subjects=["licenciement"], text_licenciement="Mon serveur ne vient plus.")

    page = visitor.get("contact/")

    text = text_of(page)
    for part in (
        NEED["description"],
        "Mon serveur ne vient plus.",
        "Is-sur-Tille",
        "SIRET 000 100 370 00014",
    ):
        assert part in text
    for step in ("", "entreprise/"):
        assert f'href="/demande/trouver-candidats/{step}">Modifier' in page.content.decode()


@pytest.mark.parametrize(
    "need",
    [
        {"description": "Une ligne.\r\n\r\nUne autre, « entre guillemets » & <b>grasse</b>."},
        {"commune": "21000 Dijon", "description": "Deux CV 🙂 en quatre mois."},
        {"commune": "Le Creusot", "subjects": ["metier-tension", "saisonniers"]},
    ],
    ids=["lines and signs", "a postcode", "three subjects"],
)
def test_recap_shows_what_was_typed_as_text(visitor, need):
    visitor.reach_contact(**need)

    text = html.unescape(text_of(visitor.get("contact/")))

    assert " ".join(need.get("description", NEED["description"]).split()) in text
    assert re.sub(r"^\d+ ", "", need.get("commune", NEED["commune"])) in text
    for subject in Subject.objects.filter(slug__in=need.get("subjects", [])):
        assert subject.label in text


def test_recipients_are_named_in_a_sentence(visitor):
    visitor.reach_contact()

    text = text_of(visitor.get("contact/"))

    assert "Répond aux entreprises du bassin d'emploi dijonnais" in text or (
        "Répond aux entreprises du pays Seine-et-Tilles" in text
    )
    assert "territoire :" not in text


@pytest.mark.parametrize(
    ("typed", "counted"),
    [
        ({"contact_name": "", "phone": "12", "email": "x", "consent": ""}, "4 points sont à revoir"),
        ({"phone": "12"}, "Un point est à revoir"),
        ({"days": "x", "hours": "y"}, "2 points sont à revoir"),
        (
            {"phone": "0899000000", "email": "gérante@exemple.fr", "days": ["mon", "x"]},
            "3 points sont à revoir",
        ),
    ],
)
def test_errors_are_counted(visitor, typed, counted):
    visitor.reach_contact()

    page = visitor.contact(**typed)

    assert counted in text_of(page)
    assert page.content.decode().count('_error"') >= len(typed)


@pytest.mark.parametrize(
    ("typed", "counted"),
    [
        ({"commune": "", "description": ""}, "2 points sont à revoir"),
        ({"commune": "Zzz"}, "Un point est à revoir"),
        ({"subjects": ["inconnu"], "description": "x" * 5001}, "2 points sont à revoir"),
    ],
)
def test_errors_of_the_first_step_are_counted(visitor, typed, counted):
    assert counted in text_of(visitor.need(**typed))


@pytest.mark.parametrize("typed", ["Peintures Vannier", "VANNIER", "peintures"])
def test_search_says_what_it_found_and_takes_focus(visitor, typed):
    visitor.need()
    visitor.company(company=typed)

    page = visitor.get("entreprise/")

    assert re.search(rf"trouvées? pour « {typed} »", text_of(page))
    assert 'role="status" tabindex="-1" autofocus' in page.content.decode()


@pytest.mark.parametrize("typed", ["Zzzzzz", "Établissements Introuvables & Fils", "35600000000048"])
def test_search_without_result_says_so_and_takes_focus(visitor, typed):
    visitor.need()
    visitor.company(company=typed)

    page = visitor.get("entreprise/")

    assert "Le registre ne trouve pas" in text_of(page)
    assert typed.replace("&", "&amp;") in page.content.decode()
    assert 'role="status" tabindex="-1" autofocus' in page.content.decode()


def test_a_register_that_does_not_answer_is_not_said_to_find_nothing(visitor, company_register):
    visitor.need()
    visitor.company(company="Zzzzzz")
    cache.clear()
    company_register.mode = Mode.ERROR

    assert "ne trouve pas" not in text_of(visitor.get("entreprise/"))


def test_legal_forms_are_listed_by_family():
    grouped = legal_forms.choices()

    assert [code for _, rows in grouped for code, _ in rows] == sorted(
        legal_forms.LABELS, key=lambda code: (list(legal_forms.FAMILIES).index(code[0]), code)
    )
    assert max(len(rows) for _, rows in grouped) <= 12


@pytest.mark.parametrize("hour", ["8 h", "12 h", "17 h"])
def test_hours_stay_on_one_line(visitor, hour):
    visitor.reach_contact()

    page = visitor.get("contact/").content.decode()

    assert hour.replace(" ", "\u00a0") in page
    assert hour not in page
