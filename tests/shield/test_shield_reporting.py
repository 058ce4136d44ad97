"""What the loop tells the keeper: all of it arrives, in its order, though the vault was locked; and none of it lies
readable meanwhile."""

from __future__ import annotations

import asyncio
import tempfile
import time
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from keeper_rig import Asked, Rig
from loop_rig import Remembering

from seifas.errors import Locked, OverBudget
from seifas.shield.addresses import Addresses, grouped
from seifas.shield.evidence import chain
from seifas.shield.evidence.book import joined
from seifas.shield.flooding import Floods
from seifas.shield.keeper_reporting import KeeperReporter
from seifas.shield.model import Change, Minute, Mode, State
from seifas.shield.modes import Order, Situation
from seifas.shield.networks import Networks
from seifas.shield.outbox import Held, Outbox
from seifas.shield.reporting import wishes
from seifas.shield.standing import Standing, load, store

PREFIX = "198.51.100.0/24"


class Line:
    """A client of a real keeper. `error`: raised instead of asking it."""

    def __init__(self, asked: Asked) -> None:
        self.asked = asked
        self.error: type[Exception] | None = None
        self.said: list[str] = []

    async def call(self, op: str, **args: Any) -> Any:
        if self.error is not None and op != "drop.key":
            raise self.error("not now")
        self.said.append(op)
        return await self.asked.op("shield", op, **args)


def minute(number: int) -> Minute:
    return Minute(
        listener="public", begins_ms=time.time_ns() // 10**6 - 60_000 * (10 - number), seconds=60, requests=480_000,
        connections=480_000, bytes_out=10**9, distinct=200_000, distinct_exact=True, newcomers=9, lanes={}, mode=2,
        prefixes4=((PREFIX, 77),), prefixes6=(), paths=(("/", 3),), signatures=(), queue_ms=0.1, cpu=0.5, lines_lost=0,
        clock_offset_ms=None,
    )  # fmt: skip


def book() -> Addresses:
    made = Addresses()
    keys = np.arange(0xC6336400, 0xC6336400 + 250, dtype=np.uint32)
    now = np.full(250, int(time.time()), np.uint32)
    made.add(grouped(keys, now, np.ones(250, np.bool_), np.ones(250, np.int64), np.zeros(250, np.uint8)))
    return made


def at(mode: Mode) -> dict[str, Situation]:
    return {"public": Situation(mode=mode, own=mode), "staff": Situation()}


