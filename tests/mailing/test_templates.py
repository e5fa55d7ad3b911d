"""Every mail of the portal has its three parts, and each renders with its sample."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings as project
from django.test import override_settings

from mailing.rendering import render

ROOT = Path(project.BASE_DIR) / "templates"
MAILS = sorted(
    {
        str(path.parent.relative_to(ROOT) / path.name.split(".")[0])
        for path in ROOT.glob("*/emails/*")
        if not path.name.startswith("_")
    }
)
MISSING = "⚠ %s ⚠"


@pytest.fixture(scope="module", autouse=True)
def missing_variables_are_shown() -> Iterator[None]:
    """Engine that marks variables absent from the context; the same for all mails, so that it parses once."""
    options = {**project.TEMPLATES[0]["OPTIONS"], "string_if_invalid": MISSING}
    with override_settings(TEMPLATES=[{**project.TEMPLATES[0], "OPTIONS": options}]):
        yield


def test_a_mail_has_subject_text_and_html():
    assert MAILS
    files = [f"{mail}.{end}" for mail in MAILS for end in ("subject.txt", "txt", "html")]

    assert [file for file in files if not (ROOT / file).exists()] == []


@pytest.mark.parametrize("mail", MAILS)
def test_a_mail_renders_with_its_sample(mail):
    sample = ROOT / f"{mail}.sample.json"
    if not sample.exists():
        pytest.skip("no sample")

    rendered = render(mail, json.loads(sample.read_text()))

    assert rendered.subject
    assert "⚠" not in rendered.subject + rendered.text + rendered.html
    assert "&#x27;" not in rendered.subject + rendered.text
    assert len(rendered.html.encode()) < 100_000  # beyond, some clients cut the mail
