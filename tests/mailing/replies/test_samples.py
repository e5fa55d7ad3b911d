"""Sample answers of the mail clients used in France, with the text typed by their authors.

``samples/<kind>/<name>.eml`` beside ``<name>.txt``: the text expected, to the letter.
"""

from functools import cache
from pathlib import Path

from mailing.replies import read

SAMPLES = Path(__file__).parent / "samples"
ALL = sorted(SAMPLES.glob("*/*.eml"))
PERSONS = sorted(SAMPLES.glob("person/*.eml"))


def name(sample):
    return f"{sample.parent.name}/{sample.stem}"


@cache
def read_sample(sample):
    return read(sample.read_bytes())


def test_there_are_samples_of_every_sort():
    assert len(PERSONS) >= 40
    assert all(sample.with_suffix(".txt").exists() for sample in PERSONS)


def test_the_words_are_those_their_author_wrote():
    found = {name(sample): read_sample(sample).text for sample in PERSONS}

    assert found == {name(sample): sample.with_suffix(".txt").read_text().strip() for sample in PERSONS}


def test_kind_of_each_sample():
    found = {name(sample): read_sample(sample).kind for sample in ALL}

    assert found == {name(sample): sample.parent.name for sample in ALL}


def test_crlf_line_ends_change_nothing():
    found = {name(sample): read(sample.read_bytes().replace(b"\n", b"\r\n")).text for sample in PERSONS}

    assert found == {name(sample): read_sample(sample).text for sample in PERSONS}


def test_text_of_our_mail_is_never_kept():
    assert [name(one) for one in PERSONS if "relais.example.org" in read_sample(one).text] == []
