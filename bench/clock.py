"""Time that the clock, the sweep of each minute, takes to select due work among a million needs."""

import tracemalloc
from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta

from bench import contents, databases
from bench.harness import Result, median, milliseconds, thousands
from experts.models import RateCounter
from mailing.models import IncomingEmail, OutgoingEmail
from solicitations.clock import reminders
from solicitations.models import Draft, Match, Need, Solicitation
from solicitations.models.abandoned import abandoned
from solicitations.tasks import SWEEP_SIZE

MAX_MS = 1_000  # milliseconds
MAX_MEMORY_RATIO = 1.5
RUNS = 1 if contents.IS_SMALL else 7
DueQuery = Callable[[], Iterable[object]]


def measure() -> list[Result]:
    few, few_peak, _ = _measure_queries(contents.FEW)
    many, many_peak, durations = _measure_queries(contents.MANY)
    total = [sum(of_run) for of_run in zip(*durations.values(), strict=True)]
    slowest = sorted(durations, key=lambda name: -median(durations[name]))
    lines = [f"- {name}: {many[name]} in {median(durations[name]):.1f} ms" for name in slowest]
    return [
        Result(
            f"The clock's choice of what is due, of {thousands(contents.MANY_NEEDS)} needs",
            f"{median(total):.0f} ms for {sum(many.values())} due, N = {len(total)}",
            f"p50 ≤ {MAX_MS} ms",
            median(total) <= MAX_MS,
            "\n".join(lines),
        ),
        Result(
            "… the memory it takes",
            f"{many_peak:.0f} kB for {sum(many.values())} due, {few_peak:.0f} kB for {sum(few.values())}",
            f"flat: ≤ {MAX_MEMORY_RATIO} ×",
            many_peak <= MAX_MEMORY_RATIO * few_peak,
        ),
    ]


def _measure_queries(content: databases.Content) -> tuple[dict[str, int], float, dict[str, list[float]]]:
    """Rows selected by query, the peak of memory in kB, and the durations of each query in milliseconds."""
    with databases.connected(databases.build(content)):
        queries = _due_queries()
        count = {name: _count(query) for name, query in queries.items()}
        tracemalloc.start()
        for query in queries.values():
            _count(query)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        durations = {
            name: [milliseconds(lambda query=query: _count(query)) for _ in range(RUNS)]  # type: ignore[misc]
            for name, query in queries.items()
        }
    return count, peak / 1_024, durations


def _count(query: DueQuery) -> int:
    return sum(1 for _ in query())


def _due_queries() -> Mapping[str, DueQuery]:
    """The queries that the sweeps run each minute."""
    now = contents.NOW
    minute, day = timedelta(minutes=1), timedelta(days=1)
    requests = Solicitation.objects.all()
    return {
        "people to remind": lambda: reminders.addresses(now=now),
        "requests with a step to do": lambda: requests.clock_due(now=now).values_list("pk"),
        "held, and staff not told": lambda: requests.held_without_alert().oldest_first().values_list("pk"),
        "to release": lambda: requests.held_to_release().oldest_first().values_list("pk"),
        "to route": lambda: requests.unrouted(now=now).oldest_first().values_list("pk"),
        "needs declined by all": lambda: Need.objects.declined_by_all(before=now - minute).values_list("pk"),
        "matches to offer again": lambda: Match.objects.to_reoffer(now=now).values_list("pk"),
        "refused mails": lambda: OutgoingEmail.objects.refused().filter(refused_at__gt=now - day),
        "mails for the sweep to send": lambda: OutgoingEmail.objects.for_sweep(now=now).values_list("pk"),
        "mails to read": lambda: IncomingEmail.objects.for_sweep(now=now).values_list("pk"),
        "drafts to remind": lambda: Draft.objects.to_remind(now=now).values_list("pk"),
        "drafts to erase": lambda: Draft.objects.to_erase(now=now).values_list("pk"),
        "requests to anonymise": lambda: (
            requests.to_anonymise(now=now).order_by("ended_at", "pk").values_list("pk")[:SWEEP_SIZE]
        ),
        "requests abandoned": lambda: abandoned(now=now).oldest_first().values_list("pk")[:SWEEP_SIZE],
        "expired rate counters": lambda: RateCounter.objects.over(now=now).values_list("pk"),
    }
