"""Hints shown once: a text that tells too much about someone, an address that looks mistyped. Pure.

A hint refuses nothing: the page asks to read again, and the same text sent again goes on. The patterns are
written for Python and for the browser's script, which reads them from the page.
"""

import hashlib
import re
from collections.abc import Sequence

from territories.names import is_one_typo

PERSON = r"(?:\b(?:M\.|MM\.|Mr|Mme|Mlle|Monsieur|Madame|Mademoiselle)\s+[A-ZÀ-Ý][\wà-ÿ'-]+)"
HEALTH = (
    r"\b(?:[Mm]alad(?:e|ie)s?|[Cc]ancer|[Dd]épress(?:ion|if|ive)|[Bb]urn-?out|[Ee]nceinte|[Gg]rossesse|"
    r"[Hh]andicapée?|[Ii]nvalidité|[Ii]napte|[Hh]ospitalisée?|[Aa]lcool(?:ique)?|[Dd]iabète)\b"
)
SECURITY_NUMBER = (
    r"\b[12][ .-]?\d{2}[ .-]?(?:0[1-9]|1[0-2]|[2-9]\d)[ .-]?(?:\d{2}|2[AaBb])[ .-]?\d{3}[ .-]?\d{3}"
    r"(?:[ .-]?\d{2})?\b"
)
NAMED = "Une personne semble nommée. Écrivez plutôt « un salarié », « un client » ou « un fournisseur »."
NAMED_AND_ILL = (
    "Votre texte semble parler de la santé d'une personne que l'on peut reconnaître. Retirez son nom."
)

# In the order they are shown: the pattern, and what to do.
SENSITIVE: tuple[tuple[str, str], ...] = (
    (
        SECURITY_NUMBER,
        "Votre texte semble contenir un numéro de sécurité sociale. Retirez-le : personne n'en a besoin ici.",
    ),
    (
        r"\bFR\d{2}(?:[ ]?[0-9A-Z]{4}){5}[ ]?[0-9A-Z]{3}\b",
        "Votre texte semble contenir un numéro de compte bancaire. Retirez-le : personne n'en a besoin ici.",
    ),
    (rf"{PERSON}[\s\S]*{HEALTH}|{HEALTH}[\s\S]*{PERSON}", NAMED_AND_ILL),
    (PERSON, NAMED),
    (
        r"[\w.+-]+@[\w-]+\.[\w.]+",
        "Votre texte contient une adresse électronique. La vôtre vous sera demandée à part.",
    ),
    (
        r"(?:\+33[ ]?|\b0)[1-9](?:[ .-]?\d{2}){4}\b",
        "Votre texte contient un numéro de téléphone. Le vôtre vous sera demandé à part.",
    ),
)
COMMON_DOMAINS = (
    "gmail.com",
    "orange.fr",
    "wanadoo.fr",
    "hotmail.com",
    "hotmail.fr",
    "outlook.com",
    "outlook.fr",
    "yahoo.fr",
    "yahoo.com",
    "free.fr",
    "sfr.fr",
    "laposte.net",
    "icloud.com",
    "live.fr",
)


def sensitive(*texts: str) -> list[str]:
    """The hints about sensitive details in these texts, such as a social security number."""
    found = [hint for pattern, hint in SENSITIVE if any(re.search(pattern, text) for text in texts)]
    return [hint for hint in found if hint != NAMED or NAMED_AND_ILL not in found]


def mistyped(email: str) -> list[str]:
    """Return the likely address, when this one is a typo away from a common domain."""
    name, _, domain = email.lower().rpartition("@")
    if domain in COMMON_DOMAINS:
        return []
    meant = next((known for known in COMMON_DOMAINS if is_one_typo(domain, known)), None)
    if meant is None:
        return []
    return [f"Vouliez-vous écrire {name}@{meant} ? Corrigez l'adresse, ou gardez-la si elle est juste."]


def mark(hints: Sequence[str]) -> str:
    """Return the digest with which a page proves that it has shown these hints."""
    return hashlib.sha256("\n".join(hints).encode()).hexdigest()[:16] if hints else ""
