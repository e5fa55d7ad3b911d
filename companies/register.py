"""Client of the public company register: look up a SIRET, or search a name in a commune.

The register may be slow, broken or down: every failure is ``RegisterUnavailable``, and the form goes on with
unknown facts. Responses are cached for a day. Queries are never logged, nor readable in the cache's keys: the
name of a sole trader is personal data.
"""

import dataclasses
import hashlib
import json
import logging
from datetime import timedelta

from django.conf import settings
from django.utils import timezone
from prometheus_client import Counter

from companies import circuit_breaker, register_cache, register_responses, transport
from companies.register_responses import Company

__all__ = ["Company", "InvalidName", "RegisterUnavailable", "clean_name", "find_by_siret", "search"]

logger = logging.getLogger(__name__)

QUESTIONS = Counter("relais_register_questions", "Questions put to the register, by outcome.", ["outcome"])
# Without a first sample at 0, Prometheus does not see the first increase.
for _outcome in (
    *("answered", "resting", "too slow", "too long", "too many requests", "unreadable"),
    *("ConnectionError", "SSLError", "status 500", "status 502", "status 503", "status 504"),
):
    QUESTIONS.labels(_outcome)

FOUND_KEPT = timedelta(hours=24)
NOT_FOUND_KEPT = timedelta(minutes=10)
MIN_NAME_LENGTH = 3  # the register refuses less
MAX_NAME_LENGTH = 100
COMPANIES_PER_PAGE = 10

# The register files these three cities by arrondissement only.
ARRONDISSEMENTS = {
    "75056": range(75101, 75121),
    "69123": range(69381, 69390),
    "13055": range(13201, 13217),
}


class RegisterUnavailable(Exception):
    """The register cannot be queried now; the message is for the logs and names no company."""


class InvalidName(ValueError):
    """The register cannot search for this; the message is a sentence that says what to do."""


def find_by_siret(siret: str) -> Company | None:
    """The establishment with this SIRET; ``None`` when the register does not know it.

    Raises ``RegisterUnavailable``.
    """
    found = _ask({"q": siret})
    return next((company for company in found if company.siret == siret), None)


def clean_name(text: str) -> str:
    """A name that the register can search for. Raises ``InvalidName``."""
    name = " ".join("".join(char if char.isprintable() else " " for char in text).split())
    if sum(char.isalnum() for char in name) < MIN_NAME_LENGTH:
        raise InvalidName("Indiquez au moins 3 lettres du nom de l'entreprise.")
    return name[:MAX_NAME_LENGTH]


def search(text: str, commune_code: str | None = None) -> list[Company]:
    """The establishments whose company has this name, open ones first; with a commune, those in it.

    A name too short to be searched finds nothing. Raises ``RegisterUnavailable``.
    """
    try:
        params = {"q": clean_name(text), "per_page": str(COMPANIES_PER_PAGE)}
    except InvalidName:
        return []
    codes = _register_codes(commune_code)
    if codes:
        params["code_commune"] = ",".join(codes)
    found = _ask(params)
    # The register returns a company that has a shop in the commune with all its establishments.
    there = [company for company in found if company.commune_code in codes]
    return sorted(there or found, key=lambda company: company.is_closed)


def _register_codes(commune_code: str | None) -> list[str]:
    if not commune_code:
        return []
    return [str(code) for code in ARRONDISSEMENTS.get(commune_code, ())] or [commune_code]


def _ask(params: dict[str, str]) -> list[Company]:
    """The establishments that match a query, from the cache or from the register."""
    if not settings.REGISTER_URL:
        raise RegisterUnavailable("no register")
    key = cache_key(params)
    kept = register_cache.get(key)
    if kept is not None:
        return [Company(**row) for row in kept]
    if not circuit_breaker.may_call():
        QUESTIONS.labels("resting").inc()
        raise RegisterUnavailable("resting")
    try:
        found = _call(params)
    except RegisterUnavailable as error:
        QUESTIONS.labels(str(error)).inc()
        logger.warning("register unavailable: %s", error)
        raise
    QUESTIONS.labels("answered").inc()
    rows = [dataclasses.asdict(company) for company in found]
    register_cache.put(key, rows, timeout=FOUND_KEPT if rows else NOT_FOUND_KEPT)
    return found


def _call(params: dict[str, str]) -> list[Company]:
    url = settings.REGISTER_URL.rstrip("/").removesuffix("/search") + "/search"
    try:
        answer = transport.get(url, params, within=settings.REGISTER_TIMEOUT)
        found = _read(answer)
    except transport.ExchangeFailed as failure:
        circuit_breaker.record_failure()
        raise RegisterUnavailable(str(failure)) from None
    circuit_breaker.record_success()
    return found


def _read(answer: transport.Response) -> list[Company]:
    """The companies of a response. Raises ``RegisterUnavailable`` or ``ExchangeFailed``."""
    if answer.status == 429:
        circuit_breaker.pause(circuit_breaker.requested_pause(answer.retry_after, now=timezone.now()))
        raise RegisterUnavailable("too many requests")
    if answer.status == 400:  # the register works, and refuses this query
        return []
    if answer.status != 200:
        raise transport.ExchangeFailed(f"status {answer.status}")
    try:
        return register_responses.parse(json.loads(answer.body), on=timezone.localdate())
    except (ValueError, RecursionError, register_responses.UnreadableResponse):
        raise transport.ExchangeFailed("unreadable") from None


def cache_key(params: dict[str, str]) -> str:
    """A cache key that does not reveal the query, and changes with the fields of ``Company``."""
    shape = [field.name for field in dataclasses.fields(Company)]
    question = json.dumps([shape, params], sort_keys=True)
    return "register:" + hashlib.sha256(question.encode()).hexdigest()
