"""Sample answers of the mail clients used in France, with the text typed by their authors.

``samples/<kind>/<name>.eml`` beside ``<name>.txt``: the text expected, to the letter.
"""

from pathlib import Path

import pytest

from mailing.replies import read

SAMPLES = Path(__file__).parent / "samples"
ALL = sorted(SAMPLES.glob("*/*.eml"))
PERSONS = sorted(SAMPLES.glob("person/*.eml"))


def name(sample):
    return f"{sample.parent.name}/{sample.stem}"


def test_there_are_samples_of_every_sort():
    assert len(PERSONS) >= 40
    assert all(sample.with_suffix(".txt").exists() for sample in PERSONS)


@pytest.mark.parametrize("sample", PERSONS, ids=name)
def test_the_words_are_those_their_author_wrote(sample):
    assert read(sample.read_bytes()).text == sample.with_suffix(".txt").read_text().strip()


@pytest.mark.parametrize("sample", ALL, ids=name)
def test_kind_of_each_sample(sample):
    assert read(sample.read_bytes()).kind == sample.parent.name


@pytest.mark.parametrize("sample", PERSONS, ids=name)
def test_crlf_line_ends_change_nothing(sample):
    raw = sample.read_bytes()

    assert read(raw.replace(b"\n", b"\r\n")).text == read(raw).text


@pytest.mark.parametrize("sample", PERSONS, ids=name)
def test_text_of_our_mail_is_never_kept(sample):
    assert "relais.example.org" not in read(sample.read_bytes()).text
