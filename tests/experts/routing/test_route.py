"""The command ``route``: output, errors and exit codes."""

import io
import json
import subprocess
import sys
from datetime import timedelta
from types import SimpleNamespace

import pytest
from django.core.management import call_command
from django.utils import timezone

from experts.models import Office, Subject
from tests.experts.routing.directory_rows import make_expert, make_office

ASKED = {"subjects": ["trouver-candidats"], "commune": "21317", "on": "2026-12-01"}
CANDIDATES_DEMAND = ("--subject", "trouver-candidats", "--commune", "21317", "--naf", "43.34Z",
                     "--headcount", "6", "--craft", "yes", "--on", "2026-12-01")  # fmt: skip

pytestmark = [pytest.mark.django_db, pytest.mark.demo_directory]


def run(*arguments: str) -> SimpleNamespace:
    """Run the command and return its output, errors and exit code."""
    out, err, code = io.StringIO(), io.StringIO(), 0
    try:
        call_command("route", *arguments, stdout=out, stderr=err)
    except SystemExit as end:
        code = end.code
    return SimpleNamespace(out=out.getvalue(), err=err.getvalue(), code=code)


def batch(tmp_path, *lines: str | bytes) -> SimpleNamespace:
    """Run the command on a file of these lines and parse its answers."""
    file = tmp_path / "requests.jsonl"
    file.write_bytes(b"\n".join(line if isinstance(line, bytes) else line.encode() for line in lines))
    ran = run("--batch", str(file))
    ran.answers = [json.loads(line) for line in ran.out.splitlines()]
    return ran


def test_json_holds_the_decision():
    ran = run(*CANDIDATES_DEMAND, "--json")
    answer = json.loads(ran.out)

    assert (ran.code, ran.err) == (0, "")
    assert answer["offices"] == ["PE-DIJON", "ML-DIJON", "MDE-RCE", "CAPE-21"]
    assert answer["experts"] == [
        "recrutement@france-travail-dijon.example.org",
        "entreprises@mission-locale-dijon.example.org",
        "conseil@relais-conseil-seine-et-tilles.example.org",
        "recrutement@cap-emploi-21.example.org",
    ]
    assert (answer["fallback"], answer["unknown"]) == (False, [])
    assert answer["needs"][0]["subject"] == "trouver-candidats"
    assert answer["refused"] == answer["needs"][0]["refused"]
    assert answer["refused"][0] == {
        "subject": "trouver-candidats",
        "office": "PE-DIJON",
        "expert": "formation@france-travail-dijon.example.org",
        "obstacles": ["no_skill"],
    }


@pytest.mark.parametrize("code", ["95.31Y", "1071h", "56.11Y", "04"])
def test_activity_of_another_edition_is_unknown_and_refuses_nobody(code):
    Office.objects.filter(code="PE-DIJON").update(naf=["45", "10"], naf_excluded=["95"])

    answer = json.loads(run(*CANDIDATES_DEMAND[:4], "--naf", code, "--on", "2026-12-01", "--json").out)

    assert "PE-DIJON" in answer["offices"]
    assert "naf" in answer["unknown"]


def test_without_json_a_person_reads_it():
    ran = run(*CANDIDATES_DEMAND)

    assert ran.out.replace("\xa0", " ").startswith(
        "Is-sur-Tille (Côte-d'Or), demande du mardi 1er décembre 2026\n"
    )
    assert "Relais conseil aux entreprises du Pays Seine-et-Tilles (MDE-RCE)" in ran.out
    assert "territoire : Pays Seine-et-Tilles (zone) ; vérifié : effectif" in ran.out
    assert "moins proche qu'un autre de la même institution" in ran.out
    assert "mde-creativ" not in ran.out


def test_a_person_reads_the_fallback_and_what_would_be_useful():
    uncovered = run("--subject", "plan-formation", "--commune", "97502", "--on", "2026-12-01").out
    unsure = run("--subject", "reprendre", "--commune", "43040", "--on", "2026-12-01", "--project-holder").out

    assert "Personne ne couvre ce sujet ici." in uncovered
    assert "Ce qu'il serait utile de savoir : qualité d'artisan." in unsure


