"""A shield as the keeper sees it: tells changes of mode, minutes in a chain, books in parts."""

from __future__ import annotations

import hashlib
import os
import struct
from typing import Any

import msgspec
from keeper_rig import Asked

from seifas.keeper import flood_sealing

MODES = {"calm": 0, "guarded": 1, "siege": 2}


def change(ms: int, after: str, before: str = "calm", listener: str = "public", **more: Any) -> bytes:
    said = {"listener": listener, "ms": ms, "before": MODES[before], "after": MODES[after], "why": "sources",
            "figures": {"sources": 9000.0, "sources_bound": 300.0}, "by_hand": False, **more}
    return msgspec.json.encode(said)


def minute(ms: int, listener: str = "public", **more: Any) -> bytes:
    return msgspec.json.encode({"listener": listener, "begins_ms": ms, "requests": 480_000, "distinct": 200_000,
                                "distinct_exact": True, "prefixes": [["192.0.2.0/24", 4]], **more})


class Shield:
    """One that works; `event` is the id that it made for its flood."""

    def __init__(self, asked: Asked) -> None:
        self.asked = asked
        self.event = os.urandom(16)
        self.number = 0
        self.before = bytes(32)

    async def op(self, name: str, /, **args: Any) -> Any:
        return await self.asked.op("shield", f"shield.{name}", **args)

    def now(self) -> int:
        return self.asked.keeper.now().wall_ms

    async def key(self) -> bytes:
        return bytes((await self.op_key())["key"])

    async def op_key(self) -> Any:
        return await self.asked.op("shield", "drop.key")

    async def changed(self, after: str, before: str = "calm", *, ago: int = 0, event: bytes | None = None,
                      listener: str = "public") -> bytes:
        body = change(self.now() - ago, after, before, listener)
        told = await self.op("changed", change=body, event=self.event if event is None else event)
        return bytes(told["event"])

    def link(self, said: bytes) -> bytes:
        made = struct.pack(">4sB16sI32s", b"SFFM", 1, self.event, self.number, self.before) + said
        self.number, self.before = self.number + 1, hashlib.sha256(made).digest()
        return made

    async def sent(self, link: bytes, event: bytes | None = None) -> None:
        flood = self.event if event is None else event
        clinic = self.asked.keeper.settings.clinic_id
        sealed = flood_sealing.seal_minute(await self.key(), clinic, flood, link)
        await self.op("minute", event=flood, sealed=sealed)

    async def minute(self, *, ago: int = 60_000, **more: Any) -> bytes:
        link = self.link(minute(self.now() - ago, **more))
        await self.sent(link)
        return link

    async def part(self, body: bytes, number: int, of: int, edition: int, event: bytes | None = None) -> None:
        flood = self.event if event is None else event
        sealed = flood_sealing.seal_part(
            await self.key(), self.asked.keeper.settings.clinic_id, flood, body, number=number, of=of, edition=edition
        )
        await self.op("part", event=flood, number=number, of=of, sealed=sealed, edition=edition)

    async def book(self, *parts: bytes, edition: int = 0) -> int:
        at = edition or self.now()
        for number, body in enumerate(parts):
            await self.part(body, number, len(parts), at)
        return at
