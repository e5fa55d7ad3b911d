import pytest

from territories.search import search_communes

pytestmark = [pytest.mark.django_db, pytest.mark.territories]


def places(text, **options):
    return [commune.place for commune in search_communes(text, **options)]


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("Dijon", "Dijon (Côte-d'Or)"),
        ("DIJON", "Dijon (Côte-d'Or)"),
        ("besancon", "Besançon (Doubs)"),
        ("oeuilly", "Œuilly (Marne)"),
        ("l'hay les roses", "L'Haÿ-les-Roses (Val-de-Marne)"),
        ("lhay les roses", "L'Haÿ-les-Roses (Val-de-Marne)"),
        ("L’Haÿ-les-Roses", "L'Haÿ-les-Roses (Val-de-Marne)"),
        ("st etienne", "Saint-Étienne (Loire)"),
        ("St-Apollinaire", "Saint-Apollinaire (Côte-d'Or)"),
        ("saint apo", "Saint-Apollinaire (Côte-d'Or)"),
        ("ste colombe", "Sainte-Colombe (Rhône)"),
        ("chalon s/ saone", "Chalon-sur-Saône (Saône-et-Loire)"),
        ("chalon saone", "Chalon-sur-Saône (Saône-et-Loire)"),
        ("apollinaire", "Saint-Apollinaire (Côte-d'Or)"),
        ("y", "Y (Somme)"),
        ("marsei", "Marseille (Bouches-du-Rhône)"),
        ("21000", "Dijon (Côte-d'Or)"),
        ("21 000", "Dijon (Côte-d'Or)"),
        ("2185", "Saint-Apollinaire (Côte-d'Or)"),
        ("97200", "Fort-de-France (Martinique)"),
        ("20000", "Ajaccio (Corse-du-Sud)"),
        ("21000 Dijon Cedex", "Dijon (Côte-d'Or)"),
        ("75011 Paris", "Paris (Paris)"),
        ("F-21000 Dijon", "Dijon (Côte-d'Or)"),
        ("21 000 Dijon", "Dijon (Côte-d'Or)"),
        ("Bors (Canton de Charente-Sud)", "Bors (Canton de Charente-Sud) (Charente)"),
    ],
)
def test_likeliest_commune_comes_first(text, first):
    assert places(text)[0] == first


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("21033 Dijon Cedex", "Dijon (Côte-d'Or)"),
        ("21033", "Dijon (Côte-d'Or)"),
        ("Dijon cedex 21 078", "Dijon (Côte-d'Or)"),
        ("75000", "Paris (Paris)"),
        ("75000 Paris", "Paris (Paris)"),
        ("75999 Paris 11e", "Paris (Paris)"),
        ("13000 Marseille", "Marseille (Bouches-du-Rhône)"),
        ("13000", "Marseille (Bouches-du-Rhône)"),
        ("69000 Lyon", "Lyon (Rhône)"),
        ("69000 Lyno", "Lyon (Rhône)"),
        ("59033 lille cedex", "Lille (Nord)"),
        ("97199 Pointe-à-Pitre", "Pointe-à-Pitre (Guadeloupe)"),
        ("20999 Bastia", "Bastia (Haute-Corse)"),
        ("CS 12345 21000 Dijon", "Dijon (Côte-d'Or)"),
        ("BP 70123, 21033 Dijon Cedex", "Dijon (Côte-d'Or)"),
        ("Dijon centre", "Dijon (Côte-d'Or)"),
        ("ND de Bondeville", "Notre-Dame-de-Bondeville (Seine-Maritime)"),
        ("Mt-St-Martin 54", "Mont-Saint-Martin (Meurthe-et-Moselle)"),
        ("D\u0456jon", "Dijon (Côte-d'Or)"),
        ("\uff12\uff11\uff10\uff10\uff10", "Dijon (Côte-d'Or)"),
        ("2a004", "Ajaccio (Corse-du-Sud)"),
        ("2B", "Bastia (Haute-Corse)"),
        ("Dijon, France", "Dijon (Côte-d'Or)"),
        ("la zone de Saint-Apollinaire", "Saint-Apollinaire (Côte-d'Or)"),
        ("Dijon (Bourgogne)", "Dijon (Côte-d'Or)"),
    ],
)
def test_part_that_is_unknown_does_not_hide_the_part_that_is_known(text, found):
    assert found in places(text)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Saint-Denis 974", ["Saint-Denis (La Réunion)"]),
        ("saint denis (93)", ["Saint-Denis (Seine-Saint-Denis)"]),
        ("Bastia 2b", ["Bastia (Haute-Corse)"]),
        ("Paris 11", ["Paris (Paris)"]),
        ("Marseille 13", ["Marseille (Bouches-du-Rhône)"]),
    ],
)
def test_department_after_the_name_narrows_the_search(text, found):
    assert places(text) == found


