"""The replay command: a line per request that goes elsewhere, and nothing saved."""

import json
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command

from experts.models import Absence, Expert, Institution, Office
from solicitations.actions import staff_actions
from solicitations.lifecycle import ClosedReason
from solicitations.models import Event, Match, Need, Solicitation
from tests.directory.files import write
from tests.experts.factories import NationalFactory, stored_rows
from tests.solicitations.factories import send

pytestmark = [pytest.mark.django_db, pytest.mark.demo_directory]

DEMO = Path("experts/data/directory-demo.yaml")
TABLES = (Solicitation, Need, Match, Event, Office, Expert, Absence)
SINCE = "--since=2026-11-01"


def replay(*options: str) -> tuple[str, str]:
    stdout, stderr = StringIO(), StringIO()
    call_command("replay", *options, stdout=stdout, stderr=stderr)
    return stdout.getvalue(), stderr.getvalue()


def lines(*options: str) -> list[dict]:
    return [json.loads(line) for line in replay(*options, "--json")[0].splitlines()]


@pytest.fixture
def sent(commit, now) -> Solicitation:
    return commit(send, now=now)


def offices_of(solicitation: Solicitation) -> list[str]:
    need = solicitation.needs.get()
    return sorted(need.decision["offices"])


def test_nothing_changes_while_the_directory_stays(sent):
    assert lines(SINCE) == []
    assert lines(SINCE, f"--directory={DEMO}") == []


def test_the_stored_decision_is_compared_with_the_tables(sent):
    before = offices_of(sent)
    Office.objects.filter(code=before[0]).update(closed_on="2026-11-01")

    [line] = lines(SINCE)

    assert line["reference"] == sent.reference
    assert line["before"] == before
    assert before[0] not in line["after"]


def test_a_file_is_compared_with_the_tables_as_its_import_would_leave_them(sent, tmp_path):
    before = offices_of(sent)
    text = DEMO.read_text()
    assert text.count(f"- id: {before[0]}\n") == 1
    without = text.replace(f"- id: {before[0]}\n", f'- id: {before[0]}\n    closed_on: "2026-11-01"\n')

    [line] = lines(SINCE, f"--directory={write(tmp_path, without)}")

    assert line["before"] == before
    assert before[0] not in line["after"]


def test_each_request_is_decided_for_its_own_day_unless_one_is_given(sent):
    Office.objects.filter(code=offices_of(sent)[0]).update(closed_on="2026-12-02")

    assert lines(SINCE) == []
    assert len(lines(SINCE, "--on=2026-12-02")) == 1


def test_requests_before_the_day_are_left_out(sent):
    Office.objects.filter(code=offices_of(sent)[0]).update(closed_on="2026-11-01")

    assert len(lines("--since=2026-12-01")) == 1
    assert lines("--since=2026-12-02") == []


def test_institutions_that_the_owner_unticked_stay_left_out(sent):
    sent.unticked_institutions.set(Institution.objects.filter(code="PE"))

    [line] = lines(SINCE)

    assert set(line["before"]) - set(line["after"]) == {
        code for code in line["before"] if Office.objects.get(code=code).institution.code == "PE"
    }


def test_a_confidential_request_shows_its_reference_and_offices_alone(commit, now):
    sent = commit(send, "point-confidentiel", now=now)
    Solicitation.objects.filter(pk=sent.pk).update(is_confidential=True)
    Office.objects.filter(code__in=offices_of(sent)).update(closed_on="2026-11-01")

    text, _ = replay(SINCE)
    [line] = lines(SINCE)

    assert set(line) == {"reference", "before", "after", "fallback_before", "fallback_after"}
    assert "confidentiel" not in text
    assert sent.commune.name not in text


def test_text_says_the_offices_before_and_after(sent):
    before = offices_of(sent)
    Office.objects.filter(code=before[0]).update(closed_on="2026-11-01")

    text, count = replay(SINCE)

    assert text.startswith(sent.reference)
    assert f"{', '.join(before)} →" in text
    assert "Iraient ailleurs : 1" in count


def test_nothing_is_saved(sent, tmp_path):
    text = DEMO.read_text().replace("headcount_max: 49", "headcount_max: 2")
    before = stored_rows(TABLES)

    replay(SINCE, f"--directory={write(tmp_path, text)}")
    replay(SINCE, "--on=2027-02-10")

    assert stored_rows(TABLES) == before


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ((), "Indiquez une date : --since"),
        (("--since=hier",), "« hier » n'est pas une date"),
        (("--since=2026-02-30",), "n'est pas une date"),
        (("--since=20261101",), "n'est pas une date"),
        ((SINCE, "--on=2026-13-01"), "--on"),
        ((SINCE, "--directory=absent.yaml"), "absent.yaml"),
    ],
)
def test_bad_input_gets_a_sentence_and_exit_1(options, sentence, capsys):
    stdout, stderr = StringIO(), StringIO()

    with pytest.raises(SystemExit) as ended:
        call_command("replay", *options, stdout=stdout, stderr=stderr)

    assert ended.value.code == 1
    assert sentence in stderr.getvalue()
    assert stdout.getvalue() == ""


def test_every_error_of_the_file_is_printed(tmp_path):
    stderr = StringIO()
    text = DEMO.read_text().replace("institution: PE\n", "institution: XX\n")

    with pytest.raises(SystemExit):
        call_command("replay", SINCE, f"--directory={write(tmp_path, text)}", stderr=stderr)

    assert stderr.getvalue().count("institution inconnue") == DEMO.read_text().count("institution: PE\n")


def test_requests_closed_as_spam_are_left_out(commit, sent, now):
    Office.objects.filter(code=offices_of(sent)[0]).update(closed_on="2026-11-01")
    commit(staff_actions.mark, sent, ClosedReason.SPAM, by=NationalFactory(), now=now)

    assert lines(SINCE) == []
