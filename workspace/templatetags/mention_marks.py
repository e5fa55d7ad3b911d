"""Marks, in the texts of a page, the people and institutions that they mention."""

from collections.abc import Sequence

from django import template
from django.utils.html import escape, format_html
from django.utils.safestring import SafeString, mark_safe

from solicitations.conversation import mentions
from solicitations.conversation.mentions import Mentionable

register = template.Library()


@register.filter
def marked(text: str, named: Sequence[Mentionable]) -> SafeString:
    """The text, escaped, each mention that is understood in bold."""
    parts, end = [], 0
    for mention in mentions.find(text, named):
        if len(mention.named) == 1:
            stop = mention.start + len(mention.typed)
            typed = format_html('<strong class="rl-mention">{}</strong>', mention.typed)
            parts += [escape(text[end : mention.start]), typed]
            end = stop
    return mark_safe("".join([*parts, escape(text[end:])]))  # noqa: S308 (each part is escaped)
