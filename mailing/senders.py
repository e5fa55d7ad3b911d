"""Whose address it is: the same mailbox written otherwise, a colleague's, or anybody's."""

import unicodedata

# Domains where anybody opens a mailbox: a shared one says nothing about who writes.
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
    """Whether both are one mailbox: case, quotes, a "+word" and the way a domain is spelt do not count."""
    return parts(one) == parts(other) != ("", "")


def is_colleague(sender: str, mailbox: str) -> bool:
    """Whether the sender has the mailbox's own domain, and not everybody can have it."""
    domain = parts(mailbox)[1]
    return bool(domain) and parts(sender)[1] == domain and not is_public(domain)


def is_public(domain: str) -> bool:
    """Whether anybody can have an address there, or in a domain above it."""
    labels = _domain(domain).split(".")
    above = {".".join(labels[start:]) for start in range(len(labels))}
    return bool(above & PUBLIC_DOMAINS) or bool(PUBLIC_NAMES & set(labels[:-1]))


def parts(address: str) -> tuple[str, str]:
    """Local part and domain, the same for every way to write one mailbox; empty for no address."""
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
