"""YAML files parsed to nodes that keep their line; tags and aliases are refused."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

MAX_BYTES = 20 * 1024 * 1024
MAX_DEPTH = 30
MAX_KEYS = 100  # of one mapping; the files of the portal have twenty at most
MAX_NODES = 1_500_000  # more than 20 MB of real entries have: a file of single digits would fill the memory
# YAML would refuse the whole file for one of these: they are replaced, so that each is reported in its place.
PLACEHOLDER = "\ue000"
UNREADABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u2028\u2029\ufffe\uffff]")


class UnreadableFile(Exception):
    """The file cannot be read as a whole; the message is a sentence with its line."""


@dataclass(frozen=True, slots=True)
class Scalar:
    """A single value: its text, and its YAML type."""

    line: int
    text: str
    kind: str  # "str", "int", "float", "bool", "null", "timestamp"…


@dataclass(frozen=True, slots=True)
class Sequence:
    """A list."""

    line: int
    items: list["Node"] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Mapping:
    """Keys and values in the order of the file; a repeated key is refused by ``Entry.keys``."""

    line: int
    pairs: list[tuple["Node", "Node"]] = field(default_factory=list)


Node = Scalar | Sequence | Mapping


def read(path: Path) -> Node:
    """Parse the only document of a file. Raises ``UnreadableFile``."""
    return parse(read_bytes(path))


def read_bytes(path: Path) -> bytes:
    """Read the file, or enough of it to know that it is too big. Raises ``UnreadableFile``."""
    try:
        with path.open("rb") as file:
            return file.read(MAX_BYTES + 1)
    except OSError as error:
        raise UnreadableFile(f"line 1: ce fichier ne peut pas être ouvert ({error.strerror}).") from error


def parse(content: bytes) -> Node:
    """Parse the only document of these bytes. Raises ``UnreadableFile``."""
    if len(content) > MAX_BYTES:
        raise UnreadableFile("line 1: le fichier dépasse 20 Mo.")
    text = UNREADABLE.sub(PLACEHOLDER, _decode(content))
    try:
        root = _build(yaml.parse(text, Loader=yaml.CSafeLoader))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + 1 if mark else 1
        raise UnreadableFile(
            f"line {line}: le fichier n'est pas du YAML lisible ({error.problem})."
        ) from error
    except yaml.YAMLError as error:
        raise UnreadableFile(f"line 1: le fichier n'est pas du YAML lisible ({error}).") from error
    if root is None:
        raise UnreadableFile("line 1: le fichier est vide.")
    return root


def _decode(content: bytes) -> str:
    """Decode UTF-8, without the byte order mark."""
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise UnreadableFile(f"line {line}: le fichier n'est pas enregistré en UTF-8.") from error


def _build(events: Iterator[yaml.Event]) -> Node | None:
    """Build the tree from the parser's events, without recursion; ``None`` for an empty file."""
    root: Node | None = None
    open_nodes: list[tuple[Sequence | Mapping, list[Node]]] = []
    for event in _bounded(events):
        if isinstance(event, yaml.CollectionEndEvent):
            _fill(*open_nodes.pop())
            continue
        node = _node(event)
        if node is None:
            continue
        if open_nodes:
            _add(node, *open_nodes[-1])
        elif root is None:
            root = node
        else:
            raise UnreadableFile(f"line {node.line}: le fichier contient plusieurs documents.")
        if not isinstance(node, Scalar):
            open_nodes.append((node, []))
            if len(open_nodes) > MAX_DEPTH:
                raise UnreadableFile(f"line {node.line}: trop de niveaux les uns dans les autres.")
    return root


def _bounded(events: Iterator[yaml.Event]) -> Iterator[yaml.Event]:
    """The same events; raises ``UnreadableFile`` when they are too many."""
    for count, event in enumerate(events):
        if count > MAX_NODES:
            line = event.start_mark.line + 1 if event.start_mark else 1
            raise UnreadableFile(f"line {line}: le fichier a plus de {MAX_NODES} valeurs.")
        yield event


def _add(node: Node, parent: Sequence | Mapping, children: list[Node]) -> None:
    """Append a node to the children of its parent; a mapping with too many keys is refused immediately."""
    children.append(node)
    if isinstance(parent, Mapping) and len(children) > 2 * MAX_KEYS:
        raise UnreadableFile(f"line {node.line}: plus de {MAX_KEYS} clés au même endroit.")


def _fill(node: Sequence | Mapping, children: list[Node]) -> None:
    """Add the items of a list, or the pairs of a mapping."""
    if isinstance(node, Sequence):
        node.items.extend(children)
    else:
        node.pairs.extend(zip(children[::2], children[1::2], strict=True))


def _node(event: yaml.Event) -> Node | None:
    """The node that an event starts; ``None`` for the start and end of the document."""
    line = event.start_mark.line + 1 if event.start_mark else 1
    if isinstance(event, yaml.AliasEvent):
        raise UnreadableFile(f"line {line}: les renvois (« *{event.anchor} ») ne sont pas acceptés.")
    if not isinstance(event, yaml.ScalarEvent | yaml.CollectionStartEvent):
        return None
    if event.tag is not None:
        raise UnreadableFile(f"line {line}: les étiquettes (« {event.tag} ») ne sont pas acceptées.")
    if isinstance(event, yaml.MappingStartEvent):
        return Mapping(line)
    if isinstance(event, yaml.SequenceStartEvent):
        return Sequence(line)
    if not isinstance(event, yaml.ScalarEvent):
        return None
    is_plain = event.implicit[0]
    return Scalar(line, event.value, _kind(event.value) if is_plain else "str")


RESOLVER: Any = yaml.resolver.Resolver()  # PyYAML leaves it untyped


@lru_cache(maxsize=4096)
def _kind(text: str) -> str:
    """YAML type of an unquoted value: ``21`` is a number, ``no`` a boolean."""
    tag: str = RESOLVER.resolve(yaml.ScalarNode, text, (True, False))
    return tag.rpartition(":")[2]
