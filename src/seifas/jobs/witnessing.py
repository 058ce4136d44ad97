"""Carries the log's checkpoints to the witness and its answers back. Reads nothing in them: the keeper does."""

from __future__ import annotations

import logging
import time
import urllib.error
import urllib.request
from http.client import HTTPException
from pathlib import Path
from typing import Any, Final

from seifas.errors import SeifasError
from seifas.keeper.client import BlockingClient

log = logging.getLogger("seifas.witness")

_PAUSE_S: Final = 0.5
_PATIENCE_S: Final = 10.0
_MOST: Final = 64 * 1024
"""Bytes of an answer; a checkpoint has a few hundred."""


class _Stay(urllib.request.HTTPRedirectHandler):
    """Goes nowhere else than it was sent."""

    def redirect_request(self, *_: Any) -> None:
        return None


_opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), _Stay())


def carry(data: Path) -> None:
    """Runs for ever, in a thread of its own."""
    client = BlockingClient(data / "run" / "jobs.sock", timeout=30.0)
    while True:
        try:
            errand = client.call("witness.due")
            if errand:
                status, body = ask(errand["url"], errand.get("body"))
                client.call("witness.told", asked=errand["asked"], status=status, body=body)
        except SeifasError as error:
            log.info("the keeper is not there yet", extra={"code": error.code})
        time.sleep(_PAUSE_S)


def ask(url: str, body: bytes | None) -> tuple[int, bytes]:
    """(status, body) of one request; status 0 where there was no answer."""
    if not url.startswith(("http://", "https://")):
        return 0, b""
    request = urllib.request.Request(  # noqa: S310 - the scheme was checked above
        url, data=body, headers={"Content-Type": "text/plain", "User-Agent": "seifas"}
    )
    try:
        with _opener.open(request, timeout=_PATIENCE_S) as answer:
            return answer.status, answer.read(_MOST)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read(_MOST)
    except (OSError, ValueError, HTTPException) as error:
        log.warning("the witness does not answer", extra={"error": type(error).__name__})
        return 0, b""
