"""The page behind every row: an ASGI application whose answer costs 0.9 ms of CPU, as a page of a clinic's site does.

    python -m bench.flood.page --port N | --uds PATH       one uvicorn worker

`/login` answers as our own applications do to a signed-in patient: with the header that makes the front hand out a
lane's cookie. `/health` costs nothing.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Awaitable, Callable
from typing import Any

import uvicorn

CPU_S = 0.0009
MARK = b"a page of the clinic"
_BODY = b"<!doctype html><title>clinic</title><p>" + MARK + b"<p>" + b"x" * 4000


async def app(
    scope: dict[str, Any], receive: Callable[[], Awaitable[Any]], send: Callable[[Any], Awaitable[None]]
) -> None:
    if scope["type"] != "http":
        return
    path = scope["path"]
    headers = [(b"content-type", b"text/html"), (b"content-length", b"%d" % len(_BODY))]
    if path != "/health":
        until = time.thread_time() + CPU_S
        while time.thread_time() < until:
            pass
    if path == "/login":
        headers.append((b"seifas-lane", b"patient"))
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": _BODY})


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--uds", default=None)
    chosen = parser.parse_args()
    uvicorn.run(
        app, host="127.0.0.1", port=chosen.port, uds=chosen.uds, log_level="error", access_log=False, lifespan="off",
        backlog=4096,
    )  # fmt: skip


if __name__ == "__main__":
    main()
