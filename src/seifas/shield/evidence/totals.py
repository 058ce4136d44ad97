"""A flood in figures: what its minutes and changes add up to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence

import msgspec

from seifas.shield.charts import asked_of, away_of, got_of
from seifas.shield.evidence.book import Book
from seifas.shield.model import Lane, LaneMinute, Minute


class LaneTotal(msgspec.Struct, frozen=True):
    """Requests of one lane, as its log lines say."""

    lane: str
    got: int
    asked: int
    away: int
    bytes_out: int


class Totals(msgspec.Struct, frozen=True):
    """`distinct` of the whole event is the book's; without a book, of the busiest minute (`distinct_of_minute`), of the
    listener with more: an address that asked both is one.
    `clock_ms`: the greatest difference to the witness's clock, None where there was none to ask."""

    begins_ms: int
    ends_ms: int
    minutes: int
    requests: int
    connections: int
    bytes_out: int
    lines_lost: int
    peak_rate: float
    peak_ms: int
    distinct: int
    distinct_exact: bool
    distinct_of_minute: bool
    peak_distinct: int
    newcomers: int
    lanes: tuple[LaneTotal, ...]
    prefixes4: tuple[tuple[str, int], ...]
    prefixes6: tuple[tuple[str, int], ...]
    announcers: tuple[tuple[str, int], ...]
    paths: tuple[tuple[str, int], ...]
    signatures: tuple[tuple[str, int], ...]
    samples: tuple[str, ...]
    clock_ms: int | None


def totals(minutes: Sequence[Minute], book: Book | None = None, most: int = 20) -> Totals:
    """All listeners together. `prefixes`, `announcers`, `paths`, `signatures` count requests; they are sums of each
    minute's busiest, so a thing that was never among them is not counted."""
    rates: dict[int, float] = {}
    distinct: dict[int, int] = {}
    for one in minutes:
        rates[one.begins_ms] = rates.get(one.begins_ms, 0.0) + one.requests / max(one.seconds, 1.0)
        distinct[one.begins_ms] = max(distinct.get(one.begins_ms, 0), one.distinct)
    peak = max(rates, key=lambda ms: rates[ms], default=0)
    most_distinct = max(distinct.values(), default=0)
    offsets = [one.clock_offset_ms for one in minutes if one.clock_offset_ms is not None]
    return Totals(
        begins_ms=min(rates, default=0),
        ends_ms=max((one.begins_ms + round(one.seconds * 1000) for one in minutes), default=0),
        minutes=len(rates),
        requests=sum(one.requests for one in minutes),
        connections=sum(one.connections for one in minutes),
        bytes_out=sum(one.bytes_out for one in minutes),
        lines_lost=sum(one.lines_lost for one in minutes),
        peak_rate=rates.get(peak, 0.0), peak_ms=peak,
        distinct=book.distinct if book else most_distinct,
        distinct_exact=book.exact if book else all(one.distinct_exact for one in minutes),
        distinct_of_minute=book is None, peak_distinct=most_distinct,
        newcomers=sum(one.newcomers for one in minutes),
        lanes=tuple(_lane(lane, minutes) for lane in Lane),
        prefixes4=_added(minutes, lambda one: one.prefixes4, most),
        prefixes6=_added(minutes, lambda one: one.prefixes6, most),
        announcers=_added(minutes, lambda one: one.announcers, most),
        paths=_added(minutes, lambda one: one.paths, most),
        signatures=_added(minutes, lambda one: one.signatures, most),
        samples=tuple(sample for one in minutes for sample in one.samples),
        clock_ms=max(offsets, key=abs) if offsets else None,
    )  # fmt: skip


def _lane(lane: Lane, minutes: Sequence[Minute]) -> LaneTotal:
    rows: list[LaneMinute] = [one.lanes[lane] for one in minutes if lane in one.lanes]
    return LaneTotal(
        lane.value, sum(map(got_of, rows)), sum(map(asked_of, rows)), sum(map(away_of, rows)),
        sum(one.bytes_out for one in rows),
    )  # fmt: skip


def _added(
    minutes: Sequence[Minute], column: Callable[[Minute], tuple[tuple[str, int], ...]], most: int
) -> tuple[tuple[str, int], ...]:
    counts: Counter[str] = Counter()
    for one in minutes:
        for name, count in column(one):
            counts[name] += count
    return tuple(sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))[:most])
