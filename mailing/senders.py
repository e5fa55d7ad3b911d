"""Comparison of email addresses: same mailbox, the portal's own, colleague, or public provider."""

import unicodedata
from email.utils import parseaddr

from django.conf import settings

# Domains where anybody can open a mailbox: sharing one does not make two people colleagues.
PUBLIC_DOMAINS = frozenset(
    {
        "9online.fr", "aliceadsl.fr", "aol.com", "aol.fr", "bbox.fr", "cegetel.net", "club-internet.fr",
        "fastmail.com", "free.fr", "gmx.com", "gmx.de", "gmx.fr", "hey.com", "icloud.com", "infonie.fr",
        "laposte.net", "libertysurf.fr", "live.be", "live.com", "live.fr", "lycos.fr", "mac.com", "mail.com",
        "mail.ru", "mailo.com", "mailo.eu", "mailo.fr", "me.com", "mel.fr", "msn.com", "netcourrier.com",
        "neuf.fr", "noos.fr", "numericable.fr", "orange.com", "orange.fr", "oreka.com", "outlook.com",
        "ozone.net", "passport.com", "pm.me", "posteo.net", "proton.me", "red-sfr.fr", "sfr.fr", "sfr.net",
        "sosh.fr", "tele2.fr", "tiscali.fr", "tuta.com", "tuta.io", "tutanota.com", "voila.fr", "wanadoo.fr",
        "yandex.com", "zaclys.net", "zoho.com",
        # Overseas and neighbours.
        "canl.nc", "lagoon.nc", "mail.pf", "mls.nc", "nautile.nc", "only.fr", "orange.re", "skynet.be",
        "bluewin.ch", "telenet.be", "pt.lu", "monaco.mc", "mediaserv.net", "izi-re.com", "zeop.re",
    }
)  # fmt: skip
# Providers with a domain in every country.
PUBLIC_NAMES = frozenset(
    {"gmail", "googlemail", "hotmail", "outlook", "protonmail", "rocketmail", "yahoo", "ymail", "yopmail"}
)


def is_same_mailbox(one: str, other: str) -> bool:
    """True when both are one mailbox; case, quotes, "+word" and the spelling of the domain are ignored."""
    return parts(one) == parts(other) != ("", "")


def is_portal(address: str) -> bool:
    """True for the portal's own sending and reply addresses."""
    is_reply_address = parts(address)[1] == settings.REPLY_DOMAIN.lower()
    return is_reply_address or any(is_same_mailbox(address, sender) for sender in portal_senders())


def portal_senders() -> list[str]:
    """The addresses that our mails are sent from."""
    return [parseaddr(sender)[1] for sender in (settings.DEFAULT_FROM_EMAIL, settings.REQUESTS_FROM_EMAIL)]


def is_colleague(sender: str, mailbox: str) -> bool:
    """True when both have the same domain, and it is not a public provider's."""
    domain = parts(mailbox)[1]
    return bool(domain) and parts(sender)[1] == domain and not is_public(domain)


def is_public(domain: str) -> bool:
    """True when anybody can have an address in this domain, or in a parent domain."""
    labels = _domain(domain).split(".")
    above = {".".join(labels[start:]) for start in range(len(labels))}
    return bool(above & PUBLIC_DOMAINS) or bool(PUBLIC_NAMES & set(labels[:-1]))


def parts(address: str) -> tuple[str, str]:
    """Normalised local part and domain; both empty when the text is not an address."""
    local, at, domain = address.strip().rpartition("@")
    if not (at and local and domain):
        return "", ""
    if len(local) > 1 and local.startswith('"') and local.endswith('"'):
        local = local[1:-1].replace("\\", "")
    bare = local.partition("+")[0] or local
    return unicodedata.normalize("NFC", bare).casefold(), _domain(domain)


def _domain(domain: str) -> str:
    """The domain as DNS knows it: « société.example » is « xn--socit-esab.example »."""
    plain = domain.strip().rstrip(".").casefold()
    try:
        return plain.encode("idna").decode("ascii")
    except UnicodeError:
        return plain
