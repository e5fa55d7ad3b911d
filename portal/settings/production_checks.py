"""Checks of production's environment variables, and the mail provider that they name."""

import re
from collections.abc import Iterator, Mapping
from email.utils import parseaddr
from itertools import pairwise
from urllib.parse import urlsplit

REQUIRED = {
    "DATABASE_URL": "adresse de PostgreSQL",
    "REDIS_URL": "adresse de Redis ou de Valkey",
    "SECRET_KEY": "clé de signature, longue et tirée au hasard",
    "SITE_URL": "adresse publique du portail, en https",
    "REPLY_DOMAIN": "domaine qui reçoit les réponses aux mails",
    "REGISTER_URL": "adresse du registre des entreprises",
}
SWITCHES = {
    "DEBUG": "les pages d'erreur y montreraient le code et les réglages",
    "DEMO": "la démonstration ouvre tous les rôles à tout le monde",
    "BENCH": "les mesures de charge lèvent les limites d'envoi",
}
MIN_TOKEN_LENGTH = 32
# As Django's own check (security.W009) asks.
MIN_KEY_LENGTH, MIN_KEY_CHARACTERS = 50, 5
LABEL = r"[a-z0-9]([a-z0-9-]*[a-z0-9])?"
DOMAIN = re.compile(rf"{LABEL}(\.{LABEL})*", re.IGNORECASE)
HOST = re.compile(rf"({DOMAIN.pattern}|\[[0-9a-f:.]+\])(:[0-9]+)?", re.IGNORECASE)
# Words of examples, in keys that nobody replaced.
PLACEHOLDER = re.compile(
    r"change.?(me|moi|it|this)|changez|remplace|replace|placeholder|insecure|secret.?key|your.?secret"
    r"|example|exemple|password|mot.?de.?passe|au hasard",
    re.IGNORECASE,
)
SCHEMES = {
    "DATABASE_URL": ("postgres", "postgresql", "pgsql"),
    "REDIS_URL": ("redis", "rediss"),
    "REGISTER_URL": ("http", "https"),
}
SENDERS = ("DEFAULT_FROM_EMAIL", "REQUESTS_FROM_EMAIL", "NATIONAL_TEAM_EMAIL")
# Keys that this repository contains.
PUBLISHED_KEYS = ("demo only", "development only", "tests only")
# The variables that Anymail requires for each provider; others (region, API address) are optional.
PROVIDERS = {
    "brevo": ("BREVO_API_KEY",),
    "mailgun": ("MAILGUN_API_KEY",),
    "mailjet": ("MAILJET_API_KEY", "MAILJET_SECRET_KEY"),
    "postmark": ("POSTMARK_SERVER_TOKEN",),
    "scaleway": ("SCALEWAY_SECRET_KEY", "SCALEWAY_PROJECT_ID"),
}

# Providers that may post incoming mails to us, and the variable of their secret.
INBOUND = {
    "brevo": "ANYMAIL_WEBHOOK_SECRET",
    "mailgun": "MAILGUN_WEBHOOK_SIGNING_KEY",
    "postmark": "ANYMAIL_WEBHOOK_SECRET",
}

# Providers that may post what became of our mails.
TRACKING = {**INBOUND, "mailjet": "ANYMAIL_WEBHOOK_SECRET"}


def configuration_errors(environment: Mapping[str, str]) -> list[str]:
    """A sentence for each variable that is missing, or that production forbids."""
    return [
        *_missing(environment),
        *_published_keys(environment),
        *_weak_keys(environment),
        *_forbidden_switches(environment),
        *_wrong_addresses(environment),
        *_without_mail(environment),
        *_unsigned_webhooks(environment),
        *_incomplete_proconnect(environment),
    ]


def mail_provider(environment: Mapping[str, str]) -> str | None:
    """The first provider with one of its variables set; ``None`` when mails go through ``EMAIL_URL``."""
    names = (name for name, keys in PROVIDERS.items() if any(environment.get(key) for key in keys))
    return next(names, None)


def _missing(environment: Mapping[str, str]) -> Iterator[str]:
    for name, meaning in REQUIRED.items():
        if not environment.get(name):
            yield f"{name} manque : {meaning}."


def _published_keys(environment: Mapping[str, str]) -> Iterator[str]:
    for name in ("SECRET_KEY", "SECRET_KEY_FALLBACKS"):
        if set(environment.get(name, "").split(",")) & set(PUBLISHED_KEYS):
            yield f"{name} est une clé publique, celle de la démonstration ou du développement."


def _weak_keys(environment: Mapping[str, str]) -> Iterator[str]:
    """Keys that can be guessed, replaced ones included: the links mailed before still work with them."""
    for name in ("SECRET_KEY", "SECRET_KEY_FALLBACKS"):
        keys = {key for key in environment.get(name, "").split(",") if key} - set(PUBLISHED_KEYS)
        if any(
            min(len(key) - MIN_KEY_LENGTH, len(set(key)) - MIN_KEY_CHARACTERS) < 0 or _is_guessable(key)
            for key in keys
        ):
            yield f"{name} est trop facile à deviner : {MIN_KEY_LENGTH} caractères tirés au hasard, au moins."


def _is_guessable(secret: str) -> bool:
    """True for an example's words, or a sequence as "1234567890"."""
    following = sum(ord(after) - ord(before) == 1 for before, after in pairwise(secret))
    return following * 2 > len(secret) or PLACEHOLDER.search(secret) is not None


