"""First step: commune, text, other subjects, closed regions and themes."""

import json
from datetime import timedelta

import pytest
from django.utils import timezone

from experts.accounts import limits
from experts.models import Subject, Theme
from solicitations.models import Draft, MissedDemand, Opening, Solicitation
from territories.models import Region
from tests.owners.visitor import SUBJECT, text_of

pytestmark = [pytest.mark.django_db, pytest.mark.demo_directory]

COMPANY_PAGE = f"/demande/{SUBJECT}/entreprise/"
BAD_TEXTS = {
    "nul": "Bon\0jour",
    "direction turned around": "Je cherche \u202equelqu'un",
    "html": "<script>alert(1)</script> Je cherche un peintre",
    "emoji": "Je cherche un peintre 🎨👩‍🔧",
    "sql": "'; DROP TABLE subjects; --",
    "lines": "Un\r\n\r\n\r\n\r\n\r\nDeux",
}


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("Is-sur-Tille", "21317"),
        ("is sur tille", "21317"),
        ("21000", "21231"),
        ("Dijon", "21231"),
        ("Dijon (Côte-d'Or)", "21231"),
        ("Paris 11e", "75056"),
        ("St Apollinaire (21)", "21540"),
    ],
)
def test_commune_with_a_unique_name_is_chosen(visitor, typed, code):
    visitor.reach_contact(commune=typed)
    visitor.contact()

    assert Solicitation.objects.get().commune_id == code


def test_homonyms_are_listed_and_one_is_chosen(visitor):
    page = visitor.need(commune="Saint-Apollinaire")

    assert 'value="21540"' in page.content.decode()
    assert 'value="05130"' in page.content.decode()
    assert visitor.need(commune="Saint-Apollinaire", commune_code="05130").url == COMPANY_PAGE


def test_commune_changed_after_choosing_is_the_new_one(visitor):
    visitor.reach_contact(commune="Dijon", commune_code="21540")
    visitor.contact()

    assert Solicitation.objects.get().commune_id == "21231"


def test_postcode_in_no_list_does_not_hide_the_name(visitor):
    assert visitor.need(commune="21033 Dijon Cedex").url == COMPANY_PAGE


def test_name_and_postcode_that_disagree_are_asked_again(visitor):
    page = visitor.need(commune="21000 Savines-le-Lac")

    assert "Plusieurs communes correspondent" in text_of(page)
    assert 'value="21231"' in page.content.decode()


@pytest.mark.parametrize(
    ("asked", "shown"), [("21540", "Saint-Apollinaire (Côte-d'Or)"), ("Beaune", "Beaune")]
)
def test_query_string_fills_in_the_commune(visitor, asked, shown):
    page = visitor.get(commune=asked)

    assert page.context["form"]["commune"].value() == shown


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("", "Indiquez le nom ou le code postal de votre commune."),
        ("\0\u202e", "Indiquez le nom ou le code postal de votre commune."),
        ("Zzzyxville", "Aucune commune ne porte ce nom"),
        ("<b>Zzzyx</b>" * 3, "Aucune commune ne porte ce nom"),
        ("🎨", "Aucune commune ne porte ce nom"),
        ("x" * 10_000, "Indiquez seulement le nom ou le code postal"),
    ],
    ids=["empty", "invisible", "unknown", "html", "emoji", "10 kB"],
)
def test_bad_commune_is_refused_with_a_sentence_and_the_text_kept(visitor, typed, sentence):
    page = visitor.need(commune=typed)

    assert sentence in text_of(page)
    assert "deux CV" in page.content.decode()


@pytest.mark.parametrize("text", BAD_TEXTS.values(), ids=BAD_TEXTS)
def test_odd_text_is_accepted_and_never_breaks_a_page(visitor, text):
    sent = visitor.send(description=text)

    page = visitor.client.get(visitor.contact().url)
    assert page.status_code == 200
    assert b"<script>alert" not in page.content
    assert "\0" not in sent.description
    assert "\u202e" not in sent.description


@pytest.mark.parametrize(
    ("text", "sentence"), [("", "Écrivez quelques lignes"), ("x" * 10_240, "Raccourcissez")]
)
def test_empty_or_huge_text_is_refused(visitor, text, sentence):
    page = visitor.need(description=text)

    assert sentence in text_of(page)
    assert page.context["form"]["commune"].value() == "Is-sur-Tille"


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("Son numéro est 1 85 07 21 231 045 67.", "sécurité sociale"),
        ("Compte FR76 3000 6000 0112 3456 7890 189", "compte bancaire"),
        ("J'ai un problème avec M. Dupont.", "Une personne semble nommée"),
        ("Mme Martin est malade depuis mars.", "santé d'une personne"),
        ("Écrivez à client@exemple.fr", "adresse électronique"),
        ("Appelez le 06 12 34 56 78", "numéro de téléphone"),
    ],
)
def test_sensitive_text_is_hinted_once(visitor, text, sentence):
    page = visitor.need(description=text)

    assert sentence in text_of(page)
    again = visitor.need(description=text, hints_seen=page.context["hints_mark"])
    assert again.url == COMPANY_PAGE


