"""Time to preview a change on ten thousand past requests, and to open the simulator."""

from collections import Counter
from functools import partial

from bench import contents, databases, directory_pages, history
from bench.harness import Result, median, milliseconds, thousands
from directory.collector_pause import collector_paused
from directory.foresight import past_requests, preview
from directory.foresight.areas_in_memory import KnownAreas
from directory.foresight.directory_in_memory import DirectoryInMemory
from directory.foresight.preview import Preview
from experts.changes import editing, snapshot
from experts.changes.row_plans import Plan
from experts.models import Office
from experts.routing import engine
from experts.routing.engine import Demand, OfficeCandidate
from solicitations.models import Match, Solicitation

ROUNDS = 1 if contents.IS_SMALL else 3
MAX_RATIO, MAX_OFFICE_MS = 3, 1_000
NOW = contents.NOW
WINDOW = history.PAST  # a period with as many requests as the service gets in 90 days
SIMULATOR = f"/annuaire/simulateur/?sujet=trouver-candidats&sujet_2=recruter-apprenti&commune={contents.TOWN}"
Prepared = tuple[Demand, list[OfficeCandidate]]


def measure() -> list[Result]:
    with databases.connected(databases.build(contents.RECENT)):
        previews = [_whole_country(), _one_office()]
    return [*previews, directory_pages.compare("Simulator", lambda expert: SIMULATOR)]


def _whole_country() -> Result:
    """Preview a plan that changes every office."""
    stored = snapshot.load()
    plan = Plan(
        offices=tuple(
            editing.change(code, row, {"headcount_min": None, "headcount_max": 11})
            for code, row in stored.offices.items()
            if not row.facts["is_fallback"]
        )
    )
    prepared = _prepare(plan)
    ours, bare = [], []
    for _ in range(ROUNDS):
        took, found = _preview(plan)
        ours.append(took)
        bare.append(milliseconds(partial(_apply_the_rule, prepared)))
    ratio = median(ours) / median(bare)
    return Result(
        f"Preview of a change of every office, {thousands(found.total)} requests within reach, "
        "against the pure rule on the same candidates in memory, both directories",
        f"{ratio:.2f} × ({median(ours) / 1000:.1f} s; {median(bare) / 1000:.1f} s), "
        f"{thousands(len(found.changed))} change; loading included",
        f"≤ {MAX_RATIO} ×",
        ratio <= MAX_RATIO,
    )


def _one_office() -> Result:
    """Preview the closing of the office with the most matches."""
    stored = snapshot.load()
    code = _busy_office()
    plan = Plan(offices=(editing.change(code, stored.offices[code], {"closed_on": NOW.date()}),))
    durations = []
    for _ in range(ROUNDS):
        took, found = _preview(plan)
        durations.append(took)
    expected = _changed_in_the_whole_directory(plan)
    if {line.request.pk for line in found.changed} != expected:
        raise AssertionError("the preview of one office differs from a routing with the whole directory")
    return Result(
        f"Preview of the closing of one office, {thousands(found.total)} requests within reach",
        f"{median(durations):.0f} ms, {thousands(len(expected))} change, as with the whole directory",
        f"≤ {thousands(MAX_OFFICE_MS)} ms, same answer",
        median(durations) <= MAX_OFFICE_MS,
    )


def _preview(plan: Plan) -> tuple[float, Preview]:
    found: list[Preview] = []
    took = milliseconds(lambda: found.append(preview.foresee(plan, now=NOW, window=WINDOW)))
    return took, found[0]


def _prepare(plan: Plan) -> list[Prepared]:
    """The demands of the window, with the candidates that each directory gives them."""
    directories, requests = _directories(plan), _requests()
    return [
        (
            Demand(request.asked, request.facts, NOW.date()),
            directory.offices(request.asked, request.place, without=request.unticked),
        )
        for request in requests
        for directory in directories
    ]


@collector_paused()  # as the preview does
def _apply_the_rule(prepared: list[Prepared]) -> None:
    for demand, offices in prepared:
        engine.decide(demand, offices)


def _busy_office() -> str:
    """The code of the office with the most matches, one that covers a département if there is any."""
    matches = Match.objects.filter(expert__office__is_fallback=False)
    counts = Counter(matches.values_list("expert__office__code", flat=True))
    offices = Office.objects.filter(is_fallback=False)
    local = set(offices.filter(areas__kind="department").values_list("code", flat=True))
    codes = offices.order_by("code").values_list("code", flat=True)  # a small run may have no request
    return min(codes, key=lambda code: (code not in local, -counts[code], code))


def _changed_in_the_whole_directory(plan: Plan) -> set[int]:
    before, after = _directories(plan)
    on = NOW.date()
    return {
        request.pk
        for request in _requests()
        if preview.outcome(before.decide(request.asked, request.place, request.facts, on=on))
        != preview.outcome(after.decide(request.asked, request.place, request.facts, on=on))
    }


def _directories(plan: Plan) -> tuple[DirectoryInMemory, DirectoryInMemory]:
    stored, known = snapshot.load(), KnownAreas.load()
    return DirectoryInMemory(stored, known), DirectoryInMemory(plan.applied_to(stored), known)


def _requests() -> list[past_requests.PastRequest]:
    recent = Solicitation.objects.counted().not_erased().filter(submitted_at__gte=NOW - WINDOW)
    return list(past_requests.load(recent))
