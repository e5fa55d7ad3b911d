"""Forms that choose the other row: of the same person, or of the same office."""

from collections.abc import Iterable
from typing import Any, ClassVar

from django import forms

from directory.forms.facts_form import RowFactsForm


class OtherRowForm(RowFactsForm):
    """The row that goes; the page's own one stays."""

    given: ClassVar[tuple[str, ...]] = ("other",)

    other = forms.ChoiceField(
        label="Celle qui disparaît",
        error_messages={
            "required": "Choisissez celle qui disparaît.",
            "invalid_choice": "Choisissez une ligne de la liste.",
        },
    )

    def __init__(self, *args: Any, rows: Iterable[tuple[int, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["other"]
        field.choices = [("", "Choisissez"), *((str(pk), label) for pk, label in rows)]

    def initial_of(self, shown: Any) -> dict[str, Any]:
        return {}
