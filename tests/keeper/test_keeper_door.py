"""The keeper's door, over real sockets: who may knock, what a frame may be, and that one caller stops no other."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import struct
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
import uvloop

from seifas.errors import Invalid, Locked, Missing, SeifasError, TooLarge, Unavailable
from seifas.keeper import door as door_module
from seifas.keeper import wire
from seifas.keeper.client import BlockingClient, KeeperClient
from seifas.keeper.door import OPS, Caller, Door, Op

OTHER_USER = 61499


class Said(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    text: str = ""
    count: int = 0


class Nobody:
    """In place of a keeper: locked or not."""

    def __init__(self) -> None:
        self.locked = False
        self.gate = asyncio.Event()
        self.under_way = 0

    def require_unlocked(self) -> None:
        if self.locked:
            raise Locked("locked")


async def _echo(keeper: Nobody, caller: Caller, args: Said) -> Any:
    return {"text": args.text, "role": caller.role, "pid": caller.pid, "uid": caller.uid}


async def _large(keeper: Nobody, caller: Caller, args: Said) -> Any:
    return bytes(args.count)


async def _wait(keeper: Nobody, caller: Caller, args: Said) -> Any:
    keeper.under_way += 1
    await keeper.gate.wait()
    return args.count


async def _defect(keeper: Nobody, caller: Caller, args: Said) -> Any:
    raise KeyError(f"Ona Petrauskienė {args.text}")


async def _refuse(keeper: Nobody, caller: Caller, args: Said) -> Any:
    raise Missing("there is no such record", where="x")


@pytest.fixture(autouse=True)
def ops(monkeypatch: pytest.MonkeyPatch) -> None:
    table = {}
    for name, handler, roles, while_locked in (
        ("echo", _echo, ("desk", "jobs"), False), ("large", _large, ("desk",), False),
        ("wait", _wait, ("desk",), False), ("defect", _defect, ("desk",), False), ("refuse", _refuse, ("desk",), False),
        ("health", _echo, ("desk",), True),
    ):
        table[name] = Op(name, frozenset(roles), msgspec.msgpack.Decoder(Said), handler, while_locked)
    monkeypatch.setattr(OPS, "table", table)


@contextlib.asynccontextmanager
async def _open(run: Path, **uids: frozenset[int]) -> AsyncIterator[tuple[Door, Nobody]]:
    keeper = Nobody()
    own = frozenset({os.geteuid()})
    door = Door(keeper, run, uids or {"desk": own, "jobs": own})
    await door.open()
    try:
        yield door, keeper
    finally:
        keeper.gate.set()
        await door.close()
        for writer in _opened:
            writer.close()
            with contextlib.suppress(OSError):
                await writer.wait_closed()
        _opened.clear()
        while door.tasks or door.open_connections:
            await asyncio.sleep(0.01)
        await asyncio.sleep(0.01)


def _run(deed: Callable[[], Awaitable[None]]) -> None:
    uvloop.run(deed())  # the loop that serves


async def _until(fits: Callable[[], bool]) -> None:
    give_up = time.monotonic() + 60
    while not fits():
        assert time.monotonic() < give_up, "it did not come so far"
        await asyncio.sleep(0.01)


_opened: list[asyncio.StreamWriter] = []


async def _raw(path: Path) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    reader, writer = await asyncio.open_unix_connection(str(path))
    _opened.append(writer)
    return reader, writer


async def _reply(reader: asyncio.StreamReader) -> tuple[int, bool, Any]:
    size = wire.LENGTH.unpack(await asyncio.wait_for(reader.readexactly(4), 60))[0]
    return wire.parse_reply(await asyncio.wait_for(reader.readexactly(size), 60))


def test_a_call_is_answered_and_the_caller_known(tmp_path: Path) -> None:
    async def deed() -> None:
        async with _open(tmp_path):
            client = KeeperClient(tmp_path / "desk.sock")
            told = await client.call("echo", text="Ąžuolas")
            assert told == {"text": "Ąžuolas", "role": "desk", "pid": os.getpid(), "uid": os.geteuid()}
            assert (tmp_path / "desk.sock").stat().st_mode & 0o777 == 0o600
            await client.close()

    _run(deed)


def test_what_a_role_may_not_call_does_not_exist_for_it(tmp_path: Path) -> None:
    async def deed() -> None:
        async with _open(tmp_path):
            client = KeeperClient(tmp_path / "jobs.sock")
            assert (await client.call("echo"))["role"] == "jobs"
            for name in ("large", "no.such", "", "x" * 100_000, "\x00"):
                with pytest.raises(Invalid) as caught:
                    await client.call(name)
                assert len(caught.value.message) < 200
            await client.close()

    _run(deed)


def test_a_user_who_may_not_knock_is_turned_away_unheard(tmp_path: Path) -> None:
    def knock() -> bytes:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(5)
            connection.connect(str(tmp_path / "desk.sock"))
            with contextlib.suppress(OSError):
                connection.sendall(wire.request(1, "echo", {"text": "x"}) * 50)
            try:
                return connection.recv(100)
            except ConnectionError:
                return b""

    async def deed() -> None:
        async with _open(tmp_path, desk=frozenset({OTHER_USER, OTHER_USER + 1})) as (door, _):
            assert (tmp_path / "desk.sock").stat().st_mode & 0o777 == 0o666, "the check is not the file's mode"
            for _ in range(20):
                assert await asyncio.to_thread(knock) == b""
            assert not door.tasks
            assert not door.open_connections
        async with _open(tmp_path, desk=frozenset({OTHER_USER, os.geteuid()})):
            assert await asyncio.to_thread(knock) != b"", "a user who may is heard"

    _run(deed)


def test_garbage_is_answered_as_invalid_and_the_connection_lives(tmp_path: Path) -> None:
    async def deed() -> None:
        async with _open(tmp_path):
            reader, writer = await _raw(tmp_path / "desk.sock")
            for noise in (b"", b"\xc1", os.urandom(300), b"\x93\x01\xa4echo\x81\xa4text\x01", b"\x91" * 10_000,
                          msgspec.msgpack.encode((1, "echo", {"text": "x", "more": 1})),
                          msgspec.msgpack.encode((1, "echo", []))):
                writer.write(wire.LENGTH.pack(len(noise)) + noise)
                _, fine, told = await _reply(reader)
                assert (fine, told["code"]) == (False, "invalid"), noise[:20]
            writer.write(wire.request(9, "echo", {"text": "still here"}))
            assert (await _reply(reader))[2]["text"] == "still here"
            writer.close()

    _run(deed)


@pytest.mark.parametrize("size", [wire.MAX_FRAME + 1, 2**32 - 1])
def test_a_frame_over_the_limit_ends_the_connection_at_its_length(tmp_path: Path, size: int) -> None:
    async def deed() -> None:
        async with _open(tmp_path) as (door, _):
            reader, writer = await _raw(tmp_path / "desk.sock")
            writer.write(wire.request(5, "echo", {"text": "first"}))
            assert (await _reply(reader))[0] == 5
            writer.write(wire.request(6, "echo", {"text": "second"}) + struct.pack(">I", size) + b"x" * 1000)
            ident, fine, told = await _reply(reader)
            assert (ident, fine, told["code"]) == (0, False, TooLarge.code)
            assert await asyncio.wait_for(reader.read(), 60) == b""
            await _until(lambda: door.held == {"desk": 0, "jobs": 0})

    _run(deed)


def test_frames_in_pieces_and_many_at_once(tmp_path: Path) -> None:
    async def deed() -> None:
        async with _open(tmp_path) as (door, _):
            reader, writer = await _raw(tmp_path / "desk.sock")
            stream = b"".join(wire.request(n, "echo", {"text": "ž" * n}) for n in range(40))
            for start in range(0, len(stream), 7):
                writer.write(stream[start : start + 7])
                if start % 70 == 0:
                    await writer.drain()
                    await asyncio.sleep(0)
            told = {one[0]: one[2]["text"] for one in [await _reply(reader) for _ in range(40)]}
            assert told == {n: "ž" * n for n in range(40)}
            writer.write(stream)
            assert len({(await _reply(reader))[0] for _ in range(40)}) == 40
            assert door.held["desk"] == 0
            writer.close()

    _run(deed)


def test_a_defect_says_nothing_of_what_it_held(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async def deed() -> None:
        async with _open(tmp_path):
            client = KeeperClient(tmp_path / "desk.sock")
            with pytest.raises(SeifasError) as caught:
                await client.call("defect", text="48002030000")
            assert type(caught.value) is SeifasError
            assert "Petrausk" not in caught.value.message
            with pytest.raises(Missing):
                await client.call("refuse")
            await client.close()

    _run(deed)
    spoken = [vars(record) for record in caplog.records]
    assert any(one.get("error") == "KeyError" for one in spoken)
    assert "Petrausk" not in str(spoken)
    assert "48002030000" not in str(spoken)


def test_locked_refuses_all_but_what_is_meant_for_it(tmp_path: Path) -> None:
    async def deed() -> None:
        async with _open(tmp_path) as (_, keeper):
            keeper.locked = True
            client = KeeperClient(tmp_path / "desk.sock")
            with pytest.raises(Locked):
                await client.call("echo")
            assert await client.call("health")
            await client.close()

    _run(deed)


def test_a_caller_with_too_much_under_way_waits_and_others_do_not(tmp_path: Path) -> None:
    async def deed() -> None:
        async with _open(tmp_path) as (_, keeper):
            reader, writer = await _raw(tmp_path / "desk.sock")
            for n in range(4000):
                writer.write(wire.request(n, "wait", {"count": n, "text": "x" * 200}))
            await _until(lambda: keeper.under_way >= 512)
            await asyncio.sleep(0.2)
            assert keeper.under_way < 3000, "the socket is not read while so much is under way"
            other = KeeperClient(tmp_path / "desk.sock")
            assert (await asyncio.wait_for(other.call("echo", text="x"), 60))["text"] == "x"
            await other.close()
            keeper.gate.set()
            assert {(await _reply(reader))[0] for _ in range(4000)} == set(range(4000))
            writer.close()

    _run(deed)


def test_a_caller_that_does_not_take_its_answers_is_not_read_on(tmp_path: Path) -> None:
    async def deed() -> None:
        async with _open(tmp_path) as (door, _):
            with socket.socket(socket.AF_UNIX) as mute:
                mute.connect(str(tmp_path / "desk.sock"))
                mute.setblocking(False)
                sent = 0
                with contextlib.suppress(BlockingIOError):
                    for n in range(20_000):
                        mute.send(wire.request(n, "large", {"count": 50_000}))
                        sent += 1
                        if n % 50 == 0:
                            await asyncio.sleep(0)
                for _ in range(20):
                    await asyncio.sleep(0.01)
                (connection,) = door.open_connections
                assert connection.transport.get_write_buffer_size() < 40 * 2**20, f"after {sent} calls"
                other = KeeperClient(tmp_path / "desk.sock")
                assert await asyncio.wait_for(other.call("echo"), 60)
                await other.close()

    _run(deed)


def test_half_frames_of_a_broken_role_do_not_fill_the_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(door_module, "MOST_HELD", 4 * 2**20)

    async def deed() -> None:
        async with _open(tmp_path) as (door, _):
            broken = []
            for _ in range(8):
                reader, writer = await _raw(tmp_path / "desk.sock")
                broken.append((reader, writer))
                writer.write(struct.pack(">I", wire.MAX_FRAME) + bytes(1_000_000))
                await asyncio.sleep(0.02)
            assert door.held["desk"] <= 4 * 2**20 + 1_000_004
            await _until(lambda: len(door.open_connections) < 5)
            jobs = KeeperClient(tmp_path / "jobs.sock")
            assert await jobs.call("echo"), "the other roles do not notice"
            await jobs.close()
            for _, writer in broken:
                writer.close()
            await _until(lambda: door.held == {"desk": 0, "jobs": 0})

    _run(deed)


def test_a_role_has_so_many_connections(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(door_module, "MOST_CONNECTIONS", 5)

    async def deed() -> None:
        async with _open(tmp_path) as (door, _):
            kept = [await _raw(tmp_path / "desk.sock") for _ in range(12)]
            await _until(lambda: len(door.open_connections) == 5)
            jobs = KeeperClient(tmp_path / "jobs.sock")
            assert await jobs.call("echo")
            await jobs.close()
            for _, writer in kept:
                writer.close()
            await _until(lambda: not door.open_connections)
            desk = KeeperClient(tmp_path / "desk.sock")
            assert await desk.call("echo")
            await desk.close()

    _run(deed)


def test_calls_under_way_fail_when_the_keeper_goes_and_the_next_finds_the_new_one(tmp_path: Path) -> None:
    async def deed() -> None:
        client = KeeperClient(tmp_path / "desk.sock", patience=60)
        async with _open(tmp_path) as (door, keeper):
            under_way = asyncio.ensure_future(client.call("wait"))
            await _until(lambda: keeper.under_way == 1)
            for connection in list(door.open_connections):
                connection.transport.abort()
            with pytest.raises(Unavailable):
                await asyncio.wait_for(under_way, 60)
        again = asyncio.ensure_future(client.call("echo", text="back"))
        await asyncio.sleep(0.2)
        async with _open(tmp_path):
            assert (await asyncio.wait_for(again, 60))["text"] == "back"
        await client.close()

    _run(deed)


def test_without_a_keeper_a_call_gives_up_in_time(tmp_path: Path) -> None:
    with pytest.raises(Unavailable), BlockingClient(tmp_path / "desk.sock", patience=0.2) as client:
        client.call("echo")

    async def deed() -> None:
        with pytest.raises(Unavailable):
            await KeeperClient(tmp_path / "desk.sock", patience=0.2).call("echo")

    _run(deed)
