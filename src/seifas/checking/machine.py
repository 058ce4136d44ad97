"""The machine as the kernel shows it: disks, swap, dumps, listeners, clock, processes. Reads /proc and /sys only."""

from __future__ import annotations

import contextlib
import ctypes
import os
import re
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Final

import msgspec

_LISTENING: Final = "0A"
_UNSYNCHRONISED: Final = 0x0040  # STA_UNSYNC of adjtimex(2)
_TIME_ERROR: Final = 5
_TIMEX_BYTES: Final = 256  # struct timex has 208; `status` is the int after modes, offset, freq, maxerror, esterror


class Swap(msgspec.Struct, frozen=True):
    name: str
    sealed: bool  # in memory (zram), or on a device that dm-crypt encrypts


class Process(msgspec.Struct, frozen=True):
    """One process of a vault that is served. `locked_kib`: of its memory that cannot be swapped."""

    name: str
    pid: int
    uid: int
    locked_kib: int
    dumps: bool
    swaps: bool  # its control group lets it be swapped


def disks_of(path: Path, sys: Path = Path("/sys")) -> frozenset[str]:
    """The disks under a path, or under the nearest directory above it that is there. Partitions and encrypted volumes
    of one disk are that disk; what the kernel shows no disk for (a share, memory) is a device number."""
    for place in (path.absolute(), *path.absolute().parents):
        with contextlib.suppress(OSError):
            device = os.stat(place).st_dev
            return physical(sys, f"{os.major(device)}:{os.minor(device)}")
    return frozenset()


def physical(sys: Path, number: str, depth: int = 0) -> frozenset[str]:
    """The disks that a device, "major:minor", lies on, by their names; the number itself where there is none."""
    block = sys / "dev" / "block" / number
    if not block.exists() or depth > 8:
        return frozenset({number})
    place = block.resolve()
    if (place / "partition").exists():
        place = place.parent
    below = list((place / "slaves").glob("*/dev"))
    if not below:
        return frozenset({place.name})
    return frozenset().union(*(physical(sys, one.read_text().strip(), depth + 1) for one in below))


def synchronised() -> bool | None:
    """Whether the kernel holds its clock for synchronised (adjtimex(2), which changes nothing here); None if it does
    not say."""
    buffer = ctypes.create_string_buffer(_TIMEX_BYTES)
    state = ctypes.CDLL(None, use_errno=True).adjtimex(buffer)
    if state < 0:
        return None
    word = ctypes.sizeof(ctypes.c_long)
    status = ctypes.c_int.from_buffer(buffer, 5 * word).value
    return state != _TIME_ERROR and not status & _UNSYNCHRONISED


class Machine(msgspec.Struct, frozen=True):
    """`disks` and `clock` ask the kernel; `program` is where Seifas itself lies."""

    proc: Path = Path("/proc")
    sys: Path = Path("/sys")
    disks: Callable[[Path], frozenset[str]] = disks_of
    clock: Callable[[], bool | None] = synchronised
    program: Path = Path(__file__).parents[1]

    def swaps(self) -> tuple[Swap, ...]:
        return tuple(
            Swap(name, self._sealed(name)) for name in (line.split()[0] for line in _lines(self.proc / "swaps")[1:])
        )

    def _sealed(self, name: str) -> bool:
        device = Path(name).name
        if device.startswith("zram"):
            return True
        block = Path(name).resolve().name if name.startswith("/dev/") else device
        return _text(self.sys / "block" / block / "dm" / "uuid").startswith("CRYPT-")

    def hibernates(self) -> bool:
        """Whether memory is written to a disk when the machine is sent to sleep."""
        place = _text(self.sys / "power" / "resume").strip()
        return "disk" in _text(self.sys / "power" / "state").split() and place not in ("", "0:0")

    def keeps_crashes(self) -> bool:
        """Whether a kernel waits that writes all memory to a disk when this one dies (kdump)."""
        return _text(self.sys / "kernel" / "kexec_crash_loaded").strip() == "1"

    def listeners(self) -> tuple[tuple[str, int], ...] | None:
        """(address, port) of every TCP listener of this network, sorted; None where the kernel does not show them."""
        found = set()
        if not (self.proc / "net" / "tcp").exists():
            return None
        for name in ("tcp", "tcp6"):
            for line in _lines(self.proc / "net" / name)[1:]:
                words = line.split()
                if len(words) > 3 and words[3] == _LISTENING:
                    address, _, port = words[1].partition(":")
                    found.add((_address(address), int(port, 16)))
        return tuple(sorted(found))

    def processes(self, keeper: int) -> tuple[Process, ...]:
        """The keeper and what its supervisor started beside it."""
        above = self._status(keeper).get("PPid", "0")
        found = []
        for place in self.proc.iterdir():
            if not place.name.isdigit():
                continue
            status = self._status(int(place.name))
            name = status.get("Name", "")
            if status.get("PPid") == above and name.startswith("seifas-"):
                found.append(self._process(name.removeprefix("seifas-"), int(place.name), status))
        return tuple(sorted(found, key=lambda one: one.name))

    def _status(self, pid: int) -> dict[str, str]:
        lines = _lines(self.proc / str(pid) / "status")
        return {key: value.strip() for key, _, value in (line.partition(":") for line in lines)}

    def _process(self, name: str, pid: int, status: dict[str, str]) -> Process:
        core = re.search(r"Max core file size\s+(\S+)", _text(self.proc / str(pid) / "limits"))
        return Process(
            name=name, pid=pid, uid=int(status.get("Uid", "0").split()[0]),
            locked_kib=int(status.get("VmLck", "0").split()[0]), dumps=core is not None and core[1] != "0",
            swaps=self._swap_allowed(pid),
        )

    def _swap_allowed(self, pid: int) -> bool:
        group = next(
            (line[3:] for line in _lines(self.proc / str(pid) / "cgroup") if line.startswith("0::")), ""
        )
        return _text(self.sys / "fs" / "cgroup" / group.lstrip("/") / "memory.swap.max").strip() != "0"


def _address(text: str) -> str:
    """An address of /proc/net/tcp: words of 32 bits, each in the machine's order (little-endian on what we run on)."""
    raw = b"".join(bytes.fromhex(text[at : at + 8])[::-1] for at in range(0, len(text), 8))
    shown = socket.inet_ntop(socket.AF_INET if len(raw) == 4 else socket.AF_INET6, raw)
    return shown.removeprefix("::ffff:") if "." in shown else shown


def _text(path: Path) -> str:
    with contextlib.suppress(OSError):
        return path.read_text(errors="replace")
    return ""


def _lines(path: Path) -> list[str]:
    return _text(path).splitlines()
