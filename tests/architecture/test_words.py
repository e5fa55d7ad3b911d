"""``scripts/words.py`` reports each kind of fault, and nothing in plain code."""

import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).resolve().parents[2] / "scripts" / "words.py"
FAULTS = {
    "opening": ({"room/one.py": '"""What it does."""'}, "room/one.py:1: the docstring begins with “What”"),
    "metaphor in a docstring": (
        {"room/one.py": '"""Hush the mails."""'},
        "room/one.py:1: the docstring says “hush”",
    ),
    "metaphor": ({"room/one.py": "def hush(mail): ..."}, "room/one.py:1: “hush” says “hush”"),
    "limit": ({"room/one.py": "LINES_AT_MOST = 5"}, "room/one.py:1: the limit “LINES_AT_MOST” is not named"),
    "metaphor in a comment": ({"room/one.py": "# hush the mails"}, "room/one.py:1: the comment says “hush”"),
    "vague name": ({"room/one.py": "said = 1"}, "room/one.py:1: “said” does not say what it holds"),
    "possessive": ({"room/one.py": "mine = 1"}, "room/one.py:1: “mine” does not say what it holds"),
    "typed text": (
        {"room/one.py": "def close(request, *, words: str): ..."},
        "room/one.py:1: a text is named “words”, which are words to look for",
    ),
    "column of text": (
        {"room/one.py": "class Row:\n    words = models.TextField()"},
        "room/one.py:2: a text is named “words”, which are words to look for",
    ),
    "sentence": (
        {"room/one.py": "words = f'Par {author}'"},
        "room/one.py:1: a text is named “words”, which are words to look for",
    ),
    "time zone": (
        {"room/one.py": "def local(at, zone: ZoneInfo): ..."},
        "room/one.py:1: a time zone is named “zone”, which is an area",
    ),
    "two modules": (
        {"room/one.py": "", "other/one.py": ""},
        "modules of one name: other/one.py, room/one.py",
    ),
    "two classes": (
        {"room/one.py": "class Row: ...", "room/two.py": "class Row: ..."},
        "classes of one name: room/one.py, room/two.py",
    ),
    "two aliases": (
        {"room/one.py": "Row = list[str]", "room/two.py": "Row = tuple[str, int]"},
        "classes of one name: room/one.py, room/two.py",
    ),
    "hidden module": (
        {"room/one.py": "from room import two\n\n\ndef act(two): ...", "room/two.py": ""},
        "room/one.py:4: “two” hides the module of that name",
    ),
}
PLAIN = {
    "room/models/one.py": '"""Rows."""\nclass Row:\n    class Kind: ...',
    "room/one.py": '"""Return the rows."""\nfrom room.models import one\nclass Table:\n    class Kind: ...',
    "room/four.py": "zone: Area = row\ntime_zone: ZoneInfo = paris  # of the area",
    "room/five.py": "def search(*words: str, text: str):\n    words = text.split()",
    "room/two.py": 'Key = tuple[str, int]\nAny = TypeVar("Any")',
    "room/three.py": 'Key = tuple[str, int]\nAny = TypeVar("Any")',
    "tests/room/test_one.py": "class Row: ...",
}


def words(folder, files):
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    subprocess.run(["git", "init", "--quiet"], cwd=folder, check=True)  # noqa: S607
    subprocess.run(["git", "add", "."], cwd=folder, check=True)  # noqa: S607
    return subprocess.run(  # noqa: S603 (our own script)
        [sys.executable, SCRIPT], cwd=folder, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize(("files", "fault"), FAULTS.values(), ids=FAULTS)
def test_fault_is_reported(files, fault, tmp_path):
    run = words(tmp_path, files)

    assert run.returncode == 1
    assert run.stdout.startswith(fault)


def test_plain_code_passes(tmp_path):
    run = words(tmp_path, PLAIN)

    assert (run.returncode, run.stdout) == (0, "")
