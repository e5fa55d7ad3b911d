"""Time that the clock takes to select due work among a million needs."""

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

BAR = 1_000
FLAT = 1.5
TIMES = 1 if contents.IS_SMALL else 7
Choice = Callable[[], Iterable[object]]


def measure() -> list[Result]:
    few, few_peak, _ = _choose(contents.FEW)
    many, many_peak, times = _choose(contents.MANY)
    total = [sum(taken) for taken in zip(*times.values(), strict=True)]
    slowest = sorted(times, key=lambda name: -median(times[name]))
    lines = [f"- {name}: {many[name]} in {median(times[name]):.1f} ms" for name in slowest]
    return [
        Result(
            f"The clock's choice of what is due, of {thousands(contents.MANY_NEEDS)} needs",
            f"{median(total):.0f} ms for {sum(many.values())} due, N = {len(total)}",
            f"p50 ≤ {BAR} ms",
            median(total) <= BAR,
            "\n".join(lines),
        ),
        Result(
            "… the memory it takes",
            f"{many_peak:.0f} kB for {sum(many.values())} due, {few_peak:.0f} kB for {sum(few.values())}",
            f"flat: ≤ {FLAT} ×",
            many_peak <= FLAT * few_peak,
        ),
    ]


def _choose(content: databases.Content) -> tuple[dict[str, int], float, dict[str, list[float]]]:
    """Rows selected by query, the peak of memory in kB, and the times of each query in milliseconds."""
    with databases.connected(databases.build(content)):
        choices = _choices()
        count = {name: _count(choice) for name, choice in choices.items()}
        tracemalloc.start()
        for choice in choices.values():
            _count(choice)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        times = {
            name: [milliseconds(lambda choice=choice: _count(choice)) for _ in range(TIMES)]  # type: ignore[misc]
            for name, choice in choices.items()
        }
    return count, peak / 1_024, times


def _count(choice: Choice) -> int:
    return sum(1 for _ in choice())


def _choices() -> Mapping[str, Choice]:
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
        "to hand to the fallback": lambda: Need.objects.declined_by_all(before=now - minute).values_list(
            "pk"
        ),
        "experts gone": lambda: Match.objects.to_reoffer(now=now).values_list("pk"),
        "refused mails": lambda: OutgoingEmail.objects.refused().filter(refused_at__gt=now - day),
        "mails left behind": lambda: OutgoingEmail.objects.for_sweep(now=now).values_list("pk"),
        "mails to read": lambda: IncomingEmail.objects.for_sweep(now=now).values_list("pk"),
        "drafts to remind": lambda: Draft.objects.to_remind(now=now).values_list("pk"),
        "drafts to erase": lambda: Draft.objects.to_erase(now=now).values_list("pk"),
        "requests to anonymise": lambda: (
            requests.to_anonymise(now=now).order_by("ended_at", "pk").values_list("pk")[:SWEEP_SIZE]
        ),
        "requests abandoned": lambda: abandoned(now=now).oldest_first().values_list("pk")[:SWEEP_SIZE],
        "counts that are over": lambda: RateCounter.objects.over(now=now).values_list("pk"),
    }
