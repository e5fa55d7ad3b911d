"""A security key made of code: it registers, and answers what it is asked."""

import hashlib
import json

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from fido2.cose import ES256
from fido2.utils import websafe_encode
from fido2.webauthn import AttestationObject, AttestedCredentialData, AuthenticatorData

HOST = "testserver"
PRESENT, REGISTERING = 0x05, 0x45  # flags


class SecurityKey:
    def __init__(self) -> None:
        self.private = ec.generate_private_key(ec.SECP256R1())
        self.signed = 0

    def registration(self, challenge: str) -> dict[str, object]:
        public = ES256.from_cryptography_key(self.private.public_key())
        attested = AttestedCredentialData.create(bytes(16), b"key", public)
        made = AttestationObject.create("none", _state(REGISTERING, 0, attested), {})
        return _answer(clientDataJSON=_asked("webauthn.create", challenge), attestationObject=bytes(made))

    def answer(self, challenge: str) -> dict[str, object]:
        self.signed += 1
        asked, state = _asked("webauthn.get", challenge), bytes(_state(PRESENT, self.signed))
        signature = self.private.sign(state + hashlib.sha256(asked).digest(), ec.ECDSA(hashes.SHA256()))
        return _answer(clientDataJSON=asked, authenticatorData=state, signature=signature, userHandle=b"1")


def _asked(kind: str, challenge: str) -> bytes:
    return json.dumps({"type": kind, "challenge": challenge, "origin": f"https://{HOST}"}).encode()


def _state(flags: int, signed: int, attested: bytes = b"") -> AuthenticatorData:
    return AuthenticatorData.create(hashlib.sha256(HOST.encode()).digest(), flags, signed, attested)


def _answer(**response: bytes) -> dict[str, object]:
    name = websafe_encode(b"key")
    encoded = {part: websafe_encode(value) for part, value in response.items()}
    return {
        "id": name,
        "rawId": name,
        "type": "public-key",
        "response": encoded,
        "clientExtensionResults": {},
    }
