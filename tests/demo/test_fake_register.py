"""The demo's register gives the recorded answers."""

import json

import pytest
import requests

from demo.fake_register import SAMPLE

CASES = [
    case
    for case in json.loads(SAMPLE.read_text(encoding="utf-8"))["cases"]
    if case["response"]["status"] != 429  # a matter of load, not of question
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case['case']} {case['request']['params']['q']}")
def test_recorded_question_gets_its_recorded_answer(register_server, case):
    answer = requests.get(register_server.url + "/search", params=case["request"]["params"], timeout=300)

    assert answer.status_code == case["response"]["status"]
    expected = case["response"]["body"]
    found = answer.json()
    assert found.keys() - {"total_pages"} == expected.keys() - {"total_pages"}
    assert sorted(map(str, found.get("results", []))) == sorted(map(str, expected.get("results", [])))


def test_other_page_is_not_found(register_server):
    assert requests.get(register_server.url + "/other", timeout=300).status_code == 404
