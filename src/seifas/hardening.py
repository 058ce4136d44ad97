"""What a process of ours does to itself before it touches anything: no core dumps, no ptrace, no swap, no new rights.

Linux only (prctl(2), mlockall(2)). Python cannot wipe memory reliably and nothing here claims so: these calls keep keys
off disks and out of other processes, not from root on a running machine (docs/threat-model.md).
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import resource
import signal
from collections.abc import Sequence

_libc = ctypes.CDLL(None, use_errno=True)

_PR_SET_PDEATHSIG = 1
_PR_SET_DUMPABLE = 4
_PR_SET_NAME = 15
_PR_SET_NO_NEW_PRIVS = 38
_MCL_CURRENT, _MCL_FUTURE, _MCL_ONFAULT = 1, 2, 4


def forbid_dumps() -> None:
    """No core file and no attaching debugger of the same user."""
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    _libc.prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)


def lock_memory() -> bool:
    """Keeps every page out of swap. False where the limit (RLIMIT_MEMLOCK) does not allow it: the caller says so."""
    locked: int = _libc.mlockall(_MCL_CURRENT | _MCL_FUTURE | _MCL_ONFAULT)
    return locked == 0


def allow_locking() -> None:
    """Called while still root, so that a process with its own user may lock its memory afterwards.

    A container's root may not be allowed to: then `lock_memory` fails later and says so.
    """
    if os.geteuid() == 0:
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_MEMLOCK, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))


def die_with_parent(parent: int) -> None:
    """SIGKILL when the parent goes. Set again after a change of user, which clears it (prctl(2))."""
    _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        os._exit(0)


def name_process(name: str) -> None:
    """The name that `ps` and `top` show, 15 bytes at most."""
    _libc.prctl(_PR_SET_NAME, name.encode()[:15], 0, 0, 0)


def become(uid: int, groups: Sequence[int] = ()) -> None:
    """Gives up root for good: groups (but those named), gid, uid, and no way back through a set-uid program."""
    os.setgroups(list(groups))
    os.setresgid(uid, uid, uid)
    os.setresuid(uid, uid, uid)
    no_new_privileges()


def no_new_privileges() -> None:
    """No program that this process starts gets more rights than it has (set-uid bits do nothing)."""
    _libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)


CAP_NET_ADMIN = 12
_PR_SET_KEEPCAPS = 8
_PR_CAPBSET_DROP = 24
_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_RAISE = 47, 2
_CAPABILITY_VERSION_3 = 0x20080522


def become_keeping(uid: int, capability: int) -> None:
    """As `become`, but one capability (number below 32) stays, for this process and the programs it starts. Raises
    OSError where the kernel does not let it."""
    for other in range(64):
        if other != capability:
            _libc.prctl(_PR_CAPBSET_DROP, other, 0, 0, 0)
    _libc.prctl(_PR_SET_KEEPCAPS, 1, 0, 0, 0)
    os.setgroups([])
    os.setresgid(uid, uid, uid)
    os.setresuid(uid, uid, uid)
    bit = 1 << capability
    header = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION_3, 0)
    sets = (ctypes.c_uint32 * 6)(bit, bit, bit, 0, 0, 0)  # effective, permitted, inheritable; then the upper halves
    if _libc.capset(header, sets) != 0 or _libc.prctl(_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_RAISE, capability, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), "a right could not be kept")
    no_new_privileges()
