"""A code of 115 bits that people read from paper and type: 23 symbols and one that checks them, in six groups of four.

Symbols are Crockford's base 32 (no I, L, O, U); the check is that of crypto.printable, so one wrong symbol and two
neighbours exchanged are always seen. Case, spaces and dashes do not matter; O is read as 0, I and L as 1.
"""

from __future__ import annotations

import secrets
from typing import Final
from unicodedata import category, normalize

from seifas.crypto.printable import SYMBOLS, VALUES, check_value

BITS: Final = 115
LETTERS: Final = 24
_DATA: Final = LETTERS - 1
_GROUP: Final = 4
_LONGEST_INPUT: Final = 200


def new_code() -> str:
    """A fresh one from the system's randomness, as it is printed: 29 characters with its dashes."""
    number = secrets.randbits(BITS)
    values = [number >> 5 * place & 31 for place in reversed(range(_DATA))]
    return _set("".join(SYMBOLS[value] for value in (*values, check_value(0, values))))


def read_code(text: str) -> str:
    """The 24 symbols of what was typed, without dashes; empty for what is no such code, whatever is wrong with it."""
    if len(text) > _LONGEST_INPUT:
        return ""
    values: list[int] = []
    for char in normalize("NFKC", text):
        if char.isspace() or category(char) in {"Pd", "Cf"} or char == "_":
            continue
        value = VALUES.get(char.upper())
        if value is None or len(values) == LETTERS:
            return ""
        values.append(value)
    if len(values) != LETTERS or check_value(0, values[:_DATA]) != values[_DATA]:
        return ""
    return "".join(SYMBOLS[value] for value in values)


def _set(symbols: str) -> str:
    return "-".join(symbols[at : at + _GROUP] for at in range(0, len(symbols), _GROUP))
