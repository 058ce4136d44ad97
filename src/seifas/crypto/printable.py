"""A custodian's secret as text to print, keep in a safe and type in again years later.

40 bytes: custodian number u8 (from 1) | first 2 bytes of the slot's id | secret 32 | first 5 bytes of the SHA-256 of
all before. They become 64 symbols of Crockford's base 32 (no I, L, O, U), in 16 groups of four, and every group has a
fifth symbol that checks it:

    check = a(a(a(a(g + s1) + s2) + s3) + s4)  in GF(32) = GF(2)[a]/(a^5 + a^2 + 1),  g = number of the group, 1 to 16

The weights differ from place to place and are never zero, so one wrong symbol and two neighbours exchanged are always
seen, groups in a wrong order too, and the message can name the group. Case, spaces and dashes do not matter.
"""

from __future__ import annotations

from hashlib import sha256
from typing import Final
from unicodedata import category, normalize

import msgspec

from seifas.errors import Invalid

SECRET_SIZE: Final = 32
MARK_SIZE: Final = 2
GROUPS: Final = 16

SYMBOLS: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
VALUES: Final = {symbol: value for value, symbol in enumerate(SYMBOLS)} | {"O": 0, "I": 1, "L": 1}
_SUM_SIZE: Final = 5
_BODY: Final = 1 + MARK_SIZE + SECRET_SIZE
_LONGEST_INPUT: Final = 1000


class CustodianSecret(msgspec.Struct, frozen=True):
    """What one custodian holds. `number` counts from 1; `mark` are the first 2 bytes of the slot's id."""

    number: int
    mark: bytes
    secret: bytes

    def __repr__(self) -> str:
        return f"CustodianSecret(number={self.number}, ...)"


def to_text(held: CustodianSecret) -> str:
    """16 groups of 5 symbols joined by dashes, 95 characters."""
    body = bytes([held.number]) + held.mark + held.secret
    if len(body) != _BODY:
        raise Invalid("a custodian's secret is 32 bytes and its mark 2")
    number = int.from_bytes(body + sha256(body).digest()[:_SUM_SIZE], "big")
    values = [number >> 5 * place & 31 for place in reversed(range(GROUPS * 4))]
    groups = [values[at : at + 4] for at in range(0, len(values), 4)]
    return "-".join(
        "".join(SYMBOLS[value] for value in (*group, check_value(at, group))) for at, group in enumerate(groups, 1)
    )


def from_text(text: str) -> CustodianSecret:
    """The secret again. `Invalid` with `where` naming the group (and character, if it is no symbol at all)."""
    values = _values(text)
    groups = [values[at : at + 5] for at in range(0, len(values), 5)]
    wrong = [at for at, group in enumerate(groups, 1) if len(group) < 5 or check_value(at, group[:4]) != group[4]]
    if len(values) != GROUPS * 5:
        first = min([*wrong, GROUPS])
        raise Invalid(
            f"a custodian's secret has {GROUPS * 5} characters, this one {len(values)}; "
            f"look at group {first} or just before it",
            where=f"group {first}",
        )
    if wrong:
        named = ", ".join(str(at) for at in wrong)
        raise Invalid(f"there is a typing error in group {named}", where=f"group {named}")
    number = 0
    for group in groups:
        for value in group[:4]:
            number = number << 5 | value
    raw = number.to_bytes(_BODY + _SUM_SIZE, "big")
    body = raw[:_BODY]
    if sha256(body).digest()[:_SUM_SIZE] != raw[_BODY:]:
        raise Invalid("several characters are wrong: compare all groups once more", where="group 1-16")
    return CustodianSecret(number=body[0], mark=body[1 : 1 + MARK_SIZE], secret=body[1 + MARK_SIZE :])


def _values(text: str) -> list[int]:
    if len(text) > _LONGEST_INPUT:
        raise Invalid("this is too long for a custodian's secret")
    values: list[int] = []
    for char in normalize("NFKC", text):
        if char.isspace() or category(char) in {"Pd", "Cf"} or char == "_":
            continue
        value = VALUES.get(char.upper())
        if value is None:
            group, place = divmod(len(values), 5)
            where = f"group {group + 1}, character {place + 1}"
            raise Invalid(f"{where} is not a letter or digit that is used here", where=where)
        values.append(value)
    return values


def check_value(number: int, group: list[int]) -> int:
    """The symbol, as its value, that checks up to 30 others (the formula above); `number` tells groups apart."""
    sum_ = number
    for value in group:
        sum_ = (sum_ ^ value) << 1
        if sum_ & 32:
            sum_ ^= 0b100101
    return sum_
