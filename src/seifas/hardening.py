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


def become(uid: int) -> None:
    """Gives up root for good: groups, gid, uid, and no way back through a set-uid program."""
    os.setgroups([])
    os.setresgid(uid, uid, uid)
    os.setresuid(uid, uid, uid)
    _libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
