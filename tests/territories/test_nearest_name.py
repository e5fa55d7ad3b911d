"""The nearest name among thousands: the one that Python's own comparison finds."""

import difflib

from hypothesis import example, given
from hypothesis import strategies as st

from territories.nearest_name import MAX_LETTERS, NearestName

WORDS = st.text("abc ", max_size=12)
LONG = "ab" * MAX_LETTERS


@given(names=st.lists(WORDS, max_size=12), text=WORDS.filter(bool))
@example(names=["baune", "beaumes", "beaune"], text="beaunne")
@example(names=["ba", "ab", "abab"], text="ab" * 2)
@example(names=[LONG, LONG[1:]], text="b" + LONG)
@example(names=["a" * 400, "a" * 300], text="a" * MAX_LETTERS)
def test_nearest_name_is_the_one_of_difflib(names, text):
    found = NearestName(names).find(text)

    assert found == next(iter(difflib.get_close_matches(text, names, n=1)), None)
