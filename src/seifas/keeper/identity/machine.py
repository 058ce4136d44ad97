"""Machine clients: programs that sign in with a key of their own, have their own budget, and see what scopes allow.

The keeper stores public keys only. A client made here gets a P-384 pair whose private half is returned once, for the
caller to write to a file of mode 0600; a client may also bring its own public JWKS. Key sets are never fetched from a
URL: a fetch from the keeper would be a way out of it, and whoever controls that URL would control the client.
"""

from __future__ import annotations

import base64
import hmac
import json
import os
from collections.abc import Iterable, Iterator
from hashlib import sha256
from typing import Any

import msgspec
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_public_key,
)
from jwt import PyJWK
from jwt.algorithms import ECAlgorithm
from jwt.exceptions import PyJWTError
from msgspec.structs import replace

from seifas.errors import Conflict, Invalid, Missing, Refused, Tampered
from seifas.keeper.identity.accounts import check_text
from seifas.keeper.identity.scopes import parse_scopes

# Above this, two people must approve (docs/decisions/0007-identity.md).
UNAPPROVED_PER_DAY = 200
MOST_PER_DAY = 1_000_000
MOST_KEYS = 4
MOST_CLIENTS = 500
_MOST_JWKS = 32_768
PublicKey = ec.EllipticCurvePublicKey | rsa.RSAPublicKey
# Any of these beside a "public" key means that a private key was handed over; that key is burnt.
_PRIVATE_PARTS = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k"})


class ClientKey(msgspec.Struct, frozen=True):
    """One public key: `alg` is fixed here and never taken from a token; `pem` is SubjectPublicKeyInfo."""

    kid: str
    alg: str
    pem: bytes


class Client(msgspec.Struct, frozen=True):
    """A machine client. `id` is 22 url-safe characters, the base64url of `account_of(id)` (16 random bytes).

    `per_day` is what was asked for; what counts is `effective_per_day`. `approved_by` are account ids. `recipient` is
    the public key that its bulk exports are sealed to (crypto.recipient), empty where it may make none.
    """

    id: str
    name: str
    keys: tuple[ClientKey, ...]
    scopes: tuple[str, ...]
    per_day: int
    created_ms: int
    made_by: bytes
    approved_by: tuple[bytes, ...] = ()
    disabled: bool = False
    recipient: bytes = b""

    @property
    def effective_per_day(self) -> int:
        """Patients a day: all of `per_day` once two people approved it, 200 at most until then."""
        return self.per_day if len(set(self.approved_by)) >= 2 else min(self.per_day, UNAPPROVED_PER_DAY)


class NewClient(msgspec.Struct, frozen=True):
    """A new client and the only copy of its private key, as a JWK (JSON text) and as PKCS #8 PEM."""

    client: Client
    private_jwk: str
    private_pem: str


class ClientTable:
    """All clients, with their public keys parsed once."""

    def __init__(self) -> None:
        self._by_id: dict[str, Client] = {}
        self._parsed: dict[tuple[str, str], tuple[str, PublicKey]] = {}

    def __len__(self) -> int:
        return len(self._by_id)

    def __iter__(self) -> Iterator[Client]:
        return iter(tuple(self._by_id.values()))

    def put(self, client: Client) -> None:
        """Add or replace by id."""
        self.remove(client.id)
        self._by_id[client.id] = client
        for key in client.keys:
            self._parsed[client.id, key.kid] = _parsed(key)

    def remove(self, ident: str) -> None:
        """Forget a client. Unknown ids are no error."""
        old = self._by_id.pop(ident, None)
        if old is not None:
            for key in old.keys:
                self._parsed.pop((ident, key.kid), None)

    def load(self, clients: Iterable[Client]) -> None:
        """Replace everything, as at unlock."""
        self._by_id.clear()
        self._parsed.clear()
        for client in clients:
            self.put(client)

    def get(self, ident: str) -> Client:
        """Raises Missing."""
        try:
            return self._by_id[ident]
        except KeyError:
            raise Missing("There is no such client.", where="client") from None

    def find(self, ident: str) -> Client | None:
        """By id, or None."""
        return self._by_id.get(ident)

    def key(self, client: Client, kid: str | None) -> tuple[str, PublicKey] | None:
        """Algorithm and key that a token's `kid` names, or the only key when it names none; None for no such key."""
        if kid is None:
            return self._parsed[client.id, client.keys[0].kid] if len(client.keys) == 1 else None
        return self._parsed.get((client.id, kid))


def account_of(client_id: str) -> bytes:
    """The 16 bytes that stand for a client wherever an account id is wanted (sessions, budget, audit)."""
    return base64.urlsafe_b64decode(client_id + "==")


