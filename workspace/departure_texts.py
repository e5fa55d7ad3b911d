"""Sentence about a need withdrawn from an expert who is gone: the change of the directory and its author."""

from django.utils import timezone

from experts.models import Expert, RevisedRow
from solicitations.models import Match

OF_OFFICE = {"closed_on", "agreement_ends_on", "dropped_at"}
OF_EXPERT = {"left_at", "is_paused", "dropped_at", "office"}


def departure_sentence(match: Match) -> str:
    """Say it in French, for the page of who had the need. Needs ``with_people``."""
    expert, day = match.expert, timezone.localdate(match.ended_at)
    if expert.office.is_open_on(day):
        return f"Vous n'êtes plus à ce poste{_author(expert)} : ce besoin est proposé à d'autres"
    office = f"L'antenne «\u00a0{expert.office.name}\u00a0» est fermée"
    return f"{office}{_author(expert)} : ce besoin est proposé à d'autres"


def _author(expert: Expert) -> str:
    """Name who made the last change that took them away, if somebody of the staff did."""
    kinds = RevisedRow.Kind
    office = RevisedRow.objects.filter(
        kind=kinds.OFFICE, row_pk=expert.office_id, after__has_any_keys=sorted(OF_OFFICE)
    )
    own = RevisedRow.objects.filter(
        kind=kinds.EXPERT, row_pk=expert.pk, after__has_any_keys=sorted(OF_EXPERT)
    )
    rows = (office | own).select_related("revision__author").order_by("-revision__made_at", "-pk")
    last = rows.first()
    return f" (changement fait par {last.revision.author})" if last and last.revision.author else ""
