"""Passwords: Argon2id hashes, and a refusal of the guessable ones. A password alone never signs anybody in (signin.py).

Hashing and checking each take 64 MiB and about 0.12 s of one core (0.5 s on a busy one), so the caller runs them in an
executor thread and lets at most two run at once: 128 MiB and two cores are then the most that guessers can occupy.
"""

from __future__ import annotations

import base64
import os
import unicodedata
from collections.abc import Iterable

import msgspec
from argon2 import PasswordHasher, Type
from argon2.exceptions import InvalidHashError, VerificationError, VerifyMismatchError

from seifas.errors import Invalid, Tampered, TooLarge
from seifas.keeper.identity import guessing

FEWEST, MOST = 12, 256
# RFC 9106 4, second recommended option (t=3, 64 MiB), with one lane: two run at once on a small server already.
_HASHER = PasswordHasher(time_cost=3, memory_cost=65_536, parallelism=1, hash_len=32, salt_len=16, type=Type.ID)


class Checked(msgspec.Struct, frozen=True):
    """`rehashed` is a new hash to store when the parameters have changed since ("" otherwise, and when not matched)."""

    matched: bool
    rehashed: str = ""


def hash_password(password: str, *, names: Iterable[str] = ()) -> str:
    """The encoded Argon2id hash of an acceptable password. Raises Invalid, TooLarge; runs in an executor thread.

    `names` are the login name, display name, clinic's name and hosts: a password made of them is guessed first.
    """
    kept = _normal(password)
    if len(password) > MOST * 4 or len(kept) > MOST:
        raise TooLarge(f"A password has at most {MOST} characters.", where="password")
    if len(kept) < FEWEST:
        raise Invalid(f"A password has at least {FEWEST} characters. Several words are easy to keep.", where="password")
    guessing.refuse_guessable(kept, names)
    return _HASHER.hash(kept.encode("utf-8", "surrogatepass"))


def check_password(encoded: str, password: str) -> Checked:
    """Compare; takes the same time whether `encoded` is a real hash, `dummy_hash()` or "". Runs in an executor thread.

    Raises Tampered when the stored hash is no Argon2id hash.
    """
    kept = _normal(password).encode("utf-8", "surrogatepass")
    try:
        _HASHER.verify(encoded or dummy_hash(), kept)
    except VerifyMismatchError:
        return Checked(matched=False)
    except (InvalidHashError, VerificationError):
        raise Tampered("A stored password hash cannot be read.", where="account") from None
    if len(password) > MOST * 4 or not encoded:
        return Checked(matched=False)
    return Checked(matched=True, rehashed=_HASHER.hash(kept) if _HASHER.check_needs_rehash(encoded) else "")


def dummy_hash() -> str:
    """A well-formed hash that no password has: 32 random bytes in the place of the digest."""
    salt, digest = (base64.b64encode(os.urandom(n)).decode().rstrip("=") for n in (16, 32))
    return f"$argon2id$v=19$m={_HASHER.memory_cost},t={_HASHER.time_cost},p={_HASHER.parallelism}${salt}${digest}"


def _normal(password: str) -> str:
    # NIST SP 800-63B 5.1.1.2: normalise, so that the same keys give the same bytes on every keyboard and system.
    return unicodedata.normalize("NFKC", password[: MOST * 4])
