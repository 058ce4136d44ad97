"""Finds lines of the audit log by account, patient, session, deed and day without opening each of them.

In memory only, for whoever watches: made from the log when somebody first looks after an unlock (about 15 µs a line,
1.5 s for 100,000) and carried on from there; columns of numbers, 33 bytes a line, for the newest `MOST_LINES` lines.
What is older is read line by line, as it was before there was an index. Nothing of it is stored.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Collection, Iterable, Iterator
from typing import Final

import msgspec

from seifas.keeper.lines import Line

MOST_LINES: Final = 500_000
_SPARE: Final = 50_000  # so many lines come before the oldest are dropped again
_ACCOUNT, _SESSION, _PATIENT = range(3)


class Wanted(msgspec.Struct, frozen=True):
    """Which lines are sought; empty is any. `patient` is a pseudonym; times in wall ms, `until_ms` not included."""

    account: bytes = b""
    patient: bytes = b""
    session: bytes = b""
    actions: Collection[int] = ()
    since_ms: int = 0
    until_ms: int = 0

    def fits(self, line: Line) -> bool:
        """Whether a line is one of them."""
        return not (
            (self.account and line.account != self.account)
            or (self.patient and line.pseudonym != self.patient)
            or (self.session and line.session != self.session)
            or (self.actions and line.action not in self.actions)
            or line.wall_ms < self.since_ms
            or (self.until_ms and line.wall_ms >= self.until_ms)
        )


class LogIndex:
    """Lines from `first` to `size`, by number."""

    def __init__(self, most: int = MOST_LINES) -> None:
        self._most = most
        self.clear()

    def clear(self, at: int = 0) -> None:
        """Forgets everything; the next line to be added is number `at`."""
        self.first = self.size = at
        self._walls = array("Q")
        self._actions = array("B")
        self._columns = (array("I"), array("I"), array("I"))
        self._numbers: dict[bytes, int] = {b"": 0}
        self._given = 0  # the highest number that was given; none is given twice
        self._places: dict[tuple[int, int], array[int]] = {}

    def start(self, end: int) -> int:
        """From which line on to add, where the log has `end` lines."""
        if end < self.size:
            self.clear()  # another log than the one that was read
        if self.size < end - self._most:
            self.clear(end - self._most)
        return self.size

    def add(self, lines: Iterable[Line]) -> None:
        """The lines that follow, in order."""
        for line in lines:
            self._walls.append(max(0, line.wall_ms))
            self._actions.append(line.action)
            for kind, ident in ((_ACCOUNT, line.account), (_SESSION, line.session), (_PATIENT, line.pseudonym)):
                number = self._number(ident)
                self._columns[kind].append(number)
                if number:
                    self._places.setdefault((kind, number), array("I")).append(self.size)
            self.size += 1
        if self.size - self.first > self._most + _SPARE:
            self._drop(self.size - self._most)

    def _number(self, ident: bytes) -> int:
        number = self._numbers.get(ident)
        if number is None:
            self._given += 1
            number = self._numbers[ident] = self._given
        return number

    def find(self, wanted: Wanted, before: int, count: int) -> list[int]:
        """Numbers of at most `count` lines below `before` (0: the end), newest first."""
        end = min(before, self.size) if before else self.size
        sought = {
            kind: self._numbers.get(ident, -1)
            for kind, ident in ((_ACCOUNT, wanted.account), (_SESSION, wanted.session), (_PATIENT, wanted.patient))
            if ident
        }
        found: list[int] = []
        for index in self._candidates(sought, end):
            place = index - self.first
            if any(self._columns[kind][place] != number for kind, number in sought.items()):
                continue
            wall = self._walls[place]
            if wall < wanted.since_ms or (wanted.until_ms and wall >= wanted.until_ms):
                continue
            if wanted.actions and self._actions[place] not in wanted.actions:
                continue
            found.append(index)
            if len(found) >= count:
                break
        return found

    def _candidates(self, sought: dict[int, int], end: int) -> Iterator[int]:
        if not sought:
            return iter(range(end - 1, self.first - 1, -1))
        rows = [self._places.get(one, array("I")) for one in sought.items()]
        shortest = min(rows, key=len)
        stop = bisect_left(shortest, end)
        return (shortest[at] for at in range(stop - 1, -1, -1))

    def _drop(self, first: int) -> None:
        """Forgets the oldest: everything before line `first`."""
        gone = first - self.first
        self._walls, self._actions = self._walls[gone:], self._actions[gone:]
        self._columns = (self._columns[0][gone:], self._columns[1][gone:], self._columns[2][gone:])
        self._places = {
            key: rest for key, places in self._places.items() if (rest := places[bisect_left(places, first) :])
        }
        live = {number for column in self._columns for number in set(column)} | {0}
        self._numbers = {ident: number for ident, number in self._numbers.items() if number in live}
        self.first = first
