"""Who is at the other end of a unix socket, by SO_PEERCRED (unix(7))."""

from __future__ import annotations

import socket
import struct
from collections.abc import Mapping
from typing import Final

_CREDENTIALS: Final = struct.Struct("3i")


def peer_uid(connection: socket.socket) -> int:
    """The user who connected."""
    told = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size)
    uid: int = _CREDENTIALS.unpack(told)[1]
    return uid


class Peers:
    """Which role a user has. With separation off all processes are one user, and its role is "any"."""

    def __init__(self, uids: Mapping[str, int] | None, own: int) -> None:
        self._roles = {own: "any"} if uids is None else {uid: role for role, uid in uids.items()}
        self._roles.setdefault(0, "admin")
        self.several = uids is not None

    def role(self, connection: socket.socket) -> str | None:
        """None for a stranger."""
        return self._roles.get(peer_uid(connection))
