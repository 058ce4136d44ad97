"""What an intake worker gives up: everything but memory, time and one socket.

Before it reads its first byte (`seal`): limits (setrlimit(2)) on address space and CPU seconds, no byte into any file,
no new descriptor, no core; no new privileges, no debugger; Landlock (Linux 5.13; ABI 4 for TCP, 6 for abstract sockets
and signals): no path may be opened, no TCP port bound or reached, no process outside signalled.

Before a codec sees the file (`narrow`): no new process, by limit, and no system call but those of decoding
(syscalls.py). HEIC alone keeps threads, because libde265 does not work without; the filter then forbids processes.

Where the kernel lacks one of these the others remain, and the user of its own.
"""

from __future__ import annotations

import ctypes
import os
import resource
import stat
import struct
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from seifas import hardening
from seifas.darkroom import syscalls

MEMORY: Final = 1536 * 1024 * 1024
"""Bytes of address space beside what the process has already: a picture at the limit of pixels takes about 1 GiB."""

CPU_S: Final = 30

_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446  # the same numbers on every architecture
_VERSION: Final = 1
_PATHS: Final = {1: 0x1FFF, 2: 0x3FFF, 3: 0x7FFF, 4: 0x7FFF, 5: 0xFFFF}
"""Every right over files that an ABI knows; what is handled and granted nowhere is forbidden."""

_EXECUTE, _READ, _LIST = 1, 4, 8
_TCP: Final = 0b11
_CONNECT: Final = 0b10
_SCOPES: Final = 0b11
_libc = ctypes.CDLL(None, use_errno=True)


def landlock_version() -> int:
    """The kernel's Landlock ABI, 0 where it has none."""
    found: int = _libc.syscall(_CREATE_RULESET, None, ctypes.c_size_t(0), ctypes.c_uint32(_VERSION))
    return max(0, found)


def seal(memory: int = MEMORY, cpu_s: int = CPU_S) -> int:
    """Gives it all up; there is no way back. Returns the Landlock ABI that holds (0: none)."""
    has = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    hardening.forbid_dumps()
    hardening.no_new_privileges()
    version = _forbid_paths_and_ports()
    for limit, most in (
        (resource.RLIMIT_AS, has + memory), (resource.RLIMIT_CPU, cpu_s), (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_NOFILE, 0),
    ):
        resource.setrlimit(limit, (most, most))
    return version


def narrow(*, threads: bool) -> bool:
    """Leaves what decoding takes. False where the kernel cannot filter system calls."""
    if not threads:
        resource.setrlimit(resource.RLIMIT_NPROC, (0, 0))
    return syscalls.allow_only_decoding(threads=threads)


def forbid_ports(reached: Sequence[int] = ()) -> bool:
    """No TCP port may be bound from here on, and none reached but those of `reached`, by this process and all that it
    starts. False where the kernel cannot (before Linux 6.7). The process has given up new privileges, or does so here.
    """
    hardening.no_new_privileges()
    return landlock_version() >= 4 and _restrict(struct.pack("=QQ", 0, _TCP), ports=reached)


def read_only(places: Sequence[str]) -> bool:
    """From here on this process and all that it starts may read and run what lies under `places`, and open, make or
    change nothing else; no port either. False where the kernel cannot. New privileges are given up before."""
    version = landlock_version()
    if version == 0:
        return False
    rules = struct.pack("=Q", _PATHS[min(version, 5)]) + (struct.pack("=Q", _TCP) if version >= 4 else b"")
    return _restrict(rules, places)


def _forbid_paths_and_ports() -> int:
    version = landlock_version()
    if version == 0:
        return 0
    rules = struct.pack("=Q", _PATHS[min(version, 5)])
    if version >= 4:
        rules += struct.pack("=Q", _TCP)
    if version >= 6:
        rules += struct.pack("=Q", _SCOPES)
    return version if _restrict(rules) else 0


def _restrict(rules: bytes, readable: Sequence[str] = (), ports: Sequence[int] = ()) -> bool:
    ruleset: int = _libc.syscall(
        _CREATE_RULESET, ctypes.c_char_p(rules), ctypes.c_size_t(len(rules)), ctypes.c_uint32(0)
    )
    if ruleset < 0:
        return False
    try:
        for place in readable:
            _let_read(ruleset, place)
        for port in ports:
            rule = struct.pack("=QQ", _CONNECT, port)
            _libc.syscall(_ADD_RULE, ctypes.c_int(ruleset), ctypes.c_int(2), ctypes.c_char_p(rule), ctypes.c_uint32(0))
        held: int = _libc.syscall(_RESTRICT_SELF, ctypes.c_int(ruleset), ctypes.c_uint32(0))
    finally:
        os.close(ruleset)
    return held == 0


def _let_read(ruleset: int, place: str) -> None:
    try:
        opened = os.open(place, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return  # what is not there needs no leave
    try:
        leave = _EXECUTE | _READ | (_LIST if stat.S_ISDIR(os.fstat(opened).st_mode) else 0)
        rule = struct.pack("=Qi", leave, opened)
        _libc.syscall(_ADD_RULE, ctypes.c_int(ruleset), ctypes.c_int(1), ctypes.c_char_p(rule), ctypes.c_uint32(0))
    finally:
        os.close(opened)
