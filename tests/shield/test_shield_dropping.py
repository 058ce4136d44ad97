"""The kernel's sets, with real packets in a network namespace of their own; and what is never dropped."""

from __future__ import annotations

import json
import os
import shutil
import socket
import struct
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seifas.errors import Invalid
from seifas.shield.dropping import MOST_AT_ONCE, Drop, Dropped, Kernel, elements, exactly, rules, serve

CHILD = Path(__file__).with_name("dropping_child.py")
PERMITTED = os.geteuid() == 0 and all(shutil.which(name) for name in ("nft", "unshare", "ip")) and (
    subprocess.run(["unshare", "-n", "nft", "list", "tables"], capture_output=True, check=False).returncode == 0
)


@pytest.mark.parametrize("user", [[], ["--as-user"]])
def test_the_worst_are_dropped_by_the_kernel_and_nobody_else(tmp_path: Path, user: list[str]) -> None:
    if not PERMITTED:
        assert not Kernel([1]).on
        return
    tmp_path.chmod(0o777)
    for parent in tmp_path.parents[:3]:
        parent.chmod(parent.stat().st_mode | 0o011)
    done = subprocess.run(
        ["unshare", "-n", sys.executable, str(CHILD), str(tmp_path), *user], capture_output=True, check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr.decode()
    told: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    everybody = [
        "127.16.0.9", "127.17.0.9", "127.17.0.77", "127.18.0.9", "127.19.0.9",
        "2001:db8:66::9", "2001:db8:66::abcd", "2001:db8:66:1::9",
    ]  # fmt: skip
    assert told["on"]
    assert told["uid"] == (65_534 if user else 0)
    assert told["before"] == everybody
    # A neighbour of a good visitor, one who was turned away a few times, one whom the settings spare, another /64.
    assert told["during"] == ["127.17.0.9", "127.17.0.77", "127.18.0.9", "127.19.0.9", "2001:db8:66:1::9"]
    assert told["elsewhere"], "only the front's ports are closed to them"
    assert told["size"] == 2
    assert told["rate"] > 0
    assert (told["for three seconds"], told["after it"]) == (False, True)
    assert told["many"] >= 20_000
    assert told["after a flush"] == [False, True, 1]
    assert told["cleared"]


@given(st.binary(max_size=200), st.binary(max_size=200), st.integers(-5, 5000))
def test_whatever_is_told_becomes_addresses_or_nothing(four: bytes, six: bytes, seconds: int) -> None:
    try:
        commands, count = elements(Drop(four, six, seconds), "t_80")
    except Invalid:
        assert len(four) % 4 or len(six) % 8 or not 0 < seconds <= 3600
        return
    assert count <= len(four) // 4 + len(six) // 8
    assert commands.count("timeout") == count
    assert set(commands) <= set("add element inet t_80 four six { } timeout s , : . \n 0123456789abcdef")


def test_this_machine_itself_is_never_dropped() -> None:
    own = socket.inet_aton("127.0.0.1") + socket.inet_aton("224.0.0.1") + socket.inet_aton("0.0.0.0")
    own6 = b"".join(socket.inet_pton(socket.AF_INET6, text)[:8] for text in ("::1", "::", "fe80::1", "ff02::1"))
    assert elements(Drop(own, own6), "t") == ("", 0)


def test_more_than_fits_is_refused() -> None:
    with pytest.raises(Invalid):
        elements(Drop(bytes(4) * (MOST_AT_ONCE + 1)), "t")


def test_rules_name_the_front_s_ports_only() -> None:
    assert rules([443, 80]).count("tcp dport { 80, 443 }") == 2
    with pytest.raises(ValueError, match="invalid literal"):
        rules(["80 } ; flush ruleset"])  # type: ignore[list-item]


class _Off(Kernel):
    """A kernel that does not let us."""

    def __init__(self) -> None:
        super().__init__([1], nft="/bin/false")
        self.told: list[Drop] = []

    def drop(self, drop: Drop) -> None:
        self.told.append(drop)


def test_only_the_shield_is_listened_to_and_garbage_ends_the_talk(tmp_path: Path) -> None:
    kernel = _Off()
    assert not kernel.on
    place = tmp_path / "dropping.sock"
    threading.Thread(target=serve, args=(place, kernel, os.geteuid()), daemon=True).start()
    while not place.exists():
        time.sleep(0.01)

    def asked(frame: bytes) -> Dropped | None:
        with socket.socket(socket.AF_UNIX) as one:
            one.settimeout(5)
            one.connect(str(place))
            one.sendall(frame)
            one.shutdown(socket.SHUT_WR)
            try:
                size = struct.unpack(">I", exactly(one, 4))[0]
                return msgspec.msgpack.decode(exactly(one, size), type=Dropped)
            except (EOFError, OSError):
                return None

    body = msgspec.msgpack.encode(Drop(bytes(4)))
    assert asked(struct.pack(">I", len(body)) + body) == Dropped(False)
    assert kernel.told == [Drop(bytes(4))]
    for frame in (b"", b"\xff" * 4, b"\xff" * 100, struct.pack(">I", len(body)) + body[:3]):
        assert asked(frame) is None
    for garbage in (b"\xc1" * 8, msgspec.msgpack.encode(7), b""):
        assert asked(struct.pack(">I", len(garbage)) + garbage) == Dropped(False)
    assert len(kernel.told) == 1
    if os.geteuid() == 0:
        other = subprocess.run(
            [sys.executable, "-c", "import os,socket,sys; os.setuid(65534); s=socket.socket(socket.AF_UNIX); "
             "s.connect(sys.argv[1]); s.settimeout(5); sys.exit(len(s.recv(1)))", str(place)],
            check=False, capture_output=True, timeout=20,
        )  # fmt: skip
        assert other.returncode == 0 or b"PermissionError" in other.stderr
