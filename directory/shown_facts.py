"""Facts of a row as an editor saw them, carried by the form, and compared with what is there now."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from django.core import signing

from experts.changes.directory_facts import Facts, from_json, to_json

SALT = "directory.shown_facts"


class UnreadableForm(Exception):
    """The form does not carry the facts that its page showed."""


@dataclass(frozen=True, slots=True)
class Clash:
    """A fact that somebody changed since the page was shown, to another value than the editor's."""

    fact: str
    shown: Any
    found: Any
    typed: Any


def pack(facts: Mapping[str, Any], names: Collection[str]) -> str:
    """The facts of these names, signed, for a hidden field."""
    return signing.dumps(to_json({name: facts[name] for name in names}), salt=SALT, compress=True)


def unpack(text: str) -> Facts:
    """Read the hidden field. Raises ``UnreadableForm``."""
    try:
        return from_json(signing.loads(text, salt=SALT))
    except signing.BadSignature as error:
        raise UnreadableForm from error


def edited(shown: Mapping[str, Any], typed: Mapping[str, Any], found: Mapping[str, Any]) -> Facts:
    """The facts that the editor changed; a set is merged with what others added and removed meanwhile."""
    return {
        name: (found[name] | (value - shown[name])) - (shown[name] - value)
        if isinstance(value, frozenset)
        else value
        for name, value in typed.items()
        if value != shown[name]
    }


def clashes(shown: Mapping[str, Any], facts: Mapping[str, Any], found: Mapping[str, Any]) -> list[Clash]:
    """The facts that both the editor and somebody else changed, to different values; sets never clash."""
    return [
        Clash(name, shown[name], found[name], value)
        for name, value in facts.items()
        if not isinstance(value, frozenset) and found[name] not in (shown[name], value)
    ]


def changed_meanwhile(shown: Mapping[str, Any], found: Mapping[str, Any]) -> list[str]:
    """Names of the facts that somebody changed since the page was shown."""
    return [name for name, value in shown.items() if name in found and found[name] != value]
