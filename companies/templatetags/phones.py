"""Template filter for phone numbers in ``tel:`` links."""

from django import template

from companies import phones

register = template.Library()


@register.filter
def e164(phone: str) -> str:
    """The number in the international format of ``tel:`` links: « +33612345678 »."""
    return phones.e164(phone)
