"""Comparison of email addresses."""

import pytest

from mailing.senders import is_colleague, is_public, is_same_mailbox

MAILBOX = "accueil@office.example.org"


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("Accueil@Office.Example.Org", True),
        ("accueil+tri@office.example.org", True),
        ('"accueil"@office.example.org', True),
        ("accueil@office.example.org.", True),
        (" accueil@office.example.org ", True),
        ("autre@office.example.org", False),
        ("accueil@office.example.com", False),
        ("accueil@sous.office.example.org", False),
        ("accueil", False),
        ("@office.example.org", False),
        ("", False),
    ],
)
def test_one_mailbox_written_in_several_ways(address, expected):
    assert is_same_mailbox(address, MAILBOX) is expected


def test_empty_addresses_are_not_the_same_mailbox():
    assert not is_same_mailbox("", "")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("contact@société.example", "contact@xn--socit-esab.example"),
        ("contact@SOCIÉTÉ.example", "contact@société.example"),
        ("rene\u0301@office.example.org", "ren\u00e9@office.example.org"),
        ('"jean dupont"@office.example.org', '"Jean\\ Dupont"@office.example.org'),
    ],
    ids=["idn", "idn case", "composed accents", "quoted space"],
)
def test_spellings_of_one_domain(one, other):
    assert is_same_mailbox(one, other)


@pytest.mark.parametrize(
    ("sender", "expected"),
    [
        ("lea@office.example.org", True),
        ("LEA@OFFICE.EXAMPLE.ORG", True),
        ("lea@sous.office.example.org", False),
        ("lea@office.example.org.pirate.example", False),
        ("lea@pirate.example", False),
        ('"lea@office.example.org"@pirate.example', False),
        ("", False),
    ],
)
def test_a_colleague_has_the_mailboxs_own_domain(sender, expected):
    assert is_colleague(sender, MAILBOX) is expected


@pytest.mark.parametrize(
    "domain",
    ["gmail.com", "GMAIL.com", "googlemail.com", "orange.fr", "wanadoo.fr", "free.fr", "laposte.net",
     "outlook.fr", "hotmail.co.uk", "yahoo.fr", "sfr.fr", "icloud.com", "live.fr", "mail.laposte.net"],
)  # fmt: skip
def test_where_anybody_has_an_address_nobody_is_a_colleague(domain):
    assert is_public(domain)
    assert not is_colleague(f"lea@{domain}", f"accueil@{domain}")


@pytest.mark.parametrize("domain", ["office.example.org", "franceorange.fr", "libre-free.example"])
def test_a_name_that_resembles_a_providers_is_not_public(domain):
    assert not is_public(domain)
