"""The keeper's client never waits for ever: a connection that is lost at any moment ends in Unavailable."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from seifas.errors import Unavailable
from seifas.keeper.client import KeeperClient


class Slammed(asyncio.Protocol):
    """A keeper that dies while it is being connected to."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        transport.abort()  # type: ignore[attr-defined]


def test_a_keeper_that_dies_while_one_connects(tmp_path: Path) -> None:
    async def ask() -> None:
        loop = asyncio.get_running_loop()
        server = await loop.create_unix_server(Slammed, str(tmp_path / "keeper.sock"))
        client = KeeperClient(tmp_path / "keeper.sock", patience=0.5)
        for _ in range(200):
            with pytest.raises(Unavailable):
                await asyncio.wait_for(client.call("health"), 60)
        await client.close()
        server.close()

    asyncio.run(ask())


def test_a_connection_lost_before_the_question_was_asked(tmp_path: Path) -> None:
    async def ask() -> None:
        loop = asyncio.get_running_loop()
        server = await loop.create_unix_server(Slammed, str(tmp_path / "keeper.sock"))
        client = KeeperClient(tmp_path / "keeper.sock", patience=0.5)
        pipe = await client._connect()
        while pipe.transport is not None:
            await asyncio.sleep(0)
        future = loop.create_future()
        pipe.waiting[1] = future
        pipe.ask(b"anything")
        with pytest.raises(Unavailable):
            await asyncio.wait_for(future, 60)
        server.close()

    asyncio.run(ask())
