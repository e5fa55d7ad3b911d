"""Errors of a directory file: path, line and sentence of each; nothing is written."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from experts import yaml_files
from experts.entries import MAX_PROBLEMS
from experts.models import Office
from tests.directory.files import ABSENT, SMALL, changed, write

pytestmark = [pytest.mark.django_db, pytest.mark.demo_directory]

FIRST = "offices[0]"
EXPERT = "offices[0].experts[0]"
SECOND = (
    '      - name: Conseil formation\n        job: Conseil\n        email: "formation@pe-test.example.org"\n'
)
ZONE = '  - slug: {}\n    name: Encore\n    members: ["department:21"]\noffices:\n'


def errors_of(tmp_path, text: str | bytes) -> list[str]:
    """Run the import and return its error lines, the final sentence last."""
    stderr = StringIO()
    with pytest.raises(CommandError) as error:
        call_command("import_directory", write(tmp_path, text), stderr=stderr)
    return [*stderr.getvalue().splitlines(), str(error.value)]


MISTAKES = {
    "unknown key": ("    closed_on:", "    ferme_le:", f"{FIRST}.ferme_le", "clé inconnue"),
    "unknown key of an expert": (
        '        job: Conseil\n        email: "rec',
        '        titre: x\n        job: Conseil\n        email: "rec',
        f"{EXPERT}.titre",
        "clé inconnue",
    ),
    "unknown criterion": (
        "headcount_min: 1",
        "headcount_mini: 1",
        f"{FIRST}.criteria.headcount_mini",
        "inconnue",
    ),
    "unknown key at the top": ("zones:\n", "autres: 1\nzones:\n", "autres", "clé inconnue"),
    "missing key": ("    institution: PE\n", "", FIRST, "« institution »"),
    "missing key of an expert": ("        job: Référent\n", "", "offices[1].experts[0]", "« job »"),
    "missing key of a zone": ("    name: Pays de test\n", "", "zones[0]", "« name »"),
    "missing key of an absence": (', to: "2027-02-19"', "", f"{EXPERT}.absent", "« to »"),
    "duplicate key": ("    closed_on:", "    name: Encore\n    closed_on:", f"{FIRST}.name", "deux fois"),
    "unknown institution": (
        "institution: PE",
        "institution: XX",
        f"{FIRST}.institution",
        "institution inconnue",
    ),
    "a group is no institution": ("institution: PE", "institution: OPCO", f"{FIRST}.institution", "inconnue"),
    "unknown subject": ("[trouver-candidats,", "[trouver-emplois,", f"{EXPERT}.subjects[0]", "sujet inconnu"),
    "unknown exclusive subject": (
        "[metier-tension]\n    closed",
        "[metier]\n    closed",
        f"{FIRST}.exclusive_subjects[0]",
        "sujet inconnu",
    ),
    "unknown commune": ("commune:21317", "commune:21999", "zones[0].members[1]", "territoire inconnu"),
    "unknown department": (
        "department:21",
        "department:20",
        "offices[0].experts[1].territories[0]",
        "inconnu",
    ),
    "unknown region": ("region:27", "region:29", "offices[1].territories[0]", "territoire inconnu"),
    "unknown zone": ("zone:pays-test", "zone:pays-perdu", f"{FIRST}.territories[0]", "territoire inconnu"),
    "unknown kind of area": ("region:27", "pays:27", "offices[1].territories[0]", "commence par"),
    "malformed code": ("region:27", "region:x", "offices[1].territories[0]", "code"),
    "duplicate office": ("id: UR-TEST", "id: PE-TEST", "offices[1].id", "deux fois"),
    "two experts with one email": (
        ABSENT + SECOND,
        SECOND.replace("formation@", "Recrutement@"),
        "offices[0].experts[1].email",
        "deux référents",
    ),
    "deputy outside the office": (
        'deputy: "formation@pe-test',
        'deputy: "referent@ur-test',
        f"{EXPERT}.absent.deputy",
        "n'est pas un référent de cette antenne",
    ),
    "deputy oneself": (
        'deputy: "formation@pe',
        'deputy: "RECRUTEMENT@pe',
        f"{EXPERT}.absent.deputy",
        "sa propre",
    ),
    "zone inside a zone": ("commune:21317", "zone:pays-test", "zones[0].members[1]", "une zone contient"),
    "the nation inside a zone": ("commune:21317", "national", "zones[0].members[1]", "une zone contient"),
    "malformed slug": ("offices:\n", ZONE.format("Pays perdu"), "zones[1].slug", "minuscules"),
    "duplicate slug": ("offices:\n", ZONE.format("pays-test"), "zones[1].slug", "deux fois"),
    "reversed headcount": (
        "headcount_min: 1",
        "headcount_min: 50",
        f"{FIRST}.criteria.headcount_max",
        "plus petit",
    ),
    "reversed age": (
        "headcount_min: 1, headcount_max: 49",
        "age_min_years: 5, age_max_years: 4",
        f"{FIRST}.criteria.age_max_years",
        "plus petit",
    ),
    "reversed dates": (
        'from: "2027-02-08"',
        'from: "2027-02-20"',
        f"{EXPERT}.absent.to",
        "avant de commencer",
    ),
    "no such day": (
        'from: "2027-02-08"',
        'from: "2027-02-30"',
        f"{EXPERT}.absent.from",
        "n'est pas une date",
    ),
    "date in French": ('"2027-06-30"', '"30/06/2027"', f"{FIRST}.closed_on", "n'est pas une date"),
    "date without quotes": ('"2027-06-30"', "2027-06-30", f"{FIRST}.closed_on", "guillemets"),
    "code read as a number": ('naf: ["43"]', "naf: [43]", f"{FIRST}.criteria.naf[0]", "guillemets"),
    "id read as a number": ("id: PE-TEST", "id: 21", f"{FIRST}.id", "guillemets"),
    "name read as a boolean": ("name: Référent régional test", "name: no", "offices[1].name", "guillemets"),
    "number between quotes": (
        "headcount_max: 49",
        'headcount_max: "49"',
        f"{FIRST}.criteria.headcount_max",
        "entier",
    ),
    "negative number": (
        "headcount_max: 49",
        "headcount_max: -1",
        f"{FIRST}.criteria.headcount_max",
        "entier",
    ),
    "huge number": (
        "headcount_max: 49",
        "headcount_max: 99999999999",
        f"{FIRST}.criteria.headcount_max",
        "entier",
    ),
    "decimal number": (
        "headcount_max: 49",
        "headcount_max: 4.5",
        f"{FIRST}.criteria.headcount_max",
        "entier",
    ),
    "text for a boolean": ("fallback: true", 'fallback: "oui"', "offices[1].fallback", "true ou false"),
    "text for a list": (
        'territories: ["region:27"]',
        "territories: region:27",
        "offices[1].territories",
        "liste",
    ),
    "text for keys": (
        '{headcount_min: 1, headcount_max: 49, naf: ["43"]}',
        "aucun",
        f"{FIRST}.criteria",
        "clés",
    ),
    "list for a text": ("name: Conseil formation", "name: [Conseil]", "offices[0].experts[1].name", "texte"),
    "malformed NAF": ('naf: ["43"]', 'naf: ["BTP"]', f"{FIRST}.criteria.naf[0]", "code NAF"),
    "malformed legal form": (
        'naf: ["43"]',
        'legal_forms: ["SARL"]',
        f"{FIRST}.criteria.legal_forms[0]",
        "juridique",
    ),
    "unknown craft": ('naf: ["43"]', "craft: oui", f"{FIRST}.criteria.craft", "only, exclude"),
    "all beside others": ("[trouver-candidats, ", "[all, ", f"{EXPERT}.subjects", "« all »"),
    "a word for subjects": ("[trouver-candidats, metier-tension]", "tous", f"{EXPERT}.subjects", "inconnu"),
    "malformed email": ("contact@ur-test.example.org", "contact.example.org", "offices[1].email", "adresse"),
    "malformed deputy": (
        'deputy: "formation@pe-test.example.org"',
        'deputy: "x"',
        f"{EXPERT}.absent.deputy",
        "adresse",
    ),
    "foreign phone": ("03 53 01 00 04", "+1 202 555 0100", "offices[1].phone", "téléphone français"),
    "short phone": ("03 53 01 00 04", "03 53 01", "offices[1].phone", "téléphone français"),
    "control character": (
        "name: Conseil formation",
        'name: "Conseil\\u0007"',
        "offices[0].experts[1].name",
        "contrôle",
    ),
    "raw control character": (
        "name: Conseil formation",
        "name: Conseil\x07",
        "offices[0].experts[1].name",
        "contrôle",
    ),
    "line break": (
        "name: Conseil formation",
        'name: "Conseil\\nBcc: x"',
        "offices[0].experts[1].name",
        "contrôle",
    ),
    "hyphen that breaks no line in an address": (
        'email: "referent@ur-test',
        'email: "referent@ur\u2011test',
        "offices[1].experts[0].email",
        "un tiret",
    ),
    "Cyrillic letter in an address": (
        'email: "referent@ur-test',
        'email: "r\u0435ferent@ur-test',
        "offices[1].experts[0].email",
        "cyrillique",
    ),
    "full-width sign in an address": (
        'email: "referent@ur-test',
        'email: "referent\uff20ur-test',
        "offices[1].experts[0].email",
        "pleine chasse",
    ),
    "long text": (
        "name: Conseil formation",
        f"name: {'x' * 501}",
        "offices[0].experts[1].name",
        "500 caractères",
    ),
    "empty text": ("name: Conseil formation", 'name: ""', "offices[0].experts[1].name", "vide"),
    "null for a required text": (
        "name: Conseil formation",
        "name: null",
        "offices[0].experts[1].name",
        "rien",
    ),
}


@pytest.mark.parametrize(("before", "after", "path", "sentence"), MISTAKES.values(), ids=MISTAKES)
def test_mistake_is_told_with_its_path_and_line(tmp_path, before, after, path, sentence):
    text = changed((before, after))
    offices = set(Office.objects.values_list("code", flat=True))

    message, closing = errors_of(tmp_path, text)

    place, _, rest = message.partition(": ")
    assert place.partition(", line ")[0] == path
    assert sentence in rest
    assert closing == "Erreurs : 1. Rien n'a été changé."
    assert set(Office.objects.values_list("code", flat=True)) == offices


@pytest.mark.parametrize(
    ("before", "after", "line"),
    [
        ("headcount_max: 49", 'headcount_max: "49"', 12),
        ("    institution: PE\n", "", 6),
        ("    closed_on:", "    ferme_le:", 14),
        ("[trouver-candidats, metier-tension]", "[trouver-candidats,\n          metier]", 21),
        ("region:27", "region:29", 31),
    ],
    ids=["value", "missing key: its mapping", "unknown key", "item of a list", "unknown area"],
)
def test_line_is_that_of_the_mistake(tmp_path, before, after, line):
    message, _ = errors_of(tmp_path, changed((before, after)))

    assert f", line {line}: " in message


def test_every_mistake_is_told_in_the_order_of_the_file(tmp_path):
    text = changed(
        ("commune:21317", "commune:99999"),
        ("headcount_max: 49", "headcount_max: x"),
        ("contact@ur-test.example.org", "contact"),
    )

    errors = errors_of(tmp_path, text)

    assert [line.partition(",")[0] for line in errors[:-1]] == [
        "zones[0].members[1]",
        "offices[0].criteria.headcount_max",
        "offices[1].email",
    ]
    assert errors[-1] == "Erreurs : 3. Rien n'a été changé."


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        (b"offices: \xe9\n", "line 1: le fichier n'est pas enregistré en UTF-8"),
        (SMALL.encode("utf-16"), "line 1: le fichier n'est pas enregistré en UTF-8"),
        (SMALL.replace("Référent régional", "R\ud800", 1).encode("utf-8", "surrogatepass"), "line 30: "),
        ("offices:\n  - !!python/object/apply:os.system [ls]\n", "line 2: les étiquettes"),
        ("a: &x [1]\nb: [*x, *x]\n", "line 2: les renvois"),
        ("offices: [\n", "line 2: le fichier n'est pas du YAML lisible"),
        ("offices: []\n---\noffices: []\n", "line 3: le fichier contient plusieurs documents"),
        ("[" * 5000, "line 1: trop de niveaux"),
        ("", "line 1: le fichier est vide"),
        ("# rien\n", "line 1: le fichier est vide"),
        (b"# " + b"x" * (20 * 1024 * 1024), "line 1: le fichier dépasse 20 Mo"),
        ("\n".join(f"k{i}: 1" for i in range(300_000)), "line 101: plus de 100 clés"),
        ("{" + ",".join(f'"k{i}": 1' for i in range(300_000)) + "}", "line 1: plus de 100 clés"),
        ("offices:\n- {" + ", ".join("id: 1" for _ in range(300_000)) + "}", "line 2: plus de 100 clés"),
    ],
    ids=[
        "latin-1",
        "UTF-16",
        "surrogate",
        "tag",
        "alias",
        "syntax",
        "two documents",
        "depth",
        "empty",
        "comment",
        "size",
        "keys",
        "keys in JSON",
        "one key again and again",
    ],
)
def test_file_that_cannot_be_read_whole_says_where(tmp_path, text, sentence):
    (message,) = errors_of(tmp_path, text)

    assert message.startswith(f"annuaire.yaml, {sentence}")


def test_file_of_single_digits_is_refused_before_it_fills_the_memory(tmp_path, monkeypatch):
    monkeypatch.setattr(yaml_files, "MAX_NODES", 1000)

    (message,) = errors_of(tmp_path, "offices: [" + "1," * 300_000 + "]")

    assert message.startswith("annuaire.yaml, line 1: le fichier a plus de 1000 valeurs")


def test_endless_mistakes_are_told_as_far_as_anybody_reads(tmp_path):
    errors = errors_of(tmp_path, "offices: [" + "1," * 3000 + "]")

    assert len(errors) == MAX_PROBLEMS + 1
    assert errors[-1] == "Erreurs : 1000 au moins. Rien n'a été changé."


@pytest.mark.parametrize("text", ["offices: []\n", "zones: []\noffices: []\n"])
def test_file_without_offices_is_refused(tmp_path, text):
    errors = errors_of(tmp_path, text)

    assert "le fichier ne contient aucune antenne" in errors[0]


@pytest.mark.parametrize("text", ["zones: []\n", "- offices\n", "offices\n", "offices: null\n"])
def test_file_of_another_shape_is_refused(tmp_path, text):
    assert len(errors_of(tmp_path, text)) >= 2


def test_missing_file_is_a_sentence():
    with pytest.raises(CommandError, match="ne peut pas être ouvert"):
        call_command("import_directory", "/nulle/part.yaml")


def test_dry_run_prints_the_same_errors(tmp_path):
    stderr = StringIO()

    with pytest.raises(CommandError):
        call_command(
            "import_directory", write(tmp_path, changed(("id: UR-TEST", "id: 3"))), "--dry-run", stderr=stderr
        )

    assert stderr.getvalue().startswith("offices[1].id, line 28: ")
