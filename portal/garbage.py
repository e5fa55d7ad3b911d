"""Python's garbage collector in a process that serves pages: often and briefly, not rarely and for long."""

import gc

# A page leaves one to two thousand objects in cycles: forms, fields, what they hold. At the thresholds of the
# start (``portal``), one page in thirty waited 50 ms for the garbage of all; at these, each waits about 1 ms.
PAGES = (2_000, 5, 100)


def collect_briefly() -> None:
    """Collect a little with each page from now on, and pass over what is loaded already."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*PAGES)
