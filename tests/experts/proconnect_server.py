"""A server in ProConnect's shape, over real HTTP: proof key, signed userinfo, logout; it lies on demand."""

import base64
import hashlib
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlencode, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

CLIENT, SECRET = "relais", "a secret of forty characters or nearly so"


@dataclass
class Lies:
    """Ways in which the next answers are not what they should be."""

    id_token: dict = field(default_factory=dict)  # claims replaced; ``None``: left out
    userinfo: dict = field(default_factory=dict)
    algorithm: str = "RS256"
    with_other_key: tuple = ()  # "id_token", "userinfo"
    plain_userinfo: bool = False
    issuer: str = ""  # of the discovery document
    broken: tuple = ()  # paths answered with a 500


class ProConnect:
    """The server: requests received, identity returned, faults of the next answers."""

    def __init__(self) -> None:
        self.key, self.other_key = (rsa.generate_private_key(65537, 2048) for _ in range(2))
        self.reset()

    def reset(self) -> None:
        self.person = {"sub": "b6048e95", "email": "marie@example.org", "uid": "1"}
        self.acr = "eidas1"
        self.lies = Lies()
        self.codes: dict[str, dict[str, str]] = {}
        self.asked: list[dict[str, str]] = []
        self.paths: list[str] = []

    @property
    def issuer(self) -> str:
        return f"http://127.0.0.1:{self.port}/api/v2"

    def discovery(self) -> dict:
        names = {
            "authorization": "authorize",
            "token": "token",
            "userinfo": "userinfo",
            "end_session": "session/end",
        }
        found = {f"{name}_endpoint": f"{self.issuer}/{path}" for name, path in names.items()}
        return {"issuer": self.lies.issuer or self.issuer, "jwks_uri": f"{self.issuer}/jwks", **found}

    def keys(self) -> dict:
        public = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(self.key.public_key()))
        return {"keys": [{**public, "kid": "k1", "use": "sig", "alg": "RS256"}]}

    def authorize(self, asked: dict[str, str]) -> str:
        """The address that the visitor goes to once she is identified."""
        self.asked.append(asked)
        code = f"code{len(self.asked)}"
        self.codes[code] = asked
        answer = {"code": code, "state": asked["state"], "iss": self.issuer}
        return f"{asked['redirect_uri']}?{urlencode(answer)}"

    def token(self, form: dict[str, str]) -> tuple[int, dict]:
        asked = self.codes.pop(form["code"], None)
        digest = hashlib.sha256(form["code_verifier"].encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        if (
            asked is None
            or challenge != asked["code_challenge"]
            or form["redirect_uri"] != asked["redirect_uri"]
            or (form["client_id"], form["client_secret"]) != (CLIENT, SECRET)
        ):
            return 400, {"error": "invalid_grant"}
        claims = {"nonce": asked["nonce"], "acr": self.acr, **self._common()}
        return 200, {
            "access_token": "access",
            "token_type": "Bearer",
            "id_token": self._signed(claims | self.lies.id_token, "id_token"),
        }

    def userinfo(self) -> bytes:
        claims = {**self._common(), **self.person, **self.lies.userinfo}
        if self.lies.plain_userinfo:
            return json.dumps(claims).encode()
        return self._signed(claims, "userinfo").encode()

    def _common(self) -> dict:
        now = int(time.time())
        return {
            "iss": self.issuer,
            "aud": CLIENT,
            "sub": self.person["sub"],
            "iat": now,
            "exp": now + 60,
        }

    def _signed(self, claims: dict, name: str) -> str:
        kept = {key: value for key, value in claims.items() if value is not None}
        key: object = self.other_key if name in self.lies.with_other_key else self.key
        if self.lies.algorithm != "RS256":
            key = SECRET if self.lies.algorithm == "HS256" else None
        return jwt.encode(kept, key, algorithm=self.lies.algorithm, headers={"kid": "k1"})


class Handler(BaseHTTPRequestHandler):
    """Requests, passed to the server above."""

    provider: ProConnect

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        asked = {name: values[0] for name, values in parse_qs(parts.query).items()}
        path = parts.path.removeprefix("/api/v2/")
        self.provider.paths.append(path)
        if path in self.provider.lies.broken:
            self._answer(500, b"")
        elif path == "authorize":
            self.send_response(302)
            self.send_header("Location", self.provider.authorize(asked))
            self.end_headers()
        elif path == "session/end":
            self.send_response(302)
            self.send_header("Location", asked["post_logout_redirect_uri"])
            self.end_headers()
        elif path == "userinfo":
            is_known = self.headers["Authorization"] == "Bearer access"
            self._answer(200 if is_known else 401, self.provider.userinfo(), "application/jwt")
        elif path == "jwks":
            self._answer(200, json.dumps(self.provider.keys()).encode())
        else:
            self._answer(200, json.dumps(self.provider.discovery()).encode())

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self.provider.paths.append("token")
        form = {name: values[0] for name, values in parse_qs(body).items()}
        status, answer = (500, {}) if "token" in self.provider.lies.broken else self.provider.token(form)
        self._answer(status, json.dumps(answer).encode())

    def _answer(self, status: int, body: bytes, kind: str = "application/json") -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: object) -> None:
        """Say nothing."""


@contextmanager
def running() -> Iterator[ProConnect]:
    """The server, on a free port."""
    provider = ProConnect()
    handler = type("ProConnectHandler", (Handler,), {"provider": provider})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        provider.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield provider
        server.shutdown()
        thread.join()