def new_client(
    table: ClientTable, *, name: str, per_day: int, made_by: bytes, now_ms: int, scopes: str = "system/*.cruds",
    jwks: str | None = None,
) -> NewClient:
    """Register a client: with its own public `jwks` (JSON), or with a fresh P-384 pair. Raises Invalid, Refused.

    With `jwks` both private fields of the result are empty.
    """
    if not 1 <= per_day <= MOST_PER_DAY:
        raise Invalid(f"A client opens between 1 and {MOST_PER_DAY} patients a day.", where="per_day")
    if len(table) >= MOST_CLIENTS:
        raise Invalid("There are too many clients. Remove one that is not used.", where="client")
    private_jwk = private_pem = ""
    if jwks is None:
        private = ec.generate_private_key(ec.SECP384R1())
        own = _client_key(private.public_key(), kid=None)
        keys: tuple[ClientKey, ...] = (own,)
        named = {**ECAlgorithm.to_jwk(private, as_dict=True), "kid": own.kid, "alg": own.alg}
        private_jwk = json.dumps(named)
        private_pem = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    else:
        keys = parse_jwks(jwks)
    client = Client(
        id=base64.urlsafe_b64encode(os.urandom(16)).decode().rstrip("="), name=check_text(name, where="name"),
        keys=keys, scopes=parse_scopes(scopes), per_day=per_day, created_ms=now_ms, made_by=made_by,
    )
    table.put(client)
    return NewClient(client=client, private_jwk=private_jwk, private_pem=private_pem)


def terms(client: Client) -> bytes:
    """What two people approve (32 bytes): the client, its keys, its scopes and its budget; for a request's details."""
    fixed = (client.id, [(key.kid, key.alg, key.pem) for key in client.keys], client.scopes, client.per_day)
    return sha256(b"seifas client terms 1\0" + msgspec.msgpack.encode(fixed)).digest()


def approve_client(
    table: ClientTable, ident: str, people: Iterable[bytes], *, approved: bytes | None = None
) -> Client:
    """Enter who approved, once the approval (kind client-over-200) is through: at least two people.

    `approved` are the `terms` that the request named: whoever asks for 300 patients and then sets 100,000, or other
    keys, gets Conflict. None only where nothing can have come between, as when a demo makes and approves at once.
    """
    if approved is not None and not hmac.compare_digest(approved, terms(table.get(ident))):
        raise Conflict("The client was changed since this was asked for. Ask again.", where="client")
    people = tuple(sorted(set(people)))
    if len(people) < 2:
        raise Refused("A client above 200 patients a day is approved by two people.", where="client")
    return _put(table, replace(table.get(ident), approved_by=people))


def set_recipient(table: ClientTable, ident: str, public: bytes) -> Client:
    """Say to whose key bulk exports are sealed. Each export is allowed by two people who see this key's fingerprint."""
    return _put(table, replace(table.get(ident), recipient=public))


def set_disabled(table: ClientTable, ident: str, disabled: bool) -> Client:
    """Shut or open a client. The caller ends its sessions (`SessionTable.end_account(account_of(id))`)."""
    return _put(table, replace(table.get(ident), disabled=disabled))


def parse_jwks(text: str) -> tuple[ClientKey, ...]:
    """Public keys of a JWKS: EC P-384, or RSA of 2048 to 8192 bits; at most 4. Raises Invalid, never quoting a key."""
    if len(text) > _MOST_JWKS:
        raise Invalid("The key set is too long.", where="jwks")
    try:
        found = json.loads(text)
        entries = found.get("keys", [found])
        if not 1 <= len(entries) <= MOST_KEYS or not all(isinstance(entry, dict) for entry in entries):
            raise Invalid(f"A key set has 1 to {MOST_KEYS} keys.", where="jwks")
        if any(_PRIVATE_PARTS & entry.keys() for entry in entries):
            raise Invalid("This is a private key. Make a new pair and hand over the public half only.", where="jwks")
        keys = tuple(_client_key(_public(entry), kid=entry.get("kid")) for entry in entries)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError, PyJWTError):
        raise Invalid("This is no JSON Web Key Set with EC P-384 or RSA public keys.", where="jwks") from None
    if len({key.kid for key in keys}) != len(keys):
        raise Conflict("Two keys of the set have the same kid.", where="jwks")
    return keys


def _public(entry: dict[str, Any]) -> PublicKey:
    algorithm = {"EC": "ES384", "RSA": "RS384"}.get(entry.get("kty", ""))
    if algorithm is None or entry.get("alg", algorithm) != algorithm or entry.get("use", "sig") != "sig":
        raise Invalid("Only ES384 and RS384 signing keys are taken.", where="jwks")
    key = PyJWK(entry, algorithm=algorithm).key
    if isinstance(key, ec.EllipticCurvePublicKey) and isinstance(key.curve, ec.SECP384R1):
        return key
    if isinstance(key, rsa.RSAPublicKey) and 2048 <= key.key_size <= 8192 and key.public_numbers().e >= 65537:
        return key
    raise Invalid("Only EC P-384 and RSA of 2048 to 8192 bits are taken.", where="jwks")


def _client_key(public: PublicKey, *, kid: object) -> ClientKey:
    pem = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    if kid is None:
        kid = base64.urlsafe_b64encode(sha256(pem).digest()[:12]).decode()
    if not isinstance(kid, str) or not 1 <= len(kid) <= 128 or not kid.isprintable():
        raise Invalid("A kid has 1 to 128 printable characters.", where="jwks")
    return ClientKey(kid=kid, alg="RS384" if isinstance(public, rsa.RSAPublicKey) else "ES384", pem=pem)


def _parsed(key: ClientKey) -> tuple[str, PublicKey]:
    public = load_pem_public_key(key.pem)
    if not isinstance(public, ec.EllipticCurvePublicKey | rsa.RSAPublicKey):
        raise Tampered("A client's stored key is of no kind that was ever stored.", where="client")
    return key.alg, public


def _put(table: ClientTable, client: Client) -> Client:
    table.put(client)
    return client
