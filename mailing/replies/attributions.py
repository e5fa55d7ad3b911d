"""Finds what mail clients write above a quotation: « Le 23 nov. 2026, X <x@y> a écrit : », or header lines.

Just above our delimiter, it is recognised in any language, by its structure.
"""

import re
from collections.abc import Collection, Sequence

from mailing.replies.text_lines import DELIMITER, FOOTER, TextLine, fold

# Clients that only write ASCII replace each accent by one "?", or by one per byte.
DELIMITER_PATTERN = re.compile(
    re.escape(fold(DELIMITER).strip("— ")).replace("repondez", "r.{1,3}pondez").replace(r"\-", ".{1,3}")
)
OUR_NAME = fold(FOOTER).partition(",")[0]
# « Le lun. 23 nov. 2026 à 10:12, X <x@y> a écrit : », wrapped over a few lines.
ATTRIBUTION_LINES = 4
ATTRIBUTION_STARTS = ("le ", "on ", "el ", "am ", "il ", "op ", "em ")
WROTE = re.compile(
    r"(?<!')\b(a [^ ]{1,3}crit|wrote|ha scritto|schrieb|schreef|escribi[o?]|escreveu)"
    r"( le [^:]{1,40}(:\d\d)*)?[ ?]*:$"
)
DATE = re.compile(
    r"(?<!\d)(19|20)\d\d(?!\d)|\b\d{1,2}[/.-]\d{1,2}[/.-]\d\d\b|\b\d{1,2} ?[:h] ?\d\d\b|\b\d{1,2}\.\d\d\b"
)
ADDRESS = re.compile(r"[^\s<>()\[\]:]+@[^\s<>()\[\]:]+")
SENTENCE_END = re.compile(r"[.!;:]$")
INTRODUCES = re.compile(r"([:：]|-{2,}|[—–])$")
FRAMED = re.compile(r"-{3,} ?[^-].*[^-] ?-{3,}")
RULE = re.compile(r"[-_=*–—─]{5,}")
# Blank lines and rules between the attribution and the delimiter.
MAX_GAP = 4
LABELLED = re.compile(r"\W{0,3}[^\W\d_][\w .?-]{0,20}? ?[:：|] ?\S")
MIN_LABELS, MAX_LABELS = 3, 8


def is_delimiter(line: TextLine) -> bool:
    return bool(DELIMITER_PATTERN.search(line.folded))


def above_delimiters(lines: Sequence[TextLine], our_addresses: Collection[str]) -> dict[int, int]:
    """The attributions just above our delimiters: number of lines of each, by the index of its first line."""
    found = (_above(lines, at, our_addresses) for at, line in enumerate(lines) if is_delimiter(line))
    return dict(filter(None, found))


def _above(
    lines: Sequence[TextLine], delimiter: int, our_addresses: Collection[str]
) -> tuple[int, int] | None:
    last = delimiter - 1
    while last >= 0 and delimiter - last <= MAX_GAP and _is_gap(lines[last]):
        last -= 1
    if last < 0 or _is_gap(lines[last]):
        return None
    first = _first_label(lines, last)
    if first is None:
        first = _first_of_sentence(lines, last, our_addresses)
    return None if first is None else (first, last - first + 1)


def _is_gap(line: TextLine) -> bool:
    return line.is_blank or bool(RULE.fullmatch(line.text.strip("> \t")))


def _first_of_sentence(lines: Sequence[TextLine], last: int, our_addresses: Collection[str]) -> int | None:
    """Index of the first line of the attribution that ends at ``last``; ``None`` when it is none.

    The lines are taken from the last one upwards, until they hold a sender and a date, so that what was
    typed just above is kept.
    """
    joined, with_sender = "", None
    for first in range(last, max(last - ATTRIBUTION_LINES, -1), -1):
        folded = lines[first].folded
        if not folded or (joined and SENTENCE_END.search(folded)):
            break
        joined = f"{folded} {joined}".strip()
        if not _has_sender(joined, our_addresses):
            continue
        if DATE.search(joined):
            return first
        # « Relais Entreprises », then the address alone on its line
        if with_sender is None or folded == OUR_NAME:
            with_sender = first
    return with_sender


def _has_sender(folded: str, our_addresses: Collection[str]) -> bool:
    """True for our address; for another one, or our name, when the words introduce a quote."""
    if any(address in folded for address in our_addresses):
        return True
    is_dated = OUR_NAME in folded and bool(DATE.search(folded))
    is_named = is_dated or f"via {OUR_NAME}" in folded or bool(ADDRESS.search(folded))
    return is_named and bool(INTRODUCES.search(folded))


def _first_label(lines: Sequence[TextLine], last: int) -> int | None:
    """Index of the first line of « Von: … Gesendet: … An: … Betreff: … », in any language."""
    first = last + 1
    while first > 0 and last - first < MAX_LABELS - 1 and LABELLED.match(lines[first - 1].folded):
        first -= 1
        block = [line.folded for line in lines[first : last + 1]]
        has_sender = OUR_NAME in block[0] or bool(ADDRESS.search(block[0]))
        if len(block) >= MIN_LABELS and has_sender and any(map(DATE.search, block[1:])):
            return _first_above_labels(lines, first)
    return None


def _first_above_labels(lines: Sequence[TextLine], first: int) -> int:
    """Index of « -----X <x@y> a écrit : ----- » above the labels, as Notes writes it; else ``first``."""
    for at in range(first - 1, max(first - MAX_LABELS, -1), -1):
        if FRAMED.fullmatch(lines[at].folded):
            return at
        if not LABELLED.match(lines[at].folded):
            break
    return first
