"""HTML tags of a mail, and their effect on the text: hidden, quoted, signature, block."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from html import unescape

VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "wbr"}
HIDDEN = {"style", "script", "title", "template", "xml"}
BLOCKS = {
    "address", "article", "aside", "blockquote", "body", "center", "dd", "div", "dl", "dt", "fieldset",
    "figure", "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "html", "li",
    "main", "nav", "ol", "p", "pre", "section", "table", "tbody", "td", "tfoot", "th", "thead", "tr",
    "ul",
}  # fmt: skip
SPACED = {"p", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "table", "pre", "blockquote"}
LISTS = {"ul", "ol"}
# Classes and ids by which Gmail, Thunderbird, Yahoo, Proton, Zoho, Tuta, Roundcube mark quotations.
QUOTES = {
    "gmail_attr", "moz-cite-prefix", "protonmail_quote", "reply-intro", "tutanota_quote", "yahoo_quoted",
    "zmail_extra", "__quoted_text__",
}  # fmt: skip
# Outlook: the quoted mail follows this element, and nothing closes it.
OPENS_QUOTE = {"divrplyfwdmsg", "mail-editor-reference-message-container"}
SIGNATURES = {
    "front-signature", "gmail_signature", "gmail_signature_prefix", "moz-signature",
    "ms-outlook-mobile-signature",
    "protonmail_signature_block", "signature", "ymail_android_signature", "__sig_pre__", "__sig_post__",
}  # fmt: skip
ATTRIBUTE = re.compile(r"""(?<![\w:.-])([\w:.-]+)\s*=\s*("[^"]*"|'[^']*'|[^\s"'>]+)""")
# Longer attributes contain an image.
MAX_ATTRIBUTES_LENGTH = 4_000
TIGHT = re.compile(r"margin(-bottom)?:0")
NO_BORDER = re.compile(r"border-left:(none|0)")
# The library would parse each as a number, whatever its length.
LONG_NUMBER = re.compile(r"&#[xX]?[0-9a-fA-F]{9,};?")
LINKS = ("http://", "https://", "mailto:")


@dataclass
class Element:
    """An open tag, and its effect until it closes. ``marks``: its classes, ids and types in lower case."""

    name: str
    marks: frozenset[str] = frozenset()
    style: str = ""
    href: str = ""
    alt: str = ""
    starts_at: int = 0
    count: int = 0

    @property
    def is_hidden(self) -> bool:
        return self.name in HIDDEN or "display:none" in self.style

    @property
    def is_quote(self) -> bool:
        if self.marks & QUOTES:
            return True
        has_bar = "border-left:" in self.style and not NO_BORDER.search(self.style)
        return self.name == "blockquote" and (has_bar or bool(self.marks & {"cite", "gmail_quote"}))

    @property
    def is_signature(self) -> bool:
        return bool(self.marks & SIGNATURES)

    @property
    def is_spaced(self) -> bool:
        """True when blank lines surround the element. Outlook's paragraphs are single lines."""
        is_tight = any(mark.startswith(("mso", "x_mso")) for mark in self.marks) or TIGHT.search(self.style)
        return self.name in SPACED and not (self.name == "p" and is_tight)

    @property
    def is_bullet(self) -> bool:
        """True for a bullet or number of Word, which is text in an element of its own."""
        return "mso-list:ignore" in self.style


def parse_tag(name: str, attributes: str) -> Element:
    """Read the attributes of an opening tag, as written in the HTML."""
    found = {
        match[1].lower(): decoded(match[2].strip("\"'"))
        for match in ATTRIBUTE.finditer(attributes[:MAX_ATTRIBUTES_LENGTH])
    }
    names = " ".join(found.get(key, "") for key in ("class", "id", "type", "data-marker"))
    href, alt = found.get("href", ""), found.get("alt", "")
    return Element(
        name=name,
        marks=frozenset(names.lower().split()),
        style="".join(found.get("style", "").lower().split()),
        href=href if name == "a" and href.lower().startswith(LINKS) else "",
        # Some clients send emoji as images; the descriptions of other images were not typed by the author.
        alt=alt if len(alt) <= 8 and not any(letter.isalnum() or letter.isspace() for letter in alt) else "",
    )


def decoded(text: str) -> str:
    """``text`` with its HTML entities decoded."""
    return unescape(LONG_NUMBER.sub("", text))


def tokens(html: str) -> Iterator[tuple[bool, str]]:
    """The tags (without their angle brackets) and texts of ``html``, as (is a tag, token), in one pass."""
    at, last_end = 0, html.rfind(">")
    last_comment_end = html.rfind("-->")
    while at < len(html):
        opening = html.find("<", at)
        if opening == -1 or opening > last_end:
            yield False, html[at:]
            return
        if opening > at:
            yield False, html[at:opening]
        if html.startswith("<!--", opening) and opening < last_comment_end:
            at = html.find("-->", opening) + 3
            continue
        if html[opening + 1] not in "/!?" and not html[opening + 1].isalpha():
            yield False, "<"
            at = opening + 1
            continue
        end = html.find(">", opening)
        # A ">" inside is_quote does not end the tag.
        if html.count('"', opening, end) % 2 and end < last_end:
            end = html.find(">", end + 1)
        yield True, html[opening + 1 : end]
        at = end + 1
