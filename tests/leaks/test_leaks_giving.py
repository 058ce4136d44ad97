"""Kept files' bytes given out again: whole and in order, never without the keeper's yes, no longer than asked."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import Any

import pytest

from seifas.crypto import stream
from seifas.crypto.aad import Purpose
from seifas.errors import Missing, Refused, Tampered, Unavailable
from seifas.leaks.asking import Who
from seifas.leaks.giving import MOST, PIECE, Readings
from seifas.storage.objects import Objects, local_objects

CASE, LEAK, FILE, APPROVAL, CLINIC = (bytes([number]) * 16 for number in range(1, 6))
WHO = Who("session")


class Keeper:
    """Says yes with what opens one object, or no."""

    def __init__(self, told: dict[str, Any]) -> None:
        self.told = told
        self.asked: list[dict[str, Any]] = []
        self.refuses = False

    async def call(self, op: str, **args: Any) -> dict[str, Any]:
        self.asked.append({"op": op, **args})
        if self.refuses:
            raise Refused("not allowed")
        return self.told


def kept(place: Path, body: bytes) -> tuple[Keeper, Objects]:
    objects, key, ident = local_objects(place), os.urandom(32), os.urandom(16)
    objects.put(ident, stream.seal_stream(
        key, (body,), purpose=Purpose.OBJECT, clinic=CLINIC, patient=LEAK, record=ident, version=1, epoch=3
    ))  # fmt: skip
    told = {"case": LEAK, "size": len(body), "object": ident, "key": key, "clinic": CLINIC, "epoch": 3}
    return Keeper(told), objects


async def whole(readings: Readings, token: bytes) -> bytes:
    made = b""
    while data := await readings.next(token):
        assert len(data) <= PIECE
        made += data
    return made


@pytest.mark.parametrize("size", [1, 65_528, PIECE, PIECE + 1, 3_000_000])
def test_a_file_comes_whole_and_its_token_ends_with_it(tmp_path: Path, size: int) -> None:
    body = os.urandom(size)
    keeper, objects = kept(tmp_path, body)

    async def deed() -> None:
        readings = Readings(keeper, objects)  # type: ignore[arg-type]
        told = await readings.open(WHO, CASE, FILE, APPROVAL)
        assert told["size"] == size
        assert keeper.asked == [
            {"op": "leak.file_open", "session": "session", "case": CASE, "file": FILE, "approval": APPROVAL}
        ]
        assert await whole(readings, told["reading"]) == body
        assert not readings.busy
        with pytest.raises(Missing):
            await readings.next(told["reading"])
        readings.close()

    asyncio.run(deed())


def test_without_the_keepers_yes_there_is_no_reading(tmp_path: Path) -> None:
    keeper, objects = kept(tmp_path, b"x" * 1000)
    keeper.refuses = True

    async def deed() -> None:
        readings = Readings(keeper, objects)  # type: ignore[arg-type]
        with pytest.raises(Refused):
            await readings.open(WHO, CASE, FILE, APPROVAL)
        assert not readings.busy
        for token in (b"", bytes(32), os.urandom(32)):
            with pytest.raises(Missing):
                await readings.next(token)
            assert await readings.close_one(token) == {}
        readings.close()

    asyncio.run(deed())


def test_idle_and_too_many_readings_end(tmp_path: Path) -> None:
    keeper, objects = kept(tmp_path, b"x" * 1_000_000)

    async def deed() -> None:
        readings = Readings(keeper, objects, idle_s=2.0)  # type: ignore[arg-type]
        tokens = [(await readings.open(WHO, CASE, FILE, APPROVAL))["reading"] for _ in range(MOST)]
        with pytest.raises(Unavailable):
            await readings.open(WHO, CASE, FILE, APPROVAL)
        assert len(keeper.asked) == MOST  # what is not read leaves no line
        await readings.close_one(tokens.pop())
        await asyncio.sleep(2.1)
        await readings.next(tokens[0])
        readings.sweep()
        assert await readings.next(tokens[0])
        with pytest.raises(Missing):
            await readings.next(tokens[1])
        readings.close()

    asyncio.run(deed())


@pytest.mark.parametrize("where", [20, 70_000, -20])
def test_a_changed_object_ends_in_an_error_and_is_not_read_on(tmp_path: Path, where: int) -> None:
    keeper, objects = kept(tmp_path, os.urandom(2_000_000))
    (place,) = [one for one in tmp_path.rglob("*") if one.is_file() and one.stat().st_size > 2_000_000]
    body = bytearray(place.read_bytes())
    body[where] ^= 1
    place.write_bytes(body)

    async def deed() -> None:
        readings = Readings(keeper, objects)  # type: ignore[arg-type]
        token = (await readings.open(WHO, CASE, FILE, APPROVAL))["reading"]
        with pytest.raises(Tampered):
            await whole(readings, token)
        with pytest.raises(Missing):
            await readings.next(token)
        readings.close()

    asyncio.run(deed())
