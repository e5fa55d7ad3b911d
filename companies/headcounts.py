"""Headcounts: the register's bands, and their French labels."""

from collections.abc import Mapping
from typing import TypeAlias

# Lowest and highest number of employees, both included; no upper bound when the second is None.
Headcount: TypeAlias = tuple[int, int | None]

# INSEE's "tranche d'effectif salarié". NN (no employee that year, or unknown) is left out.
BANDS: Mapping[str, Headcount] = {
    "00": (0, 0),
    "01": (1, 2),
    "02": (3, 5),
    "03": (6, 9),
    "11": (10, 19),
    "12": (20, 49),
    "21": (50, 99),
    "22": (100, 199),
    "31": (200, 249),
    "32": (250, 499),
    "41": (500, 999),
    "42": (1000, 1999),
    "51": (2000, 4999),
    "52": (5000, 9999),
    "53": (10000, None),
}


def display(headcount: Headcount | None) -> str:
    """« 6 à 9 salariés », « aucun salarié », « 10 000 salariés ou plus », « effectif non vérifié »."""
    if headcount is None:
        return "effectif non vérifié"
    low, high = headcount
    if high is None:
        return f"{_number(low)} salariés ou plus"
    if low != high:
        return f"{_number(low)} à {_number(high)} salariés"
    if low == 0:
        return "aucun salarié"
    return "1 salarié" if low == 1 else f"{_number(low)} salariés"


def _number(number: int) -> str:
    return f"{number:,}".replace(",", "\N{NARROW NO-BREAK SPACE}")
