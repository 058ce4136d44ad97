"""Floods in the keeper: begun, ended, evidence taken late and once, orders, the notice, what survives a lock."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import Any

import msgspec
import pytest
from flood_rig import Shield, change, minute
from keeper_rig import Asked, Clocks, Rig

from seifas.audit.tiles import TileReader
from seifas.errors import Conflict, Invalid
from seifas.keeper import flood_keeping, sweeping_objects
from seifas.keeper.flood_model import KEPT_ENDED_MS, Flood, change_id, minute_id
from seifas.keeper.lines import Action

HOUR = 3_600_000


@pytest.fixture
def rig(tmp_path: Path, clocks: Clocks) -> Rig:
    """A demo, whose officers sign in by a link; its clocks stand still."""
    return Rig(tmp_path / "vault")


def run(rig: Rig, deed: Any) -> Any:
    return rig.run(deed)


def test_ids_and_keys_are_those_of_the_format() -> None:
    """The vectors of docs/formats/flood-evidence.md."""
    flood = Flood(bytes(range(16)), 0, 0, 0, bytes(32))
    assert flood_keeping.place_of(flood, bytes(range(16))).key.hex() == (
        "ae9fda3161cd7fa150e3b5d22e13e82cfa0f1a61e9adcf6063a3872338695eca"
    )
    assert change_id(flood.id, b"{}").hex() == "7169e13c33546ced65785dfae9f574fe"
    assert minute_id(flood.id, hashlib.sha256(b"").digest()).hex() == "79321c51decc6eabf4088337a215640c"


async def lines(asked: Asked, *actions: Action) -> list[Any]:
    opened = asked.keeper.require_unlocked()
    opened.audit.publish(opened.state)
    reader = TileReader(opened.audit.directory, opened.audit.published)
    found = [opened.audit.read(leaf, number)[0] for number, leaf in enumerate(reader.entries(0, opened.audit.size))]
    return [line for line in found if line.action in actions]


def test_a_flood_begins_rings_and_ends(rig: Rig, clocks: Clocks) -> None:
    async def deed(asked: Asked) -> None:
        officer, shield = await asked.person("vyr", "officer"), Shield(asked)
        assert await shield.changed("guarded") == shield.event
        assert asked.alarms("flood-siege-public") == 0
        clocks.run(10_000)
        await shield.changed("siege", "guarded")
        assert asked.alarms("flood-siege-public") == 1
        await shield.changed("guarded", listener="staff")
        status = await asked.desk("shield.status", session=officer)
        assert status["event"] == shield.event
        clocks.run(HOUR)
        officer = await asked.sign_in("vyr")
        await shield.changed("calm", "siege")
        told = (await asked.desk("shield.events", session=officer))[0]
        assert not told["ended_ms"], "the staff's listener is guarded still"
        await shield.changed("calm", "guarded", listener="staff")
        told = (await asked.desk("shield.events", session=officer))[0]
        assert told["ended"] == "calm"
        assert told["worst"] == 2
        assert told["worst_of"] == {"public": 2, "staff": 1}
        assert told["changed"] == len(told["changes"]) == 5
        assert told["line"] >= 0
        assert (await asked.desk("shield.status", session=officer))["event"] == b""
        notes = [line.note for line in await lines(asked, Action.FLOOD)]
        assert notes == ["opened", "to-guarded", "to-siege", "to-guarded", "to-calm", "to-calm", "ended-calm"]

    run(rig, deed)


def test_evidence_is_kept_once_and_stands_in_the_log(rig: Rig, clocks: Clocks) -> None:
    async def first(asked: Asked) -> tuple[Shield, list[bytes], bytes, int]:
        officer, shield = await asked.person("vyr", "officer"), Shield(asked)
        await shield.changed("siege")
        links = [await shield.minute(ago=60_000 * n, listener=one) for n in (3, 2, 1) for one in ("public", "staff")]
        await shield.sent(links[0])
        pages = await asked.desk("shield.minutes", session=officer, event=shield.event, count=4)
        assert [one["body"] for one in pages] == links[:4]
        rest = await asked.desk("shield.minutes", session=officer, event=shield.event, after=pages[-1]["seq"])
        assert [one["body"] for one in rest] == links[4:]
        assert all(one["logged"] == hashlib.sha256(one["body"]).digest() for one in (*pages, *rest))
        assert len({one["line"] for one in (*pages, *rest)}) == 6
        assert msgspec.json.decode(rest[0]["minute"])["requests"] == 480_000
        parts = (b"SFFB" + os.urandom(9000), b"SFFB" + os.urandom(200))
        edition = await shield.book(*parts)
        await shield.part(parts[0], 0, 2, edition)
        with pytest.raises(Conflict):
            await shield.part(b"SFFB other", 0, 2, edition)
        with pytest.raises(Conflict):
            await shield.part(b"SFFB other", 2, 3, edition)
        told = (await asked.desk("shield.events", session=officer))[0]
        assert (told["minutes"], told["parts"], told["requests"]) == (6, 2, 6 * 480_000)
        book = await asked.desk("shield.book", session=officer, event=shield.event, part=1)
        assert book["body"] == parts[1]
        assert book["logged"] == hashlib.sha256(parts[1]).digest()
        assert book["line"] > 0
        assert asked.alarms("flood-book") == 0, "the first part rings"
        return shield, links, parts[0], edition

    shield, links, part, edition = run(rig, first)

    async def second(asked: Asked) -> None:
        officer = await asked.sign_in("vyr")
        told = await asked.desk("shield.minutes", session=officer, event=shield.event)
        assert [one["body"] for one in told] == links
        assert [one["line"] for one in told] == sorted(one["line"] for one in told)
        recent = await asked.desk("shield.minutes", session=officer)
        assert len(recent) == 6, "what was at hand comes back from what is stored"
        assert recent == sorted(recent, key=lambda one: one["seq"])
        book = await asked.op("admin", "shield.admin_book", event=shield.event)
        assert (book["body"], book["edition"], book["of"]) == (part, edition, 2)
        shown = [(line.note, line.account != b"") for line in await lines(asked, Action.FLOOD_SHOWN)]
        assert shown == [("minutes", True), ("book", True), ("minutes", True), ("book", False)]
        assert len(list(asked.keeper.require_unlocked().objects.ids())) == 8
        assert await sweeping_objects.sweep(asked.keeper) == 0

    run(rig, second)


def test_what_was_held_back_is_taken_late_and_marked(rig: Rig, clocks: Clocks) -> None:
    async def deed(asked: Asked) -> None:
        officer, shield = await asked.person("vyr", "officer"), Shield(asked)
        now = shield.now()
        old, live = Shield(asked), shield
        await live.changed("guarded")
        # A flood of the night, told in the morning and out of order: it is its own, and the one under way stays.
        said = [change(now - 9 * HOUR, "siege"), change(now - 8 * HOUR, "calm", "siege")]
        for body in reversed(said):
            assert (await old.op("changed", change=body, event=old.event))["event"] == old.event
        await old.minute(ago=8 * HOUR + 1000)
        told = {one["event"]: one for one in await asked.desk("shield.events", session=officer)}
        assert told[old.event]["ended_ms"] == now - 8 * HOUR
        assert told[old.event]["began_ms"] == now - 9 * HOUR
        assert not told[live.event]["ended_ms"]
        assert (await asked.desk("shield.minutes", session=officer, event=old.event))[0]["late"]
        assert asked.alarms("flood-late") == 1
        assert asked.alarms("flood-siege-public") == 0
        assert (await asked.desk("shield.status", session=officer))["event"] == live.event
        # The shield was started again and has forgotten its flood: the one before ends unsaid.
        clocks.run(1000)
        again = Shield(asked)
        await again.changed("guarded")
        told = {one["event"]: one for one in await asked.desk("shield.events", session=officer)}
        assert told[live.event]["ended"] == "unsaid"

    run(rig, deed)


def test_without_an_id_the_flood_under_way_is_meant(rig: Rig) -> None:
    async def deed(asked: Asked) -> None:
        shield = Shield(asked)
        assert await shield.changed("calm", event=b"") == b""
        ident = await shield.changed("guarded", event=b"")
        assert len(ident) == 16
        assert await shield.changed("siege", "guarded", event=b"", ago=-5) == ident
        assert len(asked.keeper.floods.floods()) == 1

    run(rig, deed)


def test_orders_and_the_notice_reach_the_shield(rig: Rig, clocks: Clocks) -> None:
    async def first(asked: Asked) -> None:
        officer, admin = await asked.person("vyr", "officer"), await asked.person("adm", "administrator")
        shield = Shield(asked)
        auto = {"mode": "auto", "until_ms": 0}
        state = msgspec.json.encode({"ms": 1})
        assert await shield.op("told", state=state) == {"orders": {"public": auto, "staff": auto}, "notice": False}
        until = (await asked.desk("shield.override", session=admin, listener="public", mode="siege", minutes=5))[
            "until_ms"
        ]
        await asked.desk("shield.override", session=officer, listener="staff", mode="guarded", minutes=60)
        await asked.desk("shield.notice", session=officer, on=True)
        assert (await asked.op("public", "shield.public"))["notice"] is True
        told = await shield.op("told", state=state)
        assert told["orders"]["public"] == {"mode": "siege", "until_ms": until}
        assert told["notice"] is True
        for wrong in (
            {"listener": "all", "mode": "siege", "minutes": 5}, {"listener": "public", "mode": "off", "minutes": 5},
            {"listener": "public", "mode": "siege", "minutes": 0},
            {"listener": "public", "mode": "siege", "minutes": 1441},
        ):
            with pytest.raises(Invalid):
                await asked.desk("shield.override", session=officer, **wrong)
        status = await asked.desk("shield.status", session=admin)
        assert status["state"] == state
        assert status["age_ms"] == 0
        assert status["orders"]["public"]["by"] == "Adm"
        assert status["notice"]["by"] == "Vyr"
        assert status["on"] is asked.keeper.settings.shield.on

    async def second(asked: Asked) -> None:
        officer, shield = await asked.sign_in("vyr"), Shield(asked)
        told = await shield.op("told", state=b"{}")
        assert told["notice"] is True
        assert told["orders"]["public"]["mode"] == "siege"
        clocks.run(5 * 60_000)
        told = await shield.op("told", state=b"{}")
        assert told["orders"]["public"]["mode"] == "auto", "an order ends by itself"
        assert told["orders"]["staff"]["mode"] == "guarded"
        await asked.desk("shield.override", session=officer, listener="staff", mode="auto")
        await asked.desk("shield.notice", session=officer, on=False)
        await asked.op("public", "shield.public")
        told = await shield.op("told", state=b"{}")
        assert told["orders"]["staff"]["mode"] == "auto"
        assert told["notice"] is False
        await shield.changed("siege")
        await asked.desk("shield.override", session=officer, listener="public", mode="calm", minutes=5)
        assert asked.alarms("flood-lowered") == 1
        notes = [line.note for line in await lines(asked, Action.FLOOD) if line.account]
        assert notes == [
            "order-public-siege", "order-staff-guarded", "notice-on", "order-staff-auto", "notice-off",
            "order-public-calm",
        ]

    run(rig, first)
    run(rig, second)


def test_minutes_of_a_calm_time_are_at_hand_for_two_hours(rig: Rig, clocks: Clocks) -> None:
    async def deed(asked: Asked) -> None:
        shield = Shield(asked)
        await asked.account("vyr", "officer")
        size = asked.keeper.require_unlocked().audit.size
        for _ in range(130):
            clocks.run(60_000)
            said = tuple(minute(shield.now() - 60_000, one) for one in ("public", "staff"))
            await shield.op("told", state=b"{}", minutes=said)
        assert asked.keeper.require_unlocked().audit.size == size, "nothing of them is stored"
        officer = await asked.sign_in("vyr")
        told = await asked.desk("shield.minutes", session=officer, watch=True)
        assert 2 * 119 <= len(told) <= 2 * 121
        assert [one["seq"] for one in told] == sorted(one["seq"] for one in told)
        page = await asked.desk("shield.minutes", session=officer, after=told[-3]["seq"])
        assert page == told[-2:]

    run(rig, deed)


def test_a_flood_goes_with_a_case_and_its_lines_show_there(rig: Rig, clocks: Clocks) -> None:
    async def deed(asked: Asked) -> None:
        officer, shield = await asked.person("vyr", "officer"), Shield(asked)
        await shield.changed("siege")
        case = (await asked.desk("case.open", session=officer, title="Tvindymas", kind="flood", links=(shield.event,)))[
            "case"
        ]
        await shield.minute()
        await shield.book(b"SFFB x")
        await asked.desk("shield.book", session=officer, event=shield.event)
        clocks.run(HOUR)
        officer = await asked.sign_in("vyr")
        await shield.changed("calm", "siege")
        told = await asked.desk("case.lines", session=officer, case=case)
        notes = [one["note"] for one in told if one["deed"].startswith("flood")]
        assert notes == ["opened", "to-siege", "book", "to-calm", "ended-calm"], "minutes do not bury the others"
        event = (await asked.desk("shield.events", session=officer))[0]
        assert event["case"] == case
        assert event["goes_ms"] == 0
        with pytest.raises(Conflict):
            await asked.desk("shield.remove", session=officer, event=shield.event)
        clocks.run(KEPT_ENDED_MS + 1)
        await flood_keeping.sweep(asked.keeper)
        assert asked.keeper.floods.has(shield.event), "what belongs to a case stays"
        other = Shield(asked)
        with pytest.raises(Invalid):
            await other.changed("siege", event=case)
        await other.changed("siege")
        officer = await asked.sign_in("vyr")
        second = (await asked.desk("case.open", session=officer, title="Kita", kind="hand"))["case"]
        await asked.desk("case.link", session=officer, case=second, link=other.event)
        assert other.event in asked.keeper.cases.get(second).links

    run(rig, deed)


def test_old_floods_go_and_forgotten_ones_end(rig: Rig, clocks: Clocks) -> None:
    async def deed(asked: Asked) -> None:
        shield = Shield(asked)
        await shield.changed("siege")
        await shield.minute()
        await shield.book(b"SFFB 1", b"SFFB 2")
        clocks.run(23 * HOUR)
        await flood_keeping.sweep(asked.keeper)
        assert asked.keeper.floods.under_way()
        guarded = msgspec.json.encode({"listeners": {"public": {"mode": 1}, "staff": {"mode": 0}}})
        await shield.op("told", state=guarded)
        clocks.run(2 * HOUR)
        await flood_keeping.sweep(asked.keeper)
        assert asked.keeper.floods.under_way(), "the shield says that it is there"
        clocks.run(23 * HOUR)
        await flood_keeping.sweep(asked.keeper)
        assert asked.keeper.floods.get(shield.event).ended == "unsaid"
        clocks.run(KEPT_ENDED_MS + 1)
        await flood_keeping.sweep(asked.keeper)
        assert not asked.keeper.floods.has(shield.event)
        assert not list(asked.keeper.require_unlocked().objects.ids())
        assert not asked.keeper.floods.objects()

    async def after(asked: Asked) -> None:
        assert not asked.keeper.floods.floods()

    run(rig, deed)
    run(rig, after)


def test_a_flood_that_the_shield_has_forgotten_ends_when_it_says_calm(rig: Rig, clocks: Clocks) -> None:
    async def deed(asked: Asked) -> None:
        shield = Shield(asked)
        await shield.changed("siege")
        states = [msgspec.json.encode({"listeners": {"public": {"mode": mode}}}) for mode in (0, 2)]
        for mode in (0, 1, 0):
            await shield.op("told", state=states[mode])
            clocks.run(20 * 60_000)
            await shield.op("told", state=states[mode])
            await flood_keeping.sweep(asked.keeper)
            assert asked.keeper.floods.under_way()
        clocks.run(11 * 60_000)
        await flood_keeping.sweep(asked.keeper)
        assert asked.keeper.floods.get(shield.event).ended == "unsaid"
        await shield.minute()
        await shield.changed("siege", ago=-1)
        assert asked.keeper.floods.under_way(), "it goes on where the shield says so"

    run(rig, deed)


def test_what_staff_have_ordered_does_not_ring(rig: Rig) -> None:
    async def deed(asked: Asked) -> None:
        shield = Shield(asked)
        await shield.op("changed", change=change(shield.now(), "siege", by_hand=True), event=shield.event)
        assert asked.alarms("flood-siege-public") == 0
        await shield.changed("guarded", "siege", ago=-1)
        await shield.op("changed", change=change(shield.now() + 2, "siege", "guarded"), event=shield.event)
        assert asked.alarms("flood-siege-public") == 1, "what it then finds itself does"

    run(rig, deed)


def test_older_books_are_thinned_out(tmp_path: Path, clocks: Clocks) -> None:
    clocks.set(flood_keeping.SPELL_MS - clocks.wall // 1_000_000 % flood_keeping.SPELL_MS)  # six hours begin now
    rig = Rig(tmp_path / "vault")

    async def deed(asked: Asked) -> None:
        shield = Shield(asked)
        await asked.account("vyr", "officer")
        await shield.changed("siege")
        first = await shield.book(b"SFFB first")
        half = shield.now() + 1
        await shield.part(b"SFFB half", 0, 2, half)
        for _ in range(5):
            clocks.run(10 * 60_000)
            last = await shield.book(b"SFFB %d" % shield.now())
        officer = await asked.sign_in("vyr")
        told = (await asked.desk("shield.events", session=officer))[0]
        kept = [one["edition"] for one in told["editions"]]
        assert kept[0] == first, "the first of six hours stays, whatever comes"
        assert len(kept) == 3
        assert told["edition"] == last
        assert (await asked.desk("shield.book", session=officer, event=shield.event))["edition"] == last
        clocks.run(1000)
        before = await shield.book(b"SFFB before the loop was started again")
        for _ in range(4):
            clocks.run(10 * 60_000)
            await shield.book(b"SFFB 2")
        officer = await asked.sign_in("vyr")
        kept = {one["edition"] for one in (await asked.desk("shield.events", session=officer))[0]["editions"]}
        assert before in kept, "it holds addresses that no later one has"
        assert len(kept) == 4
        await shield.part(b"SFFB late", 1, 2, half)
        assert await sweeping_objects.sweep(asked.keeper) == 0
        assert len(list(asked.keeper.require_unlocked().objects.ids())) == len(asked.keeper.floods.objects())

    run(rig, deed)
