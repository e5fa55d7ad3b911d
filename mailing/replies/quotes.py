"""Which lines of an answer its author wrote: above, below and between what it quotes.

Every search looks at a few lines ahead at most, so that the time stays in proportion to the length.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import replace

from mailing.replies.lines import DELIMITER, FOOTER, MARK_AT_MOST, Line, fold

OUR_LINE = fold(DELIMITER).strip("— ")
OUR_END = fold(FOOTER)
OUR_END_LINES = 6
# « Le lun. 23 nov. 2026 à 10:12, X <x@y> a écrit : », wrapped over a few lines.
ATTRIBUTION_LINES = 4
ATTRIBUTION_STARTS = ("le ", "on ", "el ", "am ", "il ")
WROTE = re.compile(r"(?<!')\b(a ecrit|wrote|ha scritto|schrieb)( le [^:]{1,40}(:\d\d)*)? ?:$")
DATE = re.compile(r"\b(19|20)\d\d\b|\b\d{1,2}/\d{1,2}/\d\d\b|\b\d{1,2} ?[:h] ?\d\d\b")
# The block of Outlook, Zimbra, Orange and others: a label a line.
HEADER_LINES = 16
# Recipients go on over a few lines without a label.
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
}  # fmt: skip
LABEL = re.compile(r"[\W_]{0,3}([a-z][a-z -]{0,14}?) ?(:|\|)")
# « -----Message d'origine----- »
SEPARATOR = re.compile(
    r"[-_=— ]{2,}(message|mail|courriel|e-mail|original|reply|debut du message)[a-z' ]{0,30}[-_=— ]{2,}:?"
)
FORWARDED = re.compile(
    r"[-_=— ]{2,}.{0,30}\b(forwarded|transfere|reexpedie)[a-z' ]{0,30}[-_=— ]*:?"
    r"|debut du message (reexpedie|transfere) ?:|begin forwarded message:"
)
ORANGE = re.compile(r"message du \d\d?/\d\d?/\d\d.{0,10}")
# One of our mails is shorter.
COPY_AT_MOST = 300
LINK = re.compile(r"\(?<?https?://\S+|\S+@\S+")
WORDS = re.compile(r"\w+")
RULE = re.compile(r"[-_=*–—─]{5,}")


def authored(lines: Sequence[Line], *, is_answer: bool, sent: Sequence[Line] = ()) -> list[list[Line]]:
    """The runs of lines that the author wrote, in order. ``is_answer``: the mail says which one it answers.

    When nothing tells whose a line is, it is kept. ``sent``: the lines of our mail, when it is known; what
    its copy has more, where nothing marks the quotation, was typed between its lines.
    """
    ours = " ".join(_words(line) for line in sent)
    return _Scan(_with_quotes_marked(_Scan(lines), is_answer=is_answer), ours=ours).runs()


class _Scan:
    """The lines of one mail, and what is asked of them."""

    def __init__(self, lines: Sequence[Line], *, ours: str = "") -> None:
        self.lines = lines
        self.ours = ours
        self.last_quoted = self._last(lambda line: line.is_quoted)
        self.last_delimiter = self._last(lambda line: OUR_LINE in line.folded)
        self.last_footer = self._last(lambda line: not line.is_quoted and line.folded.startswith(OUR_END))

    def runs(self) -> list[list[Line]]:
        runs: list[list[Line]] = [[]]
        at, wrote = 0, False
        while at < len(self.lines):
            line = self.lines[at]
            if length := self.mark_length(at):
                _drop_rule(runs[-1])
                end = self._end_of_quote(at, length, wrote=wrote)
                runs += [*self._typed_between(at + length, end), []]
                at = end
            elif FORWARDED.fullmatch(line.folded):
                # They pass on a mail that is not ours: that is what they have to say.
                runs.append(list(self.lines[at:]))
                break
            else:
                if not line.is_quoted:
                    runs[-1].append(line)
                    wrote = wrote or not line.is_blank
                elif runs[-1]:
                    runs.append([])
                at += 1
        return [run for run in runs if any(not line.is_blank for line in run)]

    def begins_quotation(self, at: int) -> bool:
        line = self.lines[at]
        return line.is_quoted or self.mark_length(at) > 0 or OUR_LINE in line.folded

    def mark_length(self, at: int) -> int:
        """How many lines from ``at`` announce a quotation; 0 when that line begins no such announcement."""
        line = self.lines[at]
        if line.opens_quote or (not line.is_quoted and OUR_LINE in line.folded):
            return 1
        if line.is_blank or not line.folded:
            return 0
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

        The date is there, and so that nobody's own « Le 12 mars 2026, la banque a écrit : » is taken for one,
        the address is too, or the quotation follows at once.
        """
        is_usual = self.lines[at].folded.startswith(ATTRIBUTION_STARTS)
        joined = ""
        for length in range(1, (ATTRIBUTION_LINES if is_usual else 1) + 1):
            if at + length > len(self.lines) or self.lines[at + length - 1].is_blank:
                return 0
            folded = self.lines[at + length - 1].folded
            if joined and folded.startswith(ATTRIBUTION_STARTS) and DATE.search(folded):
                return 0  # the announcement begins here: what stands above is its author's
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
        """The labels that stand from ``at`` on, and where the last one's line ends."""
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
        return follower is not None and (
            follower.is_quoted or follower.has_angle or OUR_LINE in follower.folded
        )

    def _follower(self, at: int) -> Line | None:
        return next((line for line in self.lines[at : at + 3] if line.text.strip()), None)

    def _end_of_quote(self, at: int, length: int, *, wrote: bool) -> int:
        """Where the author may speak again after the announcement of ``length`` lines at ``at``.

        Lines marked as quoted are dropped one by one, later. Unmarked, the mail that is answered goes on
        until our footer, or to the end. When its author wrote nothing above and it is none of ours, it is
        what they want to show.
        """
        after = at + length
        if self._is_marked(at, after):
            return after
        if self.last_footer >= after:
            return self._end_of_footer()
        is_ours = self.last_delimiter >= at
        return len(self.lines) if is_ours or wrote else after

    def _is_marked(self, at: int, after: int) -> bool:
        """Whether what the announcement announces is marked line by line."""
        if self.lines[at].is_quoted:
            return True
        follower = self._follower(after)
        if OUR_LINE in self.lines[at].folded or self.lines[at].opens_quote or follower is None:
            return False
        if OUR_LINE in follower.folded:
            return follower.is_quoted
        # Its author may have typed in place of the first lines quoted.
        return follower.is_quoted or (self._attribution_length(at) > 0 and self.last_quoted > after)

    def _typed_between(self, start: int, end: int) -> list[list[Line]]:
        """What was typed inside a copy of our mail that nothing marks, from our line to our footer."""
        lines = self.lines[start : min(end, start + COPY_AT_MOST)]
        first = next((at for at, line in enumerate(lines) if OUR_LINE in line.folded), 0) + 1
        copied = [line for line in lines[first:] if _words(line)]
        typed = [line for line in copied if _words(line) not in self.ours]
        # Too little in common: this is another mail, or ours was written otherwise then.
        return [[line] for line in typed] if self.ours and len(typed) * 2 < len(copied) else []

    def _end_of_footer(self) -> int:
        """After our footer's last line, the one with the site's address, wherever a client wrapped it."""
        for index in range(self.last_footer, min(self.last_footer + OUR_END_LINES, len(self.lines))):
            if "http" in self.lines[index].folded:
                return index + 1
        return self.last_footer + 1

    def _last(self, holds: Callable[[Line], bool]) -> int:
        return next((at for at in range(len(self.lines) - 1, -1, -1) if holds(self.lines[at])), -1)


