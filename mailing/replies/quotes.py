"""Finds the lines typed by the author of an answer: above, below and between quotations.

Every search looks at most a few lines ahead, so that the time is linear.
"""

import re
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import replace

from mailing.replies.attributions import (
    ATTRIBUTION_LINES,
    ATTRIBUTION_STARTS,
    DATE,
    RULE,
    WROTE,
    above_delimiters,
    is_delimiter,
)
from mailing.replies.text_lines import FOOTER, MAX_MARK_LENGTH, TextLine, fold

OUR_END = fold(FOOTER)
OUR_END_LINES = 6
# The block of Outlook, Zimbra, Orange and others: a label a line.
HEADER_LINES = 16
# Recipients may continue on a few lines without label.
HEADER_GAP = 4
HEADER_STARTS = {"from", "sent", "date", "subject"}
LABELS = {
    "de": "from", "from": "from", "expediteur": "from",
    "envoye": "sent", "envoye le": "sent", "sent": "sent",
    "date": "date",
    "a": "to", "to": "to", "pour": "to", "destinataire": "to",
    "cc": "cc", "copie": "cc", "copie a": "cc", "cci": "cc", "bcc": "cc",
    "reply-to": "cc", "repondre a": "cc",
    "importance": "cc", "priorite": "cc", "pieces jointes": "cc", "attachments": "cc",
    "objet": "subject", "subject": "subject", "sujet": "subject",
    "von": "from", "gesendet": "sent", "datum": "date", "an": "to", "betreff": "subject",
    "van": "from", "verzonden": "sent", "aan": "to", "onderwerp": "subject",
    "enviado": "sent", "enviado el": "sent", "fecha": "date", "para": "to", "asunto": "subject",
    "da": "from", "inviato": "sent", "data": "date", "oggetto": "subject",
    "enviada em": "sent", "assunto": "subject",
}  # fmt: skip
ASCII_LABELS = {
    "?": "to", "exp?diteur": "from", "envoy?": "sent", "envoy? le": "sent", "copie ?": "cc",
    "r?pondre ?": "cc", "priorit?": "cc", "pi?ces jointes": "cc",
}  # fmt: skip
# A label written in ASCII has "?" instead of accents, and of the space before the colon.
LABEL = re.compile(r"[\W_]{0,3}?([a-z?][a-z? -]{0,14}?)[ ?]?(:|\|)")
# « -----Message d'origine----- »
SEPARATOR = re.compile(
    r"[-_=— ]{2,}(message|mail|courriel|e-mail|original|reply|d.{1,3}but du message|urspr.{1,3}ngliche"
    r"|mensaje|messaggio|oorspronkelijk|mensagem|oryginaln|mesaj|puvodn|eredeti)[a-zł'? ]{0,30}[-_=— ]{2,}:?"
)
FORWARDED = re.compile(
    r"[-_=— ]{2,}.{0,30}\b(forwarded|transf[e?]r[e?]|r[e?]exp[e?]di[e?])[a-z'? ]{0,30}[-_=— ]*:?"
    r"|d[e?]but du message (r[e?]exp[e?]di[e?]|transf[e?]r[e?])[ ?]*:|begin forwarded message:"
    r"|begin doorgestuurd bericht:|anfang der weitergeleiteten nachricht:|inicio del mensaje reenviado:"
    r"|inizio (del )?messaggio inoltrato:|inicio da mensagem reencaminhada:"
)
ORANGE = re.compile(r"message du ?:? ?\d\d?/\d\d?/\d\d.{0,10}")
# Blank lines between an introduction and its quotation.
FOLLOWER_WITHIN = 6
# All our mails are shorter.
MAX_COPY_LINES = 300
LINK = re.compile(r"\(?<?https?://\S+|\S+@\S+")
WORDS = re.compile(r"\w+")
NOT_LETTERS = re.compile(r"[^a-z0-9]+")
MIN_LETTERS = 6
# What a text client writes for a picture.
IMAGE = re.compile(r"\[(image|cid)\b.{0,200}\]", re.IGNORECASE)


