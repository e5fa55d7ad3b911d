import csv

import pytest

from companies import naf


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("43.34Z", "43.34Z"),
        ("4334z", "43.34Z"),
        (" 43 34 z ", "43.34Z"),
        ("4334", None),
        ("4334ZA", None),
        ("peinture", None),
        ("", None),
        ("٤٣٣٤Z", None),
    ],
)
def test_code_is_written_as_insee_does(typed, code):
    assert naf.normalize(typed) == code


def test_labels_exist_at_every_level():
    assert naf.label("43.34Z") == naf.label("4334z") == "Travaux de peinture et vitrerie"
    assert naf.label("43") == "Travaux de construction spécialisés"
    assert naf.label("99.99Z") == ""


def test_trades_are_known_codes_named_once():
    with (naf.DATA / "trades.csv").open(encoding="utf-8") as source:
        codes = [row["code"] for row in csv.DictReader(source)]

    assert [code for code in codes if not naf.label(code) or not naf.normalize(code)] == []
    assert len(codes) == len(set(codes))


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("boulanger", "10.71C"),
        ("Boulangère", "10.71C"),
        ("boulangerie", "10.71C"),
        ("maçon", "43.99C"),
        ("macon", "43.99C"),
        ("garage", "45.20A"),
        ("restaurant", "56.10A"),
        ("coiffeur", "96.02A"),
        ("salon de coiffure", "96.02A"),
        ("plombier", "43.22A"),
        ("électricien", "43.21A"),
        ("menuisier", "43.32A"),
        ("peintre en bâtiment", "43.34Z"),
        ("couvreur", "43.91B"),
        ("fleuriste", "47.76Z"),
        ("boucher", "47.22Z"),
        ("épicerie", "47.11B"),
        ("pharmacie", "47.73Z"),
        ("bar", "56.30Z"),
        ("bar tabac", "56.30Z"),
        ("traiteur", "56.21Z"),
        ("food truck", "56.10C"),
        ("taxi", "49.32Z"),
        ("auto-école", "85.53Z"),
        ("esthéticienne", "96.02B"),
        ("infirmière", "86.90D"),
        ("kiné", "86.90E"),
        ("paysagiste", "81.30Z"),
        ("nettoyage", "81.21Z"),
        ("développeur web", "62.01Z"),
        ("expert-comptable", "69.20Z"),
        ("agence immobilière", "68.31Z"),
        ("magasin de vêtements", "47.71Z"),
        ("hôtel", "55.10Z"),
        ("camping", "55.30Z"),
        ("chambre d'hôtes", "55.20Z"),
        ("pêcheur", "03.11Z"),
        ("apiculteur", "01.49Z"),
        ("architecte", "71.11Z"),
        ("photographe", "74.20Z"),
        ("crèche", "88.91A"),
        ("maison de retraite", "87.10A"),
    ],
)
def test_everyday_trade_comes_first(typed, code):
    assert naf.search(typed)[0].code == code


@pytest.mark.parametrize(
    ("typed", "code"),
    [("coifeur", "96.02A"), ("bouchr", "47.22Z"), ("plomiber", "43.22A"), ("cordonnuer", "95.23Z")],
    ids=["missing", "missing inside", "swapped", "wrong"],
)
def test_one_slip_is_forgiven(typed, code):
    assert naf.search(typed)[0].code == code


def test_beginning_of_a_word_is_enough():
    assert "10.71C" in [activity.code for activity in naf.search("boulan")]


def test_trade_with_several_activities_shows_them_all():
    assert {activity.code for activity in naf.search("transporteur")} >= {"49.41A", "49.41B"}


def test_words_that_nobody_knows_do_not_hide_the_others():
    assert naf.search("je suis boulanger à Dijon")[0].code == "10.71C"


@pytest.mark.parametrize("typed", ["43.3", "433"])
def test_beginning_of_a_code_lists_its_sub_classes(typed):
    codes = [activity.code for activity in naf.search(typed)]

    assert codes[0] == "43.31Z"
    assert all(code.startswith("43.3") for code in codes)


@pytest.mark.parametrize("typed", ["", "a", "de la", "zzzz", "!!!", "<script>"])
def test_nothing_found_is_an_empty_list(typed):
    assert naf.search(typed) == []


def test_very_long_text_is_cut():
    assert naf.search("boulanger " * 10_000)[0].code == "10.71C"


def test_limit_holds():
    assert len(naf.search("commerce", limit=5)) == 5
