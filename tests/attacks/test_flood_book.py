"""Evidence of floods against people who mean harm: a shield that was taken over, a thief at the desk, a stolen disk."""

from __future__ import annotations

import contextlib
import itertools
import os
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1] / "keeper"))

import msgspec
import pytest
from flood_rig import Shield, change, minute
from hypothesis import given, settings
from hypothesis import strategies as st
from keeper_rig import Asked, Clocks, Rig

from seifas.crypto import dropbox
from seifas.errors import Conflict, Invalid, OverBudget, SeifasError, Tampered
from seifas.keeper import flood_book, flood_sealing
from seifas.keeper.client import KeeperClient
from seifas.keeper.door import OPS, Door
from seifas.keeper.flood_model import SIEGE

SENDER = "203.0.113.77"
HOUR = 3_600_000


@pytest.fixture
def rig(tmp_path: Path, clocks: Clocks) -> Rig:
    return Rig(tmp_path / "vault")


# -- a shield that was taken over


def test_the_shield_reaches_these_ops_and_no_other(rig: Rig) -> None:
    reached = {name for name, op in OPS.table.items() if "shield" in op.roles}
    assert reached == {"drop.key", "shield.told", "shield.changed", "shield.minute", "shield.part"}
    of_desk = {name for name in OPS.table if name.startswith("shield.")} - reached
    for name in of_desk:
        assert OPS.table[name].roles in (frozenset({"desk"}), frozenset({"admin"}), frozenset({"public"})), name

    async def deed(asked: Asked) -> None:
        run = rig.data / "run"
        run.mkdir(exist_ok=True)
        door = Door(asked.keeper, run, {one: frozenset({os.geteuid()}) for one in ("shield", "public", "desk")})
        await door.open()
        try:
            shield, public = KeeperClient(str(run / "shield.sock")), KeeperClient(str(run / "public.sock"))
            assert (await shield.call("shield.told", state=b"{}"))["notice"] is False
            for name in sorted(set(OPS.table) - reached)[:400]:
                with pytest.raises(Invalid, match="has no op"):
                    await shield.call(name)
            for name in ("shield.told", "shield.changed", "shield.minute", "shield.part", "shield.status"):
                with pytest.raises(Invalid, match="has no op"):
                    await public.call(name, state=b"{}")
            await shield.close()
            await public.close()
        finally:
            await door.close()

    rig.run(deed)


def test_it_takes_nothing_away_whatever_it_says(rig: Rig, clocks: Clocks, monkeypatch: pytest.MonkeyPatch) -> None:
    """Lies after the truth: other bytes in the same places, books that say less, floods that end, ids of other things.
    All that came before reads as before, and the log says what came when."""
    monkeypatch.setattr(flood_book, "MOST_EDITIONS", 200)

    async def deed(asked: Asked) -> None:
        await asked.account("vyr", "officer")
        shield = Shield(asked)
        await shield.changed("siege")
        true_links = [await shield.minute(ago=60_000 * n) for n in range(5, 0, -1)]
        true_book = await shield.book(b"SFFB everybody", b"SFFB the rest")
        at = shield.now()
        for lie in (b"SFFB nobody", b"SFFB everybody "):
            with pytest.raises(Conflict):
                await shield.part(lie, 0, 2, true_book)
        with pytest.raises(Conflict):
            await shield.part(b"SFFB x", 0, 1, true_book)
        await shield.sent(shield.link(minute(at - 60_000, requests=0, distinct=0)))
        await shield.changed("calm", "siege", ago=-1)
        for number in range(60):
            clocks.run(60_000)
            await shield.book(b"SFFB nobody %d" % number)
        session = await asked.sign_in("vyr")
        for ident in [one.id for one in asked.keeper.alarms.all()]:
            with pytest.raises(Invalid):
                await shield.changed("siege", event=ident)
        rows = await asked.desk("shield.minutes", session=session, event=shield.event)
        assert [one["body"] for one in rows][:5] == true_links
        parts = [
            (await asked.desk("shield.book", session=session, event=shield.event, edition=true_book, part=n))["body"]
            for n in range(2)
        ]
        assert parts == [b"SFFB everybody", b"SFFB the rest"]
        told = (await asked.desk("shield.events", session=session))[0]
        assert told["worst"] == SIEGE
        assert len(told["editions"]) <= 4

    rig.run(deed)


