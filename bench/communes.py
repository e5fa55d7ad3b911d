"""Search of a commune by what people type: time spent in the database."""

import random
import time
from collections.abc import Callable, Iterator
from typing import Any

from django.db import connection

from bench import contents, databases
from bench.harness import Result, median, percentile
from territories.models import Commune, FormerCommune
from territories.search import search_communes

MAX_MS = 10
TEXTS_PER_KIND = 2 if contents.IS_SMALL else 300
LETTERS = "abcdefghijklmnopqrstuvwxyz"


def measure() -> list[Result]:
    with databases.connected(databases.build(contents.NATIONAL)):
        typed = dict(_kinds(random.Random(contents.SEED)))
        for text in typed["beginnings"]:
            search_communes(text)
        durations = {kind: [_in_the_database(text) for text in texts] for kind, texts in typed.items()}
    every = [duration for found in durations.values() for duration in found]
    by_kind = "; ".join(f"{kind} {percentile(found, 95):.1f} ms" for kind, found in durations.items())
    return [
        Result(
            "Commune search, in the database",
            f"p95 {percentile(every, 95):.1f} ms, p50 {median(every):.1f} ms, N = {len(every)}",
            f"p95 ≤ {MAX_MS} ms",
            percentile(every, 95) <= MAX_MS,
            f"p95 by what is typed: {by_kind}.",
        )
    ]


def _in_the_database(text: str) -> float:
    """Milliseconds spent in PostgreSQL for all the queries of one search."""
    took = 0.0

    def timed(execute: Callable[..., Any], *asked: Any) -> Any:
        nonlocal took
        before = time.perf_counter()
        try:
            return execute(*asked)
        finally:
            took += (time.perf_counter() - before) * 1_000

    with connection.execute_wrapper(timed):
        search_communes(text)
    return took


def _kinds(random_source: random.Random) -> Iterator[tuple[str, list[str]]]:
    """Typed texts by kind; large towns are more frequent."""
    communes = list(Commune.objects.current().order_by("pk"))
    former = list(FormerCommune.objects.exclude(name="").order_by("pk").values_list("name", flat=True))

    def some() -> list[Commune]:
        return random_source.choices(
            communes, [50 + commune.population for commune in communes], k=TEXTS_PER_KIND
        )

    yield "names", [commune.name for commune in some()]
    yield "beginnings", [commune.name[: random_source.randint(2, 6)] for commune in some()]
    yield "typos", [_with_a_typo(commune.name, random_source) for commune in some()]
    yield "postcodes", [random_source.choice(commune.postcodes or ["75001"]) for commune in some()]
    yield "beginnings of postcodes", [(commune.postcodes or ["75001"])[0][:3] for commune in some()]
    yield "former names", random_source.choices(former, k=TEXTS_PER_KIND)
    yield "unknown names", ["".join(random_source.choices(LETTERS, k=9)) for _ in range(TEXTS_PER_KIND)]


def _with_a_typo(name: str, random_source: random.Random) -> str:
    """One letter missing, doubled, wrong, or swapped with the next."""
    at = random_source.randrange(len(name) - 1) if len(name) > 1 else 0
    before, letter, after = name[:at], name[at], name[at + 1 :]
    wrong = random_source.choice(LETTERS)
    return random_source.choice(
        [
            before + after,
            before + letter + letter + after,
            before + wrong + after,
            before + after[:1] + letter + after[1:],
        ]
    )
