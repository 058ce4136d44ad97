"""An application behind a front: a unix socket that only named users may use, the visitor's address in a header that is
believed for that reason alone, and in the answer the lane of whoever was let in.

The front is HAProxy (shield/front), or for the patients' pages without it the public process (public/forwarding.py).
"""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import MutableMapping
from typing import Any, ClassVar, Final

from seifas.fhir.exchange import Receive, Scope, Send
from seifas.web.access_log import App
from seifas.web.guarded import GuardedProtocol

ADDRESS: Final = b"seifas-address"
"""The header in which an application finds who asked. The front writes it, and takes out what a visitor sent so."""

LANE: Final = b"seifas-lane"
"""The header that tells the front who was let in. It never leaves the front."""

TOKEN: Final = b"seifas-token"
"""With it the front knows a program's token before the program first uses it. It never leaves the front either."""

_CREDENTIALS = struct.Struct("3i")


class FrontedProtocol(GuardedProtocol):
    """Turns away whoever is not on the list, before a byte is read (SO_PEERCRED)."""

    allowed: ClassVar[frozenset[int]] = frozenset()
    admitted = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        peer: Any = transport.get_extra_info("socket")
        _, uid, _ = _CREDENTIALS.unpack(peer.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _CREDENTIALS.size))
        if uid not in self.allowed:
            transport.abort()
            return
        self.admitted = True
        super().connection_made(transport)

    def connection_lost(self, exc: Exception | None) -> None:
        if self.admitted:
            super().connection_lost(exc)


def addressed(scope: Scope) -> None:
    """Puts the visitor's address where every other listener has it, and takes the header out."""
    found = [value for name, value in scope["headers"] if name == ADDRESS]
    scope["headers"] = [(name, value) for name, value in scope["headers"] if name != ADDRESS]
    scope["client"] = (found[0].decode("ascii", "replace")[:64], 0) if len(found) == 1 else None


def fronted(app: App) -> App:
    """The application as it is behind a front: addressed, and its answers tell the lane (Exchange.of_lane)."""

    async def around(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        addressed(scope)

        async def told(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                lane = scope.get("seifas.lane")
                # Who holds a session is told from what the keeper has answered, never from a token that came along.
                if lane is not None and message["status"] < 400:
                    message["headers"] = [*message["headers"], (LANE, lane)]
                    if token := scope.get("seifas.token"):
                        message["headers"].append((TOKEN, token))
            await send(message)

        await app(scope, receive, told)

    return around
