"""Import of the catalogue: all or nothing, errors with their path and line."""

from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from experts.models import (
    EntryQuestion,
    Institution,
    InstitutionGroup,
    Subject,
    SubjectExamples,
    SubjectInstitution,
    Theme,
)
from tests.experts.factories import stored_rows

pytestmark = [pytest.mark.django_db, pytest.mark.demo_directory]

DATA = Path("experts/data")


def dump() -> list[dict]:
    tables = (
        InstitutionGroup,
        Institution,
        Theme,
        Subject,
        SubjectExamples,
        SubjectInstitution,
        EntryQuestion,
    )
    return stored_rows(tables)


@pytest.fixture
def import_changed(tmp_path):
    """Import the bundled files, one of them with texts replaced."""

    def run(name: str, *pairs: tuple[str, str]) -> list[str]:
        text = (DATA / name).read_text()
        for before, after in pairs:
            assert before in text, before
            text = text.replace(before, after, 1)
        (tmp_path / name).write_text(text)
        stdout, stderr = StringIO(), StringIO()
        try:
            call_command(
                "import_catalogue", f"--{name[:-5]}", str(tmp_path / name), stdout=stdout, stderr=stderr
            )
        except CommandError as error:
            return [*stderr.getvalue().splitlines(), str(error)]
        return stdout.getvalue().splitlines()

    return run


def test_everything_is_imported_in_display_order():
    assert Theme.objects.count() == 12
    assert Subject.objects.count() == 81
    assert EntryQuestion.objects.count() == 15
    assert Theme.objects.order_by("position")[0].slug == "recrutement"
    assert Subject.objects.order_by("position").last().slug == "autre"


def test_facts_of_a_subject_are_stored():
    subject = Subject.objects.get(slug="premier-salarie")

    assert subject.is_labour_law
    assert not subject.is_confidential
    assert "DPAE" in subject.keywords
    answers = subject.answers.order_by("position")
    assert [answer.institution.code for answer in answers] == ["SRE", "URSSAF", "PE", "CCI", "CMA"]


def test_groups_and_relays_are_told_apart():
    answers = Subject.objects.get(slug="recruter-apprenti").answers

    assert {answer.group.code for answer in answers.exclude(group=None)} == {"BRANCHE", "OPCO"}
    assert [answer.institution.code for answer in answers.filter(is_relay=True)] == ["CFA"]


def test_subject_outside_the_themes_has_no_institution():
    subject = Subject.objects.get(slug="autre")

    assert subject.theme is None
    assert subject.is_open_to_project_holders
    assert not subject.answers.exists()


def test_again_changes_nothing():
    before = dump()

    call_command("import_catalogue", stdout=StringIO())

    assert dump() == before


MARK = "    legal_information: true\n"


@pytest.mark.parametrize(
    ("change", "marked"),
    [
        ((MARK, MARK), {"SRE"}),
        ((MARK, ""), set()),
        ((MARK, MARK.replace("true", "false")), set()),
        (("  - code: URSSAF\n", f"  - code: URSSAF\n{MARK}"), {"SRE", "URSSAF"}),
        (("  - code: PE\n", f"  - code: PE\n{MARK.replace('true', 'yes')}"), {"SRE", "PE"}),
    ],
    ids=["as it is", "left out", "false", "a second one", "yes"],
)
def test_institutions_that_the_law_binds_are_those_that_the_file_marks(import_changed, change, marked):
    import_changed("institutions.yaml", change)

    found = Institution.objects.filter(is_legal_information=True)
    assert set(found.values_list("code", flat=True)) == marked


def test_subject_left_out_is_dropped_and_comes_back(import_changed):
    text = (DATA / "catalogue.yaml").read_text()
    start = text.index("      - slug: saisonniers")
    import_changed("catalogue.yaml", (text[start : text.index("      - slug:", start + 10)], ""))
    assert Subject.objects.get(slug="saisonniers").dropped_at

    call_command("import_catalogue", stdout=StringIO())

    assert Subject.objects.get(slug="saisonniers").dropped_at is None


def test_institution_taken_off_a_subject_is_a_change_that_is_told(import_changed):
    (counts,) = import_changed("catalogue.yaml", ("[PE, OPCO, ARACT, MDE]", "[PE, OPCO, ARACT]"))

    assert "changés 1" in counts


def test_other_subjects_of_a_front_door_question_are_a_change_that_is_told(import_changed):
    before, after = "subjects: [rupture-conventionnelle, licenciement]", "subjects: [licenciement]"

    (counts,) = import_changed("catalogue.yaml", (before, after))

    assert "changés 1" in counts


def test_order_of_institutions_follows_the_file(import_changed):
    import_changed("catalogue.yaml", ("[PE, OPCO, ARACT, MDE]", "[MDE, PE, OPCO]"))

    answers = Subject.objects.get(slug="definir-besoin").answers.order_by("position")
    assert [str((answer.institution or answer.group).code) for answer in answers] == ["MDE", "PE", "OPCO"]


def test_examples_are_stored_in_their_order():
    texts = SubjectExamples.objects.get(subject__slug="recruter-apprenti").texts

    assert len(texts) >= 40
    assert len(set(texts)) == len(texts)


