"""One line a request: route template, method, status, milliseconds, bytes. Never a path, query, id, name or token."""

from __future__ import annotations

import logging
import time
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from seifas.fhir.exchange import Receive, Scope, Send

log = logging.getLogger("seifas.access")

App = Callable[[Scope, Receive, Send], Awaitable[None]]
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


def logged(app: App) -> App:
    """The application with an access log around it. The application sets scope["seifas.route"]."""

    async def around(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return  # no websockets, no lifespan: there is nothing to start or to end
        status = size = 0
        began = time.perf_counter()

        async def counted(message: MutableMapping[str, Any]) -> None:
            nonlocal status, size
            if message["type"] == "http.response.start":
                status = message["status"]
            else:
                size += len(message.get("body", b""))
            await send(message)

        try:
            await app(scope, receive, counted)
        finally:
            if log.isEnabledFor(logging.INFO):
                method = scope["method"]
                log.info(
                    "request",
                    extra={
                        "method": method if method in _METHODS else "?",
                        "route": scope.get("seifas.route", "?"),
                        "status": status,
                        "ms": round((time.perf_counter() - began) * 1000, 1),
                        "bytes": size,
                    },
                )

    return around
