"""The inbox among a million needs: a manager of 50,000 against one of 500, and an expert's search."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from itertools import product
from urllib.parse import urlencode

import time_machine
from allauth.mfa.models import Authenticator
from django.db import connection
from django.db.models import Count
from django.test import Client
from django.test.utils import CaptureQueriesContext

from bench import contents, databases, short_inbox
from bench.harness import Result, median, milliseconds, percentile, thousands
from experts.models import Expert, Office, Seat, User
from portal import garbage
from solicitations.lifecycle import MatchState
from solicitations.models import Match
from solicitations.models.matches import MatchQuerySet
from tests.experts.factories import signed_in
from workspace.inbox.inbox_filters import WATCHED
from workspace.inbox.tabs import StateTab

MANY, FEW, SEARCHED = (600, 150, 150) if contents.IS_SMALL else (50_000, 500, 5_000)
MAX_RATIO = 1.5
ROUNDS, WARM_UP, RUNS_A_ROUND = (1, 0, 1) if contents.IS_SMALL else (5, 1, 8)
MAX_SEARCH_RATIO, MAX_SEARCH_MS = (
    3.0,
    50.0,
)  # times the list without words; milliseconds in the database
WORDS = ("boulangerie", "tresorerie", "dijon boulangerie", "zyxwvuts", "trésorerie ete")
ADDRESS = "{}@inbox.example.org"
LINK = re.compile(rb'href="/besoins/\d+/"')
ONE_PART_MORE = 3  # queries
HEAD = (
    f"| Page | {thousands(MANY)}, p95 ms | {thousands(FEW)}, p95 ms | p95 × | p50 × | queries | rows |",
    "|---|---|---|---|---|---|---|",
)


@dataclass
class Cost:
    """Cost of a page: milliseconds of each opening, in the database too, and numbers of queries."""

    durations: list[float] = field(default_factory=list)
    database: list[float] = field(default_factory=list)
    queries: set[int] = field(default_factory=set)
    rows: int = 0

    @property
    def slow(self) -> float:
        return percentile(self.durations, 95)


def measure() -> list[Result]:
    garbage.collect_briefly()  # as web processes, whose pages are opened in this one
    database = databases.build(contents.MANY)
    with databases.connected(database), time_machine.travel(contents.NOW):
        return [_lists(), _search()]


def _lists() -> Result:
    """Each tab and filter, for a manager of many needs and for one of few with the same first pages."""
    many = manager(MANY)
    pages = dict(list(_pages(many))[:: contents.ONE_PAGE_OF])
    with short_inbox.temporary_copy(many, matches=FEW, urls=pages.values()) as few:
        costs = _costs(pages, {FEW: signed_in(few), MANY: signed_in(many)})
    worst = max(costs, key=lambda name: costs[name][MANY].slow / costs[name][FEW].slow)
    many_needs, few_needs = costs[worst][MANY], costs[worst][FEW]
    ratio = many_needs.slow / few_needs.slow
    return Result(
        f"Inbox of {thousands(MANY)} needs against {thousands(FEW)}, the worst of {len(costs)} ({worst})",
        f"p95 {ratio:.2f} × ({many_needs.slow:.1f} ms; {few_needs.slow:.1f} ms), "
        f"N = {len(few_needs.durations)}",
        f"p95 ≤ {MAX_RATIO} ×, constant queries",
        all(
            cost[MANY].slow <= MAX_RATIO * cost[FEW].slow
            and max(cost[MANY].queries) <= _most_queries(name, costs)
            for name, cost in costs.items()
        ),
        "\n".join([*HEAD, *(_line(name, cost[MANY], cost[FEW]) for name, cost in costs.items())]),
    )


def _costs(pages: Mapping[str, str], clients: Mapping[int, Client]) -> dict[str, dict[int, Cost]]:
    """The costs of these pages (addresses by name), by name and by number of needs.

    Both managers open a page in turn: what else the machine does falls on both.
    """
    costs: dict[str, dict[int, Cost]] = {name: {size: Cost() for size in clients} for name in pages}
    for _, (name, address) in product(range(ROUNDS), pages.items()):
        for size, client in clients.items():
            _open(client, address, costs[name][size])
        for _, (size, client) in product(range(RUNS_A_ROUND), clients.items()):
            costs[name][size].durations.append(milliseconds(partial(client.get, address)))
    return costs


def _line(name: str, many: Cost, few: Cost) -> str:
    """A line of the table."""
    ratio, usual = many.slow / few.slow, median(many.durations) / median(few.durations)
    return (
        f"| {name} | {many.slow:.1f} | {few.slow:.1f} | {ratio:.2f} | {usual:.2f} "
        f"| {max(many.queries)} / {max(few.queries)} | {many.rows} / {few.rows} |"
    )


def _most_queries(name: str, costs: Mapping[str, Mapping[int, Cost]]) -> int:
    """The queries of the short list, or of any when it is empty; a search may read one part more."""
    short = costs[name][FEW]
    pages = [cost[FEW] for cost in costs.values()] if not short.rows else [short]
    return max(max(page.queries) for page in pages) + (ONE_PART_MORE if name.startswith("words") else 0)


def _search() -> Result:
    """Words looked for by an expert, against her list of the same tab without words."""
    client = signed_in(_expert(SEARCHED))
    bare, costs = Cost(), {words: Cost() for words in WORDS}
    for _ in range(ROUNDS):
        _open(client, _query(pour="moi", onglet="tous"), bare)
        for words, cost in costs.items():
            _open(client, _query(pour="moi", onglet="tous", q=words), cost)
    worst = max(costs, key=lambda words: percentile(costs[words].database, 95))
    slow, usual = (percentile(cost.database, 95) for cost in (costs[worst], bare))
    lines = [f"- {words}: p95 {percentile(cost.database, 95):.1f} ms" for words, cost in costs.items()]
    return Result(
        f"Inbox search by an expert of {thousands(SEARCHED)} needs, the worst of {len(WORDS)} (« {worst} »)",
        f"p95 in the database {slow / usual:.2f} × ({slow:.1f} ms; {usual:.1f} ms), N = {len(bare.database)}",
        f"≤ {MAX_SEARCH_RATIO:.0f} ×, ≤ {MAX_SEARCH_MS:.0f} ms",
        slow <= MAX_SEARCH_RATIO * usual and slow <= MAX_SEARCH_MS,
        "\n".join(lines),
    )


def _pages(user: User) -> Iterator[tuple[str, str]]:
    """Name and query string of each tab, and of each filter on the whole list and on what waits.

    Subject and département are the most frequent ones of her needs; the word is one that she can find.
    """
    needs = Match.objects.filter(expert__office__in=user.seats.values("office"))
    subject, department = (
        needs.values_list(column).annotate(number=Count("pk")).order_by("-number", column)[0][0]
        for column in ("subject__slug", "department")
    )
    for tab in StateTab:
        yield f"tab {tab.label}", _query(onglet=tab)
    filters = {
        "subject": {"sujet": subject},
        "department": {"departement": department},
        "dates": {"du": "2026-03-01", "au": "2026-06-30"},
        **{f"view {label}": {"vue": code} for code, label in WATCHED.items()},
        "words": {"q": _word_of(needs)},
    }
    for tab, (name, chosen) in product((StateTab.TO_ANSWER, StateTab.ALL), filters.items()):
        yield f"{name}, {tab.label}", _query(onglet=tab, **chosen)
    yield "state, Clos", _query(onglet=StateTab.CLOSED, etat="helped")


def _word_of(needs: MatchQuerySet) -> str:
    """The longest word of the latest text that waits for an answer: the manager finds something."""
    waiting = needs.filter(state=MatchState.SENT, mailbox__solicitation__is_confidential=False)
    latest = waiting.latest("sent_at")
    return max(latest.mailbox.solicitation.description.split(), key=len)


def _query(*, pour: str = "antennes", **chosen: str) -> str:
    return f"/besoins/?{urlencode({'pour': pour} | chosen)}"


def _open(client: Client, address: str, cost: Cost) -> None:
    for _ in range(WARM_UP):
        answer = client.get(address)
        if answer.status_code != 200:
            raise AssertionError(f"{address}: {answer.status_code} {answer.headers.get('Location', '')}")
    with CaptureQueriesContext(connection) as queries:
        page = client.get(address).content
    cost.queries.add(len(queries))
    cost.rows = len(LINK.findall(page))
    cost.database.append(sum(float(query["time"]) for query in queries) * 1_000)


def manager(size: int) -> User:
    """An account that manages offices with about that many needs in all."""
    counts = (
        Match.objects.values_list("expert__office")
        .annotate(number=Count("pk"))
        .order_by("-number", "expert__office")
    )
    chosen = _adding_up_to(size, [(office, number) for office, number in counts])
    return _account(f"manager-{size}", [Seat(office=Office.objects.get(pk=pk)) for pk in chosen])


def _expert(size: int) -> User:
    """An account with posts that have about that many needs in all."""
    counts = Match.objects.values_list("expert").annotate(number=Count("pk")).order_by("-number", "expert")
    chosen = _adding_up_to(size, [(expert, number) for expert, number in counts])
    return _account(f"expert-{size}", [Seat(expert=Expert.objects.get(pk=pk)) for pk in chosen])


def _adding_up_to(size: int, counts: Sequence[tuple[int, int]]) -> list[int]:
    """The keys of the largest that fit, one after the other; the smallest of all when none does."""
    chosen, left = [], size
    for pk, number in counts:
        if number <= left:
            chosen.append(pk)
            left -= number
    return chosen or [counts[-1][0]]


def _account(name: str, seats: list[Seat]) -> User:
    """The account, made once and kept with the database."""
    email, now = ADDRESS.format(name), datetime.now(tz=contents.NOW.tzinfo)
    if user := User.objects.filter(email=email).first():
        Authenticator.objects.filter(user=user).delete()
        return user
    user = User.objects.create_user(email)
    for seat in seats:
        seat.user, seat.given_at = user, now
    Seat.objects.bulk_create(seats)
    return user