@pytest.mark.parametrize(
    "text",
    [
        "Je cherche un peintre depuis 4 mois, budget 12 000 euros, SIRET 00010037000014.",
        "Nous vendons des machines à coudre. Monsieur le maire nous soutient.",
        "Une salariée est enceinte : quels droits ?",
    ],
)
def test_plain_text_gets_no_hint(visitor, text):
    assert visitor.need(description=text).status_code == 302


def test_typed_answers_are_shown_again(visitor):
    visitor.need(commune="Zzz", description="Mes mots à moi", subjects=["tresorerie"])

    form = visitor.get().context["form"]
    assert form["commune"].value() == "Zzz"
    assert form["description"].value() == "Mes mots à moi"
    assert [subject.slug for subject in form.ticked] == ["tresorerie"]
    assert not form.errors


def test_search_words_arrive_in_the_text(visitor):
    page = visitor.get(subject="autre", texte="un truc compliqué")

    assert page.context["form"]["description"].value() == "un truc compliqué"


def test_several_subjects_are_one_request(visitor):
    sent = visitor.send(subjects=["aides-embauche"])

    assert Solicitation.objects.count() == 1
    assert {need.subject.slug for need in sent.needs.all()} == {SUBJECT, "aides-embauche"}


def test_confidential_subject_needs_its_own_text_and_is_sent_apart(visitor):
    page = visitor.need(subjects=["tresorerie"])
    assert "text_tresorerie" in page.context["form"].errors

    sent = visitor.send(subjects=["tresorerie"], text_tresorerie="Deux mois de trésorerie.")

    apart = sent.companions.get()
    assert apart.is_confidential
    assert apart.description == "Deux mois de trésorerie."
    assert "trésorerie" not in sent.description
    assert apart.reference in text_of(visitor.client.get(visitor.contact().url))


def test_ordinary_subject_beside_a_confidential_first_one_has_its_own_text(visitor):
    sent = visitor.send(
        subject="tresorerie", subjects=["aides-embauche"], text_others="Je veux aussi embaucher."
    )

    assert sent.is_confidential
    assert sent.companions.get().description == "Je veux aussi embaucher."


@pytest.mark.parametrize(
    "slugs",
    [
        ["inconnu"],
        ["aides-embauche", "metier-tension", "saisonniers", "definir-besoin", "recruter-autrement"],
    ],
)
def test_unknown_or_too_many_subjects_are_refused(visitor, slugs):
    page = visitor.need(subjects=slugs)

    assert page.context["form"].errors["subjects"]


def test_unknown_subject_is_not_found(visitor):
    assert visitor.get(subject="inconnu").status_code == 404


@pytest.fixture
def burgundy() -> Region:
    return Region.objects.get(code="27")


def test_closed_region_explains_gives_the_phone_and_counts_once(visitor, burgundy):
    Opening.objects.create(region=burgundy, is_open=False, explanation="Ouverture au printemps.")

    page = visitor.need()
    visitor.need()

    assert "Ouverture au printemps." in text_of(page)
    assert "03 53 01 00 96" in text_of(page)
    assert MissedDemand.objects.count() == 1
    assert visitor.company().status_code == 200
    assert Solicitation.objects.count() == 0


def test_closed_theme_closes_its_subjects_only(visitor, burgundy):
    Opening.objects.create(region=burgundy, theme=Theme.objects.get(slug="recrutement"), is_open=False)

    assert "Nous ne prenons pas encore" in text_of(visitor.need())
    assert "Nous ne prenons pas encore" not in text_of(visitor.need(subject="recruter-apprenti"))


@pytest.mark.parametrize(("days", "status"), [(-1, 302), (1, 200)])
def test_region_opens_on_its_date(visitor, burgundy, days, status):
    Opening.objects.create(region=burgundy, opens_on=timezone.localdate() + timedelta(days=days))

    assert visitor.need().status_code == status


def test_region_closed_since_the_first_step_stops_the_sending(visitor, burgundy):
    visitor.reach_contact()
    Opening.objects.create(region=burgundy, is_open=False)

    assert "Nous ne prenons pas encore" in text_of(visitor.contact())
    assert Solicitation.objects.count() == 0


