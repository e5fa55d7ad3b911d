"""Template filters for phone numbers: on one line, and in ``tel:`` links."""

from django import template

from companies import phones

register = template.Library()


@register.filter
def unbroken(text: str) -> str:
    """The number, or any figure, with spaces at which a line does not end."""
    return str(text or "").replace(" ", "\u00a0")


@register.filter
def e164(phone: str) -> str:
    """The number in the international format of ``tel:`` links: « +33612345678 »."""
    return phones.e164(phone)
