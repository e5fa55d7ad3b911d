"""Mentions, « @Pôle emploi », of people and institutions of a request, read on the server.

A mention tells immediately somebody who reads the message anyway: it never adds a reader. The region, whose
staff read every request, is alerted.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from solicitations.models import Match
from solicitations.models.matches import FOLLOWING
from territories.names import normalise

REGION_NAMES = ("région", "équipe régionale", "DREETS", "DIRECCTE", "DEETS", "DIECCTE", "DDETS")
MAX_NAME_WORDS = 8  # words of a name, as typed
MIN_LETTERS = 3  # letters of a word that stands for a name
MARK = re.compile(r"(?<![\w@.])@(?=\w)")
WORD = re.compile(r"[^\s@,;:!?()<>«»\"]+")


@dataclass(frozen=True)
class Mentionable:
    """Somebody who may be mentioned: their names, and the mailboxes to notify; none for the region."""

    label: str
    names: tuple[str, ...]
    mailboxes: frozenset[int] = frozenset()
    is_region: bool = False
    is_person: bool = False


@dataclass(frozen=True)
class Mention:
    """One « @… » of a text, from ``start`` to ``end``; nobody, or several, when it is not understood."""

    start: int
    end: int
    typed: str
    named: tuple[Mentionable, ...]


REGION = Mentionable("la région", REGION_NAMES, is_region=True)


def mentionable_in(matches: Iterable[Match]) -> list[Mentionable]:
    """People and institutions who follow the request, and the region. Needs ``with_people``.

    Give the matches of one institution alone for its internal voice.
    """
    people: dict[str, set[int]] = {}
    institutions: dict[str, tuple[tuple[str, ...], set[int]]] = {}
    for match in matches:
        if match.state not in FOLLOWING or match.mailbox.left_at:
            continue
        people.setdefault(match.person, set()).add(match.mailbox_id)
        institution = match.expert.office.institution
        names = (institution.name, *institution.former_names)
        institutions.setdefault(institution.name, (names, set()))[1].add(match.mailbox_id)
    found = [Mentionable(name, (name,), frozenset(pks), is_person=True) for name, pks in people.items()]
    found += [Mentionable(name, names, frozenset(pks)) for name, (names, pks) in institutions.items()]
    return [*found, REGION]


def find(text: str, named: Sequence[Mentionable]) -> list[Mention]:
    """The mentions of a text, in order: for each, the longest words that name somebody."""
    return [_mention(text, mark.start(), named) for mark in MARK.finditer(text)]


def _mention(text: str, start: int, named: Sequence[Mentionable]) -> Mention:
    words: list[re.Match[str]] = []
    for word in WORD.finditer(text, start + 1):
        gap = text[words[-1].end() : word.start()] if words else ""
        if len(words) == MAX_NAME_WORDS or "\n" in gap or gap.strip():
            break
        words.append(word)
    for count in range(len(words), 0, -1):
        end = words[count - 1].end()
        if found := _named_by(text[start + 1 : end], named):
            return Mention(start, end, text[start:end].rstrip("."), found)
    end = words[0].end()
    return Mention(start, end, text[start:end].rstrip("."), ())


def _named_by(typed: str, named: Sequence[Mentionable]) -> tuple[Mentionable, ...]:
    """Find whose name this is; else institutions whose name begins so; else people with this word."""
    key = normalise(typed)
    if len(key) < MIN_LETTERS:
        return ()
    exact = [one for one in named if key in map(normalise, one.names)]
    # An institution and the region may share a name: the one that is in the request is meant.
    for among in ([one for one in exact if not one.is_region], exact, *_partly(key, named)):
        if among:
            return tuple({one.mailboxes: one for one in reversed(among)}.values())[::-1]
    return ()


def _partly(key: str, named: Sequence[Mentionable]) -> tuple[list[Mentionable], list[Mentionable]]:
    begun = [one for one in named if any(normalise(name).startswith(f"{key} ") for name in one.names)]
    with_word = [one for one in named if one.is_person and key in normalise(one.label).split()]
    people = [one for one in named if one in with_word or (one.is_person and one in begun)]
    return [one for one in begun if not one.is_person], people


def mentioned_mailboxes(mentions: Iterable[Mention]) -> frozenset[int]:
    """Primary keys of the mailboxes to notify: those of the mentions that name one person or institution."""
    clear = [mention.named[0] for mention in mentions if len(mention.named) == 1]
    return frozenset(pk for one in clear for pk in one.mailboxes)


def mentions_region(mentions: Iterable[Mention]) -> bool:
    """Return whether one of them names the region."""
    return any(len(mention.named) == 1 and mention.named[0].is_region for mention in mentions)
