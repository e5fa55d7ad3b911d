"""Owners' messages that no example was written from, and how many of them find their subjects.

``single.jsonl``: a message a line, with the best subject and those that would do as well; ``several.jsonl``:
with the subjects that it needs, all of them; ``distress.jsonl``: phrases of distress, and harmless ones. They
were written apart from the examples and are never learnt: what is added here is never copied there.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from experts.wording.engine import Suggestions

HERE = Path(__file__).resolve().parent / "heldout"


@dataclass(frozen=True)
class Message:
    """A message and its subjects."""

    text: str
    slugs: tuple[str, ...]


def read(name: str) -> list[Message]:
    """Read the messages of a file."""
    lines = (json.loads(line) for line in (HERE / name).read_text().splitlines())
    return [Message(line["text"], tuple(line["slugs"])) for line in lines]


def share_found(suggested: Iterable[tuple[Message, Suggestions]], *, among: int) -> float:
    """Share of the messages that have one of their subjects among their first suggestions."""
    hits = [
        any(found.slug in message.slugs for found in suggestions.subjects[:among])
        for message, suggestions in suggested
    ]
    return sum(hits) / len(hits)


def share_of_needs(suggested: Iterable[tuple[Message, Suggestions]], *, among: int) -> float:
    """Share of the subjects that the messages need which are among their first suggestions."""
    hits = [
        slug in [found.slug for found in suggestions.subjects[:among]]
        for message, suggestions in suggested
        for slug in message.slugs
    ]
    return sum(hits) / len(hits)
