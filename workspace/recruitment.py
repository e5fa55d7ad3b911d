"""Outcome of recruitments: job offers, posts and posts filled, by qualification."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.db import transaction
from django.forms import BoundField

from experts.models import Subject
from solicitations.lifecycle import ANSWERED_STATES
from solicitations.models import Match
from workspace.models import Qualification, RecruitmentOutcome

RECRUITMENT_THEME = "recrutement"
# Subjects of recruitment that the catalogue files under the theme of young people.
OTHER_SUBJECTS = frozenset({"recruter-apprenti", "contrat-pro"})
DEFINITION = (
    "Ce que les référents ont compté en concluant un besoin de recrutement : les offres déposées, les postes "
    "à pourvoir, les postes pourvus. Quand plusieurs concluent le même besoin, le plus grand nombre compte."
)
COLUMNS = {"offers": "offres", "posts": "postes", "filled": "pourvus"}
MAX_COUNT = 999


@dataclass(frozen=True)
class OutcomeRow:
    """The fields of one qualification."""

    label: str
    fields: tuple[BoundField, ...]


def is_recruitment(subject: Subject) -> bool:
    """Return whether a need of this subject may end with posts filled. Reads ``subject.theme``."""
    return subject.slug in OTHER_SUBJECTS or bool(subject.theme and subject.theme.slug == RECRUITMENT_THEME)


def _messages(label: str) -> dict[str, str]:
    sentence = f"{label} : indiquez un nombre entre 0 et {MAX_COUNT}."
    return {"invalid": sentence, "min_value": sentence, "max_value": sentence}


class RecruitmentForm(forms.Form):
    """Three numbers per qualification, all optional: offers and posts filled cannot exceed the posts."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for code, label in Qualification.choices:
            for column, noun in COLUMNS.items():
                self.fields[f"{column}_{code}"] = forms.IntegerField(
                    label=f"{label} : {noun}",
                    required=False,
                    min_value=0,
                    max_value=MAX_COUNT,
                    widget=forms.NumberInput(attrs={"inputmode": "numeric"}),
                    error_messages=_messages(label),
                )

    @property
    def rows(self) -> list[OutcomeRow]:
        """The table of the page."""
        return [
            OutcomeRow(label, tuple(self[f"{column}_{code}"] for column in COLUMNS))
            for code, label in Qualification.choices
        ]

    def clean(self) -> dict[str, Any]:
        """Refuse more offers, or more posts filled, than posts."""
        cleaned = super().clean() or self.cleaned_data
        for code, label in Qualification.choices:
            offers, posts, filled = (cleaned.get(f"{column}_{code}") or 0 for column in COLUMNS)
            if f"posts_{code}" in self.errors or not (offers or filled):
                continue
            if offers > posts:
                self.add_error(f"offers_{code}", f"{label} : une offre au plus par poste.")
            if filled > posts:
                self.add_error(f"filled_{code}", f"{label} : pas plus de pourvus que de postes.")
        return cleaned

    def outcomes(self) -> list[RecruitmentOutcome]:
        """Unsaved rows of the qualifications with a post. For a valid form."""
        found = []
        for code in Qualification.values:
            offers, posts, filled = (self.cleaned_data[f"{column}_{code}"] or 0 for column in COLUMNS)
            if posts:
                found.append(
                    RecruitmentOutcome(qualification=code, offers=offers, posts=posts, filled=filled)
                )
        return found


@transaction.atomic(durable=True)
def record(match: Match, outcomes: Sequence[RecruitmentOutcome]) -> None:
    """Replace the recruitment outcomes of a concluded match; delete them once it is no longer concluded."""
    locked = Match.objects.select_for_update(of=("self",)).get(pk=match.pk)
    RecruitmentOutcome.objects.filter(match=locked).delete()
    if locked.state in ANSWERED_STATES:
        for outcome in outcomes:
            outcome.match = locked
        RecruitmentOutcome.objects.bulk_create(outcomes)


def outcomes_of(match: Match) -> list[RecruitmentOutcome]:
    """The outcomes counted by the expert, in the order of ``Qualification``; none before the conclusion."""
    if match.state not in ANSWERED_STATES:
        return []
    order = {code: rank for rank, code in enumerate(Qualification.values)}
    return sorted(match.recruitment_outcomes.all(), key=lambda row: order[row.qualification])


def outcomes_of_matches(matches: Sequence[int]) -> dict[int, list[RecruitmentOutcome]]:
    """The outcomes of the matches, among these (primary keys), that are concluded. One query."""
    found: dict[int, list[RecruitmentOutcome]] = defaultdict(list)
    for outcome in RecruitmentOutcome.objects.concluded().filter(match__in=matches).order_by("pk"):
        found[outcome.match_id].append(outcome)
    return found
