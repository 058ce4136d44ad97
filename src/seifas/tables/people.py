"""Which rows are one patient: the same personal code, or card number, or surname, given name and birth date.

Two people must never become one, so a key that two people share joins nobody (namesakes with two codes, a family's
common card number), and rows that could be either's are refused. What comes out does not depend on the order of rows.
"""

from __future__ import annotations

import hashlib
from array import array
from collections.abc import Callable, Iterable

from seifas.names.folding import fold
from seifas.tables.rows import Row
from seifas.tables.table import Fault

NOTHING_BUT_NAME = (
    "has nothing but a name: a birth date, personal code, card number, telephone or e-mail address is needed to tell "
    "whose the row is"
)
TWO_PEOPLE = "fits two patients of this file, and nothing in it tells which"
OTHER_ROW = "another row of the same patient is refused, and a patient is imported whole or not at all"

_Holders = dict[bytes, list[int]]


class _Forest:
    """Sets of row indexes that grow together."""

    def __init__(self, size: int) -> None:
        self._parent = array("l", range(size))

    def root(self, index: int) -> int:
        """The least index of the set."""
        parent = self._parent
        while parent[index] != index:
            parent[index] = parent[parent[index]]
            index = parent[index]
        return index

    def union(self, rows: Iterable[int]) -> None:
        first = -1
        for index in rows:
            other = self.root(index)
            if first < 0:
                first = other
            elif other != first:
                low, high = min(first, other), max(first, other)
                self._parent[high] = low
                first = low


class People:
    """Takes the rows one by one and says which belong together. Memory: about 0.6 KB a row."""

    def __init__(self) -> None:
        self._size = 0
        self._codes: dict[int, bytes] = {}  # row -> its personal code, as a digest
        self._anchored = bytearray()  # whether the row says more of the person than a name and how to reach them
        self._by_code: _Holders = {}
        self._by_self: _Holders = {}  # by card number; by surname, given name and birth date
        self._by_reach: _Holders = {}  # by name with telephone, e-mail address or part of a birth date
        self._homeless: list[int] = []

    def add(self, row: Row) -> None:
        """The next row, also one with faults: what it says of its patient counts all the same."""
        index = self._size
        self._size += 1
        name = f"{fold(row.family)}|{fold(row.given)}" if row.family else ""
        birth = row.birth if len(row.birth) == 10 else ""
        if row.code:
            self._codes[index] = _hold(self._by_code, index, row.code)
        if row.card:
            _hold(self._by_self, index, f"card|{row.card.casefold()}")
        if name and birth:
            _hold(self._by_self, index, f"{name}|{birth}")
        partly = (row.birth,) if row.birth and not birth else ()
        ways = (*row.phones[:2], *(mail.casefold() for mail in row.emails[:2]), *partly)
        for way in ways if name else ():
            _hold(self._by_reach, index, f"{name}|{way}")
        self._anchored.append(bool(row.code or row.card or (name and birth)))
        if not self._anchored[index] and not (name and ways):
            self._homeless.append(index)

    def join(self) -> tuple[list[list[int]], dict[int, str]]:
        """(groups of row indexes in the order of the file, index of a row that belongs to nobody -> why)."""
        forest = _Forest(self._size)
        for rows in self._by_code.values():
            forest.union(rows)
        unsure = self._place(forest, self._by_self, self._codes.get)
        anchors = {index: forest.root(index) for index in range(self._size) if self._anchored[index]}
        unsure |= self._place(forest, self._by_reach, anchors.get)
        # Who joined a row that could be either's could be either's too.
        doubtful = {forest.root(index) for index in unsure}
        unsure |= {index for index in range(self._size) if doubtful and forest.root(index) in doubtful}
        refused = dict.fromkeys(self._homeless, NOTHING_BUT_NAME) | dict.fromkeys(unsure, TWO_PEOPLE)
        groups: dict[int, list[int]] = {}
        for index in range(self._size):
            if index not in refused:
                groups.setdefault(forest.root(index), []).append(index)
        return list(groups.values()), refused

    def _place(
        self, forest: _Forest, holders: _Holders, owner_of: Callable[[int], bytes | int | None]
    ) -> set[int]:
        """Join rows by keys that no two owners share; the rows without an owner that could belong to two come back."""
        trial = _Forest(self._size)
        touched: set[int] = set()
        contested: set[int] = set()
        for rows in holders.values():
            if len(rows) < 2:
                continue
            owners = {owner_of(index) for index in rows} - {None}
            if len(owners) > 1:
                contested.update(index for index in rows if owner_of(index) is None)
            else:
                trial.union(rows)
            touched.update(rows)
        together: dict[int, list[int]] = {}
        for index in sorted(touched):
            together.setdefault(trial.root(index), []).append(index)
        unsure: set[int] = set()
        for rows in together.values():
            owners = {owner_of(index) for index in rows} - {None}
            if len(owners) > 1:
                unsure.update(index for index in rows if owner_of(index) is None)
            elif not owners and not contested.isdisjoint(rows):
                unsure.update(rows)
            else:
                forest.union(rows)
        return unsure


def _hold(holders: _Holders, index: int, text: str) -> bytes:
    key = hashlib.blake2b(text.encode(), digest_size=12).digest()
    holders.setdefault(key, []).append(index)
    return key


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
