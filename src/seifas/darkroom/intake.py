"""The intake program: one worker for each file, forked for it and dead after it. Knows no key, no keeper, no name.

It listens at DATA/run/intake/intake.sock (a second darkroom's at intake-2.sock), for the darkroom's user only. The
parent reads nothing from anyone: it forks,
waits, and kills what takes too long. A worker seals itself in (jail.py) before its first byte, reads one file, answers
once and ends; a file that breaks a codec has broken a process that can open, reach and fork nothing, and the next file
gets another.

    to the worker     u64 size, then the file
    from the worker   u32 size, MessagePack [true, Header] and then the RGB pixels, or [false, word]; or nothing, where
                      it was stopped: out of memory, out of time, or broken

Two workers at a time: each may need 1.5 GiB for the largest picture there can be.
"""

from __future__ import annotations

import contextlib
import logging
import os
import select
import signal
import socket
import struct
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final, NoReturn

import msgspec
from PIL import Image

from seifas import hardening, logs
from seifas.darkroom import jail
from seifas.darkroom.decoding import decoded
from seifas.darkroom.peers import peer_uid
from seifas.darkroom.recognising import recognised
from seifas.darkroom.sockets import bound
from seifas.darkroom.unfit import MOST_BYTES, Unfit
from seifas.several import numbered

log = logging.getLogger("seifas.intake")

MOST_WORKERS: Final = 2
WALL_S: Final = 45.0
"""From the fork to the end. A 108-megapixel picture takes 5 s on two 2.5 GHz cores."""

SIZE: Final = struct.Struct(">Q")
HEAD: Final = struct.Struct(">I")
_STRIP: Final = 4 * 1024 * 1024


def main(run: Path, darkroom_uid: int | None, number: int = 1) -> None:
    """Runs until SIGTERM. `darkroom_uid` None: separation is off, and this process's own user may ask. `number`: which
    darkroom's it is."""
    logs.start("intake")
    listener = bound(numbered(run / "intake" / "intake.sock", number))
    serve(listener, os.geteuid() if darkroom_uid is None else darkroom_uid)


def serve(
    listener: socket.socket, allowed: int, *, work: Callable[[socket.socket], None] | None = None,
    wall_s: float = WALL_S, cpu_s: int = jail.CPU_S,
) -> None:
    """Takes connections and forks until it is told to end. `work` is what a sealed worker does with its connection."""
    woken_read, woken = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    signal.set_wakeup_fd(woken, warn_on_full_buffer=False)
    if jail.landlock_version() == 0:
        log.warning("this kernel has no Landlock: intake workers are held by limits and their user alone")
    workers: dict[int, float] = {}
    while True:
        _reap(workers)
        now = time.monotonic()
        for pid, until in workers.items():
            if now >= until:
                log.warning("a file took too long: its worker is stopped", extra={"child": pid})
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
                workers[pid] = now + 1.0
        waited = [woken_read] if len(workers) >= MOST_WORKERS else [woken_read, listener.fileno()]
        until = min([*workers.values(), now + 60.0])
        ready, _, _ = select.select(waited, [], [], max(0.01, until - now))
        if woken_read in ready:
            with contextlib.suppress(BlockingIOError):
                os.read(woken_read, 4096)
        if listener.fileno() in ready and (connection := _accepted(listener, allowed)) is not None:
            pid = _forked(connection, listener, work or _answer, cpu_s)
            connection.close()
            if pid:
                workers[pid] = time.monotonic() + wall_s


def _accepted(listener: socket.socket, allowed: int) -> socket.socket | None:
    try:
        connection, _ = listener.accept()
    except OSError:
        return None
    if peer_uid(connection) != allowed:
        log.warning("a caller was turned away", extra={"peer_uid": peer_uid(connection)})
        connection.close()
        return None
    return connection


def _forked(
    connection: socket.socket, listener: socket.socket, work: Callable[[socket.socket], None], cpu_s: int
) -> int:
    parent = os.getpid()
    try:
        pid = os.fork()
    except OSError:
        log.error("no worker can be started")
        return 0
    if pid == 0:
        _work(connection, listener, parent, work, cpu_s)
    return pid


def _reap(workers: dict[int, float]) -> None:
    while workers:
        try:
            done, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            workers.clear()
            return
        if done == 0:
            return
        workers.pop(done, None)
        if status:
            log.warning("a worker ended by its file", extra={"child": done, "status": status})


def _work(
    connection: socket.socket, listener: socket.socket, parent: int, work: Callable[[socket.socket], None], cpu_s: int
) -> NoReturn:
    """One file, in the worker. Whatever happens ends here; nothing is written about it but the parent's line."""
    status = 1
    try:
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        listener.close()
        kept = connection.fileno()
        os.closerange(0, kept)
        os.closerange(kept + 1, 65536)
        hardening.die_with_parent(parent)
        hardening.name_process("seifas-worker")
        hardening.lock_memory()
        os.nice(5)  # who looks at pictures goes before who sends them
        jail.seal(cpu_s=cpu_s)
        connection.settimeout(None)
        work(connection)
        status = 0
    except BaseException:  # noqa: S110 - the darkroom sees that no answer came; a word more would be the file's
        pass
    finally:
        os._exit(status)


def _answer(connection: socket.socket) -> None:
    size = SIZE.unpack(_exactly(connection, SIZE.size))[0]
    if size > MOST_BYTES:
        _send(connection, [False, "too-large"])
        return
    file = bytes(_exactly(connection, size))
    try:
        jail.narrow(threads=recognised(file) == "heic")
        header, picture = decoded(file)
    except Unfit as unfit:
        _send(connection, [False, unfit.word])
    except MemoryError:
        _send(connection, [False, "too-much-work"])
    else:
        _send(connection, [True, header])
        _send_pixels(connection, picture)


def _send(connection: socket.socket, answer: list[Any]) -> None:
    body = msgspec.msgpack.encode(answer)
    connection.sendall(HEAD.pack(len(body)) + body)


def _send_pixels(connection: socket.socket, picture: Image.Image) -> None:
    """In strips: the whole once more in one piece would be 72 MB."""
    rows = max(1, _STRIP // (picture.width * 3))
    for top in range(0, picture.height, rows):
        strip = picture.crop((0, top, picture.width, min(picture.height, top + rows)))
        connection.sendall(strip.tobytes("raw", "RGB"))


def _exactly(connection: socket.socket, size: int) -> bytearray:
    found = bytearray(size)
    view, at = memoryview(found), 0
    while at < size:
        count = connection.recv_into(view[at:], min(size - at, _STRIP))
        if count == 0:
            raise EOFError
        at += count
    view.release()
    return found
