"""Replay of past requests: which ones another directory, or today's, would send elsewhere. Writes nothing."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime

from directory.foresight import past_requests
from directory.foresight.directory_in_memory import DirectoryInMemory
from directory.foresight.past_requests import OfficesOutcome, PastRequest
from solicitations.models import Solicitation


@dataclass(frozen=True, slots=True)
class ReplayedRequest:
    """A request decided again for a day, with its offices before and after."""

    request: PastRequest
    on: date
    before: OfficesOutcome
    after: OfficesOutcome

    @property
    def changes(self) -> bool:
        """Return whether the request goes to other offices."""
        return self.before != self.after


def replay(
    *, since: datetime, after: DirectoryInMemory, before: DirectoryInMemory | None, on: date | None
) -> Iterator[ReplayedRequest]:
    """Decide again the requests submitted since then, the oldest first; spam, tests and duplicates left out.

    ``before``: the directory to compare with; ``None`` compares with the decision stored at the time, and
    leaves out the requests that have none. ``on``: the day to decide for; ``None``: each request's own.
    """
    submitted = Solicitation.objects.counted().not_erased().filter(submitted_at__gte=since)
    for request in past_requests.load(submitted):
        day = on or request.day
        first = request.stored if before is None else outcome(before, request, on=day)
        if first is not None:
            yield ReplayedRequest(request, day, first, outcome(after, request, on=day))


def outcome(directory: DirectoryInMemory, request: PastRequest, *, on: date) -> OfficesOutcome:
    """The offices that a directory gives to a request."""
    decision = directory.decide(request.asked, request.place, request.facts, on=on, without=request.unticked)
    return OfficesOutcome(frozenset(decision.offices), decision.is_fallback)
