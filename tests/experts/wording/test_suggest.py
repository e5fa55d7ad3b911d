"""The command ``suggest``: output, errors and exit codes."""

import io
import json
from types import SimpleNamespace

import pytest
from django.core.management import call_command

pytestmark = [pytest.mark.django_db, pytest.mark.demo_directory]


def run(*arguments: str) -> SimpleNamespace:
    """Run the command and return its output, errors and exit code."""
    out, err, code = io.StringIO(), io.StringIO(), 0
    try:
        call_command("suggest", *arguments, stdout=out, stderr=err)
    except SystemExit as end:
        code = end.code
    return SimpleNamespace(out=out.getvalue(), err=err.getvalue(), code=code)


def batch(tmp_path, *lines: str | bytes) -> SimpleNamespace:
    """Run the command on a file of these lines and parse its answers."""
    file = tmp_path / "texts.jsonl"
    file.write_bytes(b"\n".join(line if isinstance(line, bytes) else line.encode() for line in lines))
    ran = run("--batch", str(file))
    ran.answers = [json.loads(line) for line in ran.out.splitlines()]
    return ran


@pytest.mark.parametrize(
    ("text", "slug", "word"),
    [
        ("apranti boulanger", "recruter-apprenti", "apranti"),
        ("kombien coute un alternant", "aides-alternance", "alternant"),
        ("mon toit c de l amiante", "prevention-risques", "amiante"),
        ("la banque ma refusé le pret", "tresorerie", "banque"),
    ],
)
def test_text_is_answered_with_json(text, slug, word):
    ran = run(text)
    answer = json.loads(ran.out)

    assert (ran.code, ran.err) == (0, "")
    assert answer.keys() == {"subjects", "confident", "doubts"}
    assert answer["subjects"][0]["slug"] == slug
    assert word in answer["subjects"][0]["because"]
    assert 0 < len(answer["subjects"]) <= 5


def test_lines_are_answered_in_order_and_blank_ones_skipped(tmp_path):
    ran = batch(
        tmp_path, b"\xef\xbb\xbf" + b'{"text": "saisonniers"}', "", "  ", '{"text": "mal de dos", "id": 7}'
    )

    assert (ran.code, ran.err) == (0, "")
    assert [answer["subjects"][0]["slug"] for answer in ran.answers] == ["saisonniers", "penibilite"]


@pytest.mark.parametrize(
    "line",
    [
        "{",
        "[]",
        "3",
        "{}",
        '{"text": null}',
        '{"text": 3}',
        '{"text": "  "}',
        json.dumps({"text": "a" * 4_001}),
        b"\xff",
    ],
)
def test_line_that_cannot_be_answered_says_why_and_the_others_go_on(tmp_path, line):
    ran = batch(tmp_path, line, '{"text": "saisonniers"}')

    assert ran.code == 1
    assert "Lignes sans réponse : 1" in ran.err
    assert ran.answers[0].keys() == {"error"}
    assert ran.answers[0]["error"][-1] in ".…}"
    assert ran.answers[1]["subjects"][0]["slug"] == "saisonniers"


@pytest.mark.parametrize(
    "text", ["a" * 4_000, "\x00\x1b", "🙂", "\u202e\u200b", '\\ud800 "', "\ud800", "é" * 3_999]
)
def test_odd_text_is_answered(tmp_path, text):
    [answer] = batch(tmp_path, json.dumps({"text": text})).answers

    assert answer["confident"] is False
    assert answer["doubts"]


@pytest.mark.parametrize(
    "arguments", [(), ("",), ("a" * 4_001,), ("texte", "--batch", "-"), ("--batch", "absent")]
)
def test_wrong_use_is_refused_with_a_sentence(arguments):
    ran = run(*arguments)

    assert (ran.code, ran.out) == (1, "")
    assert ran.err.strip().endswith(".")


@pytest.mark.django_db(transaction=True)
def test_standard_input_is_read(run_python, process_environment):
    line = b'{"text": "saisonniers"}\n'

    done = run_python("manage.py", "suggest", "--batch", "-", stdin=line, environment=process_environment)

    assert done.returncode == 0
    assert json.loads(done.stdout)["subjects"][0]["slug"] == "saisonniers"
