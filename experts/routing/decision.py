"""Result of a routing: who is chosen and why, who is not and every obstacle. Pure; stored as JSON.

The JSON is that of ``manage.py route --json``, plus the reasons of each choice.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import Any

from experts.routing.criteria import Obstacle
from territories.areas import AreaRef

Json = dict[str, Any]  # what the json module reads and writes


@dataclass(frozen=True, slots=True)
class Chosen:
    """An expert to be mailed for an office, and why.

    ``area`` contains the commune: the expert's own area, their office's, or that of the expert replaced.
    ``stand_in_for`` is the email of the absent expert who is replaced. ``checked`` and ``unverified`` name
    the facts that the office's criteria asked for: those that match, those that are not known. The names
    are as they were read, and are not stored.
    """

    office: str
    institution: str
    expert: str
    expert_pk: int
    area: AreaRef | None = None
    area_name: str = ""
    stand_in_for: str | None = None
    checked: tuple[str, ...] = ()
    unverified: tuple[str, ...] = ()
    office_name: str = field(default="", compare=False)
    expert_name: str = field(default="", compare=False)

    def as_json(self) -> Json:
        """Return the value as JSON, for storage."""
        return {
            "office": self.office,
            "institution": self.institution,
            "expert": self.expert,
            "expert_pk": self.expert_pk,
            "area": None if self.area is None else str(self.area),
            "area_name": self.area_name,
            "stand_in_for": self.stand_in_for,
            "checked": list(self.checked),
            "unverified": list(self.unverified),
        }

    @classmethod
    def from_json(cls, stored: Json) -> "Chosen":
        """Read what ``as_json`` wrote."""
        return cls(
            office=stored["office"],
            institution=stored["institution"],
            expert=stored["expert"],
            expert_pk=stored["expert_pk"],
            area=None if stored["area"] is None else AreaRef.parse(stored["area"]),
            area_name=stored["area_name"],
            stand_in_for=stored["stand_in_for"],
            checked=tuple(stored["checked"]),
            unverified=tuple(stored["unverified"]),
        )

    def without_people(self) -> "Chosen":
        """Return a copy without any address."""
        return replace(self, expert="", stand_in_for=None)


@dataclass(frozen=True, slots=True)
class Refused:
    """An office (``expert`` is ``None``) or one of its experts, with every obstacle."""

    subject: str
    office: str
    expert: str | None
    obstacles: tuple[Obstacle, ...]

    def as_json(self) -> Json:
        """Return the value as JSON, for storage."""
        return {
            "subject": self.subject,
            "office": self.office,
            "expert": self.expert,
            "obstacles": [obstacle.value for obstacle in self.obstacles],
        }

    @classmethod
    def from_json(cls, stored: Json) -> "Refused":
        """Read what ``as_json`` wrote."""
        obstacles = tuple(Obstacle(obstacle) for obstacle in stored["obstacles"])
        return cls(stored["subject"], stored["office"], stored["expert"], obstacles)


@dataclass(frozen=True, slots=True)
class NeedDecision:
    """Decision for one subject; ``unknown`` names facts that a criterion needed and that are unknown."""

    subject: str
    chosen: tuple[Chosen, ...] = ()
    refused: tuple[Refused, ...] = ()
    is_fallback: bool = False
    unknown: tuple[str, ...] = ()

    @property
    def offices(self) -> tuple[str, ...]:
        """Codes of the offices to notify, each once."""
        return tuple(dict.fromkeys(chosen.office for chosen in self.chosen))

    @property
    def emails(self) -> tuple[str, ...]:
        """Addresses to mail, each once whatever its case: one person may be an expert of two offices."""
        return distinct_emails(chosen.expert for chosen in self.chosen)

    def as_json(self) -> Json:
        """Return the keys of the command's contract, and the reasons of each choice under ``chosen``."""
        return {
            "subject": self.subject,
            "offices": list(self.offices),
            "experts": list(self.emails),
            "fallback": self.is_fallback,
            "refused": [refused.as_json() for refused in self.refused],
            "unknown": list(self.unknown),
            "chosen": [chosen.as_json() for chosen in self.chosen],
        }

    @classmethod
    def from_json(cls, stored: Json) -> "NeedDecision":
        """Read what ``as_json`` wrote."""
        return cls(
            subject=stored["subject"],
            chosen=tuple(Chosen.from_json(chosen) for chosen in stored["chosen"]),
            refused=tuple(Refused.from_json(refused) for refused in stored["refused"]),
            is_fallback=stored["fallback"],
            unknown=tuple(stored["unknown"]),
        )

    def without_people(self) -> "NeedDecision":
        """Return a copy without any address: offices and obstacles remain."""
        return replace(
            self,
            chosen=tuple(chosen.without_people() for chosen in self.chosen),
            refused=tuple(replace(refused, expert=None) for refused in self.refused),
        )


@dataclass(frozen=True, slots=True)
class Decision:
    """Decision for a request: its needs in the order they were asked, and their union (step 10)."""

    needs: tuple[NeedDecision, ...]

    @property
    def offices(self) -> tuple[str, ...]:
        """Codes of the offices to notify, each once."""
        return tuple(dict.fromkeys(office for need in self.needs for office in need.offices))

    @property
    def emails(self) -> tuple[str, ...]:
        """Addresses to mail, each once."""
        return distinct_emails(email for need in self.needs for email in need.emails)

    @property
    def is_fallback(self) -> bool:
        """Return whether one subject at least is not covered."""
        return any(need.is_fallback for need in self.needs)

    @property
    def refused(self) -> tuple[Refused, ...]:
        """Refusals of all the subjects, in their order."""
        return tuple(refused for need in self.needs for refused in need.refused)

    @property
    def unknown(self) -> tuple[str, ...]:
        """Facts that a criterion needed and that are not known, sorted."""
        return tuple(sorted({fact for need in self.needs for fact in need.unknown}))

    def as_json(self) -> Json:
        """Return the keys of the command's contract; the details are under ``needs``."""
        return {
            "offices": list(self.offices),
            "experts": list(self.emails),
            "fallback": self.is_fallback,
            "needs": [need.as_json() for need in self.needs],
            "refused": [refused.as_json() for refused in self.refused],
            "unknown": list(self.unknown),
        }

    @classmethod
    def from_json(cls, stored: Json) -> "Decision":
        """Read what ``as_json`` wrote."""
        return cls(tuple(NeedDecision.from_json(need) for need in stored["needs"]))


def distinct_emails(emails: Iterable[str]) -> tuple[str, ...]:
    """Addresses without repeats, whatever their case, as first written."""
    seen: dict[str, str] = {}
    for email in emails:
        seen.setdefault(email.lower(), email)
    return tuple(seen.values())
