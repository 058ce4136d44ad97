"""Tells the keeper, and holds sealed what the keeper cannot take now."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections import deque
from pathlib import Path
from typing import Any, Final

import msgspec

from seifas.errors import Locked, OverBudget, SeifasError, Unavailable
from seifas.keeper import flood_sealing
from seifas.keeper.client import KeeperClient
from seifas.shield.model import Change, State
from seifas.shield.outbox import Held, Outbox
from seifas.shield.reporting import Wishes, wishes

log = logging.getLogger("seifas.shield")

_ANSWER_S: Final = 5.0
_PAUSE_S: Final = 1.0
_FULL_PAUSE_S: Final = 600.0
_LOOK_S: Final = 60.0
_MOST_UNSEALED: Final = 64
_MOST_CALM: Final = 16


class KeeperReporter:
    """`carry` is to run beside the loop: it hands over what waits. `directory` is for what waits and the public half
    of the drop box, which is needed when the vault is locked from the start."""

    def __init__(self, client: KeeperClient, clinic: bytes, directory: Path) -> None:
        self._client = client
        self._clinic = clinic
        self._key_file = directory / "drop.key"
        self._key = self._key_file.read_bytes() if self._key_file.exists() else b""
        self._outbox = Outbox(directory / "held")
        self._unsealed: list[tuple[str, dict[str, Any], bytes]] = []
        self._calm: deque[bytes] = deque(maxlen=_MOST_CALM)
        self._wake = asyncio.Event()
        self._full = False  # the keeper has no room for what waits first

    @property
    def waiting(self) -> int:
        """How many things were not handed over yet."""
        return len(self._outbox) + len(self._unsealed)

    async def told(self, state: State) -> Wishes:
        """See Reporter."""
        minutes = list(self._calm)
        answer = await self._ask("shield.told", state=msgspec.json.encode(state), minutes=minutes)
        for _ in minutes:
            self._calm.popleft()
        return wishes(answer.get("orders"), answer.get("notice"))

    async def changed(self, event: bytes, change: Change) -> None:
        """See Reporter."""
        told = {"change": msgspec.json.encode(change), "event": event}
        if self._full:
            # Evidence that finds no room must not keep a siege from ringing. The keeper orders changes by their time.
            with contextlib.suppress(SeifasError):
                await self._ask("shield.changed", **told)
                return
        self._put(Held("shield.changed", told))

    async def minute(self, event: bytes, body: bytes) -> None:
        """See Reporter. Those of calm times go along with the state, and nobody misses them."""
        if event:
            await self._sealed("shield.minute", {"event": event}, body)
        else:
            self._calm.append(body)

    async def book(self, event: bytes, made_ms: int, parts: tuple[bytes, ...]) -> None:
        """See Reporter."""
        for number, part in enumerate(parts):
            args = {"event": event, "number": number, "of": len(parts), "edition": made_ms}
            await self._sealed("shield.part", args, part)

    async def _sealed(self, op: str, args: dict[str, Any], body: bytes) -> None:
        self._unsealed.append((op, args, body))
        await self._seal()

    async def _seal(self) -> None:
        """Seals what waits for a key; in memory only a little of it waits, and never on disk."""
        if not self._unsealed:
            return
        key = await self._drop_key()
        if not key:
            del self._unsealed[:-_MOST_UNSEALED]
            return
        waiting, self._unsealed = self._unsealed, []
        for op, args, body in waiting:
            try:
                sealed = await asyncio.to_thread(self._shut, key, op, args, body)
            except SeifasError as error:
                log.error("evidence of a flood could not be sealed", extra={"op": op, "code": error.code})
                continue
            self._put(Held(op, {**args, "sealed": sealed}))

    def _shut(self, key: bytes, op: str, args: dict[str, Any], body: bytes) -> bytes:
        if op == "shield.minute":
            return flood_sealing.seal_minute(key, self._clinic, args["event"], body)
        return flood_sealing.seal_part(
            key, self._clinic, args["event"], body, number=args["number"], of=args["of"], edition=args["edition"]
        )

    async def _drop_key(self) -> bytes:
        """Asked for every time, since after a restore it is another; else the one of before."""
        try:
            key: bytes = (await self._ask("drop.key"))["key"]
        except SeifasError:
            return self._key
        if key != self._key:
            self._key = key
            with contextlib.suppress(OSError):  # a full disk
                self._key_file.write_bytes(key)
        return self._key

    def _put(self, held: Held) -> None:
        if not self._outbox.put(held):
            log.warning("no room for evidence of a flood", extra={"op": held.op, "lost": self._outbox.lost})
        self._wake.set()

    async def carry(self) -> None:
        """Hands over what waits, oldest first, for ever."""
        while True:
            pause = await self._hand_over()
            self._wake.clear()
            if pause:
                await asyncio.sleep(pause)
            elif not len(self._outbox):
                try:
                    async with asyncio.timeout(_LOOK_S):
                        await self._wake.wait()
                except TimeoutError:
                    await self._seal()

    async def _hand_over(self) -> float:
        """Until there is nothing left, or somebody has to wait: how long."""
        await self._seal()
        while (held := self._outbox.first()) is not None:
            try:
                await self._ask(held.op, **held.args)
            except (Locked, Unavailable):
                return _PAUSE_S
            except OverBudget:
                self._full = True
                return _FULL_PAUSE_S
            except SeifasError as error:
                # It never will be taken, and nothing later may wait behind it.
                log.warning("the keeper refused evidence", extra={"op": held.op, "code": error.code})
            self._full = False
            self._outbox.drop()
        return 0.0

    async def _ask(self, op: str, /, **args: Any) -> Any:
        try:
            async with asyncio.timeout(_ANSWER_S):
                return await self._client.call(op, **args)
        except TimeoutError:
            raise Unavailable("the keeper does not answer") from None
