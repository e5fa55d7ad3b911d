"""Table of the institutions that a type of local service belongs to, bundled or given in a YAML file."""

from collections.abc import Collection
from pathlib import Path

from experts.entries import Entry, Problem, Problems
from experts.yaml_files import Mapping, Node, Scalar, read

BUNDLED = Path(__file__).with_name("service_types.yaml")


class InvalidTypes(Exception):
    """The table has errors: ``problems``, in the order of its lines."""

    def __init__(self, problems: list[Problem]) -> None:
        self.problems = problems
        super().__init__(f"{len(problems)} problems")


def load_types(path: Path | None, institutions: Collection[str]) -> dict[str, list[str]]:
    """Codes of institutions by type. Raises ``UnreadableFile`` or ``InvalidTypes``."""
    problems = Problems()
    root = Entry(read(path or BUNDLED), "", problems)
    names = _names(root.node)
    fields = root.keys(names[:1] or ["type"], names)
    found = {}
    for name, entry in fields.items():
        items = [entry] if isinstance(entry.node, Scalar) else entry.items()
        codes = (item.known(institutions, "institution inconnue") for item in items)
        found[name] = [code for code in codes if code]
    if problems:
        raise InvalidTypes(problems.in_order())
    return found


def _names(node: Node) -> list[str]:
    pairs = node.pairs if isinstance(node, Mapping) else []
    return [key.text for key, _ in pairs if isinstance(key, Scalar)]
