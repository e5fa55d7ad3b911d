"""Values of facts as people read them, in French."""

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from django.utils import timezone

from experts.changes.directory_facts import AbsenceEntry


def format_value(value: Any) -> str:
    """Format the value of a fact; an empty one is « rien »."""
    if isinstance(value, bool):
        return "oui" if value else "non"
    if isinstance(value, AbsenceEntry):
        deputy = f"suppléant {value.deputy}" if value.deputy else "sans suppléant"
        return f"du {format_value(value.from_on)} au {format_value(value.to_on)}, {deputy}"
    if isinstance(value, datetime):
        value = timezone.localtime(value)
    if isinstance(value, date):
        return f"{value:%d/%m/%Y}"
    if isinstance(value, frozenset | list):
        return ", ".join(sorted(_each(value))) or "rien"
    return "rien" if value in {None, ""} else str(value)


def _each(values: Iterable[Any]) -> list[str]:
    return [format_value(value) if isinstance(value, AbsenceEntry) else str(value) for value in values]
