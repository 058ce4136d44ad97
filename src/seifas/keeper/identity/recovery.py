"""Recovery codes: ten, shown once, each good once in the place of a one-time code (with the password, never alone).

A code is 80 random bits, so a plain salted hash is enough; the salt is the account, so that equal hashes say nothing.
"""

from __future__ import annotations

import hmac
import secrets
from hashlib import sha256

from msgspec.structs import replace

from seifas.keeper.identity.accounts import Account

CODES = 10
# Crockford's alphabet: no I, L, O, U, so that a code survives being read aloud or written down.
_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_READ_AS = str.maketrans("ILO", "110")


def new_codes(account: bytes) -> tuple[tuple[str, ...], tuple[bytes, ...]]:
    """Ten codes to show (`XXXX-XXXX-XXXX-XXXX`) and their hashes to keep (`accounts.set_recovery`)."""
    codes = tuple(
        "-".join("".join(secrets.choice(_ALPHABET) for _ in range(4)) for _ in range(4)) for _ in range(CODES)
    )
    return codes, tuple(_hash(account, code) for code in codes)


def spend(account: Account, code: str) -> Account | None:
    """Pure: the account without this code, or None when it is none of its codes."""
    hashed = _hash(account.id, code)
    left = tuple(known for known in account.recovery_hashes if not hmac.compare_digest(known, hashed))
    return replace(account, recovery_hashes=left) if len(left) < len(account.recovery_hashes) else None


def _hash(account: bytes, code: str) -> bytes:
    plain = "".join(c for c in code[:64].upper() if c.isalnum()).translate(_READ_AS)
    return sha256(b"seifas recovery code\0" + account + plain.encode("utf-8", "surrogatepass")).digest()
