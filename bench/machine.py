"""What the figures were measured on, and how busy it was: without it no figure can be compared with another day's."""

from __future__ import annotations

import os
import platform
import sqlite3
import statistics
import time
from pathlib import Path

import cryptography


def described(place: Path) -> dict[str, object]:
    """CPU, memory, versions, and what a sync of one page costs on the disk under `place` (ms, median and worst)."""
    syncs = sync_times(place)
    return {
        "cpu": _from("/proc/cpuinfo", "model name"),
        "cores": os.cpu_count(),
        "memory_gib": round(int(_from("/proc/meminfo", "MemTotal").split()[0]) / 2**20, 1),
        "kernel": platform.release(),
        "python": platform.python_version(),
        "sqlite": sqlite3.sqlite_version,
        "cryptography": cryptography.__version__,
        "fdatasync_ms": round(statistics.median(syncs), 3),
        "fdatasync_worst_ms": round(max(syncs), 3),
        "load": load(),
    }


def load() -> float:
    """Load average of the last minute: processes that wanted a core."""
    return os.getloadavg()[0]


def sync_times(place: Path, times: int = 200) -> list[float]:
    """Milliseconds of fdatasync after each of `times` writes of 4 KiB to a file under `place`."""
    path = place / f"sync-{os.getpid()}"
    descriptor = os.open(path, os.O_CREAT | os.O_RDWR, 0o600)
    try:
        found = []
        for number in range(times):
            os.pwrite(descriptor, os.urandom(4096), (number % 64) * 4096)
            began = time.perf_counter()
            os.fdatasync(descriptor)
            found.append((time.perf_counter() - began) * 1000)
        return found
    finally:
        os.close(descriptor)
        path.unlink()


def _from(path: str, key: str) -> str:
    for line in Path(path).read_text().splitlines():
        name, _, value = line.partition(":")
        if name.strip() == key:
            return value.strip()
    return "?"
