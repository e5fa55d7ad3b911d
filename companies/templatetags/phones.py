"""Phone numbers that one taps to call."""

from django import template

from companies import phones

register = template.Library()


@register.filter
def dialled(phone: str) -> str:
    """A number as people write it, as a ``tel:`` link wants it."""
    return phones.dialled(phone)
