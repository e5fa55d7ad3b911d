"""The labour-law clock as experts and staff see it, and the page for the question and its answer."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from solicitations import wording
from solicitations.models import Addition, Match, Need, Solicitation
from solicitations.progress import LegalAnswer
from territories.working_time import working_days_between


@dataclass(frozen=True)
class LegalClock:
    """The legal deadline of a need, and its answer; days are working days of the territory."""

    due_on: date
    days_left: int
    days_late: int
    is_past: bool
    is_over: bool
    answered_at: datetime | None
    answered_by: str
    is_answered_in_time: bool


def clock(need: Need, matches: Iterable[Match], *, now: datetime) -> LegalClock | None:
    """The legal clock of a need with these matches; ``None`` without one. Needs ``solicitation`` loaded."""
    solicitation = need.solicitation
    if not need.is_on_the_legal_clock or solicitation.refuses_answers:
        return None
    time_zone, commune = solicitation.time_zone, solicitation.commune
    today = now.astimezone(time_zone).date()
    due_on = wording.legal_deadline(solicitation.submitted_at, commune)
    answers = [(match.answered_at, match) for match in matches if match.answered_at and match.answer]
    answered_at, first = min(answers, key=lambda answer: answer[0], default=(None, None))
    return LegalClock(
        due_on=due_on,
        days_left=working_days_between(today, due_on, commune),
        days_late=working_days_between(due_on, today, commune),
        is_past=today > due_on,
        is_over=solicitation.is_over,
        answered_at=answered_at,
        answered_by=first.expert.office.name if first else "",
        is_answered_in_time=answered_at is not None and answered_at.astimezone(time_zone).date() <= due_on,
    )


def answer_page(
    request: HttpRequest,
    solicitation: Solicitation,
    answers: Sequence[LegalAnswer],
    *,
    additions: Iterable[Addition],
    back: str,
) -> HttpResponse:
    """Question and answers, dated, on one page to print; ``back`` is the page that leads here.

    ``additions``: what the company wrote since, as far as the reader may see it.
    """
    context = {
        "solicitation": solicitation,
        "additions": [addition for addition in additions if not addition.withdrawn_at],
        "answers": answers,
        "siret": wording.siret(solicitation),
        "time_zone": solicitation.time_zone,
        "back": back,
    }
    return render(request, "solicitations/legal/answer.html", context)