@pytest.mark.parametrize(
    ("text", "found"),
    [("21000 Lyon", {"Lyon (Rhône)", "Dijon (Côte-d'Or)"}), ("75000 Chicago", {"Paris (Paris)"})],
)
def test_name_and_postcode_that_disagree_give_guesses(text, found):
    communes = search_communes(text)

    assert found <= {commune.place for commune in communes}
    assert all(commune.is_guess for commune in communes)


@pytest.mark.parametrize("text", ["00000", "99999", "98000", "", "()", "zzzzzz", "99999 zzzzzz"])
def test_nothing_known_finds_nothing(text):
    assert places(text) == []


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("dijn", "Dijon (Côte-d'Or)"),
        ("diijon", "Dijon (Côte-d'Or)"),
        ("dojon", "Dijon (Côte-d'Or)"),
        ("tijon", "Dijon (Côte-d'Or)"),
        ("dijno", "Dijon (Côte-d'Or)"),
        ("lyno", "Lyon (Rhône)"),
        ("ajacio", "Ajaccio (Corse-du-Sud)"),
        ("marseile", "Marseille (Bouches-du-Rhône)"),
        ("la rochele", "La Rochelle (Charente-Maritime)"),
        ("sant apol", "Saint-Apollinaire (Côte-d'Or)"),
        ("saint apolinaire", "Saint-Apollinaire (Côte-d'Or)"),
        ("besamcon", "Besançon (Doubs)"),
    ],
)
def test_one_typo_is_forgiven(text, first):
    assert places(text)[0] == first


def test_city_at_one_typo_is_offered_below_names_that_start_so():
    found = places("roan")

    assert found[0] == "Roanne (Loire)"
    assert "Royan (Charente-Maritime)" in found


@pytest.mark.parametrize(
    ("text", "code", "found_as"),
    [
        ("Lyon 3e", "69123", "Lyon 3e Arrondissement"),
        ("lyon 3ème arr.", "69123", "Lyon 3e Arrondissement"),
        ("Paris 1er arrondissement", "75056", "Paris 1er Arrondissement"),
        ("arbignieu", "01015", "Arbignieu"),
        ("Cordieux", "01262", "Cordieux"),
        ("Dijon", "21231", ""),
    ],
)
def test_former_name_leads_to_the_current_commune_and_says_so(text, code, found_as):
    commune = search_communes(text)[0]

    assert (commune.code, commune.found_as) == (code, found_as)


def test_homonyms_are_never_cut():
    assert (
        len([place for place in places("Sainte-Colombe", limit=5) if place.startswith("Sainte-Colombe (")])
        == 12
    )


def test_communes_of_a_postcode_are_never_cut():
    assert len(places("51300")) == 46


@pytest.mark.parametrize(
    "text", ["Saint-Apollinaire (Hautes-Alpes)", "st apollinaire (05)", "05160 St Apollinaire"]
)
def test_department_in_brackets_or_postcode_narrows_the_search(text):
    assert places(text) == ["Saint-Apollinaire (Hautes-Alpes)"]


@pytest.mark.parametrize(
    "text", ["", "   ", "'", "%", "\x00", "zzzzzz", "99999", "1", "123456", "()", "(21)"]
)
def test_nothing_to_find_finds_nothing(text):
    assert places(text) == []


def test_answer_keeps_its_limit():
    assert len(places("saint", limit=10)) == 10
    assert len(places("21", limit=3)) == 3


@pytest.mark.parametrize(("text", "queries"), [("21000", 1), ("Dijon (21)", 3), ("dijn", 3), ("sainte", 2)])
def test_queries_are_few(text, queries, django_assert_max_num_queries):
    with django_assert_max_num_queries(queries):
        assert places(text)