def test_a_person_reads_that_there_is_not_even_a_fallback():
    Office.objects.filter(is_fallback=True).delete()

    ran = run("--subject", "autre", "--commune", "21231", "--on", "2026-12-01")

    assert "la demande est gardée et l'équipe alertée" in ran.out


def test_without_any_fallback_office_the_flag_is_set_and_both_lists_are_empty():
    Office.objects.filter(is_fallback=True).delete()

    answer = json.loads(run("--subject", "autre", "--commune", "21231", "--json").out)

    assert (answer["fallback"], answer["offices"], answer["experts"]) == (True, [], [])


def test_subjects_come_back_as_asked():
    answer = json.loads(
        run(
            "--subject",
            "transmettre",
            "--subject",
            "autre",
            "--subject",
            "transmettre",
            "--commune",
            "12052",
            "--json",
        ).out
    )

    assert [need["subject"] for need in answer["needs"]] == ["transmettre", "autre"]
    assert answer["fallback"] is True


def test_without_a_date_it_is_today_in_paris():
    Office.objects.all().delete()
    make_expert(make_office("A", "department:21", closed_on=timezone.localdate()), "a")
    make_expert(make_office("B", "department:21", closed_on=timezone.localdate() + timedelta(days=1)), "b")

    assert json.loads(run("--subject", "trouver-candidats", "--commune", "21231", "--json").out)[
        "offices"
    ] == ["B"]


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        pytest.param({"--subject": "nothing"}, "Sujet inconnu : « nothing ».", id="unknown slug"),
        pytest.param({"--subject": "\x00"}, "Sujet inconnu : «", id="control character"),
        pytest.param({"--commune": "99999"}, "Commune inconnue : « 99999 ».", id="unknown commune"),
        pytest.param({"--commune": "Dijon"}, "Commune inconnue : « DIJON ».", id="name instead of a code"),
        pytest.param(
            {"--commune": "\x00"}, "commune : indiquez un code INSEE", id="control character as commune"
        ),
        pytest.param({"--on": "2026-02-30"}, "on : le 2026-02-30 n'existe pas", id="no such day"),
        pytest.param({"--on": "demain"}, "on : indiquez une date", id="not a date"),
        pytest.param({"--created-on": "2019"}, "created_on : indiquez une date", id="not a whole date"),
        pytest.param({"--headcount": "beaucoup"}, "headcount : indiquez un nombre", id="not a number"),
        pytest.param({"--headcount": "49-20"}, "headcount : la tranche est à l'envers", id="reversed band"),
        pytest.param({"--craft": "oui"}, "craft : répondez par oui ou par non", id="craft"),
        pytest.param({"--naf": "boulanger"}, "naf : indiquez un code NAF", id="naf"),
        pytest.param({"--legal-form": "SARL"}, "legal_form : indiquez une catégorie", id="legal form"),
        pytest.param({"--subject": None}, "subjects : indiquez au moins un sujet", id="no subject"),
        pytest.param({"--commune": None}, "commune : indiquez un code INSEE", id="no commune"),
    ],
)
def test_mistake_gets_a_sentence_on_standard_error_and_exit_code_1(typed, sentence):
    options = {"--subject": "trouver-candidats", "--commune": "21231"} | typed
    ran = run(
        *(word for option, value in options.items() if value is not None for word in (f"{option}={value}",))
    )

    assert (ran.code, ran.out) == (1, "")
    assert ran.err.startswith(sentence)


def test_every_mistake_is_told_at_once():
    ran = run("--subject", "one", "--subject", "two", "--commune", "99999")

    assert "« one »" in ran.err
    assert "« two »" in ran.err
    assert "« 99999 »" in ran.err


