"""Criteria of an office in French: each condition and its effect. Pure."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from companies import legal_forms, naf


def criteria_texts(office: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The conditions that an office sets, each with its name; an empty list when it accepts everybody."""
    found = [
        ("Effectif", _bounds(office["headcount_min"], office["headcount_max"], "salarié")),
        ("Ancienneté", _bounds(office["age_min_years"], office["age_max_years"], "an")),
        ("Activités", _codes(office["naf"], office["naf_excluded"], _naf_label)),
        (
            "Formes juridiques",
            _codes(office["legal_forms"], office["legal_forms_excluded"], _legal_form_label),
        ),
        ("Artisanat", {"only": "artisans seulement", "exclude": "sauf artisans"}.get(office["craft"], "")),
        (
            "Sans entreprise",
            "n'aide pas les personnes sans entreprise" if office["project_holders"] is False else "",
        ),
    ]
    return [(name, text) for name, text in found if text]


def _bounds(low: int | None, high: int | None, unit: str) -> str:
    if low is None and high is None:
        return ""
    units = unit if (high if high is not None else low or 0) < 2 else f"{unit}s"
    if low is None:
        return f"{high} {units} au plus"
    return f"{low} {units} au moins" if high is None else f"de {low} à {high} {units}"


def _codes(accepted: Iterable[str], refused: Iterable[str], label: Callable[[str], str]) -> str:
    parts = []
    if accepted:
        parts.append("seulement " + ", ".join(map(label, accepted)))
    if refused:
        parts.append("sauf " + ", ".join(map(label, refused)))
    return "\u00a0; ".join(parts)


def _naf_label(code: str) -> str:
    label = naf.label(code)
    return f"{code} ({label})" if label else f"{code}…"


def _legal_form_label(code: str) -> str:
    label = legal_forms.label(code)
    return f"{code} ({label})" if label else f"{code}…"
