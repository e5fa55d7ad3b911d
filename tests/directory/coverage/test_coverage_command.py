"""``manage.py coverage``: its lines, its counts, and the sentences that refuse."""

import json
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from experts.models import Office, Subject
from experts.routing import loading
from experts.routing.engine import ApplicantFacts
from territories.models import Commune
from tests.directory.coverage.random_directory import ON
from tests.experts.routing.directory_rows import make_expert, make_office

SUBJECT = "trouver-candidats"

pytestmark = [pytest.mark.django_db, pytest.mark.demo_directory]


def run(*options: str) -> str:
    written = StringIO()
    call_command("coverage", *options, f"--on={ON}", stdout=written)
    return written.getvalue()


def test_a_line_for_each_commune_of_the_region_says_what_routing_would_do():
    subjects = [SUBJECT, "recruter-alternant"]
    subjects = [slug for slug in subjects if Subject.objects.filter(slug=slug).exists()]
    lines = [json.loads(line) for line in run("--region=27", "--subject", *subjects, "--json").splitlines()]

    codes = sorted(Commune.objects.current().filter(department__region="27").values_list("pk", flat=True))
    assert [(line["subject"], line["commune"]) for line in lines] == [
        (slug, code) for slug in subjects for code in codes
    ]
    for line in lines[:: len(lines) // 15]:
        commune = Commune.objects.resolve(line["commune"])
        need = loading.decide(
            subjects=[line["subject"]], commune=commune, facts=ApplicantFacts(), on=ON
        ).needs[0]
        assert line["offices"] == list(need.offices)
        assert line["experts"] == list(need.emails)
        assert line["fallback"] is need.is_fallback
        assert line.keys() == {"subject", "commune", "offices", "experts", "fallback", "flags"}


def test_counts_say_what_is_covered_and_what_is_weak():
    Office.objects.all().delete()
    make_expert(make_office("A", "department:21", craft="only"), "a")

    text = run("--region=27", f"--subject={SUBJECT}")

    assert "698 sur 3\u202f685" in text
    assert "sans réponse : 2\u202f987" in text
    assert "sans antenne de repli : 2\u202f987" in text
    assert "sous conditions seulement : 698" in text


@pytest.mark.parametrize(
    ("option", "sentence"),
    [
        ("--region=99", "Aucune région n'a le code « 99 »"),
        ("--subject=inconnu", "Sujet inconnu : « inconnu »"),
        ("--on=2026-02-30", "n'existe pas au calendrier"),
        ("--on=demain", "indiquez une date comme"),
    ],
)
def test_unknown_values_are_refused_in_a_sentence(option, sentence):
    with pytest.raises(CommandError, match=sentence):
        call_command("coverage", option)
