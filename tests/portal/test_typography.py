"""No-break spaces before high marks and inside guillemets, in templates and in Python's sentences."""

import ast
import re
from pathlib import Path

import pytest
from django.template import engines
from django.template.loader import get_template

from portal import typography

ROOT = Path(__file__).resolve().parents[2]
PLAIN = re.compile(r"[^\s:;!?] [:;!?»](?=[\s\"'<{).,;:»]|$)|« |\d h\b|\bh \d\d\b")
CODE = re.compile(r"\b(SELECT|INSERT|UPDATE|DELETE|FROM|WHERE|CASE)\b|\(\?|\\b|^= \?$")


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("Toujours pas rappelé ?", "Toujours pas rappelé\u202f?"),
        ("Lieu : Dijon ; demain !", "Lieu\u00a0: Dijon\u202f; demain\u202f!"),
        ("dites « oui » ou « non ».", "dites «\u00a0oui\u00a0» ou «\u00a0non\u00a0»."),
        ("« Ça va ? »", "«\u00a0Ça va\u202f?\u00a0»"),
        ("{{ count }} : {{ name }} ?", "{{ count }}\u00a0: {{ name }}\u202f?"),
        (
            '{% include "x.html" with label="Nom :" only %}',
            '{% include "x.html" with label="Nom\u00a0:" only %}',
        ),
        ('<a href="/x/?a=1 ; b" title="Quoi ?">', '<a href="/x/?a=1 ; b" title="Quoi\u202f?">'),
        ('<p aria-label="{{ who }} : suite">', '<p aria-label="{{ who }}\u00a0: suite">'),
        ("<script>a ? b : c</script>", "<script>a ? b : c</script>"),
        ("{# Pourquoi ? #}", "{# Pourquoi ? #}"),
        ("à 10:30, https://a.example.org/?q=1", "à 10:30, https://a.example.org/?q=1"),
    ],
)
def test_what_a_template_becomes(written, read):
    assert typography.of_template(written) == read


def test_every_template_of_ours_is_read_with_them():
    folder = ROOT / "templates"
    paths = [path for path in sorted(folder.rglob("*.*")) if path.suffix in {".html", ".txt"}]
    names = [path.relative_to(folder).as_posix() for path in paths]
    assert len(names) > 300
    loader = get_template(names[0]).backend.engine.template_loaders[0].loaders[0]
    assert isinstance(loader, typography.Loader)

    left = []
    for name in names:
        origin = next(loader.get_template_sources(name))
        text = re.sub(r"(?s){#.*?#}|{%.*?%}", "", loader.get_contents(origin))
        left += [f"{name}: {line.strip()}" for line in text.splitlines() if PLAIN.search(line)]

    assert left == []


def test_a_page_and_a_mail_show_them():
    engine = engines["django"]

    assert "\u202f?" in engine.get_template("owners/cancel.html").template.source
    assert "\u00a0:" in engine.get_template("solicitations/emails/contact_corrected.txt").template.source


def sentences(path: Path) -> list[ast.Constant]:
    """The strings of a module that may be shown: neither docstrings nor code."""
    tree = ast.parse(path.read_text())
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    docstrings = {
        node.body[0].value
        for node in ast.walk(tree)
        if isinstance(node, documented) and node.body and isinstance(node.body[0], ast.Expr)
    }
    found = (node for node in ast.walk(tree) if isinstance(node, ast.Constant) and node not in docstrings)
    return [node for node in found if isinstance(node.value, str) and not CODE.search(node.value)]


def test_no_sentence_in_python_breaks_before_a_mark():
    rooms = sorted(path.parent for path in ROOT.glob("*/apps.py"))
    modules = [
        path
        for room in rooms
        for path in sorted(room.rglob("*.py"))
        if path.parent.name not in {"migrations", "replies"}
    ]
    left = [
        f"{path.relative_to(ROOT)}:{node.lineno} {node.value[:80]!r}"
        for path in modules
        for node in sentences(path)
        if PLAIN.search(node.value)
    ]

    assert left == []
