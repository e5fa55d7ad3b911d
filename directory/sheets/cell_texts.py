"""Reading of one cell's texts: refused with a sentence, or found among known names."""

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from directory.file import prefixes
from directory.sheets import habits
from directory.sheets.name_index import NotFound
from experts.entries import Entry
from experts.yaml_files import Scalar, Sequence


class Unread(Exception):
    """The cell was refused; the problem is recorded."""


def refused(entry: Entry, sentence: str) -> Unread:
    entry.refuse(sentence)
    return Unread()


def required(value: str | None) -> str:
    if value is None:
        raise Unread
    return value


def with_text(entry: Entry, text: str) -> Entry:
    """The same entry with another text."""
    return replace(entry, node=Scalar(entry.line, text, "str"))


def found_or_refused(find: Callable[[str], Any], text: str, entry: Entry) -> Any:
    try:
        return find(text)
    except NotFound as error:
        raise refused(entry, str(error)) from None


def all_found(find: Callable[[str], Any], items: Iterator[str], entry: Entry) -> list[Any]:
    """Find each item; every one that is unknown is refused. Raises ``Unread``."""
    found, is_complete = [], True
    for item in items:
        try:
            found.append(find(item))
        except NotFound as error:
            entry.refuse(str(error))
            is_complete = False
    if not is_complete:
        raise Unread
    return found


def list_items(text: str, knows: Callable[[str], bool]) -> Iterator[str]:
    """The items of a list; one that is not known as a whole is split at its commas."""
    for item in habits.split_list(text):
        if "," in item and not knows(item):
            yield from (part for part in map(str.strip, item.split(",")) if part)
        else:
            yield item


def list_naf_codes(text: str, entry: Entry) -> list[str]:
    """Beginnings of NAF codes; « 43,2 » is a number. Raises ``Unread`` for what may be one code or two."""
    if re.fullmatch(r"[0-9]{1,2},[0-9]|[0-9],[0-9]{2}", text):
        return [text.replace(",", ".")]
    if re.fullmatch(r"[0-9]{2},[0-9]{2}", text):
        first, second = text.split(",")
        raise refused(
            entry,
            f"« {text} » : écrivez « {first}.{second} » pour un code, « {first} ; {second} » pour deux.",
        )
    return list_codes(text)


def list_codes(text: str) -> list[str]:
    return [code for code in re.split(r"[;,\s|]+", text) if code]


def code_prefixes(items: list[str], entry: Entry, pattern: re.Pattern[str], what: str) -> list[str]:
    """Beginnings of codes, checked as those of a directory file. Raises ``Unread``."""
    scalars = [Scalar(entry.line, item, "str") for item in items]
    before = len(entry.problems.found)
    found = prefixes(replace(entry, node=Sequence(entry.line, list(scalars))), pattern, what)
    if len(entry.problems.found) > before:
        raise Unread
    return found
