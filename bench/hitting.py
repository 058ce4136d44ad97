"""The load: `wrk` (Debian), one thread, its connections never idle. The same for us and for the peer.

wrk is pinned to the last core and the servers are not pinned: whatever a server's own shape (ours is two processes, the
peer is one), it may use every core, and loses to wrk the same share of the last one.
"""

from __future__ import annotations

import os
import random
import subprocess
from pathlib import Path

import msgspec

from seifas.errors import Unavailable

_SCRIPT = Path(__file__).with_name("load.lua")


class Hits(msgspec.Struct, frozen=True):
    """One phase. `refused`: answers that were not 2xx or 3xx. `failed`: connections that broke, or timed out."""

    requests: int
    us: int
    refused: int
    failed: int
    p50_us: int
    p99_us: int
    worst_us: int

    @property
    def per_second(self) -> float:
        return self.requests / self.us * 1e6


class Load(msgspec.Struct, frozen=True):
    """What is asked for: `lines` is a file of paths (GET) or of bodies (POST to `path`)."""

    lines: Path
    method: str = "GET"
    path: str = "/"
    content_type: str = ""


def hit(port: int, load: Load, *, connections: int, seconds: float, token: str = "", strict: bool = True) -> Hits:
    """Runs one phase. `strict`: a single refused request or broken connection fails the measurement."""
    core = (os.cpu_count() or 1) - 1
    command = [
        "taskset", "-c", str(core), "wrk", "-t1", f"-c{connections}", f"-d{max(1, round(seconds))}s",
        "--timeout", "30s", "-s", str(_SCRIPT), f"http://127.0.0.1:{port}",
    ]  # fmt: skip
    environment = {
        **os.environ, "BENCH_LINES": str(load.lines), "BENCH_METHOD": load.method, "BENCH_PATH": load.path,
        "BENCH_TYPE": load.content_type, "BENCH_AUTH": f"Bearer {token}" if token else "",
        "BENCH_SEED": str(random.randrange(2**31)),
    }
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    told = next((line for line in done.stdout.splitlines() if line.startswith("JSON ")), "")
    if done.returncode != 0 or not told:
        raise Unavailable(f"wrk said: {done.stdout[-500:]} {done.stderr[-500:]}")
    hits = msgspec.json.decode(told[5:], type=Hits)
    if strict and (hits.refused or hits.failed or not hits.requests):
        raise Unavailable(f"the load was not answered as it should be: {hits}")
    return hits
