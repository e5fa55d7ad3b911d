"""Fail on names and docstrings that break the rules of "Plain language" in CONTRIBUTING.md."""

import ast
import re
import subprocess
import sys
import tokenize
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path

# A docstring begins with a noun or a verb: "Return the needs…", "The needs of this mailbox…".
OPENINGS = {
    "as", "from", "how", "it", "its", "of", "that", "their", "these", "they", "those", "to", "what", "when",
    "where", "whether", "which", "who", "whom", "whose", "why",
}  # fmt: skip

FORBIDDEN = {
    "anew", "deed", "desk", "desks", "doer", "fate", "fates", "finding", "findings", "forgotten", "gauge",
    "gauges", "hear", "hears", "hush", "hushed", "morrow", "outlived", "reckon", "reckoned", "seal", "sealed",
    "settle", "settles", "story", "stories", "strike", "struck", "tally", "tallies", "untell",
}  # fmt: skip

# Participles and possessives, which name a text, an address or a match as well: the reader looks for what
# they hold.
VAGUE_NAMES = {"hers", "mine", "said", "theirs", "told", "yours"}

# A limit is MAX_… or MIN_…, which is what one searches for.
LIMIT = re.compile(r"_?(LONGEST|LARGEST|MOST|SHORTEST|SMALLEST|FEWEST)(_|$)|.*_AT_(MOST|LEAST)$")

# Django, Celery and pytest look for these files.
CONVENTIONAL_MODULES = {
    "__init__", "__main__", "admin", "apps", "conftest", "factories", "forms", "models", "serializers",
    "tasks", "urls", "views",
}  # fmt: skip
# Inside these packages one module per subject is the rule: `forms.need` and `views.need` are about one need.
LAYERS = {
    "actions", "admin", "bench", "commands", "forms", "models", "settings", "templatetags", "views",
    "wording",
}  # fmt: skip
# An annotation, a column or an expression that is one text.
TEXT = re.compile(r"""str$|models\.(Char|Text)Field|f?['"]""")
CAPITALISED = re.compile(r"([A-Z][a-z]+)+")
CONVENTIONAL_CLASSES = {"Command", "Meta", "Migration"}


def main() -> int:
    """Print one line per fault; 1 when there is any."""
    faults = sorted(set(_faults(_sources())))
    for fault in faults:
        sys.stdout.write(f"{fault}\n")
    return int(bool(faults))


