"""Forms in parts of pages: ``include … only`` leaves out the token without which no browser may post them."""

import re
from pathlib import Path

TEMPLATES = Path(__file__).resolve().parents[2] / "templates"
INCLUDE = re.compile(r'{%\s*include\s+"(?P<name>[^"]+)"(?P<given>.*?)%}', re.DOTALL)
TOKEN, GIVEN = "{% csrf_token %}", "csrf_token=csrf_token"


def includes(text):
    """The parts that a template includes, with what it gives them."""
    return [(found["name"], found["given"].split()) for found in INCLUDE.finditer(text)]


def needing_the_token(texts):
    """The templates with a form that posts, in themselves or in a part that gets the token from them."""
    found = {name for name, text in texts.items() if TOKEN in text}
    while True:
        more = {
            name
            for name, text in texts.items()
            if any(
                part in found and (GIVEN in given or "only" not in given) for part, given in includes(text)
            )
        }
        if more <= found:
            return found
        found |= more


def test_a_part_with_a_form_is_given_the_token():
    texts = {str(path.relative_to(TEMPLATES)): path.read_text("utf-8") for path in TEMPLATES.rglob("*.html")}
    needing = needing_the_token(texts)

    missing = [
        f"{name} includes {part}"
        for name, text in texts.items()
        for part, given in includes(text)
        if part in needing and "only" in given and GIVEN not in given
    ]

    assert missing == []
    assert len(needing) > 20