def test_huge_post_is_stored_truncated(visitor):
    visitor.need(**{f"champ{number}": "x" * 20_000 for number in range(100)})

    assert len(str(Draft.objects.get().answers)) < 800_000


def test_a_text_too_long_is_kept_whole_and_never_cut_by_the_browser(visitor):
    page = visitor.need(description="mot " * 12_000)

    assert "5 000 caractères au plus" in text_of(page)
    assert page.content.decode().count("mot ") >= 11_999
    assert "maxlength" not in str(page.context["form"]["description"])


def test_text_typed_past_the_limit_is_kept(visitor, monkeypatch):
    visitor.need(description="Une première version.")
    monkeypatch.setattr(limits, "STEPS_PER_ADDRESS", limits.Limit("steps", 0, limits.HOUR))

    page = visitor.need(description="Une version bien meilleure.")

    assert page.status_code == 429
    assert visitor.get().context["form"]["description"].value() == "Une version bien meilleure."


def test_company_typed_past_the_limit_is_kept(visitor, monkeypatch):
    visitor.need()
    monkeypatch.setattr(limits, "STEPS_PER_ADDRESS", limits.Limit("steps", 0, limits.HOUR))

    page = visitor.company(company="Peintures Vannier")

    assert page.status_code == 429
    assert "Peintures Vannier" in visitor.get("entreprise/").content.decode()


STEPS = ["", "entreprise/", "contact/"]
CONFIDENTIAL = ["licenciement", "inaptitude", "tresorerie", "transmettre", "dettes-urssaf", "dettes-fiscales"]


@pytest.mark.parametrize(
    "posted",
    [
        {f"unknown_{number}": "x" * 50_000 for number in range(38)},
        {"commune": ["x" * 50_000] * 40, "company": ["x" * 50_000] * 40, "contact_name": ["x" * 50_000] * 40},
        {"subjects": ["x" * 50_000] * 50, "days": ["x" * 50_000] * 50},
        {"x" * 50_000: "y" * 50_000, "description": "x" * 100_000},
        {"subjects": CONFIDENTIAL, **{f"text_{slug}": "x" * 60_000 for slug in CONFIDENTIAL}},
    ],
    ids=["unknown fields", "repeated fields", "many choices", "long names and texts", "a text a subject"],
)
@pytest.mark.parametrize("step", STEPS, ids=["need", "company", "contact"])
def test_draft_holds_the_fields_of_its_steps_and_no_more(visitor, step, posted):
    visitor.reach_contact()

    visitor.client.post(f"/demande/{SUBJECT}/{step}", posted)

    assert len(json.dumps(Draft.objects.get().answers)) < 130_000
    assert "unknown_1" not in str(Draft.objects.get().answers)


@pytest.mark.parametrize(
    ("text", "slug"),
    [
        ("je dois licencier un salarié qui ne vient plus travailler, quelle procédure ?", "licenciement"),
        (
            "je veux vendre mon fonds de commerce, retraite, il me faut un repreneur",
            "transmettre",
        ),
        ("ma facture d'électricité a triplé, comment réduire la consommation du four ?", "energie"),
        ("l'urssaf me réclame 12 000 euros de cotisations, je voudrais un échéancier", "dettes-urssaf"),
    ],
)
def test_text_that_speaks_of_another_subject_gets_a_hint_once_and_changes_nothing(visitor, text, slug):
    page = visitor.need(description=text)

    assert Subject.objects.get(slug=slug).label in text_of(page)

    assert "Votre texte parle plutôt de" in text_of(page)
    assert page.context["subject"].slug == SUBJECT
    assert visitor.need(description=text, hints_seen=page.context["hints_mark"]).url == COMPANY_PAGE


DISTRESS = "Je cherche quelqu'un depuis quatre mois, et là j'en peux plus."


def test_distress_in_the_form_shows_numbers_to_call_on_its_next_pages(visitor):
    visitor.need()
    assert 'href="tel:3114"' not in visitor.get("entreprise/").content.decode()

    visitor.reach_contact(description=DISTRESS)

    for step in STEPS:
        assert 'href="tel:3114"' in visitor.get(step).content.decode(), step


def test_distress_in_the_text_of_a_confidential_subject_shows_numbers_too(visitor):
    texts = {"subjects": ["dettes-urssaf"], "text_dettes-urssaf": "Je pense à me pendre."}
    visitor.need(**texts)

    assert 'href="tel:3114"' in visitor.get("entreprise/").content.decode()