def test_subject_dropped_from_the_catalogue_is_unknown(now):
    Subject.objects.filter(slug="autre").update(dropped_at=now)

    assert run("--subject", "autre", "--commune", "21231").err.startswith("Sujet inconnu")


# Batches


def test_batch_answers_a_line_per_request_in_order(tmp_path):
    ran = batch(
        tmp_path,
        json.dumps(ASKED),
        json.dumps(ASKED | {"commune": "2A004", "subjects": ["dettes-fiscales"]}),
        json.dumps(ASKED | {"headcount": [50, 99], "craft": None}),
    )

    assert (ran.code, ran.err) == (0, "")
    assert [answer["offices"] for answer in ran.answers] == [
        ["PE-DIJON", "ML-DIJON", "MDE-RCE", "CAPE-21"],
        ["DDFIP-2A", "COSAE-94"],
        ["PE-DIJON", "ML-DIJON", "MDE-CREATIV", "CAPE-21"],
    ]


def test_batch_says_the_same_as_the_options(tmp_path):
    request = ASKED | {"naf": "43.34Z", "headcount": 6, "craft": True}

    assert batch(tmp_path, json.dumps(request)).answers == [json.loads(run(*CANDIDATES_DEMAND, "--json").out)]


def test_batch_skips_blank_lines_and_accepts_a_bom_and_windows_line_ends(tmp_path):
    line = json.dumps(ASKED).encode()

    ran = batch(tmp_path, b"\xef\xbb\xbf" + line + b"\r", b"", b"  \t", b"\r", line, b"")

    assert (ran.code, len(ran.answers)) == (0, 2)


def test_empty_batch_answers_nothing(tmp_path):
    ran = batch(tmp_path)

    assert (ran.code, ran.out, ran.err) == (0, "", "")


def test_line_that_cannot_be_answered_gives_an_error_in_its_place_and_the_others_go_on(tmp_path):
    good = json.dumps(ASKED)
    bad = [
        b"{",
        b"[]",
        b"\xff",
        b'{"subjects": ["\\ud800"], "commune": "21231"}',
        b'{"subjects": ["autre\\u0000x"], "commune": "21231\\u0000"}',
        b'{"subjects": ["autre"], "commune": "99999"}',
        b'{"subjects": ["autre"], "commune": 21231}',
        b'{"subjects": ["autre"], "commune": "21231", "headcount": NaN}',
        b'{"subjects": ["autre"], "commune": "21231", "on": "2026-02-30"}',
        b"{}",
    ]

    ran = batch(tmp_path, *(line for wrong in bad for line in (wrong, good)))

    assert ran.code == 1
    assert [set(answer) == {"error"} for answer in ran.answers] == [True, False] * len(bad)
    assert all(answer["error"].endswith(".") for answer in ran.answers[::2])
    assert "10" in ran.err


def test_batch_that_cannot_be_read_gets_a_sentence(tmp_path):
    for name in (tmp_path / "absent.jsonl", tmp_path):
        ran = run("--batch", str(name))

        assert (ran.code, ran.out) == (1, "")
        assert ran.err.startswith("Le fichier «")


def test_batch_on_standard_input_as_a_process(process_environment):
    lines = "\n".join([json.dumps(ASKED), "", "oops"])
    ran = subprocess.run(
        [sys.executable, "manage.py", "route", "--batch", "-"],
        input=lines.encode(),
        capture_output=True,
        check=False,
        env=process_environment | {"PYTHONIOENCODING": "ascii"},
    )

    answers = [json.loads(line) for line in ran.stdout.splitlines()]
    assert ran.returncode == 1
    assert answers[0]["offices"] == ["PE-DIJON", "ML-DIJON", "MDE-RCE", "CAPE-21"]
    assert set(answers[1]) == {"error"}
    assert ran.stderr


def test_nothing_is_saved(django_assert_max_num_queries):
    with django_assert_max_num_queries(12) as queries:
        run(*CANDIDATES_DEMAND)

    assert all(query["sql"].lstrip().startswith(("SELECT", "WITH")) for query in queries)
