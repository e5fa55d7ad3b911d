"""The frames of a call find room in one chunk: no loop asks the system for memory at each turn."""

import resource
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from portal.celery import RowBackedTask
from portal.frame_chunks import FRAME_SIZE, in_one_chunk
from portal.wsgi import application

DEPTHS = range(400)  # some of them end a chunk of 16 kB
CALLS = 2_000


def page_faults_of_a_loop(depth: int) -> int:
    """The pages of memory that the system gives to a loop which runs ``depth`` calls deeper."""
    if depth:
        return page_faults_of_a_loop(depth - 1)
    before = resource.getrusage(resource.RUSAGE_THREAD).ru_minflt
    for _ in range(CALLS):
        called()
    return resource.getrusage(resource.RUSAGE_THREAD).ru_minflt - before


def called() -> None:
    """Need a frame."""


# Larger than those of the depth, so that some depth ends a chunk within it.
called.__code__ = called.__code__.replace(co_stacksize=100)


def worst(function: Callable[[int], int]) -> int:
    return max(function(depth) for depth in DEPTHS)


def test_a_loop_asks_for_no_memory_whatever_its_depth():
    with ThreadPoolExecutor() as threads:  # a thread has a stack of its own
        assert threads.submit(in_one_chunk(worst), page_faults_of_a_loop).result() < CALLS / 10


def test_the_wrapped_function_answers_as_before():
    @in_one_chunk
    def joined(first: str, *, second: str) -> str:
        """Join."""
        return first + second

    assert joined("a", second="b") == "ab"
    assert (joined.__name__, joined.__doc__) == ("joined", "Join.")


def test_requests_and_tasks_have_that_room():
    assert [call.__code__.co_stacksize for call in (application, RowBackedTask.__call__)] == [FRAME_SIZE] * 2
