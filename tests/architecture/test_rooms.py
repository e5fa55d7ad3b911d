"""The order of rooms where import-linter cannot check it: foreign keys, template tags, includes."""

import re
from pathlib import Path

from django.apps import apps
from django.template import engines

ROOT = Path(__file__).resolve().parents[2]
LEVELS = {
    "demo": 9,
    "portal": 8,
    "indicators": 7,
    "workspace": 6,
    "oversight": 6,
    "owners": 6,
    "directory": 5,
    "solicitations": 4,
    "experts": 3,
    "companies": 2,
    "territories": 1,
    "mailing": 1,
}
LEVEL_OF_LAYOUT = 2  # of ``base.html``, ``brand`` and ``forms``
TEMPLATES = ROOT / "templates"
FILES = {
    str(path.relative_to(TEMPLATES)): path.read_text() for path in TEMPLATES.rglob("*") if path.is_file()
}


def may_use(room, other):
    """A room uses the rooms below it. Other folders are the shared layout: it uses what all rooms may."""
    if other not in LEVELS or room == other:
        return True
    return LEVELS[other] < LEVELS.get(room, LEVEL_OF_LAYOUT)


def room_of(template):
    """The room of a template: its folder; the error pages are the portal's."""
    return "portal" if re.fullmatch(r"\d+\w*\.html", template) else template.split("/")[0]


def room_of_library(name):
    libraries = engines["django"].engine.libraries
    return libraries[name].split(".")[0] if name in libraries else ""


def test_every_room_has_its_level():
    rooms = {path.parent.name for path in ROOT.glob("*/apps.py")}

    assert rooms == set(LEVELS)


def test_foreign_keys_point_down():
    wrong = [
        f"{model.__name__}.{field.name} → {field.related_model.__name__}"
        for model in apps.get_models()
        for field in model._meta.get_fields()
        if field.is_relation and field.concrete and field.related_model
        if model._meta.app_label in LEVELS
        if not may_use(model._meta.app_label, field.related_model._meta.app_label)
    ]

    assert wrong == []


def test_templates_use_what_lies_below_their_room():
    wrong = {}
    for template, text in FILES.items():
        loaded = " ".join(names.split(" from ")[-1] for names in re.findall(r"{%\s*load (.+?)%}", text))
        rooms = {library: room_of_library(library) for library in loaded.split()}
        rooms |= {part: room_of(part) for part in re.findall(r'{%\s*(?:include|extends) "([^"]+)"', text)}
        wrong[template] = [used for used, room in rooms.items() if not may_use(room_of(template), room)]

    assert wrong
    assert {template: used for template, used in wrong.items() if used} == {}


def test_includes_and_parents_exist():
    missing = {
        part
        for text in FILES.values()
        for part in re.findall(r'{%\s*(?:include|extends) "([^"]+)"', text)
        if room_of(part) in {*LEVELS, "brand", "forms", "base.html"} and part not in FILES
    }

    assert missing == set()


def test_each_icon_has_its_picture():
    sheet = (ROOT / "static" / "css" / "relais.css").read_text()
    used = {icon for text in FILES.values() for icon in re.findall(r"fr-icon-[a-z0-9-]+", text)}

    assert {icon for icon in used if f".{icon}::before" not in sheet} == set()
