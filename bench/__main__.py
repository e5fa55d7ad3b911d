"""``python -m bench [name…]``: run every benchmark and write RESULTS.md, or run some and print them."""

import atexit
import logging
import os
import sys
from contextlib import ExitStack

import django

from tests.environment import forget_the_shell

forget_the_shell()

# Modules that define metrics read the environment on import.
from demo import services  # noqa: E402
from demo.processes import interruptible  # noqa: E402

_stack = ExitStack()
atexit.register(_stack.close)
_stack.enter_context(interruptible())
_stack.enter_context(services.lease())
os.environ["DJANGO_SETTINGS_MODULE"] = "portal.settings.test"
django.setup()
logging.disable(logging.INFO)

# Models can be imported once Django is set up.
from bench import (  # noqa: E402
    clock,
    communes,
    contents,
    coverage,
    directory_pages,
    figures,
    foresight,
    home,
    inbox,
    mails,
    people_at_once,
    polling,
    posting,
    public,
    report,
    routing,
    sheet_imports,
    staff,
    suggestions,
)
from portal.frame_chunks import in_one_chunk  # noqa: E402

MEASURES = {
    "routing": routing.measure,
    "coverage": coverage.measure,
    "posting": posting.measure,
    "mails": mails.measure,
    "staff": staff.measure,
    "communes": communes.measure,
    "home": home.measure,
    "public": public.measure,
    "clock": clock.measure,
    "suggest": suggestions.measure,
    "sheets": sheet_imports.measure,
    "foresight": foresight.measure,
    "directory": directory_pages.measure,
    "figures": figures.measure,
    "inbox": inbox.measure,
    "polling": polling.measure,
    "people": people_at_once.measure,
}


def main(names: list[str]) -> int:
    """Run the benchmarks; 0 when every result meets its limit."""
    if unknown := set(names) - set(MEASURES):
        print(f"Unknown: {', '.join(sorted(unknown))}. There are {', '.join(MEASURES)}.")
        return 2
    sections = [report.take(name, MEASURES[name]) for name in MEASURES if not names or name in names]
    print(report.table(sections))
    if not names and not contents.IS_SMALL:
        report.write(sections)
    return int(any(row.is_met is False for section in sections for row in section.rows))


sys.exit(in_one_chunk(main)(sys.argv[1:]))  # as requests are
