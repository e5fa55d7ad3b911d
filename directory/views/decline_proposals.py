"""Edits filled in from refusals alike: the values that « À vérifier » links to with ``?refus=``."""

from typing import TypedDict

from django.http import HttpRequest
from django.utils import timezone

from directory.letters import proposed_edits
from directory.letters.repeated_declines import RepeatedDecline, declines_of
from experts.accounts.staff_access import staff_user
from experts.changes import snapshot
from experts.changes.directory_facts import Facts
from experts.models import Expert, Office
from solicitations.lifecycle import DeclineReason

MAX_DIGITS = 10  # digits of a primary key
SURE = "Rien n'est enregistré avant votre accord."


class Proposal(TypedDict):
    """Fields of an ``Edit``: the values proposed, and the sentence that says why."""

    proposed: Facts
    proposal: str


def area_proposal(request: HttpRequest, expert: Expert) -> Proposal:
    """The areas of an expert, or else of the office, without those of the refused requests."""
    found = _declines(request, DeclineReason.NOT_MY_AREA)
    if not found or found.expert != expert:
        return _proposal(None, {})
    own = expert.areas.filter(dropped_at=None)
    refs = [area.ref for area in (own if own.exists() else expert.office.areas.filter(dropped_at=None))]
    return _proposal(found, proposed_edits.propose_areas(found, refs))


def subject_proposal(request: HttpRequest, expert: Expert, *, answered: frozenset[str]) -> Proposal:
    """The subjects of an expert without the refused ones."""
    found = _declines(request, DeclineReason.NOT_MY_SUBJECT)
    if not found or found.expert != expert:
        return _proposal(None, {})
    own = frozenset(expert.subjects.values_list("slug", flat=True))
    subjects = answered if expert.has_all_subjects else own
    return _proposal(found, proposed_edits.propose_subjects(found, subjects=subjects))


def criteria_proposal(request: HttpRequest, office: Office) -> Proposal:
    """The criterion of an office that refuses the refused companies, and none that it took."""
    found = _declines(request, DeclineReason.NOT_ELIGIBLE)
    if not found or found.expert.office_id != office.pk:
        return _proposal(None, {})
    here = snapshot.load(offices=[office.pk]).offices[office.code].facts
    return _proposal(found, proposed_edits.propose_office_criteria(found, here=here))


def _declines(request: HttpRequest, reason: DeclineReason) -> RepeatedDecline | None:
    """The refusals of the expert of ``?refus=``, if the user may change that expert; else ``None``."""
    pk = request.GET.get("refus", "")
    if not (pk.isascii() and pk.isdecimal() and len(pk) <= MAX_DIGITS):
        return None
    expert = Expert.objects.visible_to(staff_user(request)).listed().filter(pk=int(pk)).first()
    return declines_of(expert, reason, now=timezone.now()) if expert else None


def _proposal(found: RepeatedDecline | None, facts: Facts) -> Proposal:
    if found is None:
        return Proposal(proposed={}, proposal="")
    if not facts:
        return Proposal(
            proposed={},
            proposal=f"{found.expert.name} : {found.evidence}. Ces demandes n'ont rien de commun que cette "
            "page puisse exclure à coup sûr : choisissez ce qu'il faut changer.",
        )
    sentence = f"Proposé d'après {found.evidence}, par {found.expert.name}. {SURE}"
    return Proposal(proposed=facts, proposal=sentence)
