"""Shows the shape of a cell and nothing of its content: Žukauskienė -> Xxxxxxxxxxx, 1980-01-02 -> 9999-99-99."""

from __future__ import annotations

from seifas.tables.table import spoilt_reason

_LONGEST = 24


def masked(cell: str) -> str:
    """At most 24 characters: X and x for letters, 9 for digits, the rest as it stands."""
    if spoilt_reason(cell):
        return "?"
    shape = "".join(_shape(char) for char in cell[:_LONGEST])
    return shape + "…" if len(cell) > _LONGEST else shape


def _shape(char: str) -> str:
    if char.isdigit():
        return "9"
    if char.isalpha():
        return "X" if char.isupper() else "x"
    return char if char.isascii() and char.isprintable() else " "
