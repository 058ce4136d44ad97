"""An authenticator made of software, so that real passkey ceremonies run in tests, attacks and the drill.

It does what a phone does, without the phone: P-256 keys, attestation "none", user present and verified, a counter. A
`Flaws` value makes it lie in one chosen way (wrong site, no verification, another challenge ...), which is what the
attacks are made of. Never imported by the keeper or the web.
"""

from __future__ import annotations

import copy
import json
import os
import struct
from hashlib import sha256
from typing import Any

import msgspec
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from webauthn.helpers import base64url_to_bytes, bytes_to_base64url
from webauthn.helpers.encode_cbor import encode_cbor

_PRESENT, _VERIFIED, _SYNCABLE, _BACKED_UP, _ATTESTED = 0x01, 0x04, 0x08, 0x10, 0x40


class Flaws(msgspec.Struct, frozen=True):
    """How to lie. Everything at its default is an honest authenticator in an honest browser."""

    rp_id: str | None = None
    challenge: bytes | None = None
    type: str | None = None
    cross_origin: bool = False
    top_origin: str | None = None
    user_present: bool = True
    user_verified: bool = True
    counter: int | None = None
    user_handle: bytes | None = None
    attestation: str = "none"
    spoil_signature: bool = False
    syncable: bool | None = None


class _Credential:
    def __init__(self, rp_id: str, user_handle: bytes, id_bytes: int) -> None:
        self.id = os.urandom(id_bytes)
        self.rp_id = rp_id
        self.user_handle = user_handle
        self.private = ec.generate_private_key(ec.SECP256R1())
        self.count = 0


class SoftAuthenticator:
    """Holds discoverable credentials. `counts=False` is a synced passkey, whose counter stays 0."""

    def __init__(self, *, counts: bool = True, syncable: bool = False, id_bytes: int = 32) -> None:
        self._counts = counts
        self._syncable = syncable
        self._id_bytes = id_bytes
        self._held: dict[bytes, _Credential] = {}

    def clone(self) -> SoftAuthenticator:
        """A second copy with the same keys and counters, as a thief would have made."""
        twin = SoftAuthenticator(counts=self._counts, syncable=self._syncable, id_bytes=self._id_bytes)
        twin._held = {ident: copy.copy(credential) for ident, credential in self._held.items()}
        return twin

    def credential_ids(self) -> list[bytes]:
        """What it holds, oldest first."""
        return list(self._held)

    def create(self, options: str, origin: str, flaws: Flaws = Flaws()) -> str:  # noqa: B008 - frozen
        """Answer navigator.credentials.create(): options JSON in, RegistrationResponseJSON out.

        Raises ValueError, as a browser does, when it holds one of `excludeCredentials`.
        """
        asked = json.loads(options)
        if any(base64url_to_bytes(one["id"]) in self._held for one in asked.get("excludeCredentials", [])):
            raise ValueError("InvalidStateError: this authenticator is registered already")
        made = _Credential(asked["rp"]["id"], base64url_to_bytes(asked["user"]["id"]), self._id_bytes)
        self._held[made.id] = made
        numbers = made.private.public_key().public_numbers()
        cose = encode_cbor({1: 2, 3: -7, -1: 1, -2: numbers.x.to_bytes(32, "big"), -3: numbers.y.to_bytes(32, "big")})
        attested = bytes(16) + struct.pack(">H", len(made.id)) + made.id + cose
        data = self._authenticator_data(made, flaws) + attested
        attestation = encode_cbor({"fmt": flaws.attestation, "attStmt": {}, "authData": data})
        client_data = _client_data("webauthn.create", asked["challenge"], origin, flaws)
        return json.dumps({
            "id": bytes_to_base64url(made.id), "rawId": bytes_to_base64url(made.id), "type": "public-key",
            "authenticatorAttachment": "platform", "clientExtensionResults": {},
            "response": {
                "clientDataJSON": bytes_to_base64url(client_data),
                "attestationObject": bytes_to_base64url(attestation),
                "transports": ["internal", "hybrid"],
            },
        })

    def get(self, options: str, origin: str, flaws: Flaws = Flaws()) -> str:  # noqa: B008 - frozen
        """Answer navigator.credentials.get(): options JSON in, AuthenticationResponseJSON out.

        Raises ValueError, as a browser does, when it holds nothing that fits.
        """
        asked = json.loads(options)
        allowed = [base64url_to_bytes(one["id"]) for one in asked.get("allowCredentials", [])]
        fitting = [held for held in self._held.values() if held.rp_id == asked["rpId"]]
        used = next((held for held in fitting if not allowed or held.id in allowed), None)
        if used is None:
            raise ValueError("NotAllowedError: no passkey fits")
        data = self._authenticator_data(used, flaws, attested=False)
        client_data = _client_data("webauthn.get", asked["challenge"], origin, flaws)
        signature = used.private.sign(data + sha256(client_data).digest(), ec.ECDSA(hashes.SHA256()))
        if flaws.spoil_signature:
            signature = signature[:-1] + bytes([signature[-1] ^ 1])
        return json.dumps({
            "id": bytes_to_base64url(used.id), "rawId": bytes_to_base64url(used.id), "type": "public-key",
            "authenticatorAttachment": "platform", "clientExtensionResults": {},
            "response": {
                "clientDataJSON": bytes_to_base64url(client_data),
                "authenticatorData": bytes_to_base64url(data),
                "signature": bytes_to_base64url(signature),
                "userHandle": bytes_to_base64url(used.user_handle if flaws.user_handle is None else flaws.user_handle),
            },
        })

    def _authenticator_data(self, credential: _Credential, flaws: Flaws, *, attested: bool = True) -> bytes:
        if self._counts:
            credential.count += 1
        syncable = self._syncable if flaws.syncable is None else flaws.syncable
        flags = (
            _PRESENT * flaws.user_present | _VERIFIED * flaws.user_verified | _ATTESTED * attested
            | (_SYNCABLE | _BACKED_UP) * syncable
        )
        count = credential.count if flaws.counter is None else flaws.counter
        return sha256((flaws.rp_id or credential.rp_id).encode()).digest() + struct.pack(">BI", flags, count)


def _client_data(kind: str, challenge: str, origin: str, flaws: Flaws) -> bytes:
    said: dict[str, Any] = {
        "type": flaws.type or kind,
        "challenge": challenge if flaws.challenge is None else bytes_to_base64url(flaws.challenge),
        "origin": origin,
        "crossOrigin": flaws.cross_origin,
    }
    if flaws.top_origin is not None:
        said["topOrigin"] = flaws.top_origin
    return json.dumps(said, separators=(",", ":")).encode()
