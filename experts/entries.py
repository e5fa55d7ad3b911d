"""Entries of a YAML file: each has a path and a line, converts its value, and records its errors."""

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import date

from django.core.exceptions import ValidationError

from experts.directory_phones import InvalidPhone, clean_phone
from experts.yaml_files import PLACEHOLDER, Mapping, Node, Scalar, Sequence
from mailing.addresses import clean_address
from mailing.text_cleaning import clean_text

MAX_LENGTH = 500
MAX_INTEGER = 10_000_000
EARLIEST, LATEST = date(1990, 1, 1), date(2100, 1, 1)  # days of the directory that people type
MAX_PROBLEMS = 1000  # nobody reads more of them
# C0 and C1 controls, line and paragraph separators, and the marks that turn the direction of a text.
CONTROLS = re.compile(f"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069{PLACEHOLDER}]")
DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
INTEGER = re.compile(r"0|[1-9][0-9]{0,8}")
YAML_TYPES = {
    "int": "un nombre",
    "float": "un nombre",
    "bool": "vrai ou faux",
    "null": "rien",
    "timestamp": "une date",
}


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One error of a file, and its place."""

    line: int
    path: str
    sentence: str

    def __str__(self) -> str:
        return (
            f"{self.path}, line {self.line}: {self.sentence}"
            if self.path
            else f"line {self.line}: {self.sentence}"
        )


@dataclass
class Problems:
    """The errors of a file, the first ``MAX_PROBLEMS`` of them."""

    found: list[Problem] = field(default_factory=list)

    def add(self, problem: Problem) -> None:
        if len(self.found) < MAX_PROBLEMS:
            self.found.append(problem)

    def __bool__(self) -> bool:
        return bool(self.found)

    def in_order(self) -> list[Problem]:
        """Errors sorted by line, each once."""
        return sorted(set(self.found))


@dataclass(frozen=True, slots=True)
class Entry:
    """A node of the file. A method that cannot read it records the problem and returns ``None`` or ``[]``."""

    node: Node
    path: str
    problems: Problems

    @property
    def line(self) -> int:
        """First line of the node, from 1."""
        return self.node.line

    def refuse(self, sentence: str) -> None:
        """Record an error at this entry."""
        self.problems.add(Problem(self.line, self.path, sentence))

    def keys(self, required: Collection[str], optional: Collection[str] = ()) -> "Fields":
        """The entries of a mapping by key; unknown, repeated and missing keys are refused.

        An optional key whose value is ``null`` counts as absent.
        """
        if not isinstance(self.node, Mapping):
            self.refuse("des clés et leurs valeurs sont attendues ici.")
            return Fields()
        entries: dict[str, Entry] = {}
        for key_node, node in self.node.pairs:
            key = CONTROLS.sub("?", key_node.text[:60]) if isinstance(key_node, Scalar) else "?"
            entry = Entry(key_node, f"{self.path}.{key}" if self.path else key, self.problems)
            if key not in required and key not in optional:
                entry.refuse(f"clé inconnue ; les clés possibles sont {_listed([*required, *optional])}.")
            elif key in entries:
                entry.refuse(f"la clé « {key} » est donnée deux fois.")
            else:
                entries[key] = Entry(node, entry.path, self.problems)
        for key in required:
            if key not in entries:
                self.refuse(f"il manque la clé « {key} ».")
        return Fields({key: entry for key, entry in entries.items() if key in required or not entry.is_null})

    def items(self) -> list["Entry"]:
        """The entries of a list."""
        if not isinstance(self.node, Sequence):
            self.refuse("une liste est attendue ici.")
            return []
        return [
            Entry(node, f"{self.path}[{index}]", self.problems) for index, node in enumerate(self.node.items)
        ]

    def text(self, *, max_length: int = MAX_LENGTH) -> str | None:
        """Read a text on one line, not empty."""
        if not isinstance(self.node, Scalar):
            self.refuse("un texte est attendu ici.")
            return None
        if self.node.kind != "str":
            read_as = YAML_TYPES.get(self.node.kind, "autre chose")
            self.refuse(f"un texte est attendu, YAML y a lu {read_as} : mettez des guillemets.")
            return None
        text = self.node.text.strip(" ")
        if not CONTROLS.search(text):
            text = clean_text(text).strip(" ")
        sentence = _text_refusal(text, max_length)
        if sentence:
            self.refuse(sentence)
            return None
        return text

    def texts(self, *, max_length: int = MAX_LENGTH) -> list[str]:
        """Read a list of texts without repeats."""
        return distinct((item, item.text(max_length=max_length)) for item in self.items())

    def one_of(self, choices: Collection[str]) -> str | None:
        """Read one of these values."""
        text = self.text()
        if text is not None and text not in choices:
            self.refuse(f"« {text} » est inconnu ; les valeurs possibles sont {_listed(choices)}.")
            return None
        return text

    def known(self, codes: Collection[str], what: str) -> str | None:
        """Read a code that must exist; ``what`` is the error's beginning, like « institution inconnue »."""
        text = self.text()
        if text is not None and text not in codes:
            self.refuse(f"{what} : « {text} ».")
            return None
        return text

    def email(self) -> str | None:
        """Read an email address."""
        text = self.text()
        if text is None:
            return None
        try:
            address = clean_address(text)
            address.encode("ascii")  # beyond it, upper and lower case are not the same for everybody
        except (ValidationError, UnicodeEncodeError) as error:
            reason = ""
            if isinstance(error, ValidationError) and error.code != "invalid":
                reason = f" {error.message}"
            self.refuse(f"« {text} » n'est pas une adresse électronique.{reason}")
            return None
        return address

    def phone(self) -> str | None:
        """Read a French phone number."""
        text = self.text()
        if text is None:
            return None
        try:
            return clean_phone(text)
        except InvalidPhone:
            self.refuse(f"« {text} » n'est pas un numéro de téléphone français.")
            return None

    def day(self) -> date | None:
        """Read a date between quotes, year first."""
        text = self.text()
        if text is None:
            return None
        try:
            if DATE.fullmatch(text):
                return date.fromisoformat(text)
        except ValueError:
            pass
        self.refuse(f'« {text} » n\'est pas une date de la forme "2026-12-31".')
        return None

    def integer(self, *, maximum: int = MAX_INTEGER) -> int | None:
        """Read an integer from 0 to ``maximum``."""
        if isinstance(self.node, Scalar) and self.node.kind == "int" and INTEGER.fullmatch(self.node.text):
            number = int(self.node.text)
            if number <= maximum:
                return number
        self.refuse(f"un nombre entier de 0 à {maximum}, sans guillemets, est attendu ici.")
        return None

    def boolean(self) -> bool | None:
        """Read ``true`` or ``false``."""
        if isinstance(self.node, Scalar) and self.node.kind == "bool":
            return self.node.text.lower() in {"true", "yes", "on"}
        self.refuse("true ou false est attendu ici.")
        return None

    @property
    def is_null(self) -> bool:
        """Return whether the file says ``null``."""
        return isinstance(self.node, Scalar) and self.node.kind == "null"


