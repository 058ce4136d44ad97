"""Floods in the keeper: bounds that hold and ring, and what is no flood, no minute and no business of whoever asks."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import msgspec
import pytest
from flood_rig import Shield, change, minute
from keeper_rig import Asked, Clocks, Rig

from seifas.errors import Invalid, Missing, OverBudget, Refused, SeifasError, Tampered, TooLarge
from seifas.keeper import flood_book, flood_reading, flood_sealing

HOUR = 3_600_000


@pytest.fixture
def rig(tmp_path: Path, clocks: Clocks) -> Rig:
    return Rig(tmp_path / "vault")


def run(rig: Rig, deed: Any) -> Any:
    return rig.run(deed)


def test_bounds_hold_and_ring(rig: Rig, clocks: Clocks, monkeypatch: pytest.MonkeyPatch) -> None:
    async def deed(asked: Asked) -> None:
        officer, shield = await asked.person("vyr", "officer"), Shield(asked)
        monkeypatch.setattr(flood_book, "MOST_CHANGES_AN_HOUR", 3)
        await shield.changed("siege")
        await shield.changed("guarded", "siege", ago=-1)
        await shield.changed("siege", "guarded", ago=-2)
        with pytest.raises(OverBudget) as full:
            await shield.changed("guarded", "siege", ago=-3)
        assert full.value.where == "pace"
        assert asked.alarms("flood-pace") == 1
        monkeypatch.setattr(flood_book, "MOST_MINUTES", 2)
        await shield.minute()
        await shield.minute(ago=61_000)
        with pytest.raises(OverBudget) as full:
            await shield.minute(ago=62_000)
        assert full.value.where == "full"
        assert asked.alarms("flood-full") == 1
        assert not asked.keeper.floods.sealing
        monkeypatch.setattr(flood_book, "MOST_MINUTES", 9)
        monkeypatch.setattr(flood_book, "MOST_FLOOD_BYTES", 1_000)
        with pytest.raises(OverBudget):
            await shield.book(bytes(1_000))
        monkeypatch.setattr(flood_book, "MOST_FLOOD_BYTES", 10**9)
        monkeypatch.setattr(flood_book, "MOST_EDITIONS", 1)
        await shield.part(b"a", 0, 2, shield.now())
        with pytest.raises(OverBudget):
            await shield.part(b"a", 0, 2, shield.now() + 1)
        monkeypatch.setattr(flood_book, "MOST_BEGUN_A_DAY", 1)
        with pytest.raises(OverBudget):
            await Shield(asked).changed("siege")
        monkeypatch.setattr(flood_reading, "MOST_PARTS_A_DAY", 1)
        await shield.part(b"b", 1, 2, shield.now())
        await asked.desk("shield.book", session=officer, event=shield.event)
        with pytest.raises(OverBudget):
            await asked.desk("shield.book", session=officer, event=shield.event)
        assert asked.alarms("flood-books") == 1

    run(rig, deed)


@pytest.mark.parametrize("body", [
    b"", b"x", b"[]", b"null", b"{}", b"\xff\xfe", b'{"listener": 5}', b"{" * 5000, b"[" * 4000,
    change(1, "siege"), change(1 << 60, "siege"), msgspec.json.encode({"listener": "public", "ms": 1.5}),
    b'{"listener":"public","ms":1,"before":0,"after":2,"why":"sources"',
])  # fmt: skip
def test_what_is_no_change_is_refused(rig: Rig, body: bytes) -> None:
    async def deed(asked: Asked) -> None:
        with pytest.raises(Invalid):
            await Shield(asked).op("changed", change=body, event=os.urandom(16))
        told = await Shield(asked).op("told", state=b"{}", minutes=(body, minute(asked.keeper.now().wall_ms - 1)))
        assert told["notice"] is False, "what staff have ordered is told whatever came"
        assert not asked.keeper.floods.floods()
        assert len(asked.keeper.floods.recent()) == 1

    run(rig, deed)


def test_wrong_words_sizes_and_places_are_refused(rig: Rig) -> None:
    async def deed(asked: Asked) -> None:
        shield, now = Shield(asked), asked.keeper.now().wall_ms
        for said in (
            change(now, "siege", listener="desk"), change(now, "siege", why="Ona <b>"), change(now, "siege", why=""),
            change(now, "siege", listener=""), change(now, "siege").replace(b'"after":2', b'"after":3'),
            change(now, "siege", why="x" * 41), change(now, "siege", by_hand=1),
        ):
            with pytest.raises(Invalid):
                await shield.op("changed", change=said, event=shield.event)
        for event in (b"x", bytes(16), os.urandom(17)):
            with pytest.raises(Invalid):
                await shield.op("changed", change=change(now, "siege"), event=event)
        with pytest.raises(TooLarge):
            await shield.op("changed", change=change(now, "siege", figures={"x" * 5000: 1.0}), event=shield.event)
        with pytest.raises(TooLarge):
            await shield.op("told", state=b"{}" + b" " * 200_000)
        await shield.op("told", state=b"{}", minutes=(minute(now),) * 17 + (minute(now - 1, x="y" * 70_000),))
        assert len(asked.keeper.floods.recent()) == 1
        with pytest.raises(Missing):
            await shield.minute()
        await shield.changed("siege")
        for body in (b"", minute(now), b"SFFM\x02" + bytes(52) + minute(now), b"SFFM\x01" + bytes(52),
                     b"SFFM\x01" + bytes(52) + b"\xff{}"):
            with pytest.raises(SeifasError):
                await shield.sent(body)
        for number, of, edition in ((0, 0, now), (1, 1, now), (-1, 1, now), (0, 257, now), (0, 1, 0), (0, 1, 1)):
            with pytest.raises(Invalid):
                await shield.part(b"x", number, of, edition)
        key = await shield.key()
        clinic = asked.keeper.settings.clinic_id
        sealed = flood_sealing.seal_minute(key, clinic, os.urandom(16), shield.link(minute(now)))
        with pytest.raises(Tampered):
            await shield.op("minute", event=shield.event, sealed=sealed)
        sealed = flood_sealing.seal_part(key, clinic, shield.event, b"x", number=0, of=2, edition=now)
        for place in ({"number": 1, "of": 2}, {"number": 0, "of": 1}):
            with pytest.raises(Tampered):
                await shield.op("part", event=shield.event, sealed=sealed, edition=now, **place)
        assert not asked.keeper.floods.of_flood(shield.event)[1]

    run(rig, deed)


def test_only_officer_and_administrator_come_here(rig: Rig) -> None:
    async def deed(asked: Asked) -> None:
        shield = Shield(asked)
        await shield.changed("siege")
        await shield.book(b"SFFB")
        ops: dict[str, dict[str, Any]] = {
            "status": {}, "events": {}, "event": {"event": shield.event}, "minutes": {"event": shield.event},
            "book": {"event": shield.event}, "notice": {"on": True}, "remove": {"event": shield.event},
            "override": {"listener": "public", "mode": "calm", "minutes": 9},
        }
        for hat in ("doctor", "nurse", "reception", "auditor", "outside"):
            session = await asked.person(f"kas-{hat}", hat)
            for name, args in ops.items():
                with pytest.raises(Refused):
                    await asked.desk(f"shield.{name}", session=session, **args)
        admin = await asked.person("adm", "administrator")
        await shield.changed("calm", "siege", ago=-1)
        with pytest.raises(Refused):
            await asked.desk("shield.remove", session=admin, event=shield.event)
        officer = await asked.person("vyr", "officer")
        await asked.desk("shield.remove", session=officer, event=shield.event)
        assert asked.alarms("flood-removed") == 1
        with pytest.raises(Missing):
            await asked.desk("shield.book", session=officer, event=shield.event)
        with pytest.raises(Missing):
            await shield.minute()

    run(rig, deed)