def _with_quotes_marked(scan: _Scan, *, is_answer: bool) -> list[Line]:
    """The lines; those behind a ">" are quoted, unless their author seems to have typed it.

    A ">" above the first mark of a quotation was typed. Without any mark, a ">" quotes if the mail is an
    answer, and not before a number.
    """
    lines = scan.lines
    first = next((at for at in range(len(lines)) if scan.begins_quotation(at)), None)
    if first is None:
        return [_quoted(line) if is_answer and not _compares(line) else line for line in lines]
    while first and lines[first].has_angle and lines[first - 1].has_angle:
        first -= 1
    return [*lines[:first], *map(_quoted, lines[first:])]


def _quoted(line: Line) -> Line:
    return replace(line, is_quoted=True) if line.has_angle else line


def _compares(line: Line) -> bool:
    """« > 50 salariés »"""
    return line.text.lstrip("> ")[:1].isdigit()


def _words(line: Line) -> str:
    """The line's words alone: clients rewrite links, spaces and marks."""
    bare = (LINK.sub(" ", word[:MARK_AT_MOST]) for word in line.text.split())
    return " ".join(WORDS.findall(fold(" ".join(bare))))


def _label(line: Line) -> str:
    found = LABEL.match(line.folded)
    return LABELS.get(found[1].strip(), "") if found else ""


def _drop_rule(run: list[Line]) -> None:
    """Take away the rule that some clients draw above the announcement."""
    while run and (run[-1].is_blank or RULE.fullmatch(run[-1].text.strip())):
        run.pop()
