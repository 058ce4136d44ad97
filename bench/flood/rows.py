"""The table: what each set-up does for returning visitors, and what it answers a CPU-second, in turns.

One turn: the server is started on core 0, flooded from core 1 for some seconds out of 200,000 addresses, one new
connection a request and no cookie, while twenty visitors who have been here before ask for the page once a second each,
with two seconds of patience; they come two seconds later, when queues are as full as they get. Then it is stopped, and
the next one has its turn.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec

from bench.figures import Bar, Figure, alone, beside
from bench.flood import native
from bench.flood.ours import Ours, OursAlone
from bench.flood.servers import (
    FIRST_VISITOR,
    FLOOD_CPU,
    PEERS,
    VISITORS,
    HaproxyCookie,
    HaproxyDuties,
    HaproxyTable,
    Nginx,
    Plain,
    Server,
)
from seifas.drill.flooding import Plan, Stream, flooding, get

GOOD_RATE = 20.0
RATES = (3_000, 8_000)
AT_ONCE = 6_000  # sockets of strangers; visitors have some of their own
MOST = 30_000  # more than the generator sends: what is answered then is the most there is


EVERYBODY: tuple[type[Server], ...] = (*PEERS, HaproxyDuties, Ours, OursAlone)


class Turn(msgspec.Struct, frozen=True):
    """One set-up under one rate. `per_cpu`: strangers' requests answered a CPU-second of all its processes."""

    name: str
    rate: int
    good: float
    p99: float
    sent: int
    answered: int
    cpu_s: float
    statuses: dict[int, int]

    @property
    def per_cpu(self) -> float:
        return self.answered / self.cpu_s if self.cpu_s else 0.0


def turn(kind: type[Server], work: Path, rate: int, seconds: float) -> Turn:
    """Raises Unavailable where the set-up does not come up."""
    server = kind(work)
    try:
        server.start()
        streams = (
            Stream("strangers", rate, (get("/", "clinic.example"),), at_once=AT_ONCE),
            Stream(
                "good", GOOD_RATE, server.visitors(), FIRST_VISITOR, VISITORS, spread=False, wanted=server.wanted,
                whole=True, begins_s=min(2.0, seconds / 3),
            ),
        )  # fmt: skip
        before = server.cpu()
        plan = Plan("127.0.0.1", server.port, seconds, streams, AT_ONCE + 500)
        with flooding(plan, native.command(work, FLOOD_CPU)) as running:
            tally = running.result()
        cpu = server.cpu() - before
    finally:
        server.stop()
    good, strangers = tally.of("good"), tally.of("strangers")
    return Turn(
        server.name, rate, good.good_share, good.p99, strangers.sent, strangers.answered, cpu, strangers.statuses
    )


def table(work: Path, *, seconds: float, rounds: int, say: Callable[[str], None]) -> list[Turn]:
    """All turns: rates and rounds outside, set-ups inside, so that neighbours are compared."""
    turns: list[Turn] = []
    for rate, times, kinds in (
        (RATES[0], 1, (*PEERS, Ours)), (RATES[1], rounds, EVERYBODY), (MOST, 1, EVERYBODY),
    ):  # fmt: skip
        for _ in range(times):
            for kind in kinds:
                one = turn(kind, work, rate, seconds)
                say(
                    f"{one.name:29} {rate:6,}/s: good {one.good:6.1%}, p99 {one.p99:5.0f} ms, "
                    f"answered {one.answered:7,} of {one.sent:7,} sent, {one.per_cpu:7,.0f} a CPU-second"
                )
                turns.append(one)
    return turns


def figures(turns: Sequence[Turn]) -> list[Figure]:
    """The bars of the table."""
    found: list[Figure] = []

    def of(kind: type[Server], rate: int) -> list[Turn]:
        return [one for one in turns if one.name == kind.name and one.rate == rate]

    for rate in RATES:
        ours = of(Ours, rate)
        at = f"at {rate:,} requests/s"
        good = [100 * one.good for one in ours]
        found.append(alone(f"returning visitors served, {at}", "%", good, Bar(at_least=100, unit="%")))
        for kind in PEERS:
            theirs = [100 * max(one.good, 1e-3) for one in of(kind, rate)]
            bar = Bar(at_least=15) if kind in (Nginx, HaproxyTable) else None
            found.append(beside(f"the same beside {kind.name}, {at}", "%", good, kind.name, theirs, bar))
        late = [one.p99 for one in ours]
        found.append(alone(f"returning visitors, p99, {at}", "ms", late, Bar(at_most=250, unit="ms")))
        for other, least in ((HaproxyCookie, 0.9), (Plain, 30.0), (HaproxyDuties, None)):
            theirs = [one.per_cpu for one in of(other, rate)]
            bar = Bar(at_least=least) if least is not None and rate == RATES[-1] else None
            if theirs:
                found.append(beside(
                    f"strangers answered a CPU-second of the server, {at}", "/CPU-s", [one.per_cpu for one in ours],
                    other.name, theirs, bar,
                ))  # fmt: skip
    for rate, what in ((RATES[-1], f"at {RATES[-1]:,} requests/s"), (MOST, "more sent than anybody answers")):
        found.append(beside(
            f"evidence: strangers answered a CPU-second with it, {what}", "/CPU-s",
            [one.per_cpu for one in of(Ours, rate)], OursAlone.name, [one.per_cpu for one in of(OursAlone, rate)],
        ))  # fmt: skip
    answered = {kind: [one.answered for one in of(kind, MOST)] for kind in EVERYBODY}
    found.append(beside(
        "evidence: throughput with it, more sent than anybody answers", "requests", answered[Ours], OursAlone.name,
        answered[OursAlone], Bar(at_least=0.9),
    ))  # fmt: skip
    note = "; ".join(
        f"{one.name} {one.answered:,}, {one.per_cpu:,.0f} a CPU-second" for kind in EVERYBODY for one in of(kind, MOST)
    )
    found.append(beside(
        "strangers answered in a turn, more sent than anybody answers", "requests", answered[Ours], HaproxyCookie.name,
        answered[HaproxyCookie], note=note,
    ))  # fmt: skip
    return found + [figure for rate in (*RATES, MOST) for kind in EVERYBODY for figure in _row(of(kind, rate), rate)]


def _row(turns: Sequence[Turn], rate: int) -> list[Figure]:
    """One set-up at one rate, for the table of docs/bench.md."""
    if not turns:
        return []
    note = "; ".join(
        f"good {100 * one.good:.1f} %, p99 {one.p99:.0f} ms, answered {one.answered:,} of {one.sent:,}" for one in turns
    )
    what = f"row: {turns[0].name}, {rate:,} requests/s: strangers answered a CPU-second"
    return [alone(what, "/CPU-s", [one.per_cpu for one in turns], note=note)]