def test_it_can_fill_its_own_box_and_nothing_else(rig: Rig, clocks: Clocks, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flood_book, "MOST_FLOOD_BYTES", 64 * 1024)
    monkeypatch.setattr(flood_book, "MOST_BYTES", 256 * 1024)

    async def deed(asked: Asked) -> None:
        refused = 0
        for _ in range(flood_book.MOST_BEGUN_A_DAY + 20):
            shield = Shield(asked)
            with contextlib.suppress(OverBudget):
                await shield.changed("siege")
                for number in range(20):
                    await shield.book(os.urandom(8_000), edition=shield.now() + number)
            refused += not asked.keeper.floods.has(shield.event)
            clocks.run(1)
        assert refused == 20
        kept = sum(asked.keeper.floods.bytes_of(one.id) for one in asked.keeper.floods.floods())
        assert kept <= flood_book.MOST_BYTES
        assert len(list(asked.keeper.require_unlocked().objects.ids())) == len(asked.keeper.floods.objects())
        # A hundred sieges in one second are one alarm, and what else rings is not behind it.
        assert asked.alarms("flood-siege-public") == 1
        assert asked.alarms("flood-full") == 1
        for _ in range(400):
            said = tuple(minute(asked.keeper.now().wall_ms - n) for n in range(16))
            await Shield(asked).op("told", state=b"{}", minutes=said)
            clocks.run(16)
        assert len(asked.keeper.floods.recent()) <= flood_book.MOST_RECENT
        officer = await asked.person("vyr", "officer")
        assert await asked.desk("case.list", session=officer) == []

    rig.run(deed)


def test_a_flood_that_comes_and_goes_rings_once_an_hour(rig: Rig, clocks: Clocks) -> None:
    async def deed(asked: Asked) -> None:
        officer, shield = await asked.person("vyr", "officer"), Shield(asked)
        await shield.changed("siege")
        for _ in range(11):
            clocks.run(2 * 60_000)
            await shield.changed("guarded", "siege")
            clocks.run(2 * 60_000)
            await shield.changed("siege", "guarded")
            officer = await asked.sign_in("vyr")
            for alarm in asked.keeper.alarms.all():
                if not alarm.acknowledged_ms:
                    await asked.desk("alarm.acknowledge", session=officer, id=alarm.id)
        assert asked.alarms("flood-siege-public") == 1

    rig.run(deed)


def test_spoiled_words_are_refused_or_taken_and_break_nothing(rig: Rig, whole: bool) -> None:
    """Every kind of thing that is told, cut off, with bits turned over, with a piece twice: an error of ours, or it is
    taken as what it then says; the shield that works goes on beside it."""

    async def deed(asked: Asked) -> None:
        shield, dice = Shield(asked), random.Random(6)
        await shield.changed("siege")
        key, clinic = await shield.key(), asked.keeper.settings.clinic_id
        now = shield.now()
        state = msgspec.json.encode({"ms": now, "listeners": {"public": {"mode": 2}}})
        good = (change(now, "siege"), minute(now - 60_000), state, shield.link(minute(now - 60_000)))
        for _ in range(600 if whole else 200):
            what = dice.randrange(4)
            body = spoiled(dice, good[what])
            with contextlib.suppress(SeifasError):
                if what == 0:
                    await shield.op("changed", change=body, event=dice.choice((shield.event, b"", os.urandom(16))))
                elif what in (1, 2):
                    await shield.op("told", state=body if what == 2 else b"{}", minutes=(body,))
                else:
                    sealed = flood_sealing.seal_minute(key, clinic, shield.event, body)
                    await shield.op("minute", event=shield.event, sealed=spoiled(dice, sealed, 0.3))
        true_link = await shield.minute(ago=30_000)
        session = await asked.person("vyr", "officer")
        rows = await asked.desk("shield.minutes", session=session, event=shield.event)
        assert rows[-1]["body"] == true_link
        assert all(one["body"][:5] == b"SFFM\x01" for one in rows)
        for told in await asked.desk("shield.events", session=session):
            assert set(told["modes"]) <= {"public", "staff"}
        await asked.desk("shield.status", session=session)
        await asked.desk("shield.minutes", session=session)

    rig.run(deed)


def spoiled(dice: random.Random, data: bytes, chance: float = 0.9) -> bytes:
    if dice.random() > chance:
        return data
    at, end = sorted((dice.randrange(len(data)), dice.randrange(len(data) + 1)))
    match dice.randrange(4):
        case 0:
            return data[:at]
        case 1:
            return data[:at] + bytes([data[at] ^ 1 << dice.randrange(8)]) + data[at + 1 :]
        case 2:
            return data[:end] + data[at:]
        case _:
            return data[:at] + dice.choice((b"null", b"-1", b"1e400", b"\xff", b'"', b"[" * 2000)) + data[end:]


