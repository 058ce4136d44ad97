"""A shield that tells the keeper of a flood, without one: states, changes, minutes and a book of addresses."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable, Iterator
from typing import Any

import msgspec
import numpy as np
from darkroom_stage import being

from seifas.drill.stage import Stage
from seifas.keeper import flood_sealing
from seifas.keeper.client import BlockingClient
from seifas.settings import load
from seifas.shield.addresses import GOOD, Book, Table, no_table
from seifas.shield.evidence.book import packed
from seifas.shield.evidence.chain import Head, linked
from seifas.shield.model import Change, LaneMinute, ListenerState, Minute, State

Ask = Callable[..., Any]

QUIET_LINE = {"rx_bytes": 2e6, "tx_bytes": 9e6, "rx_packets": 9000.0, "link_bytes": 125e6, "accepted": 4000.0}
FULL_LINE = {**QUIET_LINE, "rx_bytes": 121e6}
GOOD_VISITOR = "203.0.113.7"
_AT_ONCE = 4
SENDER = "198.51.100.1"

CALM_LANES = {"staff": {"served": 24}, "patient": {"served": 11}, "stranger": {"served": 37}}
SIEGE_LANES = {
    "staff": {"served": 42}, "patient": {"served": 119, "static": 12}, "machine": {"served": 6},
    "solved": {"served": 71, "limited": 3}, "waited": {"served": 4},
    "stranger": {"challenged": 61_210, "static": 2_180, "passed": 74, "refused": 15_900},
}  # fmt: skip


def now_ms() -> int:
    return time.time_ns() // 1_000_000


def lanes(counts: dict[str, dict[str, int]], times: float = 1.0) -> dict[str, LaneMinute]:
    return {
        lane: LaneMinute({one: round(n * times) for one, n in each.items()}, round(900 * times))
        for lane, each in counts.items()
    }


def state(
    mode: int = 0, counts: dict[str, dict[str, int]] | None = None, *, line: dict[str, float] | None = None,
    haproxy: str = "2.8.25", **more: Any,
) -> State:  # fmt: skip
    """Of a clinic whose public site stands in `mode`; the staff's listener is calm."""
    told = CALM_LANES if counts is None else counts
    why, figures = ("sources", {"sources": 21_400.0, "sources_bound": 6000.0}) if mode else ("quiet", {})
    at = now_ms()
    public = ListenerState(
        mode, at - 240_000, why, figures, 0, lanes({one: each for one, each in told.items() if one != "staff"}),
        21_400 if mode else 61, 58, 65_536, 12.5,
    )
    staff = ListenerState(0, at - 9_000_000, "quiet", {}, 0, lanes({"staff": told.get("staff", {})}), 9, 8, 65_536, 1.0)
    return State(**{
        "ms": at, "haproxy": haproxy, "listeners": {"public": public, "staff": staff}, "addresses": 300_000,
        "exact": True, "good": 212, "dropped_networks": 180 if mode == 2 else 0, "cpu": 0.6,
        "uplink": QUIET_LINE if line is None else line, **more,
    })  # fmt: skip


def minute(begins_ms: int, mode: int, counts: dict[str, dict[str, int]], *, times: float = 6.0, **more: Any) -> Minute:
    """A minute of the public listener in which each ten seconds were as `counts`."""
    told = lanes(counts, times)
    requests = sum(sum(one.outcomes.values()) for one in told.values())
    return Minute(**{
        "listener": "public", "begins_ms": begins_ms, "seconds": 60.0, "requests": requests, "connections": requests,
        "bytes_out": 900 * requests, "distinct": 120_000 if mode else 64, "distinct_exact": True,
        "newcomers": 110_000 if mode else 3, "lanes": told, "mode": mode,
        "prefixes4": (("198.51.100.0/24", 9000), ("192.0.2.0/24", 4000)) if mode else (),
        "prefixes6": (("2001:db8:7::/48", 300),) if mode else (),
        "paths": (("/lt", 90_000), ("/lt/kainos%20x", 400)) if mode else (),
        "signatures": (("4f1c0a77e21b9d03", 88_000),) if mode else (),
        "announcers": (("AS64500 Example", 9000),) if mode else (), "queue_ms": 14.0, "cpu": 0.7, "lines_lost": 0,
        "clock_offset_ms": 3, "uplink": QUIET_LINE, **more,
    })  # fmt: skip


