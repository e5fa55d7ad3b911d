"""Template filters for typed text in mails."""

import re

from django import template

register = template.Library()

# Places in URLs, domains and email addresses where a break prevents mail clients from making a link. No
# top-level domain begins with a digit: « 43.22A » and « 1.500 » are not changed.
LINKABLE = re.compile(r"(?<=\w)(?=\.[^\W\d]|@\w)|(?<=:)(?=//)")
BREAK = "\u200c"  # zero-width non-joiner, invisible


@register.filter
def no_autolink(text: str) -> str:
    """``text`` in which mail clients make no automatic link."""
    return LINKABLE.sub(BREAK, text)


@register.filter
def quoted(text: str) -> str:
    """``text`` as a quotation of a text mail: "> " before each line, no automatic link."""
    return "\n".join(f"> {line}".rstrip() for line in no_autolink(text).strip().splitlines())
