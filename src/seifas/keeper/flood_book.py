"""All floods in memory, as they stand in the state rows, and the minutes of the last two hours.

The bounds are for a shield that was taken over: it can fill its own box, and nothing else.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from typing import Any, Final, NamedTuple

from seifas.errors import Missing, OverBudget
from seifas.keeper.flood_model import KEPT_ENDED_MS, Flood, FloodChange, FloodMinute, FloodPart, Standing, Told

MOST_FLOODS: Final = 1_000
MOST_BEGUN_A_DAY: Final = 100
MOST_CHANGES: Final = 2_000
"""Of one flood."""

MOST_CHANGES_AN_HOUR: Final = 240
MOST_MINUTES: Final = 60_000
"""Of all floods that are kept: three weeks of two listeners."""

MOST_EDITIONS: Final = 64
"""Books of one flood."""

MOST_PARTS: Final = 20_000
MOST_BYTES: Final = 4 * 1024**3
"""Of minutes and books of all floods."""

MOST_FLOOD_BYTES: Final = 1024**3
"""Of one flood."""

MOST_RECENT: Final = 500
MOST_RECENT_BYTES: Final = 16 * 1024**2
RECENT_MS: Final = 2 * 3_600_000
NOTICE_HELD_MS: Final = 5_000
"""So long at most the shield is told of a notice later than the public pages, whose snapshot it takes then."""

CALM_MS: Final = 30 * 60_000
UNSAID_MS: Final = 24 * 3_600_000
"""A flood of which nothing was said for so long has ended."""

_HOUR_MS: Final = 3_600_000


class Recent(NamedTuple):
    """A minute as it was told (JSON), and what it says of itself."""

    listener: str
    begins_ms: int
    heard_ms: int
    body: bytes
    requests: int
    distinct: int
    exact: bool


class FloodBook:
    """Of one keeper, while it is unlocked."""

    def __init__(self) -> None:
        self._floods: dict[bytes, Flood] = {}
        self._changes: dict[bytes, dict[bytes, FloodChange]] = {}
        self._minutes: dict[bytes, dict[bytes, FloodMinute]] = {}
        self._parts: dict[bytes, dict[tuple[int, int], FloodPart]] = {}
        self._bytes: dict[bytes, int] = {}
        self._recent: dict[tuple[int, str], Recent] = {}
        self._next: dict[bytes, int] = {}
        self._recent_bytes = 0
        self._shown: dict[tuple[bytes, bytes], None] = {}
        self.numbers: dict[bytes, tuple[int, bytes]] = {}
        """Number of the line of a flood, a minute or a part, and the SHA-256 that it says, as far as looked up."""
        self._parts_shown: dict[bytes, deque[int]] = {}
        self.sealing: dict[bytes, tuple[bytes, int]] = {}
        """Objects that are being written: flood and bytes of each. No sweep may take them, and they count."""
        self.standing = Standing()
        self.told = Told()
        self.notice_boot_ms = -NOTICE_HELD_MS
        """When the notice was put up or taken down last, by the boot clock."""
        self.notice_public = False
        """What the public pages were told of it last."""
        self.heard_ms = 0
        """When the shield last told anything, by the wall clock."""
        self.certificate_boot_ms: int | None = None
        """When it last rang for a certificate that ends, by the boot clock."""
        self.silences = 0
        """How many sweeps in a row have found it silent."""

    def load(
        self, floods: Iterable[Flood], changes: Iterable[FloodChange], minutes: Iterable[FloodMinute],
        parts: Iterable[FloodPart], standing: Iterable[Standing],
    ) -> None:
        """Into an empty book, as at unlock."""
        for flood in floods:
            self.put(flood)
        for change in changes:
            self.put_change(change)
        for minute in minutes:
            self.put_minute(minute)
        for part in parts:
            self.put_part(part)
        self.standing = next(iter(standing), Standing())
        self.notice_public = self.standing.notice_ms > 0

    # -- what is stored

    def put(self, flood: Flood) -> None:
        self._floods[flood.id] = flood

    def put_change(self, change: FloodChange) -> None:
        self._changes.setdefault(change.flood, {})[change.id] = change

    def next_seq(self, flood: bytes) -> int:
        """The number of the next minute; taken with this call."""
        seq = self._next.get(flood, 0) + 1
        self._next[flood] = seq
        return seq

    def put_minute(self, minute: FloodMinute) -> None:
        self._next[minute.flood] = max(self._next.get(minute.flood, 0), minute.seq)
        self._minutes.setdefault(minute.flood, {})[minute.id] = minute
        self._bytes[minute.flood] = self._bytes.get(minute.flood, 0) + minute.size

    def put_part(self, part: FloodPart) -> None:
        self._parts.setdefault(part.flood, {})[part.edition, part.number] = part
        self._bytes[part.flood] = self._bytes.get(part.flood, 0) + part.size

    def drop_minute(self, minute: FloodMinute) -> None:
        """It did not become durable."""
        if self._minutes.get(minute.flood, {}).pop(minute.id, None) is not None:
            self._bytes[minute.flood] -= minute.size

    def drop_part(self, part: FloodPart) -> None:
        """It did not become durable."""
        if self._parts.get(part.flood, {}).pop((part.edition, part.number), None) is not None:
            self._bytes[part.flood] -= part.size

    def remove(self, ident: bytes) -> None:
        """The flood with all of it."""
        tables: tuple[dict[bytes, Any], ...] = (
            self._floods, self._changes, self._minutes, self._parts, self._bytes,
            self._next,
        )
        for table in tables:
            table.pop(ident, None)

    def has(self, ident: bytes) -> bool:
        return ident in self._floods

    def get(self, ident: bytes) -> Flood:
        """Raises Missing."""
        found = self._floods.get(ident)
        if found is None:
            raise Missing("there is no such flood", where="event")
        return found

    def floods(self) -> list[Flood]:
        """Newest first."""
        return sorted(self._floods.values(), key=lambda one: (-one.began_ms, one.id))

    def under_way(self) -> list[Flood]:
        """Those that have not ended, newest first."""
        return [one for one in self.floods() if not one.ended_ms]

    def changes_of(self, flood: bytes) -> list[FloodChange]:
        """In the order in which they were."""
        return sorted(self._changes.get(flood, {}).values(), key=lambda one: (one.ms, one.id))

    def change(self, flood: bytes, ident: bytes) -> FloodChange | None:
        return self._changes.get(flood, {}).get(ident)

    def minutes_of(self, flood: bytes, after: int = 0) -> list[FloodMinute]:
        """Those with a higher number than `after`, in order."""
        found = [one for one in self._minutes.get(flood, {}).values() if one.seq > after]
        return sorted(found, key=lambda one: one.seq)

    def minute(self, flood: bytes, ident: bytes) -> FloodMinute | None:
        return self._minutes.get(flood, {}).get(ident)

    def part(self, flood: bytes, edition: int, number: int) -> FloodPart | None:
        return self._parts.get(flood, {}).get((edition, number))

    def editions(self, flood: bytes) -> dict[int, list[FloodPart]]:
        """Parts by edition, oldest edition first; of each in order."""
        found: dict[int, list[FloodPart]] = {}
        for place in sorted(self._parts.get(flood, {})):
            found.setdefault(place[0], []).append(self._parts[flood][place])
        return found

    def parts_of_edition(self, flood: bytes, edition: int) -> int:
        """How many parts it has, as they say themselves; 0 where none has come."""
        return next((one.of for place, one in self._parts.get(flood, {}).items() if place[0] == edition), 0)

    def is_whole(self, flood: bytes, edition: int) -> bool:
        """Whether all parts of an edition have come."""
        come = sum(place[0] == edition for place in self._parts.get(flood, {}))
        return come > 0 and come == self.parts_of_edition(flood, edition)

    def bytes_of(self, flood: bytes) -> int:
        """Stored or on their way."""
        return self._bytes.get(flood, 0) + sum(size for one, size in self.sealing.values() if one == flood)

    def objects(self) -> set[bytes]:
        """Every object that a flood names or is about to."""
        named = {one.object for table in self._minutes.values() for one in table.values()}
        named.update(one.object for table in self._parts.values() for one in table.values())
        return named | set(self.sealing)

    def of_flood(self, flood: bytes) -> tuple[list[FloodChange], list[FloodMinute], list[FloodPart]]:
        """All that is stored of one."""
        return (
            list(self._changes.get(flood, {}).values()), list(self._minutes.get(flood, {}).values()),
            list(self._parts.get(flood, {}).values()),
        )

    def expired(self, now_ms: int) -> list[Flood]:
        """Ended so long ago that they go."""
        return [one for one in self._floods.values() if one.ended_ms and now_ms - one.ended_ms > KEPT_ENDED_MS]

    def unsaid(self, now_ms: int, boot_ms: int) -> list[Flood]:
        """Under way, and nothing was heard for a day, or the shield says for half an hour that all is calm: it has
        forgotten them."""
        calm = self.told.calm_boot_ms > 0 and boot_ms - self.told.calm_boot_ms > CALM_MS
        return [
            one for one in self.under_way()
            if now_ms - max(one.heard_ms, self.heard_ms) > UNSAID_MS
            or (calm and now_ms - max(one.heard_ms, one.last_ms) > CALM_MS)
        ]  # fmt: skip

    # -- bounds

    def check_begin(self, now_ms: int) -> None:
        """Raises OverBudget where no more floods are taken."""
        if len(self._floods) >= MOST_FLOODS:
            raise OverBudget("So many floods are kept that no more is taken; remove old ones.", where="full")
        if sum(abs(now_ms - one.heard_ms) < 24 * _HOUR_MS for one in self._floods.values()) >= MOST_BEGUN_A_DAY:
            raise OverBudget("More floods began in a day than a day has.", where="pace")

    def check_change(self, flood: bytes, now_ms: int) -> None:
        """Raises OverBudget where this flood takes no more changes."""
        known = self._changes.get(flood, {})
        if len(known) >= MOST_CHANGES:
            raise OverBudget("This flood has as many changes as are kept.", where="full")
        if sum(abs(now_ms - one.heard_ms) < _HOUR_MS for one in known.values()) >= MOST_CHANGES_AN_HOUR:
            raise OverBudget("The modes change more often than is taken in an hour.", where="pace")

    def check_bytes(self, flood: bytes, size: int) -> None:
        """Raises OverBudget where there is no room for so many bytes of evidence, or for one more minute."""
        if self.bytes_of(flood) + size > MOST_FLOOD_BYTES:
            raise OverBudget("The evidence of this flood is as large as is kept.", where="full")
        on_its_way = sum(size for _, size in self.sealing.values())
        if sum(self._bytes.values()) + on_its_way + size > MOST_BYTES:
            raise OverBudget("There is no room for more evidence of floods; remove old ones.", where="full")
        if sum(map(len, self._minutes.values())) >= MOST_MINUTES:
            raise OverBudget("So many minutes of floods are kept that no more is taken; remove old ones.", where="full")

    def check_edition(self, flood: bytes, edition: int) -> None:
        """Raises OverBudget where this flood takes no book of one more edition."""
        known = {place[0] for place in self._parts.get(flood, {})}
        if edition not in known and len(known) >= MOST_EDITIONS:
            raise OverBudget("This flood has as many editions of its book as are kept.", where="full")
        if sum(map(len, self._parts.values())) >= MOST_PARTS:
            raise OverBudget("There is no room for more books of floods; remove old ones.", where="full")

    # -- the last two hours

    def put_recent(self, one: Recent, now_ms: int) -> None:
        """Keeps a minute at hand, in place of another of the same time; the oldest go, by age and by size."""
        if now_ms - one.begins_ms > RECENT_MS:
            return
        before = self._recent.get((one.begins_ms, one.listener))
        self._recent[one.begins_ms, one.listener] = one
        self._recent_bytes += len(one.body) - (len(before.body) if before is not None else 0)
        while self._recent:
            oldest = min(self._recent)
            full = self._recent_bytes > MOST_RECENT_BYTES or len(self._recent) > MOST_RECENT
            if not full and now_ms - oldest[0] <= RECENT_MS:
                break
            self._recent_bytes -= len(self._recent.pop(oldest).body)

    def recent(self) -> list[Recent]:
        """Minutes of the last two hours, in order, as far as they are at hand."""
        return [self._recent[place] for place in sorted(self._recent)]

    def has_recent(self, begins_ms: int, listener: str) -> bool:
        return (begins_ms, listener) in self._recent

    # -- the notice

    def stand(self, standing: Standing, boot_ms: int) -> None:
        """What staff have ordered, from now on."""
        if (standing.notice_ms > 0) != (self.standing.notice_ms > 0):
            self.notice_boot_ms = boot_ms
        self.standing = standing

    def notice_told(self, boot_ms: int) -> bool:
        """Whether the notice stands as far as the shield is told: as soon as the public pages have it, so that the
        snapshot that it takes then has it, too."""
        if boot_ms - self.notice_boot_ms < NOTICE_HELD_MS:
            return self.notice_public
        return self.standing.notice_ms > 0

    # -- who has looked

    def first_look(self, session: bytes, what: bytes) -> bool:
        """Whether this session has not been shown this yet."""
        return (session, what) not in self._shown

    def may_show(self, account: bytes, boot_ms: int, most: int) -> bool:
        """Whether an account may be shown one more part of a book today; counted with this call."""
        shown = self._parts_shown.setdefault(account, deque())
        while shown and boot_ms - shown[0] >= 24 * _HOUR_MS:
            shown.popleft()
        if len(shown) >= most:
            return False
        shown.append(boot_ms)
        return True

    def looked(self, session: bytes, what: bytes) -> None:
        """The line of it stands in the log."""
        self._shown[session, what] = None
        while len(self._shown) > 4_096:
            del self._shown[next(iter(self._shown))]
