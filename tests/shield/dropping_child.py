"""Run in a network namespace of its own (`unshare -n`): drops real packets, and prints as JSON what got through."""

from __future__ import annotations

import asyncio
import concurrent.futures.thread  # noqa: F401 - before root is given up: other users may not read it
import contextlib
import json
import os
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np

from seifas import hardening
from seifas.shield.addresses import GOOD, Addresses, grouped
from seifas.shield.dropping import Drop, Kernel, serve
from seifas.shield.dropping_client import Dropper
from seifas.shield.networks import Networks

BAD, SHARED, GOOD_ONE, FEW, SPARED = "127.16.0.9", "127.17.0.9", "127.17.0.77", "127.18.0.9", "127.19.0.9"
BAD6, NEXT6, OTHER6 = "2001:db8:66::9", "2001:db8:66::abcd", "2001:db8:66:1::9"


def packed(text: str) -> int:
    return int.from_bytes(socket.inet_aton(text), "big")


def get_in(source: str, port: int) -> bool:
    family = socket.AF_INET6 if ":" in source else socket.AF_INET
    with socket.socket(family) as one:
        one.settimeout(0.4)
        one.bind((source, 0))
        try:
            one.connect(("::1" if ":" in source else "127.0.0.1", port))
        except OSError:
            return False
        return True


def listening() -> socket.socket:
    made = socket.create_server(("::", 0), family=socket.AF_INET6, dualstack_ipv6=True, backlog=100)
    threading.Thread(target=lambda: [made.accept() for _ in range(1000)], daemon=True).start()
    return made


def wait_for(place: Path) -> None:
    """Until somebody answers there. The loop asks again after ten seconds; here nobody would."""
    end = time.monotonic() + 60
    while time.monotonic() < end:
        with socket.socket(socket.AF_UNIX) as one, contextlib.suppress(OSError):
            one.connect(str(place))
            return
        time.sleep(0.02)


def main(directory: Path) -> dict[str, object]:
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    for address in (BAD6, NEXT6, OTHER6):
        subprocess.run(["ip", "-6", "addr", "add", f"{address}/128", "dev", "lo"], check=True)
    front, other = listening().getsockname()[1], listening().getsockname()[1]
    if "--as-user" in sys.argv:
        hardening.become_keeping(65_534, hardening.CAP_NET_ADMIN)
    kernel = Kernel([front])
    place = directory / "dropping.sock"
    threading.Thread(target=serve, args=(place, kernel, None), daemon=True).start()
    wait_for(place)
    told: dict[str, object] = {"on": kernel.on, "uid": os.getuid()}
    book, networks = Addresses(), Networks()
    keys = np.array([packed(text) for text in (BAD, SHARED, SPARED) for _ in range(20)] + [packed(FEW)] * 3, np.uint32)
    wide = b"".join(socket.inet_pton(socket.AF_INET6, f"2001:db8:66::{number:x}") for number in range(1, 21))
    for some in (keys, np.frombuffer(wide, "S16")):
        size = len(some)
        book.add(grouped(some, np.full(size, 1000, np.uint32), np.ones(size, np.bool_), np.ones(size, np.int64),
                         np.zeros(size, np.uint8)))  # fmt: skip
    one = np.array([packed(GOOD_ONE)], np.uint32)
    book.add(grouped(one, np.full(1, 1000, np.uint32), np.zeros(1, np.bool_), np.ones(1, np.int64),
                     np.full(1, GOOD, np.uint8)))  # fmt: skip
    networks.learn_good(one)
    everybody = (BAD, SHARED, GOOD_ONE, FEW, SPARED, BAD6, NEXT6, OTHER6)
    told["before"] = [source for source in everybody if get_in(source, front)]
    dropper = Dropper(place, spared=("127.19.0.0/16",))
    asyncio.run(dropper.drop(book, networks, 1005))
    told["during"] = [source for source in everybody if get_in(source, front)]
    told["elsewhere"] = get_in(BAD, other)
    asyncio.run(dropper.drop(None, networks, 1006))
    told |= {"size": dropper.size, "rate": dropper.rate}
    kernel.drop(Drop(four=socket.inet_aton(FEW), seconds=3))
    told["for three seconds"] = get_in(FEW, front)
    threading.Event().wait(3.3)
    told["after it"] = get_in(FEW, front)
    many = np.arange(packed("127.64.0.0"), packed("127.64.0.0") + 20_000, dtype=">u4").tobytes()
    kernel.drop(Drop(four=many))
    told["many"] = kernel.size
    subprocess.run(["nft", "flush", "ruleset"], check=True)
    kernel.drop(Drop(four=socket.inet_aton(BAD)))
    told["after a flush"] = get_in(BAD, front), get_in(SHARED, front), kernel.size
    kernel.clear()
    told["cleared"] = get_in(BAD, front)
    return told


if __name__ == "__main__":
    print(json.dumps(main(Path(sys.argv[1]))))
