"""Client of ProConnect, the State's sign-in for professionals: OpenID Connect, authorization code with PKCE.

Everything that it answers is checked here: issuer, audience, signature, nonce, ages, the subject of both
tokens. Each exchange has a time limit; nothing of an answer is written in the logs.
"""

import base64
import hashlib
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urlsplit

import jwt
from django.conf import settings

from companies import transport

SCOPES = "openid email"
ALGORITHMS = ["RS256", "ES256"]  # those that the server may sign with; never "none", nor a shared secret
LEEWAY = 30  # seconds between two clocks
ENDPOINTS = ("authorization_endpoint", "token_endpoint", "userinfo_endpoint", "jwks_uri")


class Unavailable(Exception):
    """The server does not answer, or not as it should; the message is for the logs."""


class NotProved(Exception):
    """The answer does not prove who the visitor is; the message is for the logs."""


@dataclass(frozen=True, slots=True)
class Endpoints:
    """The addresses of the server; ``end_session`` is empty where it has none."""

    authorization: str
    token: str
    userinfo: str
    keys: str
    end_session: str


@dataclass(frozen=True, slots=True)
class Attempt:
    """The secrets of one sign-in, kept in the visitor's session until its answer."""

    state: str
    nonce: str
    verifier: str

    @staticmethod
    def new() -> "Attempt":
        """Return the secrets of a new sign-in."""
        return Attempt(*(secrets.token_urlsafe(32) for _ in range(3)))


@dataclass(frozen=True, slots=True)
class ProvedIdentity:
    """The person that ProConnect names; ``id_token`` ends her session there."""

    email: str
    has_second_factor: bool
    id_token: str


def is_configured() -> bool:
    """Return whether this portal is registered with ProConnect."""
    return bool(settings.PROCONNECT_ISSUER and settings.PROCONNECT_CLIENT_ID)


def discover() -> Endpoints:
    """Read the server's addresses. Raises ``Unavailable``."""
    issuer = settings.PROCONNECT_ISSUER.rstrip("/")
    found = _json(_get(f"{issuer}/.well-known/openid-configuration"))
    if found.get("issuer", "").rstrip("/") != issuer:
        raise Unavailable("another issuer")
    authorization, token, userinfo, keys = (str(found.get(name, "")) for name in ENDPOINTS)
    end_session = str(found.get("end_session_endpoint", ""))
    if not all(_is_as_safe(url) for url in (authorization, token, userinfo, keys, end_session or issuer)):
        raise Unavailable("an address is missing or unsafe")
    return Endpoints(authorization, token, userinfo, keys, end_session)


def authorization_url(server: Endpoints, attempt: Attempt, *, callback: str) -> str:
    """Address where the visitor proves who she is."""
    digest = hashlib.sha256(attempt.verifier.encode()).digest()
    asked = {
        "response_type": "code",
        "client_id": settings.PROCONNECT_CLIENT_ID,
        "redirect_uri": callback,
        "scope": SCOPES,
        "state": attempt.state,
        "nonce": attempt.nonce,
        "code_challenge": base64.urlsafe_b64encode(digest).rstrip(b"=").decode(),
        "code_challenge_method": "S256",
        "acr_values": " ".join(settings.PROCONNECT_ACR_VALUES),
    }
    return _with_query(server.authorization, asked)


def logout_url(end_session: str, *, id_token: str, state: str, back: str) -> str:
    """Address that ends the session at ProConnect too, and comes back to ``back``."""
    asked = {"id_token_hint": id_token, "state": state, "post_logout_redirect_uri": back}
    return _with_query(end_session, asked)


