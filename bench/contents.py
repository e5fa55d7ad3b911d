"""The databases of the benchmarks, and their sizes."""

import os
from datetime import datetime
from zoneinfo import ZoneInfo

from bench import directory, history
from bench.databases import Content
from territories.models import Commune

SEED = 20_261_201
NOW = datetime(2026, 12, 1, 10, 0, tzinfo=ZoneInfo("Europe/Paris"))
IS_SMALL = os.environ.get("BENCH_SIZE") == "small"  # a quick run, whose figures mean nothing
EXPERTS, REGION = (600, "27") if IS_SMALL else (10_000, None)
# The small directory has the candidates of this town: a thousand pairs of expert and subject.
TOWN = "21054" if IS_SMALL else "15120"
FEW_NEEDS, MANY_NEEDS, EXAMPLES = (200, 2_000, 50) if IS_SMALL else (10_000, 1_000_000, 2_000)
RECENT_NEEDS, RECENT_ONE_OF = (400, 20) if IS_SMALL else (12_000, 100)
# The small history: one request out of this number, and the first page of each list.
ONE_OF = 30 if IS_SMALL else 127
ONE_PAGE_OF = 4 if IS_SMALL else 1  # of the lists that are opened with each filter


def _fill_directory() -> None:
    directory.fill(seed=SEED, experts=EXPERTS, region=REGION, on=NOW.date())


def _keep_town() -> None:
    directory.keep_reaching(Commune.objects.resolve(TOWN))


def _needs(count: int, *, one_of: int = 1) -> Content:
    """The directory and a history of about that many needs."""
    return Content(
        f"needs_{count}",
        (SEED, EXAMPLES, one_of),
        lambda: history.fill(seed=SEED, needs=MANY_NEEDS, examples=EXAMPLES, now=NOW, one_of=one_of),
        parent=NATIONAL,
    )


CATALOGUE = Content("catalogue", (), lambda: None)
NATIONAL = Content(f"experts_{EXPERTS}", (SEED,), _fill_directory)
LOCAL = Content(f"local_{EXPERTS}", (int(TOWN),), _keep_town, parent=NATIONAL)
# The requests that today's service gets in 90 days.
RECENT = _needs(RECENT_NEEDS, one_of=RECENT_ONE_OF)
# Histories of ten thousand needs and of a million: what a page costs must not grow with them.
FEW, MANY = _needs(FEW_NEEDS, one_of=ONE_OF), _needs(MANY_NEEDS)