@given(st.binary(max_size=3000))
@settings(max_examples=150)
def test_no_bytes_open_that_were_not_sealed(data: bytes) -> None:
    seed = bytes(32)
    with pytest.raises(SeifasError):
        flood_sealing.open_minute(seed, bytes(16), b"f" * 16, data)
    with pytest.raises(SeifasError):
        flood_sealing.open_part(seed, bytes(16), b"f" * 16, data, number=0, of=1, edition=5)


@given(
    st.integers(-2, 300), st.integers(-2, 300), st.integers(-(1 << 60), 1 << 60), st.integers(0, 3),
    st.binary(min_size=16, max_size=16),
)
@settings(max_examples=60)
def test_sealed_parts_open_in_their_own_place_alone(
    number: int, of: int, edition: int, which: int, other: bytes
) -> None:
    seed, clinic, flood = bytes(32), b"c" * 16, b"f" * 16
    public = dropbox.public_half(seed)
    try:
        sealed = flood_sealing.seal_part(public, clinic, flood, b"x", number=number, of=of, edition=edition)
    except Invalid:
        assert not (0 <= number < of <= 256 and 0 < edition < 1 << 53)
        return
    assert flood_sealing.open_part(seed, clinic, flood, sealed, number=number, of=of, edition=edition) == b"x"
    wrong: list[Any] = [
        (other, flood, number, of, edition), (clinic, other, number, of, edition),
        (clinic, flood, number - 1, of, edition), (clinic, flood, number, of, edition + 1),
    ]
    at = wrong[which]
    if at != (clinic, flood, number, of, edition):
        with pytest.raises((Tampered, Invalid)):
            flood_sealing.open_part(seed, at[0], at[1], sealed, number=at[2], of=at[3], edition=at[4])
    with pytest.raises(Tampered):
        flood_sealing.open_minute(seed, clinic, flood, sealed)


def test_any_order_of_the_same_changes_is_the_same_flood(tmp_path: Path) -> None:
    """Late and out of order: what was held back of a night is told as it comes, and the flood is the same."""
    rig = Rig(tmp_path / "vault")

    async def deed(asked: Asked) -> None:
        now = asked.keeper.now().wall_ms - 2 * HOUR
        steps = [
            change(now, "guarded"), change(now + 10_000, "siege", "guarded"),
            change(now + 20_000, "guarded", listener="staff"), change(now + 900_000, "calm", "siege"),
            change(now + 950_000, "calm", "guarded", "staff"),
        ]
        seen = set()
        for order in itertools.islice(itertools.permutations(steps), 0, 120, 7):
            shield = Shield(asked)
            for body in order:
                await shield.op("changed", change=body, event=shield.event)
            flood = asked.keeper.floods.get(shield.event)
            seen.add((flood.began_ms, flood.last_ms, flood.modes, flood.worst, flood.ended_ms, flood.ended))
        assert seen == {(
            now, now + 950_000, (("public", 0), ("staff", 0)), (("public", 2), ("staff", 1)), now + 950_000, "calm"
        )}

    rig.run(deed)


KILLED = """
import asyncio, os, sys
from pathlib import Path
from flood_rig import Shield
from keeper_rig import Asked, Rig
from seifas.keeper import living
from seifas.keeper.keeper import Keeper
from seifas.settings import load

async def main(data, root, event):
    keeper = Keeper(data, load(data))
    await living.with_root(keeper, root, "test")
    shield = Shield(Asked(keeper))
    shield.event = event
    await shield.changed("siege")
    for n in range(5, 0, -1):
        await shield.minute(ago=60_000 * n)
    await shield.book(b"SFFB of the dead")
    os._exit(7)

asyncio.run(main(Path(sys.argv[1]), bytes.fromhex(sys.argv[2]), bytes.fromhex(sys.argv[3])))
"""


def test_what_was_answered_outlives_a_kill_and_nothing_is_left_over(tmp_path: Path) -> None:
    rig = Rig(tmp_path / "vault")
    event = os.urandom(16)
    here = os.pathsep.join([str(Path(__file__).parents[1] / "keeper"), *filter(None, sys.path)])
    ended = subprocess.run(
        [sys.executable, "-c", KILLED, str(rig.data), rig.root.hex(), event.hex()],
        env={**os.environ, "PYTHONPATH": here}, timeout=250, check=False,
    )
    assert ended.returncode == 7

    async def after(asked: Asked) -> None:
        officer = await asked.person("vyr", "officer")
        rows = await asked.desk("shield.minutes", session=officer, event=event)
        assert len(rows) == 5
        assert [one["line"] for one in rows] == sorted({one["line"] for one in rows})
        assert (await asked.desk("shield.book", session=officer, event=event))["body"] == b"SFFB of the dead"
        assert len(list(asked.keeper.require_unlocked().objects.ids())) == 6

    rig.run(after)


# -- a thief at the desk
