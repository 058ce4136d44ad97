"""What a listener saw: its last ten seconds and its last minute, for deciding, and whole minutes, for evidence."""

from __future__ import annotations

import heapq
import itertools
from collections import Counter, deque
from collections.abc import Iterable
from typing import Any, Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from seifas.shield import addresses
from seifas.shield.addresses import Table
from seifas.shield.announcers import Announcers
from seifas.shield.distinct import Distinct, Window, summed
from seifas.shield.lines import LANES, LISTENERS, OUTCOMES, Lines
from seifas.shield.model import Lane, LaneMinute, Minute, Mode, Outcome
from seifas.shield.networks import networks4, networks6

RECENT_S: Final = 10.0
WINDOW_S: Final = 60.0
_TOP: Final = 50
_MOST_NAMES: Final = 20_000  # different paths or signatures that are counted in a minute; the rarest go first
_KEPT_NAMES: Final = 2_000
_MOST_SAMPLES: Final = 30
_SAMPLE_LETTERS: Final = 4_096

_SHAPE: Final = (len(LANES), len(OUTCOMES))
_CELLS: Final = _SHAPE[0] * _SHAPE[1]


def _among(words: tuple[Any, ...], chosen: Iterable[Any], size: int = 256) -> NDArray[np.bool_]:
    table = np.zeros(size, np.bool_)
    table[[words.index(word) for word in chosen]] = True
    return table


_GOOD: Final = _among(LANES, (Lane.STAFF, Lane.MACHINE, Lane.PATIENT))
_PROVEN: Final = _among(LANES, (Lane.SOLVED, Lane.WAITED))
_PASSED: Final = _among(OUTCOMES, (Outcome.PASSED,))
_AWAY: Final = _among(OUTCOMES, (Outcome.CHALLENGED, Outcome.LIMITED, Outcome.SHED, Outcome.REFUSED))
_QUEUED: Final = _among(OUTCOMES, (Outcome.SERVED, Outcome.SHED))
_SERVED: Final = OUTCOMES.index(Outcome.SERVED)
_STRANGER: Final = LANES.index(Lane.STRANGER)
_OWN_FAULT: Final = [OUTCOMES.index(Outcome.LIMITED), OUTCOMES.index(Outcome.REFUSED)]
_TURNED: Final = [OUTCOMES.index(Outcome.CHALLENGED), OUTCOMES.index(Outcome.SHED)]


class Portion(msgspec.Struct, frozen=True):
    """The requests of one listener in one batch, and its addresses grouped."""

    listener: int
    lines: Lines
    index: NDArray[np.intp]  # of its lines
    tables: tuple[Table, Table]  # IPv4, IPv6


class Recent(msgspec.Struct, frozen=True):
    """The last seconds of one listener; rates a second."""

    lanes: dict[str, LaneMinute]
    requests: float
    demand: float  # strangers', but those turned away for a fault of their own (too many, malformed)
    turned_away: float  # share of these that got neither a page nor a file
    passed: float  # solved a challenge or waited for it
    queue_ms: float
    sources: float  # of the last minute
    newcomers: float  # of the last minute


