"""Extracts the text typed by the author from the parts of a mail."""

import re
from collections.abc import Collection, Mapping, Sequence, Set
from email.message import Message

from mailing.replies import headers, parts
from mailing.replies.attributions import is_delimiter
from mailing.replies.markup import html_lines
from mailing.replies.quotes import typed_blocks
from mailing.replies.signatures import without_signature
from mailing.replies.text_lines import MAX_LINES, TextLine, plain_lines, unwrap_flowed

# « ##- Veuillez répondre au-dessus de cette ligne -## », written by helpdesk software above the text.
# Between "##", any text counts; otherwise, only one that asks to answer above the line.
ABOVE_THIS_LINE = (
    r"(?=.*(repond|ecri|reply|repl|type|write|respond|antwort|escrib|respuesta|rispost|scriv))"
    r"(?=.*(au.{1,3}dessus|above|oberhalb|encima|sopra|boven|acima))"
    r"(?=.*(ligne|line|zeile|linea|riga|regel|linha))"
)
TICKET_LINE = re.compile(
    r"##+ ?-? ?[^#]{5,150}-? ?##+"
    rf"|{ABOVE_THIS_LINE}[-=_*~+\[({{<|–—]{{2,}} ?\w.{{5,150}}\w ?[-=_*~+\])}}>|–—]{{2,}}"
    r"|(please )?(reply|respond|type your reply|write your reply) above this line\.?"
    r"|(veuillez |merci de )?(repondre|ecrire|saisir votre reponse) au-dessus de cette ligne\.?"
)
# « Votre réponse sera lue par … », which our mails say above their delimiter.
READERS_LINE = re.compile(r"votre r.{1,3}ponse sera lue par .{0,50}(experts?|institution|occupe)\b.{0,40}\.")


def typed_text(
    message: Message,
    *,
    names: Set[str],
    sent: str = "",
    sent_text: str = "",
    our_addresses: Collection[str] = (),
) -> str:
    """The text typed by the author.

    ``names``: the words of the author's name, normalised by ``fold``, to find the signature. ``sent`` and
    ``sent_text``: the HTML and the text of the mail that is answered, when known. ``our_addresses``: those
    our mails are sent from, in lower case.
    """
    texts = {id(part): text for part, text in parts.bodies(message)}
    lines = _without_added_lines(_shown(message, texts)[:MAX_LINES])
    ours = [*html_lines(sent), *plain_lines(sent_text)]
    is_answer = headers.has(message, "In-Reply-To", "References")
    # Some people type inside their signature.
    for shown in ([line for line in lines if not line.is_signature], lines):
        blocks = typed_blocks(shown, is_answer=is_answer, sent=ours, our_addresses=our_addresses)
        kept = [without_signature([line.text for line in block], names=names) for block in blocks]
        if text := "\n\n".join(filter(None, map(_tidy, kept))):
            return text
    return ""


def is_from_helpdesk(message: Message) -> bool:
    """True when a line asks to answer above it, as helpdesk software does."""
    return any(
        TICKET_LINE.fullmatch(line.folded)
        for part, text in parts.bodies(message)
        for line in (html_lines if part.get_content_type() == "text/html" else plain_lines)(text)
    )


def _without_added_lines(lines: list[TextLine]) -> list[TextLine]:
    """The lines without those added by helpdesk software, and by our mails above their delimiter."""
    kept: list[TextLine] = []
    for line in lines:
        is_ours = is_delimiter(line) and "#" not in line.folded
        if is_ours:
            del kept[_readers_line_index(kept) :]
        if is_ours or not TICKET_LINE.fullmatch(line.folded):
            kept.append(line)
    return kept


def _readers_line_index(lines: Sequence[TextLine]) -> int:
    """Index of « Votre réponse sera lue par … », on one line or two, at the end; else the number of lines."""
    end = next((at + 1 for at in range(len(lines) - 1, -1, -1) if not lines[at].is_blank), 0)
    for start in range(end - 1, max(end - 3, -1), -1):
        if READERS_LINE.fullmatch(" ".join(line.folded for line in lines[start:end])):
            return start
    return len(lines)


def _tidy(lines: list[str]) -> str:
    """The lines without trailing spaces, with at most one blank line between them."""
    kept: list[str] = []
    for line in lines:
        bare = line.rstrip()
        if bare or (kept and kept[-1]):
            kept.append(bare)
    return "\n".join(kept).strip()


def _shown(message: Message, texts: Mapping[int, str]) -> list[TextLine]:
    """The lines of the mail. HTML is preferred to plain text, since its paragraphs are not wrapped.

    ``texts``: the text of each body, by the ``id`` of its part.
    """
    children = parts.children(message)
    if message.get_content_type() == "multipart/alternative":
        shown = [(_has_html(child), _shown(child, texts)) for child in children]
        not_blank = [pair for pair in shown if any(not line.is_blank for line in pair[1])]
        return next(
            (lines for has_html, lines in not_blank if has_html), not_blank[0][1] if not_blank else []
        )
    if children:
        return [line for child in children for line in _shown(child, texts)]
    text = texts.get(id(message), "")
    if not text:
        return []
    if message.get_content_type() == "text/html":
        return html_lines(text)
    return plain_lines(_unwrapped(message, text))


def _unwrapped(part: Message, text: str) -> str:
    """The text with its paragraphs on one line each, where its mail client says how it wrapped them."""
    if headers.parameter(part, "format").lower() != "flowed":
        return text
    return unwrap_flowed(text, deletes_space=headers.parameter(part, "delsp").lower() == "yes")


def _has_html(message: Message) -> bool:
    return any(part.get_content_type() == "text/html" for part in parts.walk(message))
