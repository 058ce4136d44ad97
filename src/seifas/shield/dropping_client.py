"""Chooses the addresses that the kernel is to drop, and tells dropping.py. Never one with a good visitor behind it."""

from __future__ import annotations

import asyncio
import ipaddress
import logging
import socket
import struct
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from seifas.shield.addresses import DROPPED, Addresses
from seifas.shield.dropping import Drop, Dropped, exactly
from seifas.shield.networks import Networks, networks4

log = logging.getLogger("seifas.shield")

TURNED_AWAY: Final = 12
"""How often an address was turned away, with nobody behind it ever getting in, until the kernel drops it. A browser
solves the first challenge that it gets; without a script the second or third page is one to wait on."""

MOST_IN_A_TURN: Final = 20_000
"""Every ten seconds; nft takes about 0.4 s of a core for so many, which good visitors would have to wait for."""

_LATELY_S: Final = 15
_SECONDS: Final = 600
_ANSWER_S: Final = 60.0
_LENGTH: Final = struct.Struct(">I")

Pair = tuple[NDArray[np.uint32], NDArray[np.uint64]]
"""IPv4 addresses and IPv6 networks, the upper 64 bits."""

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Dropped).decode


class Dropper:
    """Of one control loop. `spared` are networks that are never dropped, as the settings name them."""

    def __init__(self, place: Path, *, spared: Sequence[str] = ()) -> None:
        self._place = place
        self._spared = tuple(ipaddress.ip_network(one) for one in spared)
        self._before: tuple[float, int] | None = None
        self.on = True
        self.size = 0
        self.rate = 0.0  # packets dropped a second, between the last two looks

    async def drop(
        self, addresses: Addresses | None, networks: Networks, now_s: int, *, loud: NDArray[np.uint32] | None = None
    ) -> None:
        """The worst of those who send now (none of them in calm times: None), and those who are loud without asking
        for anything (sources.loud). As long as anybody is in the sets it is asked how they stand."""
        if not self.on:
            return
        four, six = self.chosen(addresses, networks, now_s, loud=loud)
        if not len(four) and not len(six) and not self.size and self._before is not None:
            self.rate = 0.0
            return
        told = await self._tell(Drop(four.astype(">u4").tobytes(), six.astype(">u8").tobytes(), _SECONDS))
        if told is not None and told.on and addresses is not None:
            addresses.mark(four, DROPPED)

    def chosen(
        self, addresses: Addresses | None, networks: Networks, now_s: int, *, loud: NDArray[np.uint32] | None = None
    ) -> Pair:
        """Who is to be dropped, at most MOST_IN_A_TURN."""
        four, six = np.empty(0, np.uint32), np.empty(0, np.uint64)
        if addresses is not None:
            four, six = addresses.senders(now_s - _LATELY_S, TURNED_AWAY)
        if loud is not None:
            four = np.union1d(four, loud)
        good4, good6 = networks.good()
        four = four[~np.isin(networks4(four), good4)]
        six = six[~np.isin(six >> np.uint64(16), good6)]
        if self._spared:
            four = four[[self._may(ipaddress.IPv4Address(int(one))) for one in four]]
            six = six[[self._may(ipaddress.IPv6Address(int(one) << 64)) for one in six]]
        return four[:MOST_IN_A_TURN], six[: max(MOST_IN_A_TURN - len(four), 0)]

    def _may(self, address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
        return not any(address in network for network in self._spared if network.version == address.version)

    async def _tell(self, drop: Drop) -> Dropped | None:
        try:
            told = await asyncio.to_thread(self._asked, drop)
        except (OSError, EOFError, msgspec.DecodeError):
            return None
        if not told.on:
            log.info("the kernel drops nothing for us: HAProxy does it alone")
        now = time.monotonic()
        if self._before is not None and now > self._before[0]:
            self.rate = max(told.packets - self._before[1], 0) / (now - self._before[0])
        self._before = now, told.packets
        self.on, self.size = told.on, told.size
        return told

    def _asked(self, drop: Drop) -> Dropped:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as connection:
            connection.settimeout(_ANSWER_S)
            connection.connect(str(self._place))
            frame = _encode(drop)
            connection.sendall(_LENGTH.pack(len(frame)) + frame)
            return _decode(exactly(connection, _LENGTH.unpack(exactly(connection, 4))[0]))