def typed_blocks(
    lines: Sequence[TextLine],
    *,
    is_answer: bool,
    sent: Sequence[TextLine] = (),
    our_addresses: Collection[str] = (),
) -> list[list[TextLine]]:
    """The blocks of lines typed by the author, in order. ``is_answer``: it has In-Reply-To or References.

    In doubt, a line is kept. ``sent``: the lines of our mail, when known; in an unmarked copy of it, the
    other lines were typed by the author. ``our_addresses``: those our mails are sent from, in lower case.
    """
    marked = _with_quotes_marked(_Scan(lines, our_addresses=our_addresses), is_answer=is_answer)
    return _Scan(marked, sent=sent, our_addresses=our_addresses).runs()


class _Scan:
    """Searches in the lines of one mail."""

    def __init__(
        self, lines: Sequence[TextLine], *, sent: Sequence[TextLine] = (), our_addresses: Collection[str] = ()
    ) -> None:
        self.lines = lines
        self.attributions = above_delimiters(lines, our_addresses)
        ours = " ".join(filter(None, map(_normalised, sent)))
        self.ours = f" {ours} " if ours else ""
        self.our_letters = "".join(_letters(line) for line in sent)
        self.typed_in_quote = self._typed_in_quote()
        self.last_quoted = self._last(lambda line: line.is_quoted)
        self.last_delimiter = self._last(is_delimiter)
        self.last_footer = self._last(lambda line: not line.is_quoted and line.folded.startswith(OUR_END))

    def runs(self) -> list[list[TextLine]]:
        runs: list[list[TextLine]] = [[]]
        at, wrote = 0, False
        while at < len(self.lines):
            line = self.lines[at]
            if length := self.mark_length(at):
                _drop_rule(runs[-1])
                end = self._end_of_quote(at, length, wrote=wrote)
                runs += [*self._typed_between(at + length, end), []]
                at = end
            elif FORWARDED.fullmatch(line.folded):
                # The author forwards a mail that is not ours: it is kept.
                runs.append(list(self.lines[at:]))
                break
            else:
                if at in self.typed_in_quote:
                    runs[-1].append(replace(line, text=line.text.lstrip("> "), is_quoted=False))
                elif not line.is_quoted:
                    runs[-1].append(line)
                    wrote = wrote or not line.is_blank
                elif runs[-1]:
                    runs.append([])
                at += 1
        return [run for run in runs if any(not line.is_blank for line in run)]

    def begins_quotation(self, at: int) -> bool:
        line = self.lines[at]
        return line.is_quoted or self.mark_length(at) > 0 or is_delimiter(line)

    def mark_length(self, at: int) -> int:
        """Number of lines from ``at`` that introduce a quotation; 0 when none does."""
        line = self.lines[at]
        if line.opens_quote or (not line.is_quoted and is_delimiter(line)):
            return 1
        if line.is_blank or not line.folded:
            return 0
        if length := self.attributions.get(at):
            return length
        return self._attribution_length(at) or self._header_length(at) or self._separator_length(at)

    def _separator_length(self, at: int) -> int:
        """« ----- Mail original ----- » and the labels below it, if any."""
        folded = self.lines[at].folded
        is_ours = self.last_delimiter > at
        separates = (
            is_ours
            if FORWARDED.fullmatch(folded)
            else SEPARATOR.fullmatch(folded) or ORANGE.fullmatch(folded)
        )
        return self._labels(at + 1)[1] - at if separates else 0

    def _attribution_length(self, at: int) -> int:
        """« Le 23/11/2026 à 10:12, X <x@exemple.fr> a écrit : », on one line or several.

        It needs a date, and an address or a quotation that follows at once, so that « Le 12 mars 2026, la
        banque a écrit : » typed by the author is not taken for one.
        """
        is_usual = self.lines[at].folded.startswith(ATTRIBUTION_STARTS)
        joined = ""
        for length in range(1, (ATTRIBUTION_LINES if is_usual else 1) + 1):
            if at + length > len(self.lines) or self.lines[at + length - 1].is_blank:
                return 0
            folded = self.lines[at + length - 1].folded
            if joined and folded.startswith(ATTRIBUTION_STARTS) and DATE.search(folded):
                return 0  # the introduction begins here: the author typed the lines above
            joined = f"{joined} {folded}".strip()
            if WROTE.search(joined):
                proofs = [DATE.search(joined) and is_usual, "@" in joined, self._quote_follows(at + length)]
                return length if sum(map(bool, proofs)) >= 2 else 0
        return 0

    def _header_length(self, at: int) -> int:
        """« De : … Envoyé : … À : … Objet : … », from the first label to the last."""
        if _label(self.lines[at]) not in HEADER_STARTS:
            return 0
        found, end = self._labels(at)
        has_parts = "from" in found and len(found & {"sent", "date", "to", "subject"}) >= 2
        has_people = "sent" in found or any("@" in line.text for line in self.lines[at:end])
        return end - at if has_parts and has_people else 0

    def _labels(self, at: int) -> tuple[set[str], int]:
        """The labels found from ``at`` on, and the index after the last one."""
        found: set[str] = set()
        end = at
        for index in range(at, min(at + HEADER_LINES, len(self.lines))):
            label = _label(self.lines[index])
            if label:
                found.add(label)
                end = index + 1
            elif "subject" in found or index - end >= HEADER_GAP:
                break
        return found, end

    def _quote_follows(self, at: int) -> bool:
        follower = self._follower(at)
        return follower is not None and (follower.is_quoted or follower.has_angle or is_delimiter(follower))

    def _follower(self, at: int) -> TextLine | None:
        return next((line for line in self.lines[at : at + FOLLOWER_WITHIN] if line.text.strip()), None)

    def _end_of_quote(self, at: int, length: int, *, wrote: bool) -> int:
        """Index after the quotation introduced by ``length`` lines at ``at``.

        Lines marked as quoted are dropped later. An unmarked quotation continues to our footer, or to the
        end. When the author wrote nothing above and the mail is not ours, it is kept: the author wants to
        show it.
        """
        after = at + length
        if self._is_marked(at, after):
            return after
        if (quoted := self._marked_copy(after)) is not None:
            return quoted
        if self.last_footer >= after:
            return self._end_of_footer()
        is_ours = self.last_delimiter >= at
        return len(self.lines) if is_ours or wrote else after

    def _is_marked(self, at: int, after: int) -> bool:
        """True when the lines of the introduced quotation are marked as quoted."""
        if self.lines[at].is_quoted:
            return True
        follower = self._follower(after)
        if is_delimiter(self.lines[at]) or self.lines[at].opens_quote or follower is None:
            return False
        if is_delimiter(follower):
            return follower.is_quoted
        # The author may have replaced the first quoted lines.
        return follower.is_quoted or (self._attribution_length(at) > 0 and self.last_quoted > after)

    def _marked_copy(self, after: int) -> int | None:
        """Index of the first marked line, when our delimiter stands in a marked quotation just below."""
        near = range(after, min(after + HEADER_LINES, len(self.lines)))
        delimiter = next((at for at in near if is_delimiter(self.lines[at])), None)
        if delimiter is None or not self.lines[delimiter].is_quoted:
            return None
        return next(at for at in near if self.lines[at].is_quoted)

    def _typed_between(self, start: int, end: int) -> list[list[TextLine]]:
        """The lines typed inside an unmarked copy of our mail, from our first line to our footer."""
        end = min(end, start + MAX_COPY_LINES)
        first = next((at for at in range(start, end) if is_delimiter(self.lines[at])), start) + 1
        typed = self._not_ours(range(first, end))
        runs: list[list[TextLine]] = [[]]
        for at in range(first, end):
            if at in typed or (runs[-1] and self.lines[at].is_blank):
                runs[-1].append(self.lines[at])
            elif runs[-1]:
                runs.append([])
        return list(filter(None, runs))

    def _typed_in_quote(self) -> set[int]:
        """Indices of the lines typed inside a marked copy of our mail, above its last line."""
        quoted = [at for at, line in enumerate(self.lines) if line.is_quoted] if self.ours else []
        start = next((at for at in quoted if is_delimiter(self.lines[at])), len(self.lines))
        copied = [at for at in quoted if start < at < start + MAX_COPY_LINES]
        typed = self._not_ours(copied)
        last = max((at for at in copied if at not in typed and _normalised(self.lines[at])), default=0)
        return {at for at in typed if at < last}

    def _not_ours(self, copied: Iterable[int]) -> set[int]:
        """Indices of the lines that our mail does not have; none when the copy is hardly one of our mail."""
        normalised = {at: found for at in copied if self.ours and (found := _normalised(self.lines[at]))}
        typed = {at for at, found in normalised.items() if not self._is_ours(self.lines[at], found)}
        common = sum(len(found) for at, found in normalised.items() if at not in typed)
        # Otherwise: another mail, or an old version of ours.
        is_ours = len(typed) * 2 < len(normalised) or common * 3 > len(self.ours)
        return typed if is_ours else set()

    def _is_ours(self, line: TextLine, normalised: str) -> bool:
        """True for a text of our mail, also when an ASCII client replaced their accents."""
        if f" {normalised} " in self.ours or IMAGE.fullmatch(line.text.strip("> ")):
            return True
        letters = _letters(line)
        is_altered = "?" in line.text or not line.text.isascii()
        return is_altered and len(letters) >= MIN_LETTERS and letters in self.our_letters

    def _end_of_footer(self) -> int:
        """Index after the last line of our footer, which contains the site's address."""
        for index in range(self.last_footer, min(self.last_footer + OUR_END_LINES, len(self.lines))):
            if "http" in self.lines[index].folded:
                return index + 1
        return self.last_footer + 1

    def _last(self, holds: Callable[[TextLine], bool]) -> int:
        return next((at for at in range(len(self.lines) - 1, -1, -1) if holds(self.lines[at])), -1)


