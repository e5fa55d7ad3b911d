"""Needs found by words: rare ones by the indexes of texts, frequent ones among the reader's latest needs.

A word that many requests contain would have the database read them all before it keeps the reader's own. It
is found soon among hers: they are read from the latest on, a part at a time, until there are enough.
"""

import json
import math
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from django.db import connection
from django.db.models import QuerySet, Value

from solicitations.lifecycle import NOT_LIVE
from solicitations.models import Addition, Match, Message, Solicitation
from solicitations.models.matches import MatchQuerySet
from solicitations.models.request_words import (
    LINE_TEXT,
    MESSAGE_WORDS,
    NOT_CONFIDENTIAL,
    REQUEST_TEXT,
    REQUEST_WORDS,
)
from workspace.inbox.search_words import TypedWords
from workspace.inbox.tabs import InboxList, Scope

RARE = 2_000  # texts; words that more of them contain are frequent
MIN_NEEDS, MAX_NEEDS = 50, 20_000  # needs of a part
MARGIN, MARGIN_AFTER = 1.5, 2.5  # the first part, and the next ones, should hold more than enough
GROWTH = 8  # of a part after which nothing was found
TOGETHER = 4  # times as many texts say two words as the planner, to whom words are independent, expects
NUMBER_OF_REQUESTS = "SELECT reltuples FROM pg_class WHERE oid = 'solicitations_solicitation'::regclass"
Texts = QuerySet[Any, tuple[int, bool]]
NeedRow = tuple[int, int, str]  # keys of a need and of its request, state of the need


def with_words(needs: MatchQuerySet, text: str, shown: InboxList, *, enough: int) -> MatchQuerySet:
    """The needs of a list that say these words; never those of a confidential request.

    Of a list by date, the ``enough`` latest of them, or more.
    """
    words, message_words = TypedWords.read(text), TypedWords.read(text, with_places=False)
    if words is None or message_words is None:
        return needs.none()
    search = WordSearch(words, message_words, shown)
    number = search.estimated()
    rows = search.anywhere(needs) if number <= RARE else None
    if rows is None:
        rows = search.among_latest(needs, number=number, enough=enough)
    return Match.objects.filter(pk__in=[pk for pk, *_ in rows])


@dataclass(frozen=True)
class WordSearch:
    """Words looked for in a list; ``message_words``: without the codes of places, for messages."""

    words: TypedWords
    message_words: TypedWords
    shown: InboxList

    def estimated(self) -> int:
        """The number of texts that say the words, as the planner expects, without reading any."""
        [plan] = json.loads(self._texts().explain(format="json"))
        return int(plan["Plan"]["Plan Rows"])

    def anywhere(self, needs: MatchQuerySet) -> list[NeedRow] | None:
        """Search all texts; ``None`` when the words are frequent after all."""
        texts = list(self._texts()[: RARE + 1])
        if len(texts) > RARE:
            return None
        requests = {request for request, _ in texts}
        return self._found(texts, _rows(needs.filter(need__solicitation__in=requests)))

    def among_latest(self, needs: MatchQuerySet, *, number: int, enough: int) -> list[NeedRow]:
        """Search the texts of the latest needs, then of earlier ones, until there are enough.

        A list by urgency needs all of its own.
        """
        found: list[NeedRow] = []
        likely = number * TOGETHER ** (len(self.words.words) - 1)
        start, size = 0, MAX_NEEDS if self.shown.is_active else _first_part(likely, enough)
        while True:
            part = _rows(needs, start=start, size=size)
            requests = {request for _, request, _ in part}
            found += self._found(list(self._texts_of(requests)), part)
            start += len(part)
            is_enough = len(found) >= enough and not self.shown.is_active
            if is_enough or len(part) < size:
                return found
            if not self.shown.is_active:
                size = _next_part(enough - len(found), len(found) / start, start)

    def _texts(self) -> Texts:
        """Each text that says the words: the key of its request, and whether it is the request's own."""
        requests = self._requests().filter(indexed_words=self.words.query)
        messages = [texts.filter(indexed_words=self.message_words.query) for texts in self._messages()]
        return _together(requests, messages)

    def _texts_of(self, among: Collection[int]) -> Texts:
        """The same of these requests, read one by one."""
        requests = self._requests().filter(pk__in=among).alias(text=REQUEST_TEXT)
        messages = [
            texts.filter(self.message_words.spelled_in("body"), solicitation__in=among)
            for texts in self._messages()
        ]
        return _together(requests.filter(self.words.spelled_in("text")), messages)

    def _requests(self) -> QuerySet[Any]:
        return Solicitation.objects.alias(indexed_words=REQUEST_WORDS).filter(NOT_CONFIDENTIAL)

    def _messages(self) -> list[QuerySet[Any]]:
        """The company's additions; and the experts' thread, which their managers do not read."""
        if self.shown.scope == Scope.OFFICE:
            return []
        texts: list[QuerySet[Any]] = [Addition.objects.filter(question=None)]
        if self.shown.scope != Scope.MANAGED:
            texts.append(Message.objects.all())
        return [
            text.alias(indexed_words=MESSAGE_WORDS).filter(solicitation__is_confidential=False)
            for text in texts
        ]

    def _found(self, texts: list[tuple[int, bool]], rows: list[NeedRow]) -> list[NeedRow]:
        """The rows of which what may be searched says the words.

        Of a colleague's need, and of one that is no longer hers, the reader searches what its line shows.
        """
        own = {request for request, is_own in texts if is_own}
        since = {request for request, is_own in texts if not is_own}
        is_office = self.shown.scope == Scope.OFFICE
        by_line = {pk for pk, _, state in rows if is_office or state in NOT_LIVE}
        lines = self._lines({request for pk, request, _ in rows if pk in by_line} & own)
        return [
            row
            for row in rows
            if (row[1] in lines if row[0] in by_line else row[1] in own or row[1] in since)
        ]

    def _lines(self, among: Collection[int]) -> set[int]:
        """Keys of the requests, among these, whose line in a list contains the words."""
        if not among:
            return set()
        rows = Solicitation.objects.filter(pk__in=among).alias(text=LINE_TEXT)
        return set(rows.filter(self.words.spelled_in("text")).values_list("pk", flat=True))


def _together(requests: QuerySet[Any], messages: list[QuerySet[Any]]) -> Texts:
    since = [texts.values_list("solicitation", Value(value=False)) for texts in messages]
    texts: Texts = requests.values_list("pk", Value(value=True)).union(*since, all=True)
    return texts


def _first_part(number: int, enough: int) -> int:
    """The number of needs that should hold enough, when so many texts of all requests say the words."""
    with connection.cursor() as cursor:
        cursor.execute(NUMBER_OF_REQUESTS)
        [(requests,)] = cursor.fetchall()
    return _within(MARGIN * enough * int(requests) / max(number, 1))


def _next_part(missing: int, share: float, read: int) -> int:
    """The number of needs that should hold those still missing; ``share``: found among those read."""
    return _within(MARGIN_AFTER * missing / share if share else GROWTH * read)


def _within(size: float) -> int:
    return min(max(math.ceil(size), MIN_NEEDS), MAX_NEEDS)


def _rows(needs: MatchQuerySet, *, start: int = 0, size: int | None = None) -> list[NeedRow]:
    if size is not None:
        # First the keys alone, which the index of the list holds.
        latest = needs.order_by("-sent_at", "-pk").values("pk")[start : start + size]
        needs = Match.objects.filter(pk__in=latest)
    return list(needs.values_list("pk", "need__solicitation", "state"))
