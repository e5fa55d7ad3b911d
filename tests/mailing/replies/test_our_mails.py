"""Answers to our own mails, from clients that do not mark quotations."""

import json
import re
from functools import cache
from pathlib import Path

import pytest
from django.conf import settings as project

from mailing.rendering import Rendered, render
from mailing.replies import read
from tests.mailing.replies.test_reply import UNMARKED

ROOT = Path(project.BASE_DIR) / "templates"
MAILS = [
    str(path.relative_to(ROOT)).split(".")[0]
    for path in sorted(ROOT.glob("solicitations/emails/*.sample.json"))
]
TOP = "From: jeanne@exemple.fr\nIn-Reply-To: <1@example.org>\nContent-Type: text/{}; charset=utf-8\n\n"


@cache
def rendered(template: str) -> Rendered:
    sample = json.loads((ROOT / f"{template}.sample.json").read_text())
    return render(template, sample, is_answerable=True)


def test_there_are_mails_of_ours():
    assert MAILS


def test_an_answer_above_and_below_a_copy_is_all_that_is_kept():
    announced = UNMARKED.replace("Mes réponses dans le texte.", "<p>Oui.</p>").replace("<x@", "&lt;x@")
    kept = {}
    for template in MAILS:
        sent = rendered(template).html
        raw = TOP.format("html") + announced.replace("\n", "<br>") + sent + "<p>Et merci.</p>"
        kept[template] = read(raw.encode(), sent=sent).text, read(raw.encode()).text

    assert kept == dict.fromkeys(MAILS, ("Oui.\n\nEt merci.", "Oui.\n\nEt merci."))


def read_around(above: str, below: str) -> dict[str, str]:
    """Return what is kept of words typed above and below the text of each of our mails."""
    top = TOP.format("plain") + above + UNMARKED.partition("\n\n")[2]
    return {template: read((top + rendered(template).text + below).encode()).text for template in MAILS}


def test_an_answer_above_the_text_of_our_mail_is_all_that_is_kept():
    assert read_around("Oui.\n\n", "") == dict.fromkeys(MAILS, "Oui.")


def test_an_answer_below_the_text_of_our_mail_is_kept():
    kept = read_around("Bonjour,\n\n", "\nOui, lundi.\n")

    assert kept == dict.fromkeys(MAILS, "Bonjour,\n\nOui, lundi.")


ALTERED = {
    "as it is": lambda text: text,
    "ASCII": lambda text: text.encode("ascii", "replace").decode(),
    "ASCII by bytes": lambda text: re.sub(r"[^\x00-\x7f]", lambda found: "?" * len(found[0].encode()), text),
    "read as Latin-1": lambda text: text.encode().decode("cp1252", "replace"),
    "other quotes": lambda text: text.replace("'", "’"),
    "pictures": lambda text: text.replace("\n\n", "\n\n[image: Relais]\n", 1),
}


@pytest.mark.parametrize("alter", ALTERED.values(), ids=ALTERED)
@pytest.mark.parametrize("mark", ["> ", ""])
def test_our_text_alone_has_no_word_of_the_author(mark, alter):
    kept = {}
    for template in MAILS:
        sent = rendered(template)
        quoted = "".join(f"{mark}{line}\n" for line in alter(sent.text).splitlines())
        raw = TOP.format("plain") + "Oui.\n\n" + UNMARKED.partition("\n\n")[2] + quoted
        replies = read(raw.encode(), sent=sent.html, sent_text=sent.text), read(raw.encode())
        kept[template] = tuple(reply.text for reply in replies)

    assert kept == dict.fromkeys(MAILS, ("Oui.", "Oui."))