def book() -> Book:
    """300 senders of one network, and a good visitor of another."""
    first = int.from_bytes(bytes(map(int, SENDER.split("."))), "big")
    good = int.from_bytes(bytes(map(int, GOOD_VISITOR.split("."))), "big")
    keys = np.array([*range(first, first + 250), good], np.uint32)
    seconds = np.full(len(keys), now_ms() // 1000, np.uint32)
    flags = np.zeros(len(keys), np.uint8)
    flags[-1] = GOOD
    turned = np.full(len(keys), 40, np.uint32)
    four = Table(keys, seconds - 600, seconds, turned + 2, turned, np.full(len(keys), 90_000, np.uint64), flags)
    return Book(four, no_table("S16"), True, np.array([good >> 8], np.uint32), np.empty(0, np.uint64))


@contextlib.contextmanager
def telling(stage: Stage) -> Iterator[Teller]:
    """One that tells a served clinic, beside its own shield if it has one."""
    client = BlockingClient(stage.data / "run" / "shield.sock")
    with being(stage, "shield"):
        client.call("drop.key")
    try:
        yield Teller(client.call, load(stage.data).clinic_id)
    finally:
        client.close()


class Teller:
    """`ask(op, **args)` asks the keeper as the shield does."""

    def __init__(self, ask: Ask, clinic: bytes) -> None:
        self.ask = ask
        self.clinic = clinic
        self.event = os.urandom(16)
        self.head = Head.begin(self.event)

    def tell(self, told: State, minutes: tuple[Minute, ...] = ()) -> dict[str, Any]:
        answer: dict[str, Any] = {}
        for at in range(0, max(1, len(minutes)), _AT_ONCE):
            few = [msgspec.json.encode(one) for one in minutes[at : at + _AT_ONCE]]
            answer = self.ask("shield.told", state=msgspec.json.encode(told), minutes=few)
        return answer

    def change(self, before: int, after: int, *, ago_ms: int = 0, why: str = "sources", **more: Any) -> None:
        figures = {"sources": 21_400.0, "sources_bound": 6000.0} if why == "sources" else {}
        made = Change("public", now_ms() - ago_ms, before, after, why, figures, **more)
        self.ask("shield.changed", change=msgspec.json.encode(made), event=self.event)

    def minute(self, one: Minute) -> None:
        link, self.head = linked(self.head, one)
        self.ask("shield.minute", event=self.event, sealed=flood_sealing.seal_minute(
            self._key(), self.clinic, self.event, link
        ))  # fmt: skip

    def book(self, written: Book | None = None) -> None:
        made = now_ms()
        parts = packed(written or book(), chain=self.event, made_ms=made, distinct=300)
        for number, part in enumerate(parts):
            sealed = flood_sealing.seal_part(
                self._key(), self.clinic, self.event, part, number=number, of=len(parts), edition=made
            )
            self.ask(
                "shield.part", event=self.event, number=number, of=len(parts), edition=made, sealed=sealed
            )

    def calm_hour(self) -> tuple[Minute, ...]:
        """An ordinary hour that ends now."""
        begins = now_ms() // 60_000 * 60_000
        return tuple(minute(begins - ago * 60_000, 0, CALM_LANES, times=4 + ago % 5) for ago in range(50, 12, -1))

    def flood(self, minutes: int = 12) -> None:
        """A flood that began so many minutes ago, with its minutes and its book; the site is at siege."""
        begins = now_ms() // 60_000 * 60_000
        self.change(0, 1, ago_ms=minutes * 60_000)
        self.change(1, 2, ago_ms=minutes * 60_000 - 12_000)
        for ago in range(minutes, 0, -1):
            self.minute(minute(begins - ago * 60_000, 2, SIEGE_LANES, times=6 - 3 * (ago == minutes)))
        self.book()
        self.tell(state(2, SIEGE_LANES), self.calm_hour())

    def over(self) -> None:
        """Calm again."""
        self.change(2, 1, why="quiet", ago_ms=2000)
        self.change(1, 0, why="quiet", ago_ms=1000)
        self.tell(state())

    def _key(self) -> bytes:
        return bytes(self.ask("drop.key")["key"])
