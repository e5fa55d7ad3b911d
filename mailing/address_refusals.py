"""Decision that an address refuses our mails, from what servers and providers report about it. Pure."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from django.db import models


class ReportKind(models.TextChoices):
    DELIVERED = "delivered", "Remis"
    SOFT = "soft", "Refusé pour l’instant"
    HARD = "hard", "Adresse refusée"
    COMPLAINT = "complaint", "Signalé comme indésirable"


@dataclass(frozen=True)
class Report:
    """A report about one mail to an address; ``since``: when the mail was first tried, for a soft refusal."""

    kind: str
    at: datetime
    since: datetime
    server_text: str = ""


@dataclass(frozen=True)
class AddressRefusal:
    """A refusal that counts: for good, or repeated for days.

    ``at`` and ``server_text`` are those of the last report.
    """

    is_final: bool
    since: datetime
    at: datetime
    server_text: str


def find_refusal(reports: Iterable[Report], *, patience: timedelta) -> AddressRefusal | None:
    """Return the refusal of an address after its reports, in whatever order they came; ``None`` without one.

    A delivered mail cancels earlier reports, and the tries before it. Soft refusals count once they last for
    ``patience``; after a longer silence they are counted from zero.
    """
    final: Report | None = None
    soft: list[Report] = []
    worked_at = datetime.min.replace(tzinfo=UTC)
    for report in sorted(reports, key=lambda one: (one.at, one.kind != ReportKind.DELIVERED)):
        if report.kind == ReportKind.DELIVERED:
            final, soft, worked_at = None, [], report.at
        elif report.kind == ReportKind.HARD:
            final = report
        elif report.kind == ReportKind.SOFT:
            is_late = bool(soft) and report.since - soft[-1].at > patience
            counted = replace(report, since=max(report.since, worked_at))
            soft = [counted] if is_late else [*soft, counted]
    if final:
        return AddressRefusal(True, final.since, final.at, final.server_text)
    since = min((report.since for report in soft), default=None)
    if since is None or soft[-1].at - since < patience:
        return None
    return AddressRefusal(False, since, soft[-1].at, soft[-1].server_text)


# RFC 3463: class, subject, detail. 5.4.1 is what Microsoft answers about a recipient that it does not know.
STATUS = re.compile(r"(?<![\d.])([45])\.(\d{1,3})\.(\d{1,3})(?!\d|\.\d)")
DEAD_ADDRESS = {(2, 1), (4, 1), (4, 4), (7, 13)}
SENDERS_FAULT = {(1, 7), (1, 8)}
UNSPECIFIED = (0, 5)  # subjects of codes that say nothing more
CODE = re.compile(r"(?<![\d.])([45]\d\d)(?![\d.])")
FULL = 552
# A server that dislikes a text, or our server, says nothing of the address.
DISLIKED = re.compile(
    r"\b(spam|spf|dkim|dmarc|blocked|block ?list|black ?list(ed)?|rbl|dnsbl|policy|content|reputation|virus"
    r"|quota|full)\b",
    re.IGNORECASE,
)


def kind_of(server_text: str) -> ReportKind:
    """The kind of a refusal, from the server's text: soft unless the address itself is refused."""
    if status := STATUS.search(server_text):
        return _kind_of_status(status[1], (int(status[2]), int(status[3])), server_text)
    code = CODE.search(server_text)
    if code and (code[1].startswith("4") or int(code[1]) == FULL):
        return ReportKind.SOFT
    return ReportKind.SOFT if DISLIKED.search(server_text) else ReportKind.HARD


def _kind_of_status(first: str, detail: tuple[int, int], server_text: str) -> ReportKind:
    if first == "4":
        return ReportKind.SOFT
    is_dead = detail in DEAD_ADDRESS or (detail[0] == 1 and detail not in SENDERS_FAULT)
    is_unspecified = detail[0] in UNSPECIFIED and not DISLIKED.search(server_text)
    return ReportKind.HARD if is_dead or is_unspecified else ReportKind.SOFT
