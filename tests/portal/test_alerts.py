"""The alerting rules name existing metrics, and the runbook has an entry for each."""

import re
from datetime import timedelta

import promql_parser
import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from portal import health
from portal.celery import app
from tests.databases import ROOT

RULES = yaml.safe_load((ROOT / "docs" / "alerts.yml").read_text())["groups"][0]["rules"]
RUNBOOK = (ROOT / "docs" / "runbook.md").read_text()
ALARMS = [
    *(
        "NotScraped",
        "BeatOld",
        "WorkerDead",
        "SweepFailing",
        "NightFailing",
        "MailLate",
        "MailsRefused",
        "SweepSaves",
        "RegisterAway",
        "RoutingFailing",
    ),
    *("NeedsWaiting", "DiskFull", "BrokerAway", "DatabaseAway"),
]
by_name = pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule["alert"])


@pytest.fixture
def families(client, db, settings):
    settings.METRICS_TOKEN = "a token of the tests"
    text = client.get("/metrics", headers={"Authorization": "Bearer a token of the tests"}).content.decode()
    return {family.name: family for family in text_string_to_metric_families(text)}


def test_alarms_are_these():
    assert [rule["alert"] for rule in RULES] == ALARMS


@by_name
def test_rule_is_written_as_prometheus_reads_it(rule):
    assert set(rule) <= {"alert", "expr", "for", "annotations"}
    assert re.fullmatch(r"\d+[mh]", rule.get("for", "1m"))
    promql_parser.parse(rule["expr"])
    assert rule["annotations"]["summary"].endswith(".")


@by_name
def test_alarm_names_metrics_that_exist(rule, families):
    named = re.findall(r"\b(relais_\w+)(?:\{(\w+)(!?=)\"([^\"]*)\"\})?", rule["expr"])

    assert named
    for name, label, sign, value in named:
        family = families[name.removesuffix("_total")]
        assert (family.type == "counter") == name.endswith("_total")
        if sign == "=":
            assert value in {sample.labels[label] for sample in family.samples}, name


@by_name
def test_alarm_has_its_page_in_the_runbook(rule):
    [section] = re.findall(rf"^## {rule['alert']}\b.*?(?=^## |\Z)", RUNBOOK, re.MULTILINE | re.DOTALL)

    for part in ("Ce que cela veut dire", "Le voir", "Que faire"):
        assert f"**{part}" in section


def test_each_scheduled_work_has_its_alarm():
    named = " ".join(rule["expr"] for rule in RULES)

    assert [work for work in app.conf.beat_schedule if work not in named] == []


def test_scraping_that_fails_or_was_never_set_up_has_its_alarm():
    [rule] = [rule for rule in RULES if rule["alert"] == "NotScraped"]
    jobs = yaml.safe_load(re.search(r"^```yaml\n(rule_files.*?)^```", RUNBOOK, re.MULTILINE | re.DOTALL)[1])

    for part in ('up{job="relais"} == 0', 'absent(up{job="relais"})', "absent(relais_up)"):
        assert part in rule["expr"]
    assert [job["job_name"] for job in jobs["scrape_configs"]] == ["relais"]


def test_runbook_names_metrics_that_exist(families):
    for name in re.findall(r"`(relais_\w+)", RUNBOOK):
        assert name.removesuffix("_total").removesuffix("_count") in families, name


def test_beat_and_mails_are_alarms_when_the_health_page_calls_them_bad():
    expressions = {rule["alert"]: rule["expr"] for rule in RULES}
    late = re.search(r"> (\d+)", expressions["MailLate"])[1]

    for name in ("BeatOld", "WorkerDead", "SweepFailing"):
        limit = re.search(r"relais_beat_age_seconds\{.*?\}\) > (\d+)", expressions[name])[1]
        assert timedelta(seconds=int(limit)) == health.BEAT_LIMIT
    assert timedelta(seconds=int(late)) == health.MAIL_LIMIT
