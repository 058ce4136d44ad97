"""What the control loop says to HAProxy and asks of it. Everything here waits for HAProxy: call it in a thread."""

from __future__ import annotations

import contextlib
import ipaddress
import itertools
from collections.abc import Collection, Mapping
from typing import Final

import msgspec

from seifas.shield import gauging
from seifas.shield.front.keys import Keys
from seifas.shield.front.runtime import Runtime
from seifas.shield.front.tables import KNOWN
from seifas.shield.gauging import Info, Served
from seifas.shield.model import Mode

_A_TURN: Final = 2000  # rows; HAProxy does nothing else meanwhile


class Seen(msgspec.Struct, frozen=True):
    """One look at HAProxy."""

    info: Info
    served: dict[str, Served]


class Wanted(msgspec.Struct, frozen=True):
    """What HAProxy's process variables are to be."""

    modes: dict[str, Mode]
    target: int
    keys: Keys | None = None  # None: as they are


def look(runtime: Runtime, listeners: Collection[str]) -> Seen:
    """What HAProxy counts; a listener's frontend has its name. Raises Unavailable."""
    return Seen(gauging.info(runtime.info()), gauging.served(runtime.stat(), listeners))


def steer(runtime: Runtime, wanted: Wanted) -> None:
    """Sets the variables. The key that is about to sign is set before it does. Raises Unavailable."""
    if wanted.keys is not None:
        runtime.set_word("key_a", wanted.keys.a)
        runtime.set_word("key_b", wanted.keys.b)
        runtime.set_word("slot", wanted.keys.slot)
    runtime.set_number("target", wanted.target)
    for listener, mode in wanted.modes.items():
        runtime.set_number(f"mode_{listener}", int(mode))


def known_networks(runtime: Runtime) -> tuple[set[int], set[int]]:
    """The numbers of /24 and /48 that HAProxy remembers good visitors from. Raises Unavailable."""
    four: set[int] = set()
    six: set[int] = set()
    for row in runtime.table(KNOWN):
        if row.get("gpt0", "0") == "0":
            continue
        with contextlib.suppress(ValueError):
            address = ipaddress.ip_address(row.get("key", ""))
            if isinstance(address, ipaddress.IPv6Address):
                if address.ipv4_mapped is None:
                    six.add(int(address) >> 80)
                    continue
                address = address.ipv4_mapped
            four.add(int(address) >> 8)
    return four, six


def remember_networks(runtime: Runtime, four: Collection[int], six: Collection[int]) -> None:
    """Gives HAProxy back what it forgot by dying. Raises Unavailable."""
    keys = itertools.chain(
        (f"::ffff:{ipaddress.IPv4Address(number << 8)}" for number in four),
        (str(ipaddress.IPv6Address(number << 80)) for number in six),
    )
    rows: Mapping[str, int] = {"gpt0": 1}
    while some := list(itertools.islice(keys, _A_TURN)):
        runtime.put(KNOWN, dict.fromkeys(some, rows))
