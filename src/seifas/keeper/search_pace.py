"""How often a session searches. Whom it is listed is the budget's; how often it is listed the same ones, is said here.

A masked hit shows a year of birth and three digits of a telephone. Whoever may ask as often as he likes finds the day
by asking forty times, and the rest of the number by a thousand: the mask would be none. In memory only: after a restart
of the keeper the hour begins anew.
"""

from __future__ import annotations

from collections import OrderedDict

from seifas.keeper.budget.limits import HOUR
from seifas.keeper.budget.windows import Tally

_MOST_KEPT = 5_000


class SearchPace:
    """Searches of the last hour by session (16 bytes); times are budget time in ms."""

    def __init__(self) -> None:
        self._asked: OrderedDict[bytes, tuple[Tally, Tally]] = OrderedDict()

    def may(self, session: bytes, now: int, most: int) -> bool:
        """Whether one more search is within `most` an hour, and as many again for each gesture. It is not counted."""
        asked, lifts = self._of(session)
        return asked.count(now) < most * (1 + lifts.count(now))

    def searched(self, session: bytes, now: int) -> None:
        self._of(session)[0].add(now)

    def lift(self, session: bytes, now: int) -> None:
        """A gesture was made over searching."""
        self._of(session)[1].add(now)

    def _of(self, session: bytes) -> tuple[Tally, Tally]:
        found = self._asked.get(session)
        if found is None:
            found = self._asked[session] = (Tally(HOUR), Tally(HOUR))
            if len(self._asked) > _MOST_KEPT:
                self._asked.popitem(last=False)
        self._asked.move_to_end(session)
        return found
