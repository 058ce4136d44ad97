"""A flood's addresses: shown to nobody without a line, nowhere in the clear, and not exchanged unnoticed."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import shutil
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1] / "keeper"))

import msgspec
import pytest
from flood_rig import Shield, change, minute
from keeper_rig import Asked, Clocks, Rig

from seifas.errors import Missing, SeifasError, Tampered, Unavailable
from seifas.keeper.keeper import Keeper

SENDER = "203.0.113.77"
HOUR = 3_600_000


@pytest.fixture
def rig(tmp_path: Path, clocks: Clocks) -> Rig:
    return Rig(tmp_path / "vault")


def test_nothing_of_a_book_is_shown_without_its_line(rig: Rig, monkeypatch: pytest.MonkeyPatch) -> None:
    async def deed(asked: Asked) -> None:
        officer, shield = await asked.person("vyr", "officer"), Shield(asked)
        await shield.changed("siege")
        await shield.minute()
        await shield.book(b"SFFB %s" % SENDER.encode())
        audit = asked.keeper.require_unlocked().audit
        before = audit.size
        await asked.desk("shield.book", session=officer, event=shield.event)
        assert audit.size > before
        read: list[bytes] = []
        real = Keeper.commit

        def failing(self: Keeper, leaves: Any, *rest: Any, **more: Any) -> Any:
            future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            future.set_exception(Unavailable("the disk is full"))
            return future

        monkeypatch.setattr(Keeper, "commit", failing)
        for name in ("shield.book", "shield.minutes"):
            with pytest.raises(Unavailable):
                read.append((await asked.desk(name, session=officer, event=shield.event))["body"])
        with pytest.raises(Unavailable):
            await shield.minute(ago=120_000)
        with pytest.raises(Unavailable):
            await shield.book(b"SFFB more", edition=shield.now() + 5)
        with pytest.raises(Unavailable):
            await asked.desk("shield.notice", session=officer, on=True)
        with pytest.raises(Unavailable):
            await asked.desk("shield.override", session=officer, listener="public", mode="calm", minutes=9)
        monkeypatch.setattr(Keeper, "commit", real)
        assert read == []
        assert not asked.keeper.floods.standing.orders, "an order that is not in the log is none"
        assert not asked.keeper.floods.standing.notice_ms
        assert len(asked.keeper.floods.of_flood(shield.event)[1]) == 1
        assert len(asked.keeper.floods.of_flood(shield.event)[2]) == 1
        assert not asked.keeper.floods.sealing

    rig.run(deed)


def test_every_look_names_who_looked(rig: Rig) -> None:
    async def deed(asked: Asked) -> None:
        officer, shield = await asked.person("vyr", "officer"), Shield(asked)
        await shield.changed("siege")
        await shield.book(b"SFFB 0", b"SFFB 1")
        for part in (0, 1, 1):
            await asked.desk("shield.book", session=officer, event=shield.event, part=part)
        case = (await asked.desk("case.open", session=officer, title="Tvindymas", kind="flood", links=(shield.event,)))[
            "case"
        ]
        told = await asked.desk("case.lines", session=officer, case=case)
        looks = [one for one in told if one["deed"] == "flood-shown"]
        assert [one["by"] for one in looks] == ["Vyr"] * 3
        assert asked.alarms("flood-book") == 1
        for wrong in ({"event": os.urandom(16)}, {"event": b""}, {"event": shield.event, "part": 2},
                      {"event": shield.event, "edition": 5}, {"event": shield.event, "part": -1}):
            with pytest.raises(Missing):
                await asked.desk("shield.book", session=officer, **wrong)
        for ident in (case, next(iter(asked.keeper.alarms.all())).id):
            with pytest.raises(Missing):
                await asked.desk("shield.minutes", session=officer, event=ident)

    rig.run(deed)


# -- a stolen disk


def test_no_address_lies_on_the_disk_or_in_the_programs_log(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    rig = Rig(tmp_path / "vault")
    caplog.set_level(logging.DEBUG)
    packed = bytes(map(int, SENDER.split("."))) * 40

    async def deed(asked: Asked) -> None:
        officer, shield = await asked.person("vyr", "officer"), Shield(asked)
        state = msgspec.json.encode({"ms": 1, "seen": SENDER})
        await shield.op("told", state=state, minutes=(minute(shield.now() - 1, prefixes=[[SENDER, 1]]),))
        await shield.op(
            "changed", change=change(shield.now(), "siege", figures={SENDER: 1.0}), event=shield.event
        )
        await shield.minute(prefixes=[[SENDER, 4]], samples=[f"GET / HTTP/1.1 {SENDER}"])
        await shield.book(b"SFFB" + SENDER.encode() * 30 + packed)
        await asked.desk("shield.book", session=officer, event=shield.event)
        with contextlib.suppress(SeifasError):
            await shield.part(SENDER.encode(), 0, 300, 5)
        with pytest.raises(SeifasError):
            await shield.op("changed", change=SENDER.encode(), event=shield.event)

    rig.run(deed)
    files = [one for one in rig.data.rglob("*") if one.is_file()]
    assert len(files) > 5
    for one in files:
        data = one.read_bytes()
        assert SENDER.encode() not in data, one
        assert packed not in data, one
    assert SENDER not in caplog.text


def test_exchanged_evidence_is_found_out(tmp_path: Path) -> None:
    rig = Rig(tmp_path / "vault")
    event = os.urandom(16)

    async def deed(asked: Asked) -> tuple[str, str]:
        shield = Shield(asked)
        shield.event = event
        await shield.changed("siege")
        await shield.minute(ago=120_000)
        await shield.minute(ago=60_000)
        first, second = asked.keeper.floods.minutes_of(event)
        return first.object.hex(), second.object.hex()

    first, second = rig.run(deed)
    places = {one.name: one for one in (rig.data / "data" / "objects").rglob("*") if one.is_file()}
    one, two = places[first], places[second]
    shutil.copy(one, tmp_path / "kept")
    shutil.copy(two, one)

    async def after(asked: Asked) -> None:
        officer = await asked.person("vyr", "officer")
        with pytest.raises(Tampered):
            await asked.desk("shield.minutes", session=officer, event=event)

    rig.run(after)


def test_lines_of_a_flood_are_told_by_the_log_itself(tmp_path: Path) -> None:
    rig = Rig(tmp_path / "vault")

    async def deed(asked: Asked) -> None:
        officer, shield = await asked.person("vyr", "officer"), Shield(asked)
        await shield.changed("siege")
        for n in range(3, 0, -1):
            await shield.minute(ago=60_000 * n)
        row = asked.keeper.floods.minutes_of(shield.event)[1]
        # A row that says another hash than the log does: the log's is what is told.
        asked.keeper.floods.put_minute(msgspec.structs.replace(row, sha256=bytes(32)))
        told = await asked.desk("shield.minutes", session=officer, event=shield.event)
        assert told[1]["logged"] == row.sha256

    rig.run(deed)
