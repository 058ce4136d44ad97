"""Sockets of programs that may not write into DATA/run, which is the keeper's: each binds in a directory of its own.

Whoever asks such a program waits a moment for one that is being started anew.
"""

from __future__ import annotations

import os
import socket
import time
from pathlib import Path
from typing import Final

from seifas.errors import Unavailable

_PATIENCE_S: Final = 5.0


def bound(path: Path) -> socket.socket:
    """A listening unix socket at `path`, that any user may knock at: who it is, is asked at the door."""
    path.unlink(missing_ok=True)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listener.bind(str(path))
    os.chmod(path, 0o666)  # noqa: S103 - checked by SO_PEERCRED
    listener.listen(128)
    listener.setblocking(False)
    return listener


def connected(path: Path, gone: str) -> socket.socket:
    """A blocking connection to the program that listens there, which is there again within seconds should it have
    ended. Raises Unavailable, saying `gone`, after five seconds."""
    give_up = time.monotonic() + _PATIENCE_S
    while True:
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            connection.connect(str(path))
        except OSError as error:
            connection.close()
            if time.monotonic() >= give_up:
                raise Unavailable(gone) from error
            time.sleep(0.05)
        else:
            return connection
