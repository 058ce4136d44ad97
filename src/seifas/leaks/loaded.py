"""Whom one case's searches compare with, in memory only, from the keeper: all cards, and care that was asked for.

It stays for the case's next search while it is warm, and goes with the process (main.py). Nothing of it is ever
written, logged or told to another case.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from typing import Final

from seifas.leaks.asking import CaseKeeper
from seifas.leaks.matching import Matcher
from seifas.leaks.people import Care, Person

STALE_S: Final = 10 * 60.0
"""After so long everything is read again: patients may have come meanwhile."""


class LoadedPeople:
    """Cards and care, for the case that is searched now, or was last."""

    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        self._case = b""
        self._matcher: Matcher | None = None
        self._people = 0
        self._read_at = 0.0
        self.care: dict[bytes, Care] = {}

    def begin(self, case: bytes) -> None:
        """For a search of this case: what another one read is forgotten."""
        if case != self._case:
            self.forget()
            self._case = case

    def matcher(self, keeper: CaseKeeper, loaded: Callable[[int], None]) -> Matcher:
        """Knows everybody. `loaded` is told how many people have come."""
        if self._matcher is None or time.monotonic() - self._read_at > STALE_S:
            people: list[Person] = []
            for page in keeper.people():
                people += page
                loaded(len(people))
            self._matcher, self.care, self._read_at = Matcher(people), {}, time.monotonic()
            self._people = len(people)
        loaded(self._people)
        return self._matcher

    def care_of(self, keeper: CaseKeeper, patients: Iterable[bytes]) -> dict[bytes, Care]:
        """What was done for these, each asked once."""
        wanted = list(dict.fromkeys(patients))
        missing = [one for one in wanted if one not in self.care]
        if missing:
            self.care.update((one, Care(one)) for one in missing)  # of a patient erased meanwhile nothing is told
            self.care.update(keeper.care(missing))
        return {one: self.care[one] for one in wanted}
