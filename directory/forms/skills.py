"""Form of one cell of « Qui fait quoi »: which experts of an institution handle a subject."""

from collections.abc import Sequence
from typing import Any

from django import forms

from directory.forms.facts_form import RowFactsForm
from experts.changes.directory_facts import Facts
from experts.models import Expert

FACT_PREFIX = "repond-"  # before the expert's primary key, in the name of a fact


def skill_facts(experts: Sequence[Expert], slug: str) -> Facts:
    """One fact by expert, true when they have the subject, so that changes by two editors can be merged."""
    return {
        f"{FACT_PREFIX}{expert.pk}": slug in {subject.slug for subject in expert.subjects.all()}
        for expert in experts
    }


class SkillsForm(RowFactsForm):
    """The experts who handle the subject, among those who may be ticked.

    Experts who handle every subject are not offered. As in ``RowFactsForm``, ``shown`` are the facts as they
    were when the page was displayed.
    """

    chosen = forms.MultipleChoiceField(
        label="Qui répond", required=False, widget=forms.CheckboxSelectMultiple
    )

    def __init__(self, *args: Any, experts: Sequence[Expert], **kwargs: Any) -> None:
        self.by_fact = {f"{FACT_PREFIX}{expert.pk}": expert for expert in experts}
        super().__init__(*args, **kwargs)
        field: Any = self.fields["chosen"]
        field.choices = [(str(expert.pk), f"{expert.name}, {expert.office.name}") for expert in experts]

    def fact_names(self) -> tuple[str, ...]:
        return tuple(self.by_fact)

    def fact_label(self, name: str) -> str:
        return f"{self.by_fact[name].name} répond" if name in self.by_fact else name

    def initial_of(self, shown: Any) -> dict[str, Any]:
        return {"chosen": [str(expert.pk) for name, expert in self.by_fact.items() if shown.get(name)]}

    def facts(self) -> Facts:
        chosen = set(self.cleaned_data["chosen"])
        return {name: str(expert.pk) in chosen for name, expert in self.by_fact.items() if name in self.shown}
