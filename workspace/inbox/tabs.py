"""Tabs of the inbox: by state of the needs, and by whose they are. Pure."""

from collections.abc import Collection
from dataclasses import dataclass

from solicitations.lifecycle import Labelled, MatchState
from workspace.inbox.readers import Reader


class StateTab(Labelled):
    TO_ANSWER = "a-repondre", "À répondre"
    TAKEN = "pris-en-charge", "Pris en charge"
    CLOSED = "clos", "Clos"
    DECLINED = "refuses", "Refusés"
    EXPIRED = "expires", "Expirés"
    ALL = "tous", "Tous"


class Scope(Labelled):
    MINE = "moi", "Pour moi"
    STAND_IN = "suppleance", "En suppléance"
    OFFICE = "antenne", "Mon antenne"
    MANAGED = "antennes", "Antennes dont je suis responsable"


STATES: dict[StateTab, tuple[MatchState, ...]] = {
    StateTab.TO_ANSWER: (MatchState.SENT,),
    StateTab.TAKEN: (MatchState.TAKEN,),
    StateTab.CLOSED: (
        MatchState.HELPED,
        MatchState.NO_HELP,
        MatchState.UNREACHABLE,
        MatchState.REPLACED,
        MatchState.WITHDRAWN,
    ),
    StateTab.DECLINED: (MatchState.DECLINED,),
    StateTab.EXPIRED: (MatchState.EXPIRED,),
    StateTab.ALL: tuple(MatchState),
}
ACTIVE_TABS = frozenset({StateTab.TO_ANSWER, StateTab.TAKEN})


def tab_of(state: str) -> StateTab:
    """The tab where a need in this state is listed."""
    return next(tab for tab, states in STATES.items() if state in states)


def scopes_of(reader: Reader) -> list[Scope]:
    """The scopes that her seats open, in order; the first is shown when she asks for none."""
    scopes = [Scope.MINE, Scope.STAND_IN] if reader.posts else []
    if reader.colleagues - reader.posts:
        scopes.append(Scope.OFFICE)
    return [*scopes, Scope.MANAGED] if reader.managed else scopes


def experts_of(reader: Reader, scope: Scope) -> Collection[int]:
    """The experts whose needs the scope lists."""
    by_scope = {Scope.OFFICE: reader.colleagues, Scope.MANAGED: reader.managed}
    return sorted(by_scope.get(scope, reader.posts))


@dataclass(frozen=True)
class InboxList:
    """A list of the inbox: a scope and a tab."""

    scope: Scope
    tab: StateTab

    @property
    def is_active(self) -> bool:
        """True when its needs wait for something, and are ordered by urgency."""
        return self.tab in ACTIVE_TABS


def choose_list(reader: Reader, *, scope: str, tab: str, is_searched: bool) -> InboxList | None:
    """The list that was asked for, else her first one; ``None`` without any seat.

    Words are looked for in all states, unless a tab is asked for.
    """
    scopes = scopes_of(reader)
    if not scopes:
        return None
    default = StateTab.ALL if is_searched else StateTab.TO_ANSWER
    return InboxList(
        scope=next((one for one in scopes if one == scope), scopes[0]),
        tab=next((one for one in StateTab if one == tab), default),
    )
