"""Filters for what people typed, shown in a mail."""

import re

from django import template

register = template.Library()

# What mail clients turn into a link by themselves: an address with its scheme, a domain, an email. No domain
# ends in figures: « 43.22A » and « 1.500 » stay whole.
LINKABLE = re.compile(r"(?<=\w)(?=\.[^\W\d]|@\w)|(?<=:)(?=//)")
BREAK = "\u200c"  # zero-width non-joiner: nothing to see, and no link


@register.filter
def inert(text: str) -> str:
    """``text`` in which a mail client finds no link to make."""
    return LINKABLE.sub(BREAK, text)


@register.filter
def quoted(text: str) -> str:
    """``text`` as a quotation of a text mail: "> " before each line, no link."""
    return "\n".join(f"> {line}".rstrip() for line in inert(text).strip().splitlines())
