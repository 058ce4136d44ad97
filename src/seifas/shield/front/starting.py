"""Becomes HAProxy: takes the listeners' ports as root, gives root up, writes the configuration, and is replaced by it.

HAProxy inherits the ports and so needs no right of root's; a reload keeps them. When it dies the supervisor starts this
anew, with what the keys' file and the newest snapshot say.
"""

from __future__ import annotations

import contextlib
import ipaddress
import logging
import os
import resource
import socket
import subprocess
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Final, NoReturn

import msgspec

from seifas import hardening
from seifas.errors import Conflict, Invalid
from seifas.shield import haproxy
from seifas.shield.front import configuring
from seifas.shield.front.description import Front
from seifas.shield.replacing import replace

log = logging.getLogger("seifas.shield")

LOOPBACK: Final = ("127.0.0.1", "[::1]", "localhost")

_DESCRIPTORS: Final = 65_536
_FOR_ITSELF: Final = 1000
_BACKLOG: Final = 4096
_START: Final = "start.json"
_TRIED_S: Final = 30.0


class Start(msgspec.Struct, frozen=True):
    """What only the process knows that became HAProxy: its listeners' descriptors, and how many connections it may
    have."""

    binds: dict[str, tuple[str, ...]]
    connections: int


Make = Callable[[Start], Front]


def become(directory: Path, program: Path, addresses: Mapping[str, str], uid: int | None, make: Make) -> NoReturn:
    """Never returns: this process becomes HAProxy, listening on `addresses` (by listener). Raises Invalid, Conflict."""
    parent = os.getppid()
    files = None if uid is None or haproxy.is_open(program) else haproxy.read(program)
    listeners = {name: bound(address) for name, address in addresses.items()}
    most = _allow_descriptors()
    if uid is not None:
        hardening.become(uid)
        hardening.die_with_parent(parent)
    os.umask(0o077)
    if directory.is_absolute():
        # HAProxy goes back to where it was started, and its user may not enter an administrator's home.
        os.chdir(directory)
    binds = {name: tuple(f"fd@{one.fileno()}" for one in sockets) for name, sockets in listeners.items()}
    for sockets in listeners.values():
        for one in sockets:
            one.set_inheritable(True)
    replace(directory / _START, msgspec.json.encode(Start(binds, (most - _FOR_ITSELF) // 2)))
    place = haproxy.placed(directory / "bin", program, files)
    renew_sound(directory, make, place)
    os.execv(  # noqa: S606 - found by haproxy.found, and named by the settings' owner
        place, [str(place), "-W", "-S", str(directory / "master.sock"), "-f", str(directory / "haproxy.cfg")]
    )


def renew_sound(directory: Path, make: Make, place: Path) -> None:
    """The configuration, tried before it is trusted: a site's page that HAProxy cannot hold must not keep it from
    starting."""
    renew(directory, make, {})
    tried = subprocess.run(  # noqa: S603 - the program that this process becomes
        [str(place), "-c", "-q", "-f", str(directory / "haproxy.cfg")], check=False, timeout=_TRIED_S,
        close_fds=False,  # its listeners
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )
    if tried.returncode != 0:
        log.error("the configuration is refused; starting without the pages for a siege")
        renew(directory, lambda start: msgspec.structs.replace(make(start), shots=()), {})


def renew(directory: Path, make: Make, modes: Mapping[str, int], *, target: int | None = None) -> None:
    """Writes the configuration anew, for the newest snapshot and keys, in these modes: HAProxy takes it with its next
    reload. As the shield's user. Raises Invalid where the front has not been started yet."""
    try:
        start = msgspec.json.decode((directory / _START).read_bytes(), type=Start)
    except (OSError, msgspec.DecodeError) as error:
        raise Invalid("the front has not been started here", where="shield") from error
    front = make(start)
    listeners = tuple(
        msgspec.structs.replace(one, mode=int(modes.get(one.name, one.mode))) for one in front.listeners
    )
    front = msgspec.structs.replace(front, listeners=listeners, target=front.target if target is None else target)
    configuring.write(front)


def parted(address: str, where: str = "listen") -> tuple[str, int]:
    """Host, without brackets, and port of an address to listen on. Raises Invalid."""
    host, _, port = address.rpartition(":")
    if not (port.isascii() and port.isdigit()) or not 0 < int(port) < 65536:
        raise Invalid(f"{address or 'nothing'} is no address to listen on: give one like 127.0.0.1:8400", where=where)
    return host.strip("[]"), int(port)


def require_free(address: str) -> None:
    """Says before anything is started that nobody could listen there. Raises Conflict, Invalid."""
    for one in bound(address):
        one.close()


def require_networks(networks: Iterable[str], where: str) -> None:
    """HAProxy would refuse its whole configuration for one that is none. Raises Invalid."""
    for one in networks:
        try:
            ipaddress.ip_network(one)
        except ValueError:
            raise Invalid(f"{one} is no network: give one like 10.0.0.0/8 or 2001:db8::/32", where=where) from None


def bound(address: str) -> list[socket.socket]:
    """Sockets on an address; two, where it is every address of both kinds ("[::]:443"). Raises Conflict, Invalid."""
    host, port = parted(address)
    made = []
    # IPv4 apart from IPv6: else an address of the first looks like one of a single network of the second.
    for one in (host, "0.0.0.0") if host == "::" else (host,):  # noqa: S104 - as the settings say
        family = socket.AF_INET6 if ":" in one else socket.AF_INET
        listener = socket.socket(family)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        try:
            listener.bind((one, port))
        except OSError as error:
            raise Conflict(f"{address} is taken or not this machine's: choose another", where="listen") from error
        listener.listen(_BACKLOG)
        made.append(listener)
    return made


def _allow_descriptors() -> int:
    """Raises the limit of open files as far as it may be; how many that is."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _DESCRIPTORS if hard == resource.RLIM_INFINITY else max(hard, _DESCRIPTORS)
    for most in (wanted, hard):
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
            return most
    return hard
