"""The few system calls that decoding a picture takes, as a seccomp filter (seccomp(2), classic BPF); all others fail.

What remains: memory, one open socket to read and write, locks, clocks, and threads of the same process for the codec
that needs them (libde265). No file or socket can be opened, no program run, no process made or signalled, no memory
made executable. Numbers are the kernel's for x86-64 and arm64 (asm/unistd.h); elsewhere there is no filter.
"""

from __future__ import annotations

import ctypes
import platform
import struct
from typing import Final, NamedTuple

_PR_SET_SECCOMP: Final = 22
_MODE_FILTER: Final = 2
_ALLOW: Final = 0x7FFF0000
_FAIL: Final = 0x00050000  # and the errno
_KILL: Final = 0x80000000
_EPERM, _ENOSYS = 1, 38
_CLONE_THREAD: Final = 0x00010000
_PROT_EXEC: Final = 4
_LOAD, _AND, _EQUAL, _ANY_BIT, _ABOVE, _RETURN = 0x20, 0x54, 0x15, 0x45, 0x35, 0x06
_NUMBER, _MACHINE, _FIRST, _THIRD = 0, 4, 16, 32  # offsets in struct seccomp_data (little-endian)
_X32: Final = 0x40000000
_libc = ctypes.CDLL(None, use_errno=True)


class _Machine(NamedTuple):
    audit: int
    mapping: tuple[int, int]  # mmap, mprotect
    clone: int
    allowed: tuple[int, ...]


# read write close fstat lseek writev munmap brk mremap madvise rt_sigaction rt_sigprocmask rt_sigreturn sigaltstack
# sched_yield sched_getaffinity nanosleep clock_nanosleep clock_gettime getpid gettid sendto recvfrom futex exit
# exit_group set_tid_address set_robust_list rseq membarrier getrandom getrusage sysinfo
_MACHINES: Final = {
    "x86_64": _Machine(0xC000003E, (9, 10), 56, (
        0, 1, 3, 5, 8, 20, 11, 12, 25, 28, 13, 14, 15, 131, 24, 204, 35, 230, 228, 39, 186, 44, 45, 202, 60, 231, 218,
        273, 334, 324, 318, 98, 99,
    )),
    "aarch64": _Machine(0xC00000B7, (222, 226), 220, (
        63, 64, 57, 80, 62, 66, 215, 214, 216, 233, 134, 135, 139, 132, 124, 123, 101, 115, 113, 172, 178, 206, 207,
        98, 93, 94, 96, 99, 293, 283, 278, 165, 179,
    )),
}  # fmt: skip
_CLONE3: Final = 435
# socket socketpair ptrace process_vm_readv process_vm_writev io_uring_setup
_REFUSED: Final = {
    "x86_64": (0xC000003E, (41, 53, 101, 310, 311, 425)), "aarch64": (0xC00000B7, (198, 199, 117, 270, 271, 425)),
}


class _Program(ctypes.Structure):
    _fields_ = (("size", ctypes.c_ushort), ("steps", ctypes.c_char_p))


def _step(code: int, value: int, then: int = 0, otherwise: int = 0) -> bytes:
    return struct.pack("=HBBI", code, then, otherwise, value)


def program(machine: str, *, threads: bool) -> bytes | None:
    """The filter as BPF instructions of eight bytes; None for a machine whose numbers are not known here."""
    known = _MACHINES.get(machine)
    if known is None:
        return None
    fail = _step(_RETURN, _FAIL | _EPERM)
    steps = [
        _step(_LOAD, _MACHINE), _step(_EQUAL, known.audit, 1, 0), _step(_RETURN, _KILL),
        _step(_LOAD, _NUMBER), _step(_ABOVE, _X32, 0, 1), fail,
    ]  # fmt: skip
    for number in known.allowed:
        steps += [_step(_EQUAL, number, 0, 1), _step(_RETURN, _ALLOW)]
    for number in known.mapping:
        steps += [
            _step(_EQUAL, number, 0, 4), _step(_LOAD, _THIRD), _step(_ANY_BIT, _PROT_EXEC, 0, 1), fail,
            _step(_RETURN, _ALLOW),
        ]  # fmt: skip
    if threads:
        steps += [
            _step(_EQUAL, known.clone, 0, 4), _step(_LOAD, _FIRST), _step(_ANY_BIT, _CLONE_THREAD, 0, 1),
            _step(_RETURN, _ALLOW), fail,
        ]  # fmt: skip
        # The C library then makes the thread by clone, whose flags a filter can see.
        steps += [_step(_EQUAL, _CLONE3, 0, 1), _step(_RETURN, _FAIL | _ENOSYS)]
    return b"".join([*steps, fail])


def refusing_sockets(machine: str) -> bytes | None:
    """A filter for a program of others that works through pipes: everything but sockets and other processes' memory."""
    known = _REFUSED.get(machine)
    if known is None:
        return None
    audit, refused = known
    steps = [
        _step(_LOAD, _MACHINE), _step(_EQUAL, audit, 1, 0), _step(_RETURN, _KILL),
        _step(_LOAD, _NUMBER), _step(_ABOVE, _X32, 0, 1), _step(_RETURN, _FAIL | _EPERM),
    ]  # fmt: skip
    for number in refused:
        steps += [_step(_EQUAL, number, 0, 1), _step(_RETURN, _FAIL | _EPERM)]
    return b"".join([*steps, _step(_RETURN, _ALLOW)])


def refuse_sockets() -> bool:
    """From here on, and in every program that this process becomes. False where there is no filter."""
    return _hold(refusing_sockets(platform.machine()))


def allow_only_decoding(*, threads: bool) -> bool:
    """From here on. False where the kernel or the machine has no filter. The process has given up new privileges."""
    return _hold(program(platform.machine(), threads=threads))


def _hold(made: bytes | None) -> bool:
    if made is None:
        return False
    filtered = _Program(len(made) // 8, made)
    held: int = _libc.prctl(_PR_SET_SECCOMP, _MODE_FILTER, ctypes.byref(filtered), 0, 0)
    return held == 0