def _forbidden_switches(environment: Mapping[str, str]) -> Iterator[str]:
    for name, reason in SWITCHES.items():
        if environment.get(name, "").lower() not in ("", "0", "false", "no", "off"):
            yield f"{name} n'a pas sa place en production : {reason}."
    token = environment.get("METRICS_TOKEN", "")
    if token and (len(token) < MIN_TOKEN_LENGTH or _is_guessable(token)):
        yield f"METRICS_TOKEN est trop facile à deviner : {MIN_TOKEN_LENGTH} caractères au hasard, ou rien."
    for name in ("DATABASE_URL", "REDIS_URL"):
        if urlsplit(environment.get(name, "")).username == "embedded":
            yield f"{name} désigne un serveur embarqué, réservé au développement et à la démonstration."


def _wrong_addresses(environment: Mapping[str, str]) -> Iterator[str]:
    site, domain = environment.get("SITE_URL", ""), environment.get("REPLY_DOMAIN", "")
    if site and not _is_site(site):
        yield (
            "SITE_URL doit être une adresse complète en https, avec un nom de machine et rien après : "
            "ni chemin, ni question, ni nom d'utilisateur."
        )
    if not all(DOMAIN.fullmatch(name) for name in environment.get("METRICS_HOSTS", "").split(",") if name):
        yield "METRICS_HOSTS est une suite de noms de machines, avec des virgules entre eux."
    if domain and not DOMAIN.fullmatch(domain):
        yield "REPLY_DOMAIN doit être un nom de domaine seul, comme reponses.exemple.fr."
    for name, schemes in SCHEMES.items():
        if (given := environment.get(name)) and urlsplit(given).scheme not in schemes:
            yield f"{name} doit commencer par {schemes[0]}://."
    for name in SENDERS:
        given = environment.get(name, "")
        if given and not (given.isprintable() and DOMAIN.fullmatch(parseaddr(given)[1].partition("@")[2])):
            yield f"{name} doit être une adresse de courriel, avec un nom devant ou non."


def _is_site(address: str) -> bool:
    """True for an address to which the portal's paths can be appended: a host, a port at most."""
    try:
        parts = urlsplit(address)
        is_reachable = bool(parts.hostname) and parts.port != 0
    except ValueError:  # a port that is not a number
        return False
    is_bare = address.removesuffix("/") == f"https://{parts.netloc}"
    return is_reachable and is_bare and HOST.fullmatch(parts.netloc) is not None


def _without_mail(environment: Mapping[str, str]) -> Iterator[str]:
    chosen = mail_provider(environment)
    if chosen:
        for name in PROVIDERS[chosen]:
            if not environment.get(name):
                yield f"{name} manque : le fournisseur de mails {chosen} le demande."
    elif not environment.get("EMAIL_URL"):
        keys = ", ".join(names[0] for names in PROVIDERS.values())
        yield f"EMAIL_URL manque : serveur de mails (ou la clé d'un fournisseur : {keys})."
    elif not re.match(r"(smtp|subm)[^:]*://[^/?]", environment["EMAIL_URL"]):
        yield "EMAIL_URL ne désigne pas un serveur de mails : son adresse commence par smtp."


def _unsigned_webhooks(environment: Mapping[str, str]) -> Iterator[str]:
    """Providers that may post to us without a secret, or with one that can be guessed."""
    problems: list[str] = []
    for variable, known in (("INBOUND_PROVIDER", INBOUND), ("TRACKING_PROVIDER", TRACKING)):
        problems += _webhook_errors(environment, variable, known)
    yield from dict.fromkeys(problems)  # both may need the same secret


def _webhook_errors(environment: Mapping[str, str], variable: str, known: Mapping[str, str]) -> Iterator[str]:
    chosen = environment.get(variable, "")
    if not chosen:
        return
    name = known.get(chosen)
    if name is None:
        yield f"{variable} ne désigne aucun fournisseur connu : {', '.join(known)}."
    elif not environment.get(name):
        yield f"{name} manque : sans lui, n'importe qui posterait des courriels au nom de {chosen}."
    elif name == "ANYMAIL_WEBHOOK_SECRET" and not all(":" in each for each in _secrets(environment[name])):
        yield f"{name} s'écrit utilisateur:mot-de-passe."
    elif any(
        len(secret) < MIN_TOKEN_LENGTH or _is_guessable(secret)
        for secret in (each.rpartition(":")[2] for each in _secrets(environment[name]))
    ):
        yield f"{name} est trop facile à deviner : {MIN_TOKEN_LENGTH} caractères tirés au hasard, au moins."


def _incomplete_proconnect(environment: Mapping[str, str]) -> Iterator[str]:
    names = ("PROCONNECT_ISSUER", "PROCONNECT_CLIENT_ID", "PROCONNECT_CLIENT_SECRET")
    if not any(environment.get(name) for name in names):
        return
    for name in names:
        if not environment.get(name):
            yield f"{name} manque : ProConnect en demande trois, ou aucune."
    issuer = environment.get("PROCONNECT_ISSUER", "")
    if issuer and not issuer.startswith("https://"):
        yield "PROCONNECT_ISSUER doit être une adresse en https."


def _secrets(value: str) -> list[str]:
    """The secrets of a variable; two stand side by side while one replaces the other."""
    return value.split(",")