def portions(lines: Lines) -> list[Portion]:
    """A batch, listener by listener."""
    found = []
    for number in range(len(LISTENERS)):
        index = np.flatnonzero(lines.listener == number)
        if len(index) == 0:
            continue
        flags = np.where(_GOOD[lines.lane], addresses.GOOD, 0).astype(np.uint8)
        flags |= np.where(_PROVEN[lines.lane] | _PASSED[lines.outcome], addresses.SOLVED, 0).astype(np.uint8)
        away = _AWAY[lines.outcome] & ~_GOOD[lines.lane]
        seconds = (lines.ms // 1000).astype(np.uint32)
        tables = []
        for keys, kind in ((lines.keys4, lines.four), (lines.keys6, ~lines.four)):
            mine = lines.listener[kind] == number
            rows = np.flatnonzero(kind)[mine]
            tables.append(
                addresses.grouped(keys[mine], seconds[rows], away[rows], lines.bytes_out[rows], flags[rows])
            )
        found.append(Portion(number, lines, index, (tables[0], tables[1])))
    return found


class _Cell(msgspec.Struct):
    at: float
    counts: NDArray[np.int64]
    bytes_out: NDArray[np.int64]
    queue_ms: float = 0.0
    queued: int = 0
    newcomers: int = 0


class Tally:
    """Of one listener. Batches come in as they arrive, with the monotonic second of their arrival."""

    def __init__(
        self, listener: str, *, most_exact: int = addresses.MOST, window_s: float = WINDOW_S
    ) -> None:
        self.listener = listener
        self._cells: deque[_Cell] = deque()
        self._window_s = window_s
        self._recent_s = min(RECENT_S, window_s)
        self._window = Window(window_s)
        self._most_exact = most_exact
        self._begin()

    def _begin(self) -> None:
        self._distinct = Distinct(self._most_exact)
        self._counts = np.zeros(_SHAPE, np.int64)
        self._bytes = np.zeros(len(LANES), np.int64)
        self._queue = [0.0, 0]
        self._newcomers = 0
        self._paths: Counter[str] = Counter()
        self._signatures: Counter[str] = Counter()
        self._samples: list[str] = []

    def add(self, portion: Portion, newcomers: int, at: float) -> None:
        """One batch; `newcomers` are its addresses of networks not seen before."""
        lines, index = portion.lines, portion.index
        whole = len(index) == len(lines)
        lane, outcome = lines.lane[index], lines.outcome[index]
        counts = np.bincount(lane.astype(np.intp) * _SHAPE[1] + outcome, minlength=_CELLS).reshape(_SHAPE)
        out = np.bincount(lane, weights=lines.bytes_out[index], minlength=len(LANES)).astype(np.int64)
        queued = _QUEUED[outcome]
        waits = lines.queue_ms[index][queued]
        cell = self._cell(at)
        cell.counts += counts
        cell.bytes_out += out
        cell.queue_ms += float(waits.sum())
        cell.queued += len(waits)
        cell.newcomers += newcomers
        self._counts += counts
        self._bytes += out
        served = outcome == _SERVED
        self._queue[0] += float(lines.queue_ms[index][served].sum())
        self._queue[1] += int(np.count_nonzero(served))
        self._newcomers += newcomers
        for table in portion.tables:
            if len(table):
                self._window.add(table.keys, at)
                self._distinct.add(table.keys, table.requests)
        rows = index.tolist()
        for names, counter in ((lines.paths, self._paths), (lines.signatures, self._signatures)):
            counter.update(names if whole else [names[row] for row in rows])
            if len(counter) > _MOST_NAMES:
                kept = counter.most_common(_KEPT_NAMES)
                counter.clear()
                counter.update(dict(kept))
        if len(self._samples) < _MOST_SAMPLES:
            heads = (
                f"{lines.signatures[row]} {lines.heads[row][:_SAMPLE_LETTERS]}"
                for row in rows if len(lines.heads[row]) > 1
            )  # fmt: skip
            self._samples += itertools.islice(heads, _MOST_SAMPLES - len(self._samples))

    def _cell(self, at: float) -> _Cell:
        second = float(int(at))
        if not self._cells or self._cells[-1].at != second:
            self._cells.append(_Cell(second, np.zeros(_SHAPE, np.int64), np.zeros(len(LANES), np.int64)))
        while self._cells[0].at < at - self._window_s:
            self._cells.popleft()
        return self._cells[-1]

    def recent(self, at: float) -> Recent:
        """The last ten seconds; sources and newcomers of the last minute."""
        cells = [cell for cell in self._cells if cell.at > at - self._recent_s]
        counts = sum((cell.counts for cell in cells), np.zeros(_SHAPE, np.int64))
        out = sum((cell.bytes_out for cell in cells), np.zeros(len(LANES), np.int64))
        strangers = int(counts[_STRANGER].sum() - counts[_STRANGER, _OWN_FAULT].sum())
        queued = sum(cell.queued for cell in cells)
        return Recent(
            lanes=_lanes(counts, out),
            requests=float(counts.sum()) / self._recent_s,
            demand=strangers / self._recent_s,
            turned_away=float(counts[_STRANGER, _TURNED].sum()) / strangers if strangers else 0.0,
            passed=float(counts[:, OUTCOMES.index(Outcome.PASSED)].sum()) / self._recent_s,
            queue_ms=sum(cell.queue_ms for cell in cells) / queued if queued else 0.0,
            sources=self._window.count(at),
            newcomers=float(sum(cell.newcomers for cell in self._cells if cell.at > at - self._window_s)),
        )

    def minute(
        self, *, begins_ms: int, seconds: float, mode: Mode, connections: int, seen_requests: int, cpu: float,
        uplink: dict[str, float], clock_offset_ms: int | None, announcers: Announcers | None = None,
    ) -> Minute:
        """What came since the last call, as one minute; counting begins anew. `seen_requests` is HAProxy's own count
        of them."""
        distinct, exact = self._distinct.count()
        four, six = self._distinct.merged("u4"), self._distinct.merged("S16")
        requests = int(self._counts.sum())
        lost = seen_requests - requests
        if lost <= 20 + requests // 100:  # begun, but not over yet: a line comes at a request's end
            lost = 0
        minute = Minute(
            listener=self.listener, begins_ms=begins_ms, seconds=round(seconds, 3),
            requests=requests + lost, connections=connections, bytes_out=int(self._bytes.sum()),
            distinct=distinct, distinct_exact=exact, newcomers=self._newcomers,
            lanes=_lanes(self._counts, self._bytes), mode=int(mode),
            prefixes4=tuple((_text4(number), count) for number, count in _busiest(networks4(four[0]), four[1])),
            prefixes6=tuple((_text6(number), count) for number, count in _busiest(networks6(six[0]), six[1])),
            paths=_common(self._paths), signatures=_common(self._signatures),
            queue_ms=round(self._queue[0] / self._queue[1], 3) if self._queue[1] else 0.0, cpu=round(cpu, 3),
            lines_lost=lost, clock_offset_ms=clock_offset_ms,
            samples=tuple(self._samples), uplink=uplink,
            announcers=announcers.busiest((four, six)) if announcers is not None else (),
        )
        self._begin()
        return minute


def without_details(minute: Minute) -> Minute:
    """The minute with numbers only: what is kept of times without a flood."""
    return msgspec.structs.replace(
        minute, prefixes4=(), prefixes6=(), paths=(), signatures=(), samples=(), announcers=()
    )


def _lanes(counts: NDArray[np.int64], out: NDArray[np.int64]) -> dict[str, LaneMinute]:
    return {
        str(lane): LaneMinute(
            {str(outcome): int(count) for outcome, count in zip(OUTCOMES, counts[number], strict=True) if count},
            int(out[number]),
        )
        for number, lane in enumerate(LANES)
    }


def _busiest(networks: NDArray[Any], requests: NDArray[np.int64]) -> list[tuple[int, int]]:
    numbers, counts = summed(networks, requests)
    order = np.argsort(-counts, kind="stable")[:_TOP]
    return [(int(numbers[at]), int(counts[at])) for at in order]


def _common(counter: Counter[str]) -> tuple[tuple[str, int], ...]:
    return tuple(heapq.nsmallest(_TOP, counter.items(), key=lambda pair: (-pair[1], pair[0])))


def _text4(number: int) -> str:
    return f"{number >> 16}.{number >> 8 & 255}.{number & 255}.0/24"


def _text6(number: int) -> str:
    groups = [f"{number >> shift & 0xFFFF:x}" for shift in (32, 16, 0)]
    while groups and groups[-1] == "0":
        groups.pop()
    return ":".join(groups) + "::/48"
