import json

import pytest

from companies.headcounts import BANDS, display
from demo.fake_register import SAMPLE


def test_bands_are_the_register_s():
    recorded = json.loads(SAMPLE.read_text(encoding="utf-8"))["headcount_bands"]

    assert {code: tuple(band) for code, band in recorded.items() if band} == BANDS


@pytest.mark.parametrize(
    ("headcount", "sentence"),
    [
        (None, "effectif non vérifié"),
        ((0, 0), "aucun salarié"),
        ((1, 1), "1 salarié"),
        ((12, 12), "12 salariés"),
        ((6, 9), "6 à 9 salariés"),
        ((10000, None), "10\u202f000 salariés ou plus"),
    ],
)
def test_headcount_is_reported_in_words(headcount, sentence):
    assert display(headcount) == sentence
