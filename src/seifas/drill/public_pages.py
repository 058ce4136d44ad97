"""Files of a stolen disk that hold what the public site gives to anybody: nothing was stolen with them.

The front keeps the public pages as files, for a siege. The clinic's own people stand on them, and some patients are
called as they are: a search for patients' names would find those.
"""

from __future__ import annotations

import contextlib
import gzip
import time
import zlib
from hashlib import sha256
from pathlib import Path
from typing import Final

from seifas.drill.stage import Stage
from seifas.errors import Unavailable
from seifas.shield import crawling

KEPT: Final = Path("run/shield/snapshot")
_START: Final = ("/", "/lt/", "/en/")
_BOUNDS: Final = crawling.Bounds(answers=200, bytes=16 * 2**20, seconds=600.0)
_PATIENCE_S: Final = 60.0


def given_to_anybody(stage: Stage) -> frozenset[bytes]:
    """SHA-256 of every page that a stranger without cookies reaches from the front page of a served clinic. Raises
    Unavailable where there is no public site within a minute."""
    url = f"http://127.0.0.1:{stage.port}"
    fetch = crawling.over(url, bounds=_BOUNDS)
    give_up = time.monotonic() + _PATIENCE_S
    while (answer := fetch(_START[-1])) is None or answer.status != 200:
        # A clinic is ready when its staff's listener is: on a busy machine the public one comes seconds later.
        if time.monotonic() > give_up:
            raise Unavailable("the clinic's public site does not answer; see the server's log", where=url)
        time.sleep(0.1)
    return frozenset(sha256(one.body).digest() for one in crawling.walk(fetch, _START, url=url, bounds=_BOUNDS))


def set_aside(copy: Path, given: frozenset[bytes]) -> int:
    """Takes out of a copy the kept pages that are byte for byte what anybody gets; how many. The rest stays to be
    searched."""
    taken = 0
    for file in (copy / KEPT).glob("*"):
        body = file.read_bytes()
        with contextlib.suppress(OSError, EOFError, zlib.error):
            body = gzip.decompress(body)
        if sha256(body).digest() in given:
            file.unlink()
            taken += 1
    return taken
