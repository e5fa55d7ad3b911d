"""Memory for Python's frames, which CPython 3.11 and 3.12 take from the system in chunks of 16 kB."""

from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")

# In words of 8 bytes. A frame that is larger than a chunk gets one of its own, of a power of two: here 1 MB,
# half of which is left for the calls. Nothing writes to the first half, so that it takes no memory.
FRAME_SIZE = 66_000


def in_one_chunk(function: Callable[P, R]) -> Callable[P, R]:
    """Wrap ``function`` so that the frames of all the calls below it find room in one chunk.

    A call that does not fit in a chunk takes another one from the system, and gives it back when it returns.
    A loop that happens to run at such a depth pays this at each turn, a thousand times a page in an inbox.
    Later releases of CPython 3.13 keep one: https://github.com/python/cpython/issues/142183
    """

    def call(*args: P.args, **kwargs: P.kwargs) -> R:
        return function(*args, **kwargs)

    call.__code__ = call.__code__.replace(co_stacksize=FRAME_SIZE)
    return wraps(function)(call)