class Fields(dict[str, Entry]):
    """The entries of a mapping that its file gives, by key."""

    def text(self, key: str, *, max_length: int = MAX_LENGTH) -> str:
        """The text under a key, empty when it is absent or wrong."""
        return (self[key].text(max_length=max_length) if key in self else None) or ""

    def email(self, key: str) -> str:
        """The address under a key, empty when it is absent or wrong."""
        return (self[key].email() if key in self else None) or ""

    def phone(self, key: str) -> str:
        """The number under a key, empty when it is absent or wrong."""
        return (self[key].phone() if key in self else None) or ""

    def one_of(self, key: str, choices: Collection[str]) -> str:
        """The word under a key, empty when it is absent or wrong."""
        return (self[key].one_of(choices) if key in self else None) or ""

    def known(self, key: str, codes: Collection[str], what: str) -> str:
        """The code under a key, empty when it is absent or wrong."""
        return (self[key].known(codes, what) if key in self else None) or ""

    def integer(self, key: str, *, maximum: int = MAX_INTEGER) -> int | None:
        """The number under a key, ``None`` when it is absent or wrong."""
        return self[key].integer(maximum=maximum) if key in self else None

    def boolean(self, key: str) -> bool | None:
        """The choice under a key, ``None`` when it is absent or wrong."""
        return self[key].boolean() if key in self else None

    def day(self, key: str) -> date | None:
        """The date under a key, ``None`` when it is absent or wrong."""
        return self[key].day() if key in self else None

    def listed(self, key: str) -> list[Entry]:
        """The list under a key, empty when it is absent or wrong."""
        return self[key].items() if key in self else []


def distinct(values: Iterable[tuple[Entry, str | None]]) -> list[str]:
    """Keep the values that could be read, in order; one given twice is refused."""
    kept: dict[str, None] = {}
    for entry, value in values:
        if value is None:
            continue
        if value in kept:
            entry.refuse(f"« {value} » est donné deux fois.")
        kept[value] = None
    return list(kept)


def _text_refusal(text: str, max_length: int) -> str:
    """Reason to refuse this text, empty when it is accepted."""
    if not text:
        return "ce texte est vide."
    if CONTROLS.search(text):
        return "ce texte contient un caractère de contrôle."
    if len(text) > max_length:
        return f"ce texte dépasse {max_length} caractères."
    return ""


def _listed(names: Iterable[str]) -> str:
    """Join names with commas."""
    return ", ".join(names)
