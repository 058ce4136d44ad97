"""Asks the supervisor for the root again: a rotation wraps the new epoch key under it, and the keeper keeps no copy."""

from __future__ import annotations

import asyncio
import socket
from typing import Final

from seifas.errors import Locked, SeifasError
from seifas.keeper.keeper import Keeper
from seifas.supervisor import GIVE, ROOT_SIZE

_PATIENCE_S: Final = 5.0


async def root_again(keeper: Keeper) -> bytes:
    """The root, 32 bytes; the caller lets go of it when it has wrapped what it had to. Raises Locked."""
    channel = keeper.channel
    if channel is None:
        raise Locked("the root is not at hand: this keeper has no supervisor that keeps it")
    async with keeper.channel_lock:
        root = await asyncio.to_thread(_ask, channel)
    if len(root) != ROOT_SIZE:
        raise Locked("the supervisor keeps no root: unlock the vault again")
    return root


def _ask(channel: socket.socket) -> bytes:
    channel.settimeout(_PATIENCE_S)
    try:
        channel.send(GIVE)
        return channel.recv(64)
    except (TimeoutError, OSError) as error:
        raise SeifasError("the supervisor does not answer; restart the service") from error
    finally:
        channel.settimeout(None)
