"""Time to open the staff's pages with a million needs, against ten thousand."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import product
from urllib.parse import urlencode

import time_machine
from allauth.mfa.models import Authenticator
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from bench import contents, databases, history
from bench.harness import Result, median, milliseconds, thousands
from experts.models import Theme, User
from oversight.filters import DISPLAYED_STATES, PROBLEMS
from solicitations.models import Solicitation
from tests.experts.factories import signed_in

MAX_RATIO = 1.5
LINK = re.compile(rb'href="/demandes/([0-9A-Z]{4}-[0-9A-Z]{4})/')
GROUPS = ("Staff list", "Filter", "Request page")
ROUNDS, WARM_UP, RUNS_A_ROUND = (1, 1, 1) if contents.IS_SMALL else (10, 2, 3)


@dataclass
class PageCost:
    """Cost of opening a page in one database."""

    durations: list[float] = field(default_factory=list)
    queries: set[int] = field(default_factory=set)
    rows: int = 0


def measure() -> list[Result]:
    few, many = databases.build(contents.FEW), databases.build(contents.MANY)
    seen: dict[str, dict[str, PageCost]] = {few: {}, many: {}}
    pages = {database: _pages_of(database) for database in seen}
    kept = [
        page for place, page in enumerate(pages[few]) if place % contents.ONE_PAGE_OF == 0 or page in GROUPS
    ]
    for _, page, database in product(range(ROUNDS), kept, seen):
        with databases.connected(database), time_machine.travel(contents.NOW):
            _open(*pages[database][page], seen[database].setdefault(page, PageCost()))
    lines = [PageComparison(page, seen[few][page], seen[many][page]) for page in seen[few]]
    return [_row(group, [line for line in lines if line.page.startswith(group)]) for group in GROUPS]


@dataclass(frozen=True)
class PageComparison:
    """Cost of one page in both databases."""

    page: str
    few: PageCost
    many: PageCost

    @property
    def ratio(self) -> float:
        return median(self.many.durations) / median(self.few.durations)

    @property
    def is_constant(self) -> bool:
        return self.few.queries == self.many.queries

    def __str__(self) -> str:
        counts = " / ".join(str(max(seen.queries)) for seen in (self.many, self.few))
        rows = f"{self.many.rows} / {self.few.rows}"
        durations = f"{median(self.many.durations):.1f} | {median(self.few.durations):.1f}"
        return f"| {self.page} | {durations} | {self.ratio:.2f} | {counts} | {rows} |"


def _row(group: str, lines: list[PageComparison]) -> Result:
    """The worst page of a group; all of them in the evidence."""
    worst = max(lines, key=lambda line: line.ratio)
    head = "| Page | many, ms | few, ms | ratio | queries | rows |\n|---|---|---|---|---|---|"
    named = f", the worst of {len(lines)} ({worst.page})" if len(lines) > 1 else ""
    many, few = median(worst.many.durations), median(worst.few.durations)
    return Result(
        f"{group}{named}: {thousands(contents.MANY_NEEDS)} needs against {thousands(contents.FEW_NEEDS)}",
        f"{worst.ratio:.2f} × ({many:.1f} ms; {few:.1f} ms; {max(worst.many.queries)} queries)",
        f"median of {len(worst.many.durations)} ≤ {MAX_RATIO} ×, constant queries",
        all(line.ratio <= MAX_RATIO and line.is_constant for line in lines),
        "\n".join([head, *map(str, lines)]),
    )


def _open(client: Client, address: str, seen: PageCost) -> None:
    """Measure a page for one round, after a few warm-up requests."""
    for _ in range(WARM_UP):
        with CaptureQueriesContext(connection) as queries:
            answer = client.get(address)
        if answer.status_code != 200:
            raise AssertionError(f"{address}: {answer.status_code}")
    seen.queries.add(len(queries))
    seen.rows = len(set(LINK.findall(answer.content)))
    seen.durations += [milliseconds(lambda: client.get(address)) for _ in range(RUNS_A_ROUND)]


def _pages_of(database: str) -> dict[str, tuple[Client, str]]:
    with databases.connected(database), time_machine.travel(contents.NOW):
        return _pages()


def _pages() -> dict[str, tuple[Client, str]]:
    """Client and address of each page."""
    clients = {email: _client(email) for email in (history.NATIONAL_STAFF, history.REGIONAL_STAFF)}
    national, regional = clients.values()
    pages = {"Staff list": (national, _list()), "Staff list of a region": (regional, _list())}
    for name, chosen in _filters().items():
        pages[f"Filter {name}"] = (national, _list(**chosen))
    for code in PROBLEMS:
        pages[f"Filter of a region, view {PROBLEMS[code]}"] = (regional, _list(vue=code))
    reference = _usual().reference
    pages["Request page"] = (national, reverse("oversight:request", args=[reference]))
    return pages


def _filters() -> dict[str, Mapping[str, str]]:
    """Each filter alone; searches with frequent, rare and unknown words."""
    usual = _usual()
    themes = Theme.objects.listed().order_by("position", "pk")
    return {
        "region": {"region": history.REGION},
        **{f"theme {theme.slug}": {"theme": theme.slug} for theme in (themes[0], themes[len(themes) - 1])},
        **{f"state {shown.label}": {"etat": code} for code, shown in DISPLAYED_STATES.items()},
        **{f"view {label}": {"vue": code} for code, label in PROBLEMS.items()},
        "words, a word of many names": {"q": "boulangerie"},
        "words, a rare name": {"q": usual.contact_name},
        "words, a name nobody has": {"q": "zyxwvuts"},
        "words, SIREN": {"q": usual.siret[:9]},
        "words, email": {"q": usual.email},
        "words, reference": {"q": usual.reference},
    }


def _usual() -> Solicitation:
    """A closed request of a company."""
    closed = Solicitation.objects.filter(closed_reason="done").exclude(siret="").exclude(state="anonymised")
    return closed.newest_first()[100 if not contents.IS_SMALL else 1]


def _list(**chosen: str) -> str:
    return f"{reverse('oversight:list')}?{urlencode(chosen)}"


def _client(email: str) -> Client:
    user = User.objects.get(email=email)
    Authenticator.objects.filter(user=user).delete()
    return signed_in(user)
