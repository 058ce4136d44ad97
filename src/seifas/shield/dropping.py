"""Addresses that the kernel is to drop before a connection begins: an nftables set, each entry with an end.

A process of its own that may do nothing but that (CAP_NET_ADMIN and no file of the vault's); the control loop tells it
addresses, never rules. The rules stand in one table of its own, name the front's ports only and so cut off no one's
ssh, and no entry outlives its hour, whatever becomes of the processes.

    frame  = length (4 bytes, big endian) · msgpack
    asked  = Drop {four: n x 4 bytes, six: n x 8 bytes, seconds}     answered = Dropped {on, size, packets}
"""

from __future__ import annotations

import contextlib
import functools
import ipaddress
import logging
import os
import shutil
import signal
import socket
import struct
import subprocess
import time
from collections import deque
from collections.abc import Iterable, Sequence
from pathlib import Path
from types import FrameType
from typing import Final

import msgspec

from seifas import hardening, logs
from seifas.errors import Invalid, SeifasError, Unavailable

log = logging.getLogger("seifas.shield.dropping")

_TABLE: Final = "seifas_shield"
MOST_SECONDS: Final = 3600
MOST_AT_ONCE: Final = 100_000
MOST_HELD: Final = 500_000
_MOST_FRAME: Final = MOST_AT_ONCE * 16 + 1024
_NFT_S: Final = 60.0
_NICE: Final = 10  # who is to be served comes first
_LENGTHS: Final = {socket.AF_INET: 4, socket.AF_INET6: 16}
_LENGTH: Final = struct.Struct(">I")
_SPARED: Final = tuple(
    ipaddress.ip_network(one) for one in ("0.0.0.0/8", "127.0.0.0/28", "224.0.0.0/3", "::/127", "fe80::/10", "ff00::/8")
)


class Drop(msgspec.Struct, frozen=True):
    """IPv4 addresses and IPv6 networks (the upper 64 bits: one visitor has all that lies below) in network order, for
    so many seconds; none of them: only tells how it stands."""

    four: bytes = b""
    six: bytes = b""
    seconds: int = 600


class Dropped(msgspec.Struct, frozen=True):
    """How it stands. `on`: whether this kernel lets us; `size`: addresses in the sets, at most; `packets` in all."""

    on: bool
    size: int = 0
    packets: int = 0


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Drop).decode


def table_of(ports: Iterable[int]) -> str:
    """The table's name: another one for another server on this machine."""
    return f"{_TABLE}_{min(int(port) for port in ports)}"


def rules(ports: Sequence[int]) -> str:
    """The table, as nft reads it, in place of one that was there."""
    named = ", ".join(str(int(port)) for port in sorted(set(ports)))
    table = table_of(ports)
    return f"""table inet {table} {{}}
delete table inet {table}
table inet {table} {{
  counter dropped {{ }}
  set four {{ type ipv4_addr; flags timeout; size {MOST_HELD + 1}; }}
  set six {{ type ipv6_addr; flags timeout; size {MOST_HELD + 1}; }}
  chain arriving {{
    type filter hook prerouting priority raw; policy accept;
    tcp dport {{ {named} }} ip saddr @four counter name dropped drop
    tcp dport {{ {named} }} ip6 saddr & ffff:ffff:ffff:ffff:: @six counter name dropped drop
  }}
}}
"""


def elements(drop: Drop, table: str) -> tuple[str, int]:
    """The commands that add what was told to a table, and how many addresses they name. Raises Invalid."""
    if len(drop.four) % 4 or len(drop.six) % 8 or not 0 < drop.seconds <= MOST_SECONDS:
        raise Invalid("addresses to drop are 4 bytes each, networks 8, for an hour at most", where="drop")
    if len(drop.four) // 4 + len(drop.six) // 8 > MOST_AT_ONCE:
        raise Invalid(f"at most {MOST_AT_ONCE} addresses at once", where="drop")
    commands, count = [], 0
    for name, family, size, packed in (("four", socket.AF_INET, 4, drop.four), ("six", socket.AF_INET6, 8, drop.six)):
        rest = bytes(_LENGTHS[family] - size)
        told = [socket.inet_ntop(family, packed[at : at + size] + rest) for at in range(0, len(packed), size)]
        told = [text for text in told if not _is_spared(text)]
        if told:
            listed = ", ".join(f"{text} timeout {drop.seconds}s" for text in told)
            commands.append(f"add element inet {table} {name} {{ {listed} }}\n")
            count += len(told)
    return "".join(commands), count


def _is_spared(text: str) -> bool:
    address = ipaddress.ip_address(text)
    return any(address in network for network in _SPARED if network.version == address.version)


