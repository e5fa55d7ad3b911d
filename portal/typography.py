"""No-break spaces of French: before « ; », « ! », « ? » and « : », and inside guillemets.

Templates are written with plain spaces, which people can see and type; the loader puts the others in once,
when a template is read, whatever it is of: a page, a mail, its subject. In Python they are written.
"""

import re

from django.template import Origin
from django.template.loaders import filesystem

NARROW, WIDE = "\u202f", "\u00a0"
# Not the marks of a code, such as those of « a ? b : c »: a word stands before, a space or an end after.
BEFORE = re.compile(r"(?<=[^\s:;!?]) (?=(?P<mark>[;:!?])(?:[\s\"'<{).,;:»]|$))")
INSIDE = re.compile(r"(?<=«) | (?=»)")
LITERAL = re.compile(r"\"[^\"]*\"|'[^']*'")
# What is not text: tags of the template, comments, scripts and styles, tags of HTML with their attributes.
TAG = r"{%.*?%}|{{.*?}}"
MARKUP = re.compile(
    rf"({TAG}|{{#.*?#}}|<!--.*?-->|<(?:script|style)\b.*?</(?:script|style)>"
    rf"|<[a-zA-Z/!](?:{TAG}|[^<>\"']|\"(?:{TAG}|[^\"])*\"|'(?:{TAG}|[^'])*')*>)",
    re.DOTALL,
)
TEMPLATE_TAG = re.compile(rf"({TAG})", re.DOTALL)
READ_ALOUD = re.compile(
    rf"(?<=\s)(aria-label|title|alt|placeholder|content|data-label)=\"((?:{TAG}|[^\"])*)\"", re.DOTALL
)


class Loader(filesystem.Loader):
    """Loader of our own templates."""

    def get_contents(self, origin: Origin) -> str:
        """The source of a template, with its no-break spaces."""
        return of_template(super().get_contents(origin))


def of_text(text: str) -> str:
    """The text with no-break spaces in place of the plain ones that French wants so."""
    text = BEFORE.sub(lambda found: WIDE if found["mark"] == ":" else NARROW, text)
    return INSIDE.sub(WIDE, text)


def of_template(source: str) -> str:
    """The same for a template: its text, the words of its tags, the attributes that people read."""
    return "".join(_of_part(part) for part in _parts(source, MARKUP))


def _parts(source: str, separator: re.Pattern[str]) -> list[tuple[str, bool]]:
    """Texts and markup, in order; each text with whether something precedes it."""
    found = separator.split(source)
    return [(part, place > 0) for place, part in enumerate(found)]


def _of_part(part: tuple[str, bool]) -> str:
    text, is_after = part
    if text.startswith(("{%", "{{")):
        return LITERAL.sub(lambda literal: of_text(literal[0]), text)
    if text.startswith("<") and MARKUP.fullmatch(text):
        return READ_ALOUD.sub(_of_attribute, text) if "=" in text[:4000] else text
    if text.startswith("{#"):
        return text
    # After a variable: « {{ count }} : … ».
    return of_text("x" + text)[1:] if is_after else of_text(text)


def _of_attribute(attribute: re.Match[str]) -> str:
    written = "".join(_of_part(part) for part in _parts(attribute[2], TEMPLATE_TAG))
    return f'{attribute[1]}="{written}"'
