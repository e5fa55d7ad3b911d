"""The ``pluralize`` filter of every template, in French: nothing and one are singular."""

from typing import Any

from django.template import Library
from django.template.defaultfilters import pluralize as english

register = Library()


@register.filter
def pluralize(value: Any, forms: str = "s") -> str:
    """Return the plural form above one; ``value``: a number, or something that has a length."""
    return english(value or 1, forms)
