import pytest
from hypothesis import given
from hypothesis import strategies as st

from territories.names import is_one_typo, normalise, starts_with_one_typo

LETTERS = st.text("abcdelinorst ", min_size=4, max_size=20)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("L'Haÿ-les-Roses", "l hay les roses"),
        ("L’Haÿ les Roses", "l hay les roses"),
        ("Œuilly", "oeuilly"),
        ("St-Étienne", "saint etienne"),
        ("Ste Colombe", "sainte colombe"),
        ("STRASBOURG", "strasbourg"),
        ("Chalon s/ Saône", "chalon sur saone"),
        ("Lyon 3ème arr.", "lyon 3"),
        ("Paris 01er Arrondissement", "paris 1"),
        ("Dijon Cedex 9", "dijon"),
        ("  a  --  b ", "a b"),
        ("%_\\\x00", ""),
    ],
)
def test_name_is_compared_as_people_type_it(text, expected):
    assert normalise(text) == expected


@given(st.text(max_size=60))
def test_normalising_twice_changes_nothing(text):
    assert normalise(normalise(text)) == normalise(text)


@given(LETTERS, st.data())
def test_one_letter_wrong_missing_added_or_swapped_is_one_typo(name, data):
    at = data.draw(st.integers(0, len(name) - 2))
    typed = data.draw(
        st.sampled_from(
            [
                name[:at] + "x" + name[at + 1 :],
                name[:at] + name[at + 1 :],
                name[:at] + "x" + name[at:],
                name[:at] + name[at + 1] + name[at] + name[at + 2 :],
            ]
        )
    )

    assert typed == name or is_one_typo(typed, name)


@pytest.mark.parametrize(
    ("typed", "name"), [("dijon", "dijon"), ("dino", "dijon"), ("lyxx", "lyon"), ("", "ys"), ("noyl", "lyon")]
)
def test_none_or_two_typos_are_not_one(typed, name):
    assert not is_one_typo(typed, name)


def test_typo_in_the_beginning_of_a_name_is_forgiven():
    assert starts_with_one_typo("sant apol", "saint apollinaire")
