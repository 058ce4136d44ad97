"""Which rows are one patient: the same personal code, or card number, or surname, given name and birth date.

Two people must never become one, so keys that contradict each other join nothing: namesakes with two codes stay two,
a family's common card number joins nobody, and rows that cannot be told apart are refused.
"""

from __future__ import annotations

import hashlib
from array import array
from collections.abc import Iterable

from seifas.keeper.directory.names import fold
from seifas.tables.rows import Row
from seifas.tables.table import Fault

_CODE, _CARD, _NAME, _REACH = range(4)  # kinds of keys, the strongest first

NOTHING_BUT_NAME = (
    "has nothing but a name: a birth date, personal code, card number, telephone or e-mail address is needed to tell "
    "whose the row is"
)
TWO_PEOPLE = "fits two patients of this file and has no personal code to tell which"
OTHER_ROW = "another row of the same patient is refused, and a patient is imported whole or not at all"


class People:
    """Takes the rows one by one and says which belong together. Memory: about 0.5 KB a row."""

    def __init__(self) -> None:
        self._parent = array("l")
        self._codes: dict[int, bytes] = {}  # row -> digest of its personal code
        self._anchored = bytearray()  # whether the row says more of the person than a name and how to reach them
        self._holders: tuple[dict[bytes, list[int]], ...] = ({}, {}, {}, {})
        self._homeless: list[int] = []

    def add(self, row: Row) -> None:
        """The next row, also one with faults: what it says of its patient counts all the same."""
        index = len(self._parent)
        self._parent.append(index)
        name = f"{fold(row.family)}|{fold(row.given)}" if row.family else ""
        birth = row.birth if len(row.birth) == 10 else ""
        if row.code:
            self._codes[index] = self._hold(_CODE, index, row.code)
        if row.card:
            self._hold(_CARD, index, row.card.casefold())
        if name and birth:
            self._hold(_NAME, index, f"{name}|{birth}")
        partly = (row.birth,) if row.birth and not birth else ()
        for way in (*row.phones[:2], *(mail.casefold() for mail in row.emails[:2]), *partly):
            if name:
                self._hold(_REACH, index, f"{name}|{way}")
        self._anchored.append(bool(row.code or row.card or (name and birth)))
        if not self._anchored[index] and not (name and (row.phones or row.emails or row.birth)):
            self._homeless.append(index)

    def _hold(self, kind: int, index: int, text: str) -> bytes:
        key = hashlib.blake2b(text.encode(), digest_size=12).digest()
        self._holders[kind].setdefault(key, []).append(index)
        return key

    def join(self) -> tuple[list[list[int]], dict[int, str]]:
        """(groups of row indexes in the order of the file, index of a row that belongs to nobody -> why)."""
        refused = dict.fromkeys(self._homeless, NOTHING_BUT_NAME)
        for rows in self._holders[_CODE].values():
            self._union(rows)
        for kind in (_CARD, _NAME):
            for rows in self._holders[kind].values():
                if len(rows) > 1:
                    self._join_unless_two(rows, refused)
        for rows in self._holders[_REACH].values():
            loose = [index for index in rows if not self._anchored[index]]
            if len({self._root(index) for index in rows if self._anchored[index]}) > 1:
                refused |= dict.fromkeys(loose, TWO_PEOPLE)
            elif loose:
                self._union(rows)
        # What one key could not tell another may have told meanwhile.
        refused = {
            index: why for index, why in refused.items() if why is not TWO_PEOPLE or not self._code_of(index)
        }
        groups: dict[int, list[int]] = {}
        for index in range(len(self._parent)):
            if index not in refused:
                groups.setdefault(self._root(index), []).append(index)
        return list(groups.values()), refused

    def _join_unless_two(self, rows: list[int], refused: dict[int, str]) -> None:
        """Join rows with a common key, unless they are people with different codes: then those without a code could
        be either's."""
        if len({code for index in rows if (code := self._code_of(index))}) <= 1:
            self._union(rows)
        else:
            refused |= {index: TWO_PEOPLE for index in rows if not self._code_of(index)}

    def _code_of(self, index: int) -> bytes:
        """The personal code, as a digest, of the group that the row is in so far; b"" without one."""
        return self._codes.get(self._root(index), b"")

    def _root(self, index: int) -> int:
        parent = self._parent
        while parent[index] != index:
            parent[index] = parent[parent[index]]
            index = parent[index]
        return index

    def _union(self, rows: list[int]) -> None:
        first = self._root(rows[0])
        for index in rows[1:]:
            other = self._root(index)
            if other != first:
                low, high = min(first, other), max(first, other)
                self._parent[high] = low
                if high in self._codes:
                    self._codes.setdefault(low, self._codes[high])
                first = low


def contradictions(rows: Iterable[Row]) -> list[Fault]:
    """Where the rows of one patient disagree on who that is; empty where they agree."""
    seen: dict[str, tuple[str, int]] = {}
    faults: list[Fault] = []
    for row in rows:
        given = fold(row.given).partition(" ")[0]
        for what, value in (
            ("personal code", row.code), ("birth date", row.birth), ("sex", row.sex), ("given name", given)
        ):  # fmt: skip
            if not value:
                continue
            first, number = seen.setdefault(what, (value, row.number))
            if first == value:
                continue
            if what == "birth date" and (first.startswith(value) or value.startswith(first)):
                if len(value) > len(first):
                    seen[what] = (value, row.number)
                continue
            faults.append(Fault(row.number, "", f"is of the same patient as row {number} and has another {what}"))
    return faults
