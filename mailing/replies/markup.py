"""Converts the HTML of a mail to lines, with marks for quotations and signatures.

Not based on ``html.parser``, whose time is not linear when tags are left open.
"""

import re
from collections import Counter
from dataclasses import dataclass, field
from itertools import islice

from mailing.replies import elements
from mailing.replies.elements import BLOCKS, LINKS, LISTS, OPENS_QUOTE, VOID, Element
from mailing.replies.text_lines import MAX_LINES, TextLine

# Nobody types more; some programs write thousands of tags around each word.
MAX_TOKENS = 40_000
SPACES = re.compile(r"[ \t\n]+")
MAX_NESTED_TABLES = 20
TAG_NAME = re.compile(r"/?[a-zA-Z][\w:-]*")


def html_lines(html: str) -> list[TextLine]:
    """The lines of an HTML page."""
    page = _Page()
    for is_tag, token in islice(elements.tokens(html), MAX_TOKENS):
        if is_tag:
            page.take_tag(token)
        else:
            page.take_text(token)
    return page.finish()


@dataclass
class _Page:
    lines: list[TextLine] = field(default_factory=list)
    open: list[Element] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    buffer: list[str] = field(default_factory=list)
    rows: list[list[list[TextLine]]] = field(default_factory=list)
    outer: list[list[TextLine]] = field(default_factory=list)
    wants_gap: bool = False
    bullet: str = ""

    def take_text(self, token: str) -> None:
        if self.counts["hidden"]:
            return
        text = elements.decoded(token)
        if self.counts["pre"]:
            first, *others = text.split("\n")
            self._write(first)
            for line in others:
                self._end_line(even_empty=True)
                self._write(line)
            return
        text = SPACES.sub(" ", text)
        self._write(text if self.buffer else text.lstrip(" "))

    def take_tag(self, token: str) -> None:
        found = TAG_NAME.match(token)
        if not found:
            return
        name = found.group().lower()
        if name.startswith("/"):
            self._close(name[1:])
            return
        element = elements.parse_tag(name, token[found.end() :])
        if name == "br":
            self._end_line(even_empty=True)
        elif name == "img":
            self._write(element.alt)
        elif name in BLOCKS:
            self._close_paragraph()
            self._end_line()
        elif name == "a":
            self._close("a")
        if name not in VOID and not token.endswith("/"):
            self._open(element)

    def finish(self) -> list[TextLine]:
        while self.open:
            self._pop()
        self._end_line()
        return self.lines[:MAX_LINES]

    def _open(self, element: Element) -> None:
        if element.marks & OPENS_QUOTE:
            self.lines.append(TextLine("", opens_quote=True))
        if element.name == "tr":
            self.rows.append([])
            element.count, self.wants_gap = int(self.wants_gap), False
        if element.name in {"td", "th"} and self.rows and len(self.outer) < MAX_NESTED_TABLES:
            element.count = 1
            self.outer.append(self.lines)
            self.lines = []
        if element.name == "li":
            self._number()
        if element.is_spaced and not self.counts["li"]:
            self.wants_gap = True
        element.starts_at = len(self.buffer)
        self.open.append(element)
        self._count(element, 1)

    def _number(self) -> None:
        holder = next((element for element in reversed(self.open[-20:]) if element.name in LISTS), None)
        indent = "  " * (min(self.counts["ul"] + self.counts["ol"], 10) - 1)
        if holder and holder.name == "ol":
            holder.count += 1
            self.bullet = f"{indent}{holder.count}. "
        else:
            self.bullet = f"{indent}- "

    def _close(self, name: str) -> None:
        if not self.counts[f"<{name}"]:
            return
        while self._pop() != name:
            pass

    def _close_paragraph(self) -> None:
        """Close an open paragraph before the next block."""
        for element in reversed(self.open[-6:]):
            if element.name == "p":
                self._close("p")
            if element.name in BLOCKS:
                return

    def _pop(self) -> str:
        element = self.open.pop()
        if element.name in BLOCKS:
            self._end_line()
        self._count(element, -1)
        if element.is_bullet:
            self._rewrite_bullet(element)
        if element.href:
            self._add_address(element)
        if element.name in {"td", "th"} and element.count:
            self._end_cell()
        if element.name == "tr":
            self._end_row(wants_gap=bool(element.count))
        if element.name == "li":
            self.bullet = ""
        if element.is_spaced and not self.counts["li"]:
            self.wants_gap = True
        return element.name

    def _count(self, element: Element, step: int) -> None:
        self.counts[f"<{element.name}"] += step
        self.counts["hidden"] += step * element.is_hidden
        self.counts["quote"] += step * element.is_quote
        self.counts["signature"] += step * element.is_signature
        if element.name in LISTS | {"li", "pre"}:
            self.counts[element.name] += step

    def _write(self, text: str) -> None:
        if text and not self.counts["hidden"]:
            self.buffer.append(text)

    def _end_line(self, *, even_empty: bool = False) -> None:
        """End the current line; a non-breaking space alone gives an empty line, as displayed."""
        text = "".join(self.buffer)
        text = text if self.counts["pre"] else SPACES.sub(" ", text)
        self.buffer.clear()
        if not text.strip(" \t\n") and not even_empty:
            return
        text = text.replace("\xa0", " ")
        text = text.rstrip() if self.counts["pre"] else text.strip()
        if self.wants_gap and self.lines and text:
            self._add("")
        self.wants_gap = self.wants_gap and not text
        self._add(self.bullet + text if text else "")
        self.bullet = "" if text else self.bullet

    def _add(self, text: str) -> None:
        is_quoted, is_signature = self.counts["quote"] > 0, self.counts["signature"] > 0
        self.lines.append(TextLine(text, is_quoted=is_quoted, is_signature=is_signature))

    def _rewrite_bullet(self, element: Element) -> None:
        bullet = "".join(self.buffer[element.starts_at :]).strip(" \xa0\n")
        self.buffer[element.starts_at :] = [f"{bullet} " if bullet.endswith((".", ")")) else "- "]

    def _add_address(self, element: Element) -> None:
        """Add the address of a link after its text, unless the text contains it."""
        label = "".join(self.buffer[element.starts_at :])
        if label.strip() and _bare(element.href) not in _bare(label):
            end = " " if label.endswith(" ") else ""
            self.buffer[element.starts_at :] = [f"{label.rstrip()} ({element.href}){end}"]

    def _end_cell(self) -> None:
        cell, self.lines = self.lines, self.outer.pop()
        self.rows[-1].append(cell)

    def _end_row(self, *, wants_gap: bool) -> None:
        """Write a row of short cells as one line; otherwise write its cells one after the other."""
        if wants_gap and self.lines and any(self.rows[-1]):
            self.lines.append(TextLine(""))
        cells = [[line for line in cell if line.text or line.opens_quote] for cell in self.rows[-1]]
        full = [cell for cell in cells if cell]
        if len(full) > 1 and all(len(cell) == 1 for cell in full):
            first = full[0][0]
            text = " | ".join(cell[0].text for cell in full)
            self.lines.append(TextLine(text, is_quoted=first.is_quoted, is_signature=first.is_signature))
        else:
            for cell in self.rows[-1]:
                self.lines.extend(cell)
        self.rows.pop()
        self.wants_gap = False


def _bare(address: str) -> str:
    """``address`` without scheme, "www." and parameters, for comparison with a text."""
    bare = address.strip().lower().partition("?")[0]
    for start in (*LINKS, "www."):
        bare = bare.removeprefix(start)
    return bare.rstrip("/")