def change(before: Mode, after: Mode, ago: int) -> Change:
    return Change("public", time.time_ns() // 10**6 - ago, before, after, "sources", {"sources": 9000.0})


async def flooded(reporter: KeeperReporter, directory: Path) -> bytes:
    floods = Floods(directory / "standing.json", reporter, book(), Networks(), None)
    await floods.minute(minute(0), at(Mode.CALM))
    await floods.changed(change(Mode.CALM, Mode.GUARDED, 500_000), at(Mode.GUARDED))
    assert floods.flood is not None
    event = floods.flood.event
    await floods.minute(minute(2), at(Mode.GUARDED))
    await floods.changed(change(Mode.GUARDED, Mode.SIEGE, 400_000), at(Mode.SIEGE))
    for number in (3, 4):
        await floods.minute(minute(number), at(Mode.SIEGE))
    await floods.changed(change(Mode.SIEGE, Mode.CALM, 1000), at(Mode.CALM))
    assert floods.flood is None
    return event


async def delivered(reporter: KeeperReporter) -> None:
    carrying = asyncio.create_task(reporter.carry())
    async with asyncio.timeout(30):
        while reporter.waiting:
            await asyncio.sleep(0.02)
    carrying.cancel()


def test_what_was_held_while_the_vault_was_locked_comes_whole_and_in_order(tmp_path: Path) -> None:
    directory = tmp_path / "shield"
    directory.mkdir()

    async def deed(asked: Asked) -> None:
        line = Line(asked)
        line.error = Locked
        event = await flooded(KeeperReporter(line, asked.keeper.settings.clinic_id, directory), directory)  # type: ignore[arg-type]
        line.error = None
        held = b"".join(path.read_bytes() for path in directory.rglob("*") if path.is_file())
        # Changes of mode are readable; whom they are about is not.
        assert b"shield.minute" in held
        assert b"sources" in held
        for plain in (PREFIX.encode(), b"198.51.100", bytes.fromhex("c6336400c6336401"), b'"paths"'):
            assert plain not in held
        # The process dies, and the next one hands over.
        reporter = KeeperReporter(line, asked.keeper.settings.clinic_id, directory)  # type: ignore[arg-type]
        assert reporter.waiting == 8
        await delivered(reporter)
        told_in_order = [op for op in line.said if op != "drop.key"]
        assert told_in_order == [
            "shield.changed", "shield.minute", "shield.part", "shield.changed", "shield.minute", "shield.minute",
            "shield.changed", "shield.part",
        ]  # fmt: skip
        officer = await asked.person("vyr", "officer")
        told = (await asked.desk("shield.events", session=officer))[0]
        assert (told["event"], told["ended"], told["minutes"], told["parts"]) == (event, "calm", 3, 1)
        rows = await asked.desk("shield.minutes", session=officer, event=event)
        kept = [chain.Kept(row["line"], row["logged"], row["body"]) for row in rows]
        assert chain.checked(kept).problems == ()
        assert all(link.minute.prefixes4 == ((PREFIX, 77),) for link in chain.checked(kept).links)
        part = await asked.desk("shield.book", session=officer, event=event)
        assert len(joined([part["body"]])) == 250

    Rig(tmp_path / "vault").run(deed)
    assert not list((directory / "held").iterdir())


def test_minutes_of_calm_have_numbers_only_and_go_along_with_the_state(tmp_path: Path) -> None:
    async def deed(asked: Asked) -> None:
        line = Line(asked)
        reporter = KeeperReporter(line, asked.keeper.settings.clinic_id, tmp_path / "shield")  # type: ignore[arg-type]
        officer = await asked.person("vyr", "officer")
        floods = Floods(tmp_path / "standing.json", reporter, book(), Networks(), None)
        for number in range(40):
            await floods.minute(minute(number % 9), at(Mode.CALM))
        state = State(0, "2.6.12", {}, 0, True, 0, 0, 0.0, {})
        line.error = Locked
        with pytest.raises(Locked):
            await reporter.told(state)
        line.error = None
        await asked.desk("shield.override", session=officer, listener="public", mode="siege", minutes=5)
        told = await reporter.told(state)
        assert told.orders["public"].mode == Mode.SIEGE
        assert "staff" not in told.orders
        rows = await asked.desk("shield.minutes", session=officer)
        assert 0 < len(rows) <= 16
        assert all(msgspec.json.decode(row["minute"], type=Minute).prefixes4 == () for row in rows)
        assert reporter.waiting == 0

    (tmp_path / "shield").mkdir()
    Rig(tmp_path / "vault").run(deed)


def test_the_book_is_told_early_and_then_now_and_then(tmp_path: Path) -> None:
    told = Remembering()

    async def deed() -> None:
        floods = Floods(tmp_path / "standing.json", told, book(), Networks(), None)
        await floods.changed(Change("public", 30_000, 0, 1, "sources", {}), at(Mode.GUARDED))
        for number in range(35):
            for listener in ("public", "staff"):
                one = msgspec.structs.replace(minute(0), listener=listener, begins_ms=60_000 * number)
                await floods.minute(one, at(Mode.GUARDED))

    asyncio.run(deed())
    assert [made // 60_000 for _, made, _ in told.books] == [2, 6, 16, 26]


def test_what_the_keeper_never_takes_is_let_go_and_what_is_too_much_waits(tmp_path: Path) -> None:
    directory = tmp_path / "shield"
    directory.mkdir()

    async def deed(asked: Asked) -> None:
        line = Line(asked)
        reporter = KeeperReporter(line, asked.keeper.settings.clinic_id, directory)  # type: ignore[arg-type]
        await reporter.changed(bytes(3), change(Mode.CALM, Mode.SIEGE, 0))  # no id
        await reporter.minute(b"\1" * 16, b"of a flood that nobody told of")
        await reporter.changed(b"\2" * 16, change(Mode.CALM, Mode.SIEGE, 0))
        await delivered(reporter)
        assert line.said.count("shield.changed") == 2
        line.error = OverBudget
        await reporter.changed(b"\2" * 16, change(Mode.SIEGE, Mode.CALM, 0))
        assert await reporter._hand_over() >= 60
        assert reporter.waiting == 1

    Rig(tmp_path / "vault").run(deed)


class Full(Line):
    """A keeper that has no more room for evidence, as a shield that was taken over or a flood of weeks can make it."""

    async def call(self, op: str, **args: Any) -> Any:
        if op in ("shield.minute", "shield.part"):
            raise OverBudget("no more room", where="full")
        return await super().call(op, **args)


def test_evidence_that_finds_no_room_does_not_keep_a_siege_from_ringing(tmp_path: Path) -> None:
    directory = tmp_path / "shield"
    directory.mkdir()

    async def deed(asked: Asked) -> None:
        line = Full(asked)
        reporter = KeeperReporter(line, asked.keeper.settings.clinic_id, directory)  # type: ignore[arg-type]
        await reporter.changed(b"\2" * 16, change(Mode.CALM, Mode.GUARDED, 9000))
        await reporter.minute(b"\2" * 16, b"for which there is no room")
        assert await reporter._hand_over() >= 60
        await reporter.changed(b"\2" * 16, change(Mode.GUARDED, Mode.SIEGE, 0))
        assert line.said.count("shield.changed") == 2
        assert reporter.waiting == 1
        line.error = Locked
        await reporter.changed(b"\2" * 16, change(Mode.SIEGE, Mode.GUARDED, 0))
        assert reporter.waiting == 2, "nothing is lost"

    Rig(tmp_path / "vault").run(deed)


@given(st.lists(st.one_of(st.binary(max_size=60), st.none()), max_size=12))
def test_things_come_out_as_they_went_in(things: list[bytes | None]) -> None:
    """None takes the oldest out."""

    with tempfile.TemporaryDirectory() as place:
        box, plain = Outbox(Path(place)), []
        for thing in things:
            if thing is not None:
                assert box.put(Held("op", {"x": thing}))
                plain.append(thing)
            elif plain:
                assert box.first() == Held("op", {"x": plain.pop(0)})
                box.drop()
            box = Outbox(Path(place))
            assert len(box) == len(plain)
        assert (box.first() or Held("", {"x": None})).args["x"] == (plain[0] if plain else None)


def test_a_full_box_keeps_what_came_first_and_a_broken_file_is_passed_over(tmp_path: Path) -> None:
    box = Outbox(tmp_path, most_files=3)
    assert [box.put(Held("op", {"n": number})) for number in range(5)] == [True, True, True, False, False]
    assert box.lost == 2
    (tmp_path / "0000000000000001.held").write_bytes(b"\xc1 torn")
    box = Outbox(tmp_path)
    assert box.first() == Held("op", {"n": 1})
    assert box.lost == 1
    small = Outbox(tmp_path, most_bytes=1)
    assert not small.put(Held("op", {}))


@pytest.mark.parametrize(
    "orders",
    [None, 7, "x", [], {"public": None}, {"public": {"mode": 1}}, {"public": {"mode": "storm", "until_ms": 1}},
     {"public": {"mode": "auto", "until_ms": 0}}],
)  # fmt: skip
def test_orders_that_do_not_read_are_none(orders: object) -> None:
    assert wishes(orders, None).orders == {}


def test_orders_are_read() -> None:
    told = wishes({"public": {"mode": "siege", "until_ms": 5}, "staff": {"mode": "auto", "until_ms": 0}}, True)
    assert told.orders == {"public": Order(Mode.SIEGE, 5)}
    assert told.notice


@given(st.binary(max_size=100))
def test_a_standing_that_does_not_read_is_none(garbage: bytes) -> None:

    with tempfile.TemporaryDirectory() as place:
        file = Path(place) / "standing.json"
        file.write_bytes(garbage)
        assert load(file) == Standing()
        store(file, Standing())
        assert load(file) == Standing()
        file.write_bytes(b'{"listeners":{},"flood":{"event":"AA==","began_ms":1,"head":{},"told_ms":1}}')
        assert load(file) == Standing()