def _with_quotes_marked(scan: _Scan, *, is_answer: bool) -> list[TextLine]:
    """Mark the lines that begin with ">" as quoted, unless the author typed this character.

    A ">" above the first quotation was typed. In a mail without other quotation, a ">" is a quotation if the
    mail is an answer, except before a number.
    """
    lines = scan.lines
    first = next((at for at in range(len(lines)) if scan.begins_quotation(at)), None)
    if first is None:
        return [_quoted(line) if is_answer and not _compares(line) else line for line in lines]
    while first and lines[first].has_angle and lines[first - 1].has_angle:
        first -= 1
    return [*lines[:first], *map(_quoted, lines[first:])]


def _quoted(line: TextLine) -> TextLine:
    return replace(line, is_quoted=True) if line.has_angle else line


def _compares(line: TextLine) -> bool:
    """« > 50 salariés »"""
    return line.text.lstrip("> ")[:1].isdigit()


def _normalised(line: TextLine) -> str:
    """The text of a line, for comparison: mail clients rewrite links, spaces and punctuation."""
    bare = (LINK.sub(" ", word[:MAX_MARK_LENGTH]) for word in line.text.split())
    return " ".join(WORDS.findall(fold(" ".join(bare))))


def _letters(line: TextLine) -> str:
    """The ASCII letters and figures of a line, without links: what no client alters."""
    bare = (LINK.sub("", word[:MAX_MARK_LENGTH]) for word in line.text.split())
    return NOT_LETTERS.sub("", "".join(bare).lower())


def _label(line: TextLine) -> str:
    found = LABEL.match(line.folded)
    if not found:
        return ""
    label = found[1].strip()
    return LABELS.get(label) or ASCII_LABELS.get(label, "")


def _drop_rule(run: list[TextLine]) -> None:
    """Remove the rule that some mail clients draw above the quotation."""
    while run and (run[-1].is_blank or RULE.fullmatch(run[-1].text.strip())):
        run.pop()
