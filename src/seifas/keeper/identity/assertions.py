"""SMART Backend Services: a client proves itself with a JWT it signed (private_key_jwt; RFC 7523, RFC 8725).

The algorithm and the key come from what was registered, never from the token; the token may only agree with them. Keys
offered inside a token (`jwk`, `jku`, `x5u`, `x5c`) are refused, not ignored. Each `jti` is good once: it is spent in
memory at once and the caller stores it with the session that it opens, so a restart brings no replay.
"""

from __future__ import annotations

import binascii
from base64 import urlsafe_b64decode
from collections.abc import Iterable, Iterator
from hashlib import sha256
from typing import Any

import msgspec
from jwt import PyJWS
from jwt.exceptions import PyJWTError

from seifas.errors import SignIn, Unavailable
from seifas.keeper.identity.machine import Client, ClientTable

MOST_BYTES = 8_192
AHEAD_MS = 300_000
LEEWAY_MS = 60_000
_JWS = PyJWS(algorithms=["ES384", "RS384"])


class Spent(msgspec.Struct, frozen=True):
    """A `jti` that was used: `id` is SHA-256 over client and jti (32 bytes); the row may go after `until_ms`."""

    id: bytes
    client: str
    until_ms: int


class Proven(msgspec.Struct, frozen=True):
    """A client that proved itself, and the row to store before its access token is handed out."""

    client: Client
    spent: Spent


class SpentTable:
    """Used `jti`s until their tokens are dead anyway. Bounded for each client: one cannot fill it for the others."""

    def __init__(self, most_per_client: int = 2_000) -> None:
        self._most = most_per_client
        self._by_id: dict[bytes, Spent] = {}
        self._count: dict[str, int] = {}

    def __len__(self) -> int:
        return len(self._by_id)

    def __iter__(self) -> Iterator[Spent]:
        return iter(tuple(self._by_id.values()))

    def __contains__(self, ident: object) -> bool:
        return ident in self._by_id

    def put(self, spent: Spent) -> None:
        """Add or replace by id."""
        if spent.id not in self._by_id:
            self._count[spent.client] = self._count.get(spent.client, 0) + 1
        self._by_id[spent.id] = spent

    def remove(self, ident: bytes) -> None:
        """Forget one. Unknown ids are no error."""
        old = self._by_id.pop(ident, None)
        if old is not None:
            self._count[old.client] -= 1
            if not self._count[old.client]:
                del self._count[old.client]

    def load(self, spent: Iterable[Spent]) -> None:
        """Replace everything, as at unlock."""
        self._by_id.clear()
        self._count.clear()
        for one in spent:
            self.put(one)

    def spend(self, spent: Spent) -> None:
        """Raises SignIn when it was used before, Unavailable when this client has too many alive."""
        if spent.id in self._by_id:
            raise _invalid("the assertion was used before")
        if self._count.get(spent.client, 0) >= self._most:
            raise Unavailable("This client asks for tokens too often. Use a token for its five minutes.", where="jti")
        self.put(spent)

    def sweep(self, now_ms: int) -> list[Spent]:
        """Drop the dead. The caller deletes the rows."""
        dead = [spent for spent in self._by_id.values() if now_ms > spent.until_ms]
        for spent in dead:
            self.remove(spent.id)
        return dead


class _Header(msgspec.Struct):
    alg: str
    typ: str = "JWT"
    kid: str | None = None
    jku: Any = None
    jwk: Any = None
    x5u: Any = None
    x5c: Any = None
    crit: Any = None
    b64: Any = None
    zip: Any = None


class _Claims(msgspec.Struct):
    iss: str
    sub: str
    aud: str | list[str]
    exp: int | float
    jti: str
    iat: int | float | None = None
    nbf: int | float | None = None


_HEADER = msgspec.json.Decoder(_Header)
_CLAIMS = msgspec.json.Decoder(_Claims)