def identify(server: Endpoints, attempt: Attempt, *, code: str, callback: str) -> ProvedIdentity:
    """Exchange a code for the identity that it stands for. Raises ``NotProved``, ``Unavailable``."""
    tokens = _tokens(server, attempt, code=code, callback=callback)
    keys = _keys(server)
    id_token = str(tokens.get("id_token", ""))
    proof = _verified(id_token, keys, required=["exp", "iat", "iss", "aud", "sub", "nonce"])
    if not secrets.compare_digest(str(proof["nonce"]).encode(), attempt.nonce.encode()):
        raise NotProved("another nonce")
    if proof.get("azp", settings.PROCONNECT_CLIENT_ID) != settings.PROCONNECT_CLIENT_ID:
        raise NotProved("for another client")
    bearer = {"Authorization": f"Bearer {tokens['access_token']}", "Accept": "application/jwt"}
    answer = _get(server.userinfo, headers=bearer)
    person = _verified(answer.body.decode("ascii", "replace").strip(), keys, required=["iss", "aud", "sub"])
    if person["sub"] != proof["sub"]:
        raise NotProved("another person")
    # ProConnect names addresses that its identity providers have verified, and does not say so.
    if person.get("email_verified", True) is not True:
        raise NotProved("the address is not verified")
    acr = proof.get("acr")
    return ProvedIdentity(
        email=str(person.get("email") or "").strip(),
        has_second_factor=isinstance(acr, str) and acr in settings.PROCONNECT_SECOND_FACTOR_ACR,
        id_token=id_token,
    )


def _tokens(server: Endpoints, attempt: Attempt, *, code: str, callback: str) -> Mapping[str, Any]:
    form = {
        "grant_type": "authorization_code",
        "client_id": settings.PROCONNECT_CLIENT_ID,
        "client_secret": settings.PROCONNECT_CLIENT_SECRET,
        "redirect_uri": callback,
        "code": code,
        "code_verifier": attempt.verifier,
    }
    try:
        answer = transport.post(server.token, form, within=settings.PROCONNECT_TIMEOUT)
    except transport.ExchangeFailed as failure:
        raise Unavailable(str(failure)) from None
    if answer.status in {400, 401}:
        raise NotProved("the code is not accepted")
    found = _json(_checked(answer))
    if not isinstance(found.get("access_token"), str):
        raise NotProved("no access token")
    return found


def _keys(server: Endpoints) -> jwt.PyJWKSet:
    try:
        return jwt.PyJWKSet.from_dict(_json(_get(server.keys)))
    except (jwt.PyJWTError, TypeError, AttributeError):
        raise Unavailable("unreadable keys") from None


def _verified(token: str, keys: jwt.PyJWKSet, *, required: list[str]) -> Mapping[str, Any]:
    """The content of a token that one of the server's keys has signed, for us. Raises ``NotProved``."""
    try:
        kid = jwt.get_unverified_header(token).get("kid")
        # A server with a single key may leave its name out.
        fitting = [key for key in keys.keys if key.key_id == kid or (kid is None and len(keys.keys) == 1)]
        if not fitting:
            raise NotProved("signed by another key")
        return dict(
            jwt.decode(
                token,
                key=fitting[0].key,
                algorithms=ALGORITHMS,
                issuer=settings.PROCONNECT_ISSUER,
                audience=settings.PROCONNECT_CLIENT_ID,
                leeway=LEEWAY,
                options={"require": required},
            )
        )
    except (jwt.PyJWTError, TypeError, ValueError) as error:
        raise NotProved(type(error).__name__) from None


def _get(url: str, *, headers: Mapping[str, str] | None = None) -> transport.Response:
    try:
        return _checked(transport.get(url, {}, within=settings.PROCONNECT_TIMEOUT, headers=headers))
    except transport.ExchangeFailed as failure:
        raise Unavailable(str(failure)) from None


def _checked(answer: transport.Response) -> transport.Response:
    if answer.status != 200:
        raise Unavailable(f"status {answer.status}")
    return answer


def _json(answer: transport.Response) -> dict[str, Any]:
    try:
        found = json.loads(answer.body)
    except (ValueError, RecursionError):
        raise Unavailable("unreadable") from None
    if not isinstance(found, dict):
        raise Unavailable("unreadable")
    return found


def _is_as_safe(url: str) -> bool:
    """Return whether an address is an http one, and https where the issuer's is."""
    wanted = urlsplit(settings.PROCONNECT_ISSUER).scheme
    parts = urlsplit(url)
    return bool(parts.hostname) and parts.scheme in {"https", wanted}


def _with_query(url: str, asked: Mapping[str, str]) -> str:
    joint = "&" if urlsplit(url).query else "?"
    return f"{url}{joint}{urlencode(asked)}"
