"""A manager with the same first pages as another one, and few needs behind them."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from urllib.parse import urlsplit

from django.db import transaction
from django.http import QueryDict

from bench import contents
from experts.models import Expert, Office, Seat, User
from solicitations.models import Match
from workspace.inbox.inbox_filters import InboxFilterForm
from workspace.inbox.readers import Reader
from workspace.views.inbox import ON_A_PAGE, found_needs, shown_list


@contextmanager
def temporary_copy(manager: User, *, matches: int, urls: Iterable[str]) -> Iterator[User]:
    """Yield an account that manages copies of the manager's offices, with about ``matches`` of their matches.

    Its lists at these URLs have the same first page as the manager's. All is rolled back after the block.
    """
    with transaction.atomic():
        reader = Reader.of(manager, now=contents.NOW)
        heads = {pk for url in urls for pk in _head(reader, url)}
        others = Match.objects.filter(expert__in=reader.managed).exclude(pk__in=heads).order_by("pk")
        more = max(matches - len(heads), 0)
        rest = list(others.values_list("pk", flat=True))
        heads.update(rest[:: max(len(rest) // more, 1)][:more] if more else [])
        yield _copy_of(manager, heads)
        transaction.set_rollback(True)


def _head(reader: Reader, url: str) -> list[int]:
    """Primary keys of the matches of the first page at this URL, and of the first one of the second page."""
    query = QueryDict(urlsplit(url).query)
    shown = shown_list(reader, query)
    if shown is None:
        raise AssertionError(url)
    form = InboxFilterForm(query, reader=reader, shown=shown)
    found = found_needs(reader, shown, form, enough=ON_A_PAGE + 1, now=contents.NOW)
    return list(found.values_list("pk", flat=True)[: ON_A_PAGE + 1])


def _copy_of(manager: User, pks: Iterable[int]) -> User:
    """An account that manages copies of the manager's offices, whose experts have copies of these matches."""
    user, people = User.objects.create_user(f"short-{manager.email}"), {}
    for office in Office.objects.filter(pk__in=manager.seats.values("office")):
        experts = list(office.experts.order_by("pk"))
        office.pk, office.code = None, f"{office.code}-short"
        office.save(force_insert=True)
        Seat.objects.create(user=user, office=office, given_at=contents.NOW)
        for expert in experts:
            people[expert.pk] = expert
            expert.pk, expert.office = None, office
        Expert.objects.bulk_create(experts)
    matches = list(Match.objects.filter(pk__in=pks).order_by("pk"))
    for match in matches:
        match.pk, match.expert = None, people[match.expert_id]
    Match.objects.bulk_create(matches)
    return user
