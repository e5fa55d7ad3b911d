"""Renders a template and a JSON context to a subject, a text and an HTML body.

How to write a mail: three files beside each other,
``templates/<room>/emails/<occasion>.subject.txt``, ``.txt`` and ``.html``, and a
``<occasion>.sample.json`` with a context to try it with (tests render all of them).

- ``.subject.txt``: the subject; line breaks and runs of spaces become one space.
- ``.txt`` extends ``mailing/base.txt``: blocks ``body`` and ``reason``. Nothing is escaped in it.
- ``.html`` extends ``mailing/base.mjml.html``: blocks ``preheader`` (what lists show after the subject),
  ``title``, ``body`` (MJML elements of a column: ``<mj-text>…</mj-text>``) and ``reason`` (why one receives
  this mail). It is MJML, escaped by Django, turned into HTML by mrml. Its parts:
  ``{% include "mailing/_button.mjml.html" with url=answer_url label="Je prends en charge" only %}``
  (``is_secondary=True`` for the second one) and
  ``{% include "mailing/_quote.mjml.html" with text=words only %}`` for what somebody typed: line breaks
  kept, and nothing that mail programs turn into a link. In the text version: ``{{ words|quoted }}`` after
  ``{% load mails %}``.

Beside the context, templates know ``SITE_URL``; the base ones, ``DELIMITER``.
"""

import re
from dataclasses import dataclass, replace
from typing import Any

import mrml
from django.conf import settings
from django.template import Context, Engine

from mailing.replies import DELIMITER
from mailing.templatetags.mails import no_autolink

# Characters that XML 1.0 forbids; Word pastes some as line breaks. mrml would refuse the whole mail.
UNPRINTABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
# Characters that set the direction of the text that follows: an address could be read backwards.
DIRECTION = re.compile("[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")
LINK = re.compile(r"(https?://[^/\s\"'<>]+)/[^\s\"'<>]+")
# Names of context values that are meant to be clicked.
CLICKED = re.compile("(?:.*_)?(?:url|email|phone)")
# No external fonts.
HTML_OPTIONS = mrml.RenderOptions(disable_comments=True, fonts={})


@dataclass(frozen=True)
class Rendered:
    """A rendered mail."""

    subject: str
    text: str
    html: str

    def masked(self) -> "Rendered":
        """The same mail with its links cut after the site's name, since they give access."""
        return replace(self, text=LINK.sub(r"\1/…", self.text), html=LINK.sub(r"\1/…", self.html))


def render(template: str, context: dict[str, Any], *, is_answerable: bool = False) -> Rendered:
    """Render the three parts of the mail at ``template``, a path without extension.

    A mail that can be answered begins with the line above which to type.
    """
    values = {**_without_autolinks(context), "DELIMITER": DELIMITER if is_answerable else ""}
    return Rendered(
        subject=render_subject(template, context),
        text=_fill(f"{template}.txt", values, autoescape=False).strip() + "\n",
        html=mrml.to_html(_fill(f"{template}.html", values), render_options=HTML_OPTIONS).content,
    )


def render_subject(template: str, context: dict[str, Any]) -> str:
    """The subject alone, on one line, without encoded words."""
    line = " ".join(_fill(f"{template}.subject.txt", context, autoescape=False).split())
    return line.replace("=?", "= ?")


def _without_autolinks(value: Any, name: str = "") -> Any:
    """The same JSON, with automatic links prevented in all texts except those to be clicked."""
    if isinstance(value, dict):
        return {key: _without_autolinks(inner, key) for key, inner in value.items()}
    if isinstance(value, list):
        return [_without_autolinks(inner, name) for inner in value]
    return no_autolink(value) if isinstance(value, str) and not CLICKED.fullmatch(name) else value


def _fill(name: str, context: dict[str, Any], *, autoescape: bool = True) -> str:
    values = {"SITE_URL": settings.SITE_URL, **context}
    filled = Engine.get_default().get_template(name).render(Context(values, autoescape=autoescape))
    return UNPRINTABLE.sub(" ", DIRECTION.sub("", filled))
