"""The reading program: one jailed worker for each leaked file. Knows no key, no keeper, no patient.

It listens at DATA/run/reading/reading.sock, for the user of the leaks process only. It is the intake's server
(darkroom/intake.py, darkroom/jail.py) with other work: a worker reads the file as it comes and answers as it reads, so
that a dump of gigabytes needs no more memory than a small one.

    to the worker     u64 size, u16 length of the name, the name in UTF-8, then the file
    from the worker   frames: u32 size and MessagePack. ["table", ...], ["prose", ...], ["unread", ...] are the pieces;
                      ["picture", source, width, height] is followed by height x width x 3 bytes (blue, green, red);
                      ["end"] is the last, and then the worker waits until its caller has gone
"""

from __future__ import annotations

import os
import resource
import socket
import sys
from pathlib import Path
from typing import Final

import msgspec
import numpy as np

from seifas import logs
from seifas.darkroom import jail
from seifas.darkroom.intake import serve
from seifas.darkroom.sockets import bound
from seifas.leaks.reading.frames import HEAD, SIZE, End, PictureHead
from seifas.leaks.reading.opening import opened
from seifas.leaks.reading.pieces import Picture, Piece, inside
from seifas.leaks.reading.streams import STEP, Budget, Stream

MOST_BYTES: Final = 64 * 2**30
WALL_S: Final = 4 * 3600.0
"""From the fork to the end, the time in which the caller matches what it was given in it. What a broken worker can cost
is bounded by its CPU seconds."""
CPU_S: Final = 3600
_CPU_AT_LEAST_S: Final = 120
_CPU_PER_MB: Final = 1.5

_encode = msgspec.msgpack.Encoder().encode


class Gone(BaseException):
    """The caller is gone, or sends less than it said: not the file's fault, so no Exception."""


def main(run: Path, leaks_uid: int | None) -> None:
    """Runs until SIGTERM. `leaks_uid` None: separation is off, and this process's own user may ask."""
    logs.start("reading")
    serve(
        bound(run / "reading" / "reading.sock"), os.geteuid() if leaks_uid is None else leaks_uid, work=work,
        wall_s=WALL_S, cpu_s=CPU_S,
    )


def work(connection: socket.socket) -> None:
    """One file, in the sealed worker. No codec runs and no process starts before the filter of system calls holds."""
    sys.setrecursionlimit(2_000)
    size, length = SIZE.unpack(_exactly(connection, SIZE.size))
    if size > MOST_BYTES:
        raise Gone
    cpu = min(CPU_S, _CPU_AT_LEAST_S + int(size / 2**20 * _CPU_PER_MB))
    resource.setrlimit(resource.RLIMIT_CPU, (cpu, cpu))
    # From here on limits cannot be set either. HEIC needs threads, and may be in any archive: this process's own.
    jail.narrow(threads=True)
    name = _exactly(connection, length).decode("utf-8", "replace")
    budget = Budget()
    left = size

    def more() -> bytes:
        nonlocal left
        if left == 0:
            return b""
        found = connection.recv(min(left, STEP))
        if not found:
            raise Gone
        left -= len(found)
        budget.taken += len(found)
        return found

    for piece in opened(inside("", name).lstrip("/"), Stream(more), budget):
        send(connection, piece)
    _frame(connection, _encode(End()))
    while connection.recv(STEP):
        pass


def send(connection: socket.socket, piece: Piece) -> None:
    """One piece as a frame."""
    if not isinstance(piece, Picture):
        _frame(connection, _encode(piece))
        return
    _frame(connection, _encode(PictureHead(piece.source, piece.width, piece.height)))
    connection.sendall(np.ascontiguousarray(piece.pixels).data.cast("B"))


def _frame(connection: socket.socket, body: bytes) -> None:
    connection.sendall(HEAD.pack(len(body)))
    connection.sendall(body)


def _exactly(connection: socket.socket, size: int) -> bytes:
    found = b""
    while len(found) < size:
        part = connection.recv(size - len(found))
        if not part:
            raise Gone
        found += part
    return found