def test_subject_without_examples_in_the_file_keeps_those_that_it_has(import_changed):
    text = (DATA / "catalogue.yaml").read_text()
    start = text.index("        examples:\n")
    before = SubjectExamples.objects.get(subject__slug="definir-besoin").texts

    output = import_changed("catalogue.yaml", (text[start : text.index("      - slug:", start)], ""))

    assert output == ["Catalogue : rien à changer."]
    assert SubjectExamples.objects.get(subject__slug="definir-besoin").texts == before


def test_other_examples_are_a_change_that_is_told(import_changed):
    text = (DATA / "catalogue.yaml").read_text()
    start = text.index("        examples:\n")
    given = text[start : text.index("      - slug:", start)]

    (counts,) = import_changed("catalogue.yaml", (given, '        examples: ["qui prendre ?"]\n'))

    assert "changés 1" in counts
    assert SubjectExamples.objects.get(subject__slug="definir-besoin").texts == ["qui prendre ?"]


MISTAKES = {
    "unknown institution": (
        "catalogue.yaml",
        "[PE, OPCO, ARACT, MDE]",
        "[PE, XX]",
        "themes[0].subjects[0].institutions[1]",
        "institution inconnue",
    ),
    "institution twice": (
        "catalogue.yaml",
        "[PE, OPCO, ARACT, MDE]",
        "[PE, PE]",
        "themes[0].subjects[0].institutions[1]",
        "deux fois",
    ),
    "unknown flag": (
        "catalogue.yaml",
        "{local_first: true, collective: true}",
        "{local: true}",
        "themes[0].subjects[0].flags.local",
        "clé inconnue",
    ),
    "flag that is no boolean": (
        "catalogue.yaml",
        "{local_first: true, collective: true}",
        "{local_first: 1}",
        "themes[0].subjects[0].flags.local_first",
        "true ou false",
    ),
    "example that is no text": (
        "catalogue.yaml",
        "        examples:\n",
        "        examples:\n          - 12\n",
        "themes[0].subjects[0].examples[0]",
        "guillemets",
    ),
    "long example": (
        "catalogue.yaml",
        "        examples:\n",
        f"        examples:\n          - {'x' * 501}\n",
        "themes[0].subjects[0].examples[0]",
        "500",
    ),
    "example twice": (
        "catalogue.yaml",
        "        examples:\n",
        "        examples:\n          - qui prendre ?\n          - qui prendre ?\n",
        "themes[0].subjects[0].examples[1]",
        "deux fois",
    ),
    "duplicate subject": (
        "catalogue.yaml",
        "slug: trouver-candidats",
        "slug: definir-besoin",
        "themes[0].subjects[1].slug",
        "deux fois",
    ),
    "malformed slug": (
        "catalogue.yaml",
        "slug: definir-besoin",
        "slug: Définir besoin",
        "themes[0].subjects[0].slug",
        "minuscules",
    ),
    "missing label": ("catalogue.yaml", '    label: "Recruter"\n', "", "themes[0]", "« label »"),
    "theme and subjects": (
        "catalogue.yaml",
        "theme: recrutement}",
        "theme: recrutement, subjects: [creer]}",
        "entry_questions[0]",
        "l'un des deux",
    ),
    "unknown theme": (
        "catalogue.yaml",
        "theme: recrutement}",
        "theme: embauche}",
        "entry_questions[0].theme",
        "thème inconnu",
    ),
    "position twice": ("catalogue.yaml", "{position: 2,", "{position: 1,", "entry_questions[1]", "deux fois"),
    "mark that is neither true nor false": (
        "institutions.yaml",
        "legal_information: true",
        "legal_information: oui",
        "institutions[2].legal_information",
        "true ou false",
    ),
    "unknown kind": ("institutions.yaml", "kind: state", "kind: etat", "institutions[0].kind", "inconnu"),
    "unknown group": ("institutions.yaml", "group: OPCO", "group: OPCA", "institutions[", "groupe inconnu"),
    "unknown way to notify": (
        "institutions.yaml",
        "notified: automatic",
        "notified: often",
        "institutions[0].notified",
        "inconnu",
    ),
    "code of a group": (
        "institutions.yaml",
        "code: UR\n",
        "code: OPCO\n",
        "institutions[0].code",
        "deux fois",
    ),
    "long name": (
        "institutions.yaml",
        'name: "DREETS',
        f'name: "{"x" * 300}DREETS',
        "institutions[0].name",
        "200",
    ),
}


@pytest.fixture(scope="module")
def stored(undone):
    """The catalogue before any of the tests."""
    with undone():
        return dump()


@pytest.mark.parametrize("mistake", MISTAKES.values(), ids=MISTAKES)
def test_mistake_is_told_and_nothing_changes(import_changed, stored, mistake):
    file, before, after, path, sentence = mistake

    output = import_changed(file, (before, after))

    assert any(
        line.startswith(f"{file}: {path}") and sentence in line and ", line " in line for line in output
    )
    assert output[-1] == "Rien n'a été changé."
    assert dump() == stored


def test_unreadable_file_is_named(tmp_path):
    (tmp_path / "c.yaml").write_text("themes: [")

    with pytest.raises(CommandError, match=r"c.yaml, line 1|c.yaml, line 2"):
        call_command("import_catalogue", "--catalogue", str(tmp_path / "c.yaml"))