def verify_assertion(
    assertion: str, clients: ClientTable, audiences: Iterable[str], now_ms: int, spent: SpentTable
) -> Proven:
    """The client behind a client assertion, which is thereby used up.

    `audiences` are the exact spellings of the token URL that count. Every failure is SignIn with `where`
    "invalid_client" (RFC 6749 5.2) and a text for the integrator without anything from the token in it; an unknown, a
    disabled client and a wrong signature sound alike. Clocks may differ by 60 s; `exp` is at most 5 minutes ahead.
    About 0.4 ms for ES384, nearly all of it the signature: small enough for the keeper's loop.
    """
    header, claims = _read(assertion)
    client = clients.find(claims.iss)
    key = None if client is None else clients.key(client, header.kid)
    if client is None or client.disabled or key is None or key[0] != header.alg:
        raise _invalid("unknown client, unknown key or wrong signature")
    algorithm, public = key
    try:
        # What was read above was not proven yet; from here on only the signed bytes speak.
        claims = _CLAIMS.decode(_JWS.decode_complete(assertion, key=public, algorithms=[algorithm])["payload"])
    except (PyJWTError, ValueError, TypeError):
        raise _invalid("unknown client, unknown key or wrong signature") from None
    _check(client, claims, audiences, now_ms)
    used = Spent(
        id=sha256(client.id.encode() + b"\0" + claims.jti.encode("utf-8", "surrogatepass")).digest(), client=client.id,
        until_ms=int(claims.exp * 1000) + LEEWAY_MS,
    )
    spent.spend(used)
    return Proven(client=client, spent=used)


def _read(assertion: str) -> tuple[_Header, _Claims]:
    if len(assertion) > MOST_BYTES or not assertion.isascii() or assertion.count(".") != 2:
        raise _invalid("this is no signed JWT of at most 8 KiB")
    first, second, _ = assertion.split(".")
    try:
        header = _HEADER.decode(urlsafe_b64decode(first + "=" * (-len(first) % 4)))
        claims = _CLAIMS.decode(urlsafe_b64decode(second + "=" * (-len(second) % 4)))
    except (msgspec.MsgspecError, binascii.Error, ValueError, RecursionError):
        raise _invalid("header or claims are missing or malformed") from None
    if header.alg not in ("ES384", "RS384") or header.typ.upper() != "JWT":
        raise _invalid("only JWTs signed with ES384 or RS384 are taken")
    offered = (header.jku, header.jwk, header.x5u, header.x5c, header.crit, header.b64, header.zip)
    if any(part is not None for part in offered):
        raise _invalid("jku, jwk, x5u, x5c, crit, b64 and zip are not taken; register the key instead")
    return header, claims


def _check(client: Client, claims: _Claims, audiences: Iterable[str], now_ms: int) -> None:
    offered = [claims.aud] if isinstance(claims.aud, str) else claims.aud
    if claims.iss != client.id or claims.sub != client.id:
        raise _invalid("iss and sub must both be the client id")
    if len(offered) > 8 or not set(offered) & set(audiences):
        raise _invalid("aud must be the token URL")
    if not 1 <= len(claims.jti) <= 256:
        raise _invalid("jti must have 1 to 256 characters")
    exp_ms = claims.exp * 1000
    if not exp_ms + LEEWAY_MS > now_ms:
        raise _invalid("the assertion has expired")
    if not exp_ms <= now_ms + AHEAD_MS + LEEWAY_MS:
        raise _invalid("exp may be at most five minutes ahead")
    for name, at in (("nbf", claims.nbf), ("iat", claims.iat)):
        if at is not None and not at * 1000 <= now_ms + LEEWAY_MS:
            raise _invalid(f"{name} is in the future")
    if claims.iat is not None and not claims.exp - claims.iat <= (AHEAD_MS + LEEWAY_MS) / 1000:
        raise _invalid("the assertion is valid for longer than five minutes")


def _invalid(why: str) -> SignIn:
    return SignIn(f"invalid_client: {why}.", where="invalid_client")
