import io

import pytest
from django.core.management import CommandError, call_command

from companies import naf_editions
from companies.models import NafCorrespondence

pytestmark = pytest.mark.django_db

INSEE = """Table de correspondance;;;
NAF rév. 2;Libellé NAF rév. 2;NAF 2025;Libellé NAF 2025
45.20A;Entretien et réparation de véhicules;95.31Y;Réparation de véhicules
45.20B;Entretien et réparation d'autres véhicules;95.31Y;Réparation de véhicules
10.71C;Boulangerie et boulangerie-pâtisserie;10.71H;Boulangerie
56.10A;Restauration traditionnelle;56.11Y;Restauration
"""


def load(tmp_path, content):
    path = tmp_path / "table.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    call_command("import_naf_correspondence", str(path), stdout=io.StringIO())


@pytest.mark.parametrize("code", ["45.20A", "4520a", "45", "10.71"])
def test_code_of_rev2_at_any_level_is_read_as_it_is(code):
    assert naf_editions.in_rev2(code) == code


@pytest.mark.parametrize("code", ["95.31Y", "10.71H", "99.99Y", "04", "", "?"])
def test_code_of_another_edition_is_unknown_without_the_table(code):
    assert naf_editions.in_rev2(code) is None
    assert naf_editions.label(code) == "activité non connue"


@pytest.mark.parametrize(("code", "rev2"), [("10.71H", "10.71C"), ("5611y", "56.10A"), ("95.31Y", None)])
def test_table_gives_the_code_of_rev2_when_there_is_only_one(tmp_path, code, rev2):
    load(tmp_path, INSEE)

    assert naf_editions.in_rev2(code) == rev2


@pytest.mark.parametrize(
    ("code", "text"), [("10.71H", "oulangerie"), ("5611Y", "Restauration"), ("56.11y", "traditionnelle")]
)
def test_label_of_another_edition_is_that_of_its_equivalent(tmp_path, code, text):
    load(tmp_path, INSEE)

    assert text in naf_editions.label(code)


@pytest.mark.parametrize(
    "content",
    [
        INSEE.replace(";", ","),
        INSEE.encode("cp1252"),
        "\ufeff" + INSEE,
        "NAF2025;NAFrév.2\n10.71H;10.71C\n",
        "Code NAF 2025\tCode NAF 2008\n1071H\t1071C\n",
    ],
)
def test_table_is_read_however_it_was_saved(tmp_path, content):
    load(tmp_path, content)

    assert naf_editions.in_rev2("10.71H") == "10.71C"


def test_loading_again_replaces_the_table(tmp_path):
    load(tmp_path, INSEE)
    load(tmp_path, "NAF 2025;NAF rév. 2\n95.31Y;45.20A\n")

    assert NafCorrespondence.objects.count() == 1
    assert naf_editions.in_rev2("95.31Y") == "45.20A"


@pytest.mark.parametrize("content", ["", "a;b\n1;2\n", "NAF 2025;NAF rév. 2\nx;y\n", b"\x00\xff" * 50])
def test_another_file_is_refused_and_changes_nothing(tmp_path, content):
    load(tmp_path, INSEE)

    with pytest.raises(CommandError):
        load(tmp_path, content)
    assert NafCorrespondence.objects.count() == 4


def test_missing_file_gets_a_sentence(tmp_path):
    with pytest.raises(CommandError, match="ne se lit pas"):
        call_command("import_naf_correspondence", str(tmp_path / "absent.csv"))
