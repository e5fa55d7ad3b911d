"""Search of what a cell names: an institution, a subject or an area, by code, name or former name. Pure."""

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from territories.names import normalise
from territories.nearest_name import NearestName

Target = TypeVar("Target")
MAX_NEAREST = 50  # each takes milliseconds among thousands of names


class NotFound(LookupError):
    """Nothing, or several things, under a name; the message is a sentence that says what to write."""


@dataclass(slots=True)
class NameIndex(Generic[Target]):
    """Targets by name; ``what`` begins the refusals, like « institution inconnue »."""

    what: str
    codes: dict[str, Target] = field(default_factory=dict)
    names: dict[str, dict[Target, object]] = field(default_factory=lambda: defaultdict(dict))
    other_names: dict[str, dict[Target, object]] = field(default_factory=lambda: defaultdict(dict))
    nearest_left: int = MAX_NEAREST
    _nearest_name: NearestName | None = None

    def add(
        self, target: Target, code: str, name: str, *, shown: object, other_names: tuple[str, ...] = ()
    ) -> None:
        """Add a target, before any search; ``shown``, as a text, is how a refusal names it."""
        self.codes[code] = target
        self.names[normalise(name)][target] = shown
        for other in other_names:
            self.other_names[normalise(other)][target] = shown

    def knows(self, text: str) -> bool:
        """Return whether the text is a code or a name."""
        name = normalise(text)
        return text in self.codes or name in self.names or name in self.other_names

    def find(self, text: str) -> Target:
        """The only target of a code, a name, else a former name. Raises ``NotFound``."""
        if text in self.codes:
            return self.codes[text]
        if text.upper() in self.codes:
            return self.codes[text.upper()]
        name = normalise(text)
        found = self.names.get(name) or self.other_names.get(name) or {}
        if len(found) == 1:
            return next(iter(found))
        if found:
            choices = " ou ".join(f"« {shown} »" for shown in sorted(map(str, found.values())))
            raise NotFound(f"« {text} » peut être {choices} : écrivez lequel.")
        raise NotFound(f"{self.what} : « {text} »{self._nearest(name)}.")

    def _nearest(self, name: str) -> str:
        """The end of a refusal: the nearest name, when one is near."""
        if not name or not self.nearest_left:
            return ""
        self.nearest_left -= 1
        if self._nearest_name is None:
            self._nearest_name = NearestName([*self.names, *self.other_names, *map(str.lower, self.codes)])
        near = self._nearest_name.find(name)
        if near is None:
            return ""
        found = self.names.get(near) or self.other_names.get(near)
        shown = next(iter(found.values())) if found else near
        return f" ; le plus proche est « {shown} »"
