"""Report the sizes of files, functions, templates and rooms; fail when one exceeds its cap."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from statistics import quantiles

FILE_GOAL, FILE_CAP = 300, 500
FUNCTION_GOAL, FUNCTION_CAP = 25, 40
TEMPLATE_GOAL = 120
BASE_SETTINGS_GOAL = 150
# A larger room does the work of another. Migrations are not counted. The directory's subpackages (sheets,
# coverage, foresight, letters, pages) have their own layers, and share one shape of change.
ROOM_CAP = 11_000
LARGER_ROOMS = {"directory": 19_700}
SKIPPED = ("tests/", "scripts/", "bench/")


def main() -> int:
    sources = [
        path for path in _tracked("*.py") if "/migrations/" not in path and not path.startswith(SKIPPED)
    ]
    files = {path: _line_count(path) for path in sources}
    functions = {name: lines for path in sources for name, lines in _functions(path)}
    templates = {path: _line_count(path) for path in _tracked("*.html")}
    inner = [name for path in sources for name in _inner_imports(path)]

    _say("files", files, FILE_GOAL)
    _say("functions", functions, FUNCTION_CAP)
    _say("templates", templates, TEMPLATE_GOAL)
    print(f"functions, 95th percentile: {_percentile_95(functions)} lines (goal {FUNCTION_GOAL})")
    print(f"base settings: {files.get('portal/settings/base.py', 0)} lines (goal {BASE_SETTINGS_GOAL})")
    print(f"imports inside functions without a reason: {len(inner)} {' '.join(inner)}")
    too_long = [name for name, lines in files.items() if lines > FILE_CAP]
    too_long += [name for name, lines in functions.items() if lines > FUNCTION_CAP]
    rooms = _rooms(files)
    print("rooms: " + ", ".join(f"{room} {lines}" for room, lines in rooms.items()) + f" (cap {ROOM_CAP})")
    too_long += [room for room, lines in rooms.items() if lines > LARGER_ROOMS.get(room, ROOM_CAP)]
    for name in too_long:
        print(f"over the cap: {name}", file=sys.stderr)
    return 1 if too_long or inner else 0


def _tracked(pattern: str) -> list[str]:
    listed = subprocess.run(  # noqa: S603 (fixed arguments)
        ["git", "ls-files", "-z", pattern],  # noqa: S607 (the developer's own git)
        capture_output=True,
        text=True,
        check=True,
    )
    return [path for path in listed.stdout.split("\0") if path and Path(path).exists()]


def _line_count(path: str) -> int:
    return len(Path(path).read_text().splitlines())


def _rooms(files: dict[str, int]) -> dict[str, int]:
    """Lines of each room, the largest first."""
    totals: dict[str, int] = {}
    for path, lines in files.items():
        if "/" in path:
            room = path.partition("/")[0]
            totals[room] = totals.get(room, 0) + lines
    return dict(sorted(totals.items(), key=lambda pair: -pair[1]))


def _functions(path: str) -> Iterator[tuple[str, int]]:
    """Lines of each function's body, docstring left out."""
    for node in ast.walk(ast.parse(Path(path).read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            body = node.body[1:] if ast.get_docstring(node) else node.body
            lines = (body[-1].end_lineno or 0) - body[0].lineno + 1 if body else 0
            yield f"{path}:{node.lineno} {node.name}", lines


def _inner_imports(path: str) -> Iterator[str]:
    text = Path(path).read_text()
    lines = text.splitlines()
    for function in ast.walk(ast.parse(text)):
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
            for node in ast.walk(function):
                if (
                    isinstance(node, ast.Import | ast.ImportFrom)
                    and "PLC0415 (" not in lines[node.lineno - 1]
                ):
                    yield f"{path}:{node.lineno}"


def _percentile_95(sizes: dict[str, int]) -> int:
    return round(quantiles(sizes.values(), n=20)[-1]) if len(sizes) > 1 else 0


def _say(kind: str, sizes: dict[str, int], goal: int) -> None:
    above = sorted(((lines, name) for name, lines in sizes.items() if lines > goal), reverse=True)
    print(f"{kind}: {len(sizes)}, longest {max(sizes.values(), default=0)} lines, over {goal}: {len(above)}")
    for lines, name in above[:10]:
        print(f"    {lines:4} {name}")


if __name__ == "__main__":
    sys.exit(main())