class Kernel:
    """The sets of this network namespace. `on` is false where the kernel or the rights do not let us."""

    def __init__(self, ports: Sequence[int], *, nft: str | None = None) -> None:
        self._nft = nft or shutil.which("nft", path="/usr/sbin:/sbin:/usr/bin:/bin")
        self._table, self._rules = table_of(ports), rules(ports)
        self._ends: deque[tuple[float, int]] = deque()
        self.on = False
        if self._nft is None:
            log.info("nothing is dropped in the kernel: nft is not installed")
            return
        try:
            self._run(self._rules)
            self.on = True
        except Unavailable as error:
            log.info("nothing is dropped in the kernel", extra={"why": error.message})

    @property
    def size(self) -> int:
        """Addresses in the sets, at most: one told twice counts twice."""
        now = time.monotonic()
        while self._ends and self._ends[0][0] <= now:
            self._ends.popleft()
        return sum(count for _, count in self._ends)

    def drop(self, drop: Drop) -> None:
        """Adds addresses; what finds no room is left out. Raises Invalid, Unavailable."""
        commands, count = elements(drop, self._table)
        if not commands or not self.on or self.size + count > MOST_HELD:
            return
        try:
            self._run(commands)
        except Unavailable:  # somebody has emptied the machine's tables
            self._run(self._rules)
            self._ends.clear()
            self._run(commands)
        self._ends.append((time.monotonic() + drop.seconds, count))

    def packets(self) -> int:
        """Dropped so far. Raises Unavailable."""
        if not self.on:
            return 0
        try:
            listed = msgspec.json.decode(self._run("", "-j", "list", "counters", "table", "inet", self._table))
            return sum(int(one["counter"]["packets"]) for one in listed["nftables"] if "counter" in one)
        except (msgspec.DecodeError, KeyError, TypeError, ValueError):
            raise Unavailable("nft answered what is no list of counters") from None

    def clear(self) -> None:
        """Takes everything away."""
        if self.on:
            self.on = False
            with contextlib.suppress(Unavailable):
                self._run(f"delete table inet {self._table}\n")

    def _run(self, commands: str, *arguments: str) -> bytes:
        told = [str(self._nft), *(arguments or ("-f", "-"))]
        try:
            done = subprocess.run(  # noqa: S603 - nft by its path; what it reads is made above, of numbers
                told, input=commands.encode(), capture_output=True, timeout=_NFT_S, check=False, env={},
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise Unavailable(f"nft did not run ({type(error).__name__})") from error
        if done.returncode:
            raise Unavailable(f"nft refused: {done.stderr.decode('utf-8', 'replace').splitlines()[:1]}")
        return done.stdout


def serve(place: Path, kernel: Kernel, allowed: int | None) -> None:
    """Answers on a Unix socket for ever, one caller at a time; only the user `allowed`, where it is not None."""
    with contextlib.suppress(FileNotFoundError):
        place.unlink()
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
        listener.bind(str(place))
        os.chmod(place, 0o666 if allowed is not None else 0o600)
        listener.listen(4)
        while True:
            connection, _ = listener.accept()
            with connection:
                connection.settimeout(_NFT_S)
                if allowed is not None and _peer(connection) not in (allowed, os.geteuid()):
                    continue
                with contextlib.suppress(OSError, EOFError):
                    while True:
                        _answer(connection, kernel)


def _answer(connection: socket.socket, kernel: Kernel) -> None:
    size = _LENGTH.unpack(exactly(connection, 4))[0]
    if size > _MOST_FRAME:
        raise EOFError
    packets = 0
    try:
        drop = _decode(exactly(connection, size))
        if drop.four or drop.six:
            kernel.drop(drop)
        packets = kernel.packets()
    except (SeifasError, msgspec.DecodeError) as error:
        log.warning("not dropped", extra={"error": type(error).__name__})
    answer = _encode(Dropped(kernel.on, kernel.size, packets))
    connection.sendall(_LENGTH.pack(len(answer)) + answer)


def exactly(connection: socket.socket, size: int) -> bytes:
    """So many bytes. Raises EOFError where the other end hangs up."""
    parts = bytearray()
    while len(parts) < size:
        part = connection.recv(size - len(parts))
        if not part:
            raise EOFError
        parts += part
    return bytes(parts)


def _peer(connection: socket.socket) -> int:
    return int(struct.unpack("3i", connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))[1])


def main(place: Path, ports: Sequence[int], *, uid: int | None, caller: int | None) -> None:
    """The program: started as root it becomes `uid` and keeps one right. `caller`: whose word counts. `place` is in a
    directory that `uid` may write to."""
    logs.start("dropping")
    if uid is not None:
        parent = os.getppid()
        hardening.become_keeping(uid, hardening.CAP_NET_ADMIN)
        hardening.die_with_parent(parent)
    os.nice(_NICE)
    kernel = Kernel(ports)
    signal.signal(signal.SIGTERM, functools.partial(_stop, kernel))
    serve(place, kernel, caller)


def _stop(kernel: Kernel, *_: int | FrameType | None) -> None:
    kernel.clear()
    raise SystemExit(0)
