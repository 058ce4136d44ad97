"""Asks the supervisor for the root again: a rotation wraps the new epoch key under it, and the keeper keeps no copy."""

from __future__ import annotations

import asyncio
import socket
from typing import Final, NamedTuple

from seifas.errors import Locked, SeifasError
from seifas.keeper.keeper import Keeper
from seifas.supervisor import GIVE, HELD_SIZE, ROOT_SIZE

_PATIENCE_S: Final = 5.0


class Held(NamedTuple):
    """What the supervisor keeps: the root, 32 bytes, and the PIN of the vault's token where its keys need one."""

    root: bytes
    pin: str = ""

    def message(self) -> bytes:
        return self.root + self.pin.encode()


def held_from(message: bytes) -> Held | None:
    """What a message from the supervisor holds; None where it keeps nothing."""
    if not ROOT_SIZE <= len(message) <= HELD_SIZE:
        return None
    return Held(message[:ROOT_SIZE], message[ROOT_SIZE:].decode("utf-8", "replace"))


async def root_again(keeper: Keeper) -> bytes:
    """The root, 32 bytes; the caller lets go of it when it has wrapped what it had to. Raises Locked."""
    return (await held_again(keeper)).root


async def held_again(keeper: Keeper) -> Held:
    """Root and PIN, to be let go of likewise. Raises Locked."""
    channel = keeper.channel
    if channel is None:
        raise Locked("the root is not at hand: this keeper has no supervisor that keeps it")
    async with keeper.channel_lock:
        held = held_from(await asyncio.to_thread(_ask, channel))
    if held is None:
        raise Locked("the supervisor keeps no root: unlock the vault again")
    return held


def _ask(channel: socket.socket) -> bytes:
    channel.settimeout(_PATIENCE_S)
    try:
        channel.send(GIVE)
        return channel.recv(2 * HELD_SIZE)
    except (TimeoutError, OSError) as error:
        raise SeifasError("the supervisor does not answer; restart the service") from error
    finally:
        channel.settimeout(None)
