"""Passwords: Argon2id hashes, and a refusal of the trivial ones. A password alone never signs anybody in (signin.py).

Hashing and checking each take 64 MiB and about 0.12 s of one core (0.5 s on a busy one), so the caller runs them in an
executor thread and lets at most two run at once: 128 MiB and two cores are then the most that guessers can occupy.
"""

from __future__ import annotations

import base64
import os
import re
import unicodedata
from collections.abc import Iterable

import msgspec
from anyascii import anyascii
from argon2 import PasswordHasher, Type
from argon2.exceptions import InvalidHashError, VerificationError, VerifyMismatchError

from seifas.errors import Invalid, Tampered, TooLarge

FEWEST, MOST = 12, 256
# What is left of a password once names, known words, runs and repetitions count as one character each.
_FEWEST_SURPRISES = 8
# RFC 9106 4, second recommended option (t=3, 64 MiB), with one lane: two run at once on a small server already.
_HASHER = PasswordHasher(time_cost=3, memory_cost=65_536, parallelism=1, hash_len=32, salt_len=16, type=Type.ID)
_ROWS = ("1234567890", "qwertyuiop", "asdfghjkl", "zxcvbnm", "abcdefghijklmnopqrstuvwxyz", "qazwsxedcrfvtgb")
_WORDS = (
    "administrator", "slaptazodis", "pavasaris", "krepsinis", "gydytojas", "zalgiris", "iloveyou", "football",
    "daktaras", "sveikata", "ligonine", "password", "lietuva", "vilnius", "klinika", "welcome", "letmein", "klaipeda",
    "kaunas", "seifas", "clinic", "doctor", "vasara", "summer", "winter", "spring", "autumn", "secret", "monkey",
    "dragon", "master", "ruduo", "ziema", "labas", "login", "admin", "hello", "pass",
)
_LEET = str.maketrans("01345789@$!", "oieastbgasi")


class Checked(msgspec.Struct, frozen=True):
    """`rehashed` is a new hash to store when the parameters have changed since ("" otherwise, and when not matched)."""

    matched: bool
    rehashed: str = ""


def hash_password(password: str, *, names: Iterable[str] = ()) -> str:
    """The encoded Argon2id hash of an acceptable password. Raises Invalid, TooLarge; runs in an executor thread.

    `names` are the login name, display name and clinic name: a password made of them is trivial.
    """
    kept = _normal(password)
    if len(password) > MOST * 4 or len(kept) > MOST:
        raise TooLarge(f"A password has at most {MOST} characters.", where="password")
    if len(kept) < FEWEST:
        raise Invalid(f"A password has at least {FEWEST} characters. Several words are easy to keep.", where="password")
    if surprises(kept, names) < _FEWEST_SURPRISES:
        raise Invalid(
            "This password is too easy to guess: it is mostly a name, a known word, a row of keys or a repetition.",
            where="password",
        )
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


def surprises(password: str, names: Iterable[str] = ()) -> int:
    """How many characters of a password a guesser who knows the names would not expect.

    A name or known word counts 1; a character that repeats, continues a run (keyboard row, alphabet, digits, both ways)
    or repeats what stood earlier counts 0. The smaller count of the password as typed and with 0, 1, 3, 4 ... read as
    letters is taken.
    """
    parts = {part for name in names for part in re.split(r"[\W_]+", _plain(name)) if len(part) >= 3}
    known = sorted(parts | set(_WORDS), key=len, reverse=True)
    text = _plain(password)
    return min(_surprises(text, known), _surprises(text.translate(_LEET), known))


def _surprises(text: str, known: list[str]) -> int:
    for word in known:
        text = text.replace(word, "\0")
    count = 0
    for at, char in enumerate(text):
        three = text[at - 2 : at + 1] if at > 1 else ""
        runs = bool(three) and any(three in row or three[::-1] in row for row in _ROWS)
        repeats = at > 0 and (char == text[at - 1] or (bool(three) and three in text[:at]))
        count += not (runs or repeats)
    return count


def _normal(password: str) -> str:
    # NIST SP 800-63B 5.1.1.2: normalise, so that the same keys give the same bytes on every keyboard and system.
    return unicodedata.normalize("NFKC", password[: MOST * 4])


def _plain(text: str) -> str:
    return anyascii(unicodedata.normalize("NFKC", text[: MOST * 4])).casefold()
