"""Attacks that would have the shield itself lock people out: false sieges, a poisoned usual, honest visitors dropped, a
front that does not start again, places that only others may fill."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from front_rig import front_rig, haproxies
from small_site import html, small_site

from seifas.settings import Clinic, Listen, Settings
from seifas.shield import baseline, crawling, dropping, program, site, snapshots
from seifas.shield.addresses import Addresses, grouped
from seifas.shield.baseline import Baseline, Usual
from seifas.shield.control import Control, Loop
from seifas.shield.counting import Tally, portions
from seifas.shield.dropping_client import TURNED_AWAY, Dropper
from seifas.shield.front import configuring
from seifas.shield.lines import parsed
from seifas.shield.model import Minute, Mode
from seifas.shield.modes import Measured, Rules, Situation, guarded_bounds, siege_bounds, step
from seifas.shield.networks import Networks
from seifas.shield.reporting import Wishes

MONDAY_MS = 1_795_392_000_000
HOUR_MS = 3_600_000


def wide(count: int, *, per: int = 1) -> np.ndarray[Any, Any]:
    """`count` IPv6 addresses of one /48, `per` of them in each /64."""
    packed = b"".join(
        b"\x20\x01\x0d\xb8\x00\x07" + (number // per).to_bytes(2, "big") + number.to_bytes(8, "big")
        for number in range(count)
    )
    return np.frombuffer(packed, "S16")


def test_one_line_with_a_network_of_ipv6_makes_no_siege() -> None:
    """A home has a /64 or a /56: as many addresses as it likes, and it is one visitor."""
    rows = [
        f"R 2001:db8:7:1:{number:x}::5 1795343095123 p stranger served 200 1 GET 0 AB / -".encode()
        for number in range(1, 7000)
    ]  # fmt: skip
    tally, networks = Tally("public"), Networks()
    for part in portions(parsed(rows)[0]):
        tally.add(part, networks.unknown(part.tables[1].keys, 1000), 100.0)
    recent = tally.recent(101.0)
    assert recent.sources < Rules().few_sources
    assert recent.newcomers == 1
    assert tally._distinct.count() == (6999, True), "as evidence each address counts"


def test_addresses_of_one_unknown_ipv6_network_are_one_newcomer() -> None:
    networks = Networks()
    assert networks.unknown(wide(400, per=4), 1000) == 1


def test_a_day_of_slow_lies_does_not_make_a_flood_usual() -> None:
    """Each hour just below the bound that the hour before has taught: without an end to it, the bound triples."""
    rules, known = Rules(), Baseline()
    for hour in range(7 * 24):
        for minute in range(0, 60, 4):
            ms = MONDAY_MS + hour * HOUR_MS + minute * 60_000
            usual = baseline.usual(known, ms)
            seen = Measured(0, usual_sources=usual.sources, usual_newcomers=usual.newcomers, knows_networks=True)
            bounds = guarded_bounds(seen, rules)
            lie = Usual(bounds["sources"][1] * 0.99, bounds["newcomers"][1] * 0.99, usual.demand * 1.4 + 10)
            known = baseline.learned(known, ms, lie)
    usual = baseline.usual(known, MONDAY_MS)
    seen = Measured(
        200_000, newcomers=200_000, usual_sources=usual.sources, usual_newcomers=usual.newcomers,
        usual_demand=usual.demand, knows_networks=True, demand=4000.0, requests=4000.0,
    )  # fmt: skip
    for bounds in (guarded_bounds(seen, rules), siege_bounds(seen, rules, Mode.GUARDED)):
        assert bounds["sources"][0] > bounds["sources"][1]
    now = Situation()
    for second in range(20):
        now, _ = step(now, seen, rules, at=float(second), ms=second * 1000)
    assert now.mode == Mode.SIEGE


def sent(key: int, served: int, away: int) -> Any:
    times = served + away
    return grouped(
        np.full(times, key, np.uint32), np.full(times, 100, np.uint32), np.arange(times) < away,
        np.ones(times, np.int64), np.zeros(times, np.uint8),
    )


def test_a_reader_of_pages_whose_pictures_find_no_room_is_not_dropped(tmp_path: Path) -> None:
    """Guarded: pages are served, of thirty pictures twenty are shed. That is no address that never gets in."""
    book = Addresses()
    book.add(sent(1 << 8, 60, TURNED_AWAY + 8))
    book.add(sent(2 << 8, 3, TURNED_AWAY + 8))
    four, _ = Dropper(tmp_path / "none").chosen(book, Networks(), 100)
    assert four.tolist() == [2 << 8]


class Hearing:
    """A reporter that keeps the minutes."""

    def __init__(self) -> None:
        self.minutes: list[Minute] = []

    async def told(self, state: Any) -> Wishes:
        return Wishes()

    async def changed(self, event: bytes, change: Any) -> None:
        raise AssertionError(change)

    async def minute(self, event: bytes, body: bytes) -> None:
        self.minutes.append(msgspec.json.decode(body, type=Minute))

    async def book(self, event: bytes, made_ms: int, parts: tuple[bytes, ...]) -> None:
        raise AssertionError(event)


def test_a_clock_set_back_or_forward_makes_no_minute_of_another_length(tmp_path: Path) -> None:
    async def jump() -> list[Minute]:
        hearing = Hearing()
        loop = Loop(Control(tmp_path, tmp_path / "l", tmp_path / "r", tmp_path / "m"), hearing)
        began = time.monotonic()
        for step_s, jump_ms in ((60.0, -HOUR_MS), (120.0, 24 * HOUR_MS)):
            loop._end_minute(began + step_s, int(time.time() * 1000) + jump_ms)
        while not loop._telling.empty():
            await loop._telling.get_nowait()
        return hearing.minutes

    minutes = asyncio.run(jump())
    assert len(minutes) == 4
    assert all(59 < one.seconds < 61 for one in minutes)


def test_pages_that_a_power_cut_emptied_are_taken_anew(tmp_path: Path) -> None:
    with small_site({"/": html("labas " * 300, Cache_Control="public, max-age=60")}) as site:
        def take() -> bool:
            return snapshots.take(crawling.over(site.url), ("/",), tmp_path / "s", url=site.url)

        assert take()
        assert not take()
        (shot,) = snapshots.read(tmp_path / "s")
        for name in (shot.file, shot.packed):
            (tmp_path / "s" / name).write_bytes(b"")
            assert take(), "HAProxy would hold an empty page for ever"
            assert (tmp_path / "s" / name).stat().st_size > 20


@pytest.mark.parametrize("index", [b"", b"[", b"{}", b'[{"path":"/"}]', b"\xff\xfe"])
def test_a_broken_snapshot_does_not_keep_the_front_from_starting(tmp_path: Path, index: bytes) -> None:
    (tmp_path / "snapshot").mkdir()
    (tmp_path / "snapshot" / snapshots.INDEX).write_bytes(index)
    asked = site.Site(upstream="http://127.0.0.1:8080", listen="127.0.0.1:8480")
    front = site.front_of(asked, tmp_path, {"public": ("127.0.0.1:8480",)}, connections=1000)
    assert front.shots == ()
    with small_site({"/": html("labas " * 300, Cache_Control="public, max-age=60")}) as kept:
        assert snapshots.take(crawling.over(kept.url), ("/",), tmp_path / "snapshot", url=kept.url)
    assert site.front_of(asked, tmp_path, {"public": ("127.0.0.1:8480",)}, connections=1000).shots


def test_a_page_of_a_hostile_kind_does_not_break_the_configuration(tmp_path: Path) -> None:
    """The site behind says what its pages are; HAProxy has no way to write a control character."""
    kind = "text/html; charset=utf-8\x01\x7f"
    answers = {
        "/": html(f'<a href="/other">x</a>{"labas " * 300}', Cache_Control="public, max-age=60"),
        "/other": (200, {"Content-Type": kind, "Cache-Control": "public"}, b"<p>x</p>"),
    }
    with small_site(answers) as kept:
        snapshots.take(crawling.over(kept.url), ("/",), tmp_path / "snapshot", url=kept.url)
    asked = site.Site(upstream="http://127.0.0.1:8080", listen="127.0.0.1:8480")
    front = site.front_of(asked, tmp_path, {"public": ("127.0.0.1:8480",)}, connections=1000)
    assert [shot.path for shot in front.shots] == ["/"]
    assert "backend snapshot" in configuring.configured(front)


def test_who_is_dropped_for_flooding_the_public_site_reaches_the_staff_listener(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A doctor at an airport has the address of everybody there, and of a network where nobody was known before."""
    told: list[list[int]] = []
    monkeypatch.setattr(dropping, "main", lambda place, ports, **_: told.append(list(ports)))
    listen = Listen(public="127.0.0.1:8400", staff="127.0.0.1:8401")
    program.main_dropping(tmp_path, Settings(clinic=Clinic(id="00" * 16), listen=listen), None, None)
    assert told == [[8400]]


@pytest.mark.parametrize("binary", haproxies(), ids=lambda path: "wheel" if "ray" in path else "system")
def test_staff_who_come_by_an_ipv6_address_are_of_this_site(tmp_path: Path, binary: str) -> None:
    """names_of() has the addresses that are listened on; a browser writes those of IPv6 in brackets."""
    with front_rig(tmp_path / "f", binary, hosts=("klinika.lt", "fd00::5", "192.0.2.7")) as rig:
        def status(host: str) -> bytes:
            head = f"GET /x HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"
            return rig.raw(head.encode(), source="127.3.9.1", wait_s=2)[9:12]

        for host in ("klinika.lt", "KLINIKA.lt:8443", "[fd00::5]:8443", "[fd00::5]", "192.0.2.7:8443"):
            assert status(host) == b"200", host
        for host in ("kita.lt", "[fd00::6]", "fd00::5", "klinika.lt:80:80", "klinika.lt.kita.lt", ""):
            assert status(host) in (b"421", b"400"), host