def _sources() -> dict[Path, ast.Module]:
    """The syntax tree of each tracked Python file, migrations left out."""
    listed = subprocess.run(
        ["git", "ls-files", "*.py"],  # noqa: S607 (the developer's own git)
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    paths = [Path(name) for name in listed.split() if "migrations" not in name and Path(name).exists()]
    return {path: ast.parse(path.read_text("utf-8")) for path in paths}


def _faults(sources: dict[Path, ast.Module]) -> Iterator[str]:
    for path, tree in sources.items():
        yield from _docstring_faults(path, tree)
        yield from _comment_faults(path)
        yield from _name_faults(path, tree)
        yield from _time_zone_faults(path, tree)
        yield from _text_faults(path, tree)
        yield from _shadow_faults(path, tree)
    yield from _module_faults(sources)
    yield from _class_faults(sources)


def _docstring_faults(path: Path, tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            text, line = ast.get_docstring(node) or "", getattr(node, "lineno", 1)
            first = re.match(r"[A-Za-z]+", text)
            if first and first[0].lower() in OPENINGS:
                yield f"{path}:{line}: the docstring begins with “{first[0]}”, not with a noun or a verb"
            for word in FORBIDDEN.intersection(re.findall(r"[a-z]+", re.sub("``.*?``", "", text.lower()))):
                yield f"{path}:{line}: the docstring says “{word}”"


def _comment_faults(path: Path) -> Iterator[str]:
    with path.open("rb") as source:
        for token in tokenize.tokenize(source.readline):
            if token.type == tokenize.COMMENT:
                for word in FORBIDDEN.intersection(re.findall(r"[a-z]+", token.string.lower())):
                    yield f"{path}:{token.start[0]}: the comment says “{word}”"


def _name_faults(path: Path, tree: ast.Module) -> Iterator[str]:
    for name, line in _names(path, tree):
        words = re.findall(r"[A-Z]?[a-z]+|[A-Z]+", name)
        for word in FORBIDDEN.intersection(word.lower() for word in words):
            yield f"{path}:{line}: “{name}” says “{word}”"
        if name in VAGUE_NAMES:
            yield f"{path}:{line}: “{name}” does not say what it holds"
        if LIMIT.match(name):
            yield f"{path}:{line}: the limit “{name}” is not named MAX_… or MIN_…"


def _names(path: Path, tree: ast.Module) -> Iterator[tuple[str, int]]:
    """The names that a file defines, its own and those of its folders included, each with its line."""
    yield from ((part.removesuffix(".py"), 1) for part in path.parts)
    for node in ast.walk(tree):
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.name, node.lineno
        elif isinstance(node, ast.Name | ast.Attribute) and isinstance(node.ctx, ast.Store):
            yield node.id if isinstance(node, ast.Name) else node.attr, node.lineno
        elif isinstance(node, ast.arg):
            yield node.arg, node.lineno


def _time_zone_faults(path: Path, tree: ast.Module) -> Iterator[str]:
    """Time zones named « zone », which is an area."""
    for node in ast.walk(tree):
        if isinstance(node, ast.arg):
            name, annotation = node.arg, node.annotation
        elif isinstance(node, ast.AnnAssign):
            name, annotation = ast.unparse(node.target), node.annotation
        else:
            continue
        if name == "zone" and annotation and re.search("tzinfo|ZoneInfo", ast.unparse(annotation)):
            yield f"{path}:{node.lineno}: a time zone is named “zone”, which is an area"


def _text_faults(path: Path, tree: ast.Module) -> Iterator[str]:
    """Single texts named « words », which are a list of words to look for."""
    pairs: list[tuple[str, ast.expr | None, ast.stmt | ast.arg]]
    for node in ast.walk(tree):
        if isinstance(node, ast.arguments):
            pairs = [
                (arg.arg, arg.annotation, arg) for arg in (*node.posonlyargs, *node.args, *node.kwonlyargs)
            ]
        elif isinstance(node, ast.AnnAssign):
            pairs = [(ast.unparse(node.target), node.annotation, node)]
        elif isinstance(node, ast.Assign):
            pairs = [(ast.unparse(node.targets[0]), node.value, node)]
        else:
            continue
        for name, held, place in pairs:
            if name == "words" and held and TEXT.match(ast.unparse(held)):
                yield f"{path}:{place.lineno}: a text is named “words”, which are words to look for"


def _shadow_faults(path: Path, tree: ast.Module) -> Iterator[str]:
    """Local names that hide a module of ours imported by the same file."""
    modules = {
        alias.asname or alias.name
        for node in tree.body
        if isinstance(node, ast.ImportFrom) and node.module
        for alias in node.names
        if _is_module(Path(*node.module.split("."), alias.name))
    }
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    for node in (inner for function in functions for inner in ast.walk(function)):
        if isinstance(node, ast.arg) and node.arg in modules:
            yield f"{path}:{node.lineno}: “{node.arg}” hides the module of that name"
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store) and node.id in modules:
            yield f"{path}:{node.lineno}: “{node.id}” hides the module of that name"


def _is_module(path: Path) -> bool:
    return path.with_suffix(".py").exists() or (path / "__init__.py").exists()


def _module_faults(sources: dict[Path, ast.Module]) -> Iterator[str]:
    found: dict[tuple[str, str], list[Path]] = defaultdict(list)
    for path in sources:
        if path.stem not in CONVENTIONAL_MODULES and path.parts[0] != "tests":
            layer = next((part for part in reversed(path.parts[:-1]) if part in LAYERS), "")
            found[layer, path.stem].append(path)
    yield from _twins(found.values(), "modules of one name")


def _class_faults(sources: dict[Path, ast.Module]) -> Iterator[str]:
    """Classes and type aliases of one name, with several meanings.

    Nested classes are known by their owner: ``Area.Kind``, ``Subject.Level``. The same alias may be written
    twice; type variables are names of their file.
    """
    found: dict[str, dict[str, Path]] = defaultdict(dict)
    for path, tree in sources.items():
        for node in tree.body if path.parts[0] != "tests" else ():
            if isinstance(node, ast.ClassDef) and node.name not in CONVENTIONAL_CLASSES:
                found[node.name][str(path)] = path
            if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
                alias, value = node.targets[0].id, ast.unparse(node.value)
                if CAPITALISED.fullmatch(alias) and "TypeVar(" not in value:
                    found[alias][value] = path
    yield from _twins([list(paths.values()) for paths in found.values()], "classes of one name")


def _twins(groups: Iterable[list[Path]], what: str) -> Iterator[str]:
    for paths in groups:
        if len(paths) > 1:
            yield f"{what}: {', '.join(map(str, sorted(paths)))}"


if __name__ == "__main__":
    sys.exit(main())
