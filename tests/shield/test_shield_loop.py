"""The control loop beside a real HAProxy: under a real flood, and when either of them dies."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from front_rig import FrontRig, haproxies
from loop_rig import Remembering, control_of, looping, until

from seifas.drill.flooding import Plan, Stream, flooding, get
from seifas.shield import baseline
from seifas.shield import flooding as flooding_module
from seifas.shield.certificates import authority, places
from seifas.shield.control import Control, Loop
from seifas.shield.evidence.book import joined
from seifas.shield.front import keys
from seifas.shield.model import Change, Mode
from seifas.shield.modes import Order
from seifas.shield.steering import known_networks

BINARY = haproxies()[0]
LONG_S = 60.0
"""What must come is waited for, however busy the machine is."""
ROUNDS = 3
"""Where time itself is told: a defect is there in each round, a machine that is busy elsewhere is not."""


def later_ms() -> int:
    """When an order ends, of a test that may run long after this file was read."""
    return (int(time.time()) + 600) * 1000


@contextlib.contextmanager
def front(directory: Path, certificates: Path | None = None) -> Iterator[FrontRig]:
    rig = FrontRig(directory, BINARY, certificates=certificates)
    rig._sink.close()  # the loop's own takes its place
    try:
        rig.start()
        yield rig
    finally:
        rig.stop()


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[FrontRig]:
    with front(tmp_path / "front") as made:
        yield made


def in_rounds(attempt: Callable[[FrontRig, Path], None], tmp_path: Path) -> None:
    for number in range(ROUNDS):
        place = tmp_path / str(number)
        place.mkdir()
        with front(place / "front") as rig:
            if number == ROUNDS - 1:
                attempt(rig, place / "loop")
                return
            with contextlib.suppress(AssertionError):
                attempt(rig, place / "loop")
                return


def strangers(rate: float, *, sources: int = 200_000) -> Stream:
    return Stream("strangers", rate, (get("/page", "clinic.example"),), sources=sources)


def test_a_flood_begins_is_counted_to_the_last_address_and_ends(tmp_path: Path) -> None:
    in_rounds(_flood_is_counted, tmp_path)


def _flood_is_counted(rig: FrontRig, directory: Path) -> None:
    told = Remembering()
    with looping(control_of(rig, directory), told) as loop:
        until(lambda: told.states and told.states[-1].haproxy, LONG_S)
        staff = rig.signed_in("staff", source="127.7.7.7")
        good = Stream(
            "good", 20, (get("/desk", "clinic.example", {"Cookie": f"seifas_lane={staff}"}),), "127.7.7.7", 1,
            spread=False, wanted=b"of the application", whole=True,
        )
        began = time.monotonic()
        plans = Plan("127.0.0.1", rig.port(), 5, (strangers(1500),)), Plan("127.0.0.1", rig.port("staff"), 5, (good,))
        with flooding(plans[0]) as flood, flooding(plans[1]) as visits:
            until(lambda: rig.runtime.number("mode_public") == Mode.SIEGE, 20)
            assert time.monotonic() - began < 20
            sent, served = flood.result().of("strangers"), visits.result().of("good")
        until(lambda: told.books, LONG_S)
        assert served.good_share == 1.0
        assert rig.runtime.number("mode_public") == Mode.CALM
        assert rig.runtime.number("mode_staff") == Mode.CALM
        assert loop._unread == 0
    changes = [(change.listener, change.before, change.after) for _, change in told.changes]
    assert changes == [("public", 0, 1), ("public", 1, 2), ("public", 2, 1), ("public", 1, 0)]
    events = {event for event, _ in told.changes} | {event for event, _, _ in told.books}
    assert len(events) == 1
    assert len(events.pop()) == 16
    book = joined(told.books[-1][2])
    # Who was lost before HAProxy read a request has sent none.
    assert sent.answered <= int(book.v4.requests.sum())
    assert abs(len(book) - (sent.distinct + 1)) <= sent.sent - sent.answered
    assert book.exact
    kept_out = [int(key) for key, flags in zip(book.v4.keys, book.v4.flags, strict=True) if flags & 1]
    assert kept_out == [0x7F070707]


def _served(told: Remembering, since: int = 0) -> int:
    """The most strangers that any state from number `since` on tells as served."""
    outcomes = [one.listeners["public"].lanes["stranger"].outcomes for one in told.states[since:]]
    return max((one.get("served", 0) for one in outcomes), default=0)


def test_whoever_hammers_from_one_address_changes_nothing(rig: FrontRig, tmp_path: Path) -> None:
    told = Remembering()
    with looping(control_of(rig, tmp_path / "loop"), told):
        with flooding(Plan("127.0.0.1", rig.port(), 3, (strangers(1500, sources=1),))) as flood:
            flood.result()
        until(lambda: _served(told) > 100, LONG_S)
    assert told.changes == []


def test_haproxy_dies_and_gets_back_its_modes_keys_and_known_networks(tmp_path: Path) -> None:
    in_rounds(_haproxy_dies, tmp_path)


def _haproxy_dies(rig: FrontRig, directory: Path) -> None:
    told = Remembering()
    file = directory.with_name("lane.keys")
    keys.write(file, rig.front.keys)
    with looping(control_of(rig, directory, keys=file), told):
        rig.signed_in("patient", source="127.9.8.7")
        rig.ask("/my", source="127.9.8.7", cookies={"seifas_lane": rig.signed_in("patient", source="127.9.8.7")})
        told.orders = {"public": Order(Mode.GUARDED, until_ms=later_ms())}
        until(lambda: rig.runtime.number("mode_public") == Mode.GUARDED, LONG_S)
        until(lambda: told.states[-1].good == 1, LONG_S)
        before = len(told.states)
        assert rig.process is not None
        os.killpg(rig.process.pid, signal.SIGKILL)
        rig.process.wait()
        rig.log.close()
        died = time.monotonic()
        rig.start()
        until(lambda: rig.runtime.number("mode_public") == Mode.GUARDED, LONG_S)
        until(lambda: known_networks(rig.runtime) == ({0x7F0908}, set()), LONG_S)
        assert time.monotonic() - died < 5
        until(lambda: rig.ask("/page").status == 200, LONG_S)
        until(lambda: _served(told, before + 1), LONG_S)


def test_a_loop_that_died_is_followed_by_one_that_goes_on(tmp_path: Path) -> None:
    in_rounds(_loop_dies, tmp_path)


def _loop_dies(rig: FrontRig, directory: Path) -> None:
    told = Remembering()
    control = control_of(rig, directory)
    with looping(control, told):
        rig.ask("/my", source="127.9.8.7", cookies={"seifas_lane": rig.signed_in("patient", source="127.9.8.7")})
        with flooding(Plan("127.0.0.1", rig.port(), 3, (strangers(2500),))) as flood:
            until(lambda: rig.runtime.number("mode_public") == Mode.SIEGE, LONG_S)
            flood.result()
        until(lambda: told.states[-1].addresses > 2000, LONG_S)
        before = told.states[-1].addresses
    event = told.changes[0][0]
    assert before > 2000
    # Without a loop HAProxy goes on as it was.
    assert rig.runtime.number("mode_public") == Mode.SIEGE
    assert rig.ask("/page", source="127.3.3.3").status == 403
    after = Remembering()
    with looping(control, after) as loop:
        until(lambda: after.states, LONG_S)
        assert after.states[0].listeners["public"].mode == Mode.SIEGE
        assert loop._networks.good()[0].tolist() == [0x7F0908]
        until(lambda: after.books, LONG_S)
    # The book of the loop before is gone; HAProxy's table had the same addresses.
    assert len(joined(after.books[-1][2])) >= 0.98 * before
    assert {one for one, _ in after.changes} == {event}
    assert [change.after for _, change in after.changes] == [Mode.GUARDED, Mode.CALM]


def test_without_a_keeper_it_goes_on_deciding(rig: FrontRig, tmp_path: Path) -> None:
    told = Remembering()
    told.orders = {"staff": Order(Mode.SIEGE, until_ms=later_ms())}
    with looping(control_of(rig, tmp_path / "loop"), told):
        until(lambda: rig.runtime.number("mode_staff") == Mode.SIEGE, LONG_S)
        told.away = True
        with flooding(Plan("127.0.0.1", rig.port(), 3, (strangers(2500),))) as flood:
            until(lambda: rig.runtime.number("mode_public") == Mode.SIEGE, LONG_S)
            flood.result()
        assert rig.runtime.number("mode_staff") == Mode.SIEGE  # what was ordered last holds
    assert [change.by_hand for _, change in told.changes if change.listener == "staff"] == [True]


def test_a_full_disk_does_not_stop_the_deciding(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    sockets = [tmp_path / name for name in ("lines.sock", "haproxy.sock", "master.sock")]
    file = tmp_path / "lane.keys"
    keys.write(file, keys.fresh(int(time.time())))
    told = Remembering()
    loop = Loop(Control(tmp_path, *sockets, keys=file, take_snapshot=full), told)  # type: ignore[arg-type]
    for module, name in ((keys, "read_or_made"), (flooding_module, "store"), (baseline, "store")):
        monkeypatch.setattr(module, name, full)

    async def deed() -> None:
        await loop.turn()
        loop._end_minute(0.0, loop._minute_ms + 60_000)
        await loop._floods.changed(Change("public", 1, 0, 1, "sources", {}), dict(loop._situations))
        await loop.turn()
        while not loop._telling.empty():
            await loop._telling.get_nowait()
        await asyncio.gather(*loop._tasks.values())

    asyncio.run(deed())
    assert told.states
    assert told.changes


def test_changed_pages_are_loaded_without_losing_the_mode(rig: FrontRig, tmp_path: Path) -> None:
    told = Remembering()
    told.orders = {"public": Order(Mode.GUARDED, until_ms=later_ms())}
    renewed: list[dict[str, Mode]] = []
    taken = iter([True])
    pid = int(rig.runtime.info()["Pid"])
    control = control_of(
        rig, tmp_path / "loop", young_s=1, take_snapshot=lambda: next(taken, False),
        renew=lambda modes, target: renewed.append(dict(modes)),
    )
    with looping(control, told):
        until(lambda: int(rig.runtime.info()["Pid"]) != pid, LONG_S)
        until(lambda: rig.runtime.number("mode_public") == Mode.GUARDED, LONG_S)
    assert len(renewed) == 1


def test_it_tells_when_the_certificate_ends_that_haproxy_shows(tmp_path: Path) -> None:
    now = datetime.now(UTC).replace(microsecond=0)
    pem = authority.stand_in(("klinika.lan",), now)
    places.lay(tmp_path / "served" / "site.pem", pem)
    with front(tmp_path / "front", tmp_path / "served") as rig:
        reporter = Remembering()
        with looping(control_of(rig, tmp_path / "own", certificate_s=0.2), reporter):
            told = until(lambda: reporter.states and reporter.states[-1].certificate_ends_ms, LONG_S)
        assert told == (now + timedelta(days=authority.STAND_IN_DAYS)).timestamp() * 1000
