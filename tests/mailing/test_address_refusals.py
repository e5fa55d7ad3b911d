"""Rule by which an address counts as refusing our mails."""

from datetime import UTC, datetime, timedelta
from itertools import permutations

import pytest

from mailing.address_refusals import Report, ReportKind, find_refusal, kind_of

START = datetime(2026, 12, 1, 9, tzinfo=UTC)
FIVE = timedelta(days=5)


def read(letters: str) -> list[Report]:
    """Reports by kind and day: "s0 d2 h3"; "s5-0": a soft refusal of day 5 of a mail tried since day 0."""
    kinds = {
        "s": ReportKind.SOFT,
        "h": ReportKind.HARD,
        "d": ReportKind.DELIVERED,
        "c": ReportKind.COMPLAINT,
    }
    reports = []
    for word in letters.split():
        day, _, since = word[1:].partition("-")
        at = START + timedelta(days=float(day))
        reports.append(Report(kinds[word[0]], at, START + timedelta(days=float(since or day)), word))
    return reports


@pytest.mark.parametrize(
    ("letters", "refused"),
    [
        ("", False),
        ("d0", False),
        ("h0", True),
        ("h0 d1", False),
        ("h0 d0", True),
        ("d1 h2", True),
        ("h0 d1 h2", True),
        ("c0", False),
        ("s0", False),
        ("s0 s4.9", False),
        ("s0 s5", True),
        ("s0 s3 s6", True),
        ("s0 s3 d4 s6", False),
        ("d4 s6-0", False),
        ("d4 s9-0", True),
        ("s0 s3 s6 d7", False),
        ("s5-0", True),
        ("s4-0", False),
        ("s0 s90", False),
        ("s0 s90 s95-90", True),
        ("h0 s3", True),
    ],
)
def test_a_refusal_counts_for_good_or_after_five_days(letters, refused):
    for reports in list(permutations(read(letters)))[:24]:
        found = find_refusal(reports, patience=FIVE)

        assert (found is not None) == refused
        assert found is None or found.is_final == ("h" in letters)


def test_evidence_is_the_last_report():
    found = find_refusal(read("s0 s3 s6"), patience=FIVE)

    assert (found.server_text, found.since, found.at) == ("s6", START, START + timedelta(days=6))


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("550 5.1.1 <x@example.org>: no such user", "hard"),
        ("smtp; 550 5.1.10 RESOLVER.ADR.RecipientNotFound", "hard"),
        ("5.1.2", "hard"),
        ("550 5.2.1 mailbox disabled", "hard"),
        ("550 5.4.1 Recipient address rejected: Access denied", "hard"),
        ("550 no such mailbox", "hard"),
        ("553 sorry, no mailbox here by that name", "hard"),
        ("5.0.0 unknown user", "hard"),
        ("550 5.5.0 mailbox unavailable", "hard"),
        ("avis de non-remise", "hard"),
        ("ValidationError Saisissez une adresse", "hard"),
        ("552 5.2.2 mailbox full", "soft"),
        ("552 mailbox exceeds its size", "soft"),
        ("550 5.7.1 message blocked", "soft"),
        ("554 5.7.1 refused from 192.168.5.1.1", "soft"),
        ("550 5.1.8 sender address rejected", "soft"),
        ("550 spam detected", "soft"),
        ("4.4.1", "soft"),
        ("450 4.2.0 greylisted", "soft"),
        ("451 try later", "soft"),
    ],
)
def test_only_a_refused_address_is_hard(text, kind):
    assert kind_of(text) == kind
