"""The flood of seifas.drill.flooding by a loop in C: `python -m bench.flood.native BINARY` is a command for flooding().

The same plans and tallies; what a plan may do is checked in Python before the C sees it. Without a compiler the bench
floods by the loop in Python, and its greatest rates mean less: `command()` says which.
"""

from __future__ import annotations

import ipaddress
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

import msgspec

from seifas.drill.flood_loop import raise_descriptors
from seifas.drill.flood_plan import STRIDE, Count, Plan, Stream, Tally, checked

_SOURCE = Path(__file__).with_name("flood.c")


def command(work: Path, cpu: int | None = None) -> list[str]:
    """What to give to flooding() as its command: compiled into `work` at the first call; pinned to that core."""
    pinned = ["taskset", "-c", str(cpu)] if cpu is not None and shutil.which("taskset") else []
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        return [*pinned, sys.executable, "-m", "seifas.drill.flooding"]
    binary = work / "flood"
    if not binary.exists() or binary.stat().st_mtime < _SOURCE.stat().st_mtime:
        work.mkdir(parents=True, exist_ok=True)
        subprocess.run([compiler, "-O2", "-Wall", "-o", str(binary), str(_SOURCE), "-lm"], check=True)
    return [*pinned, sys.executable, "-m", "bench.flood.native", str(binary)]


def plain(plan: Plan) -> bytes:
    """The plan as flood.c reads it."""
    parts = [f"{plan.host} {plan.port} {plan.seconds} {plan.at_once} {len(plan.streams)}\n".encode()]
    for one in plan.streams:
        first = int(ipaddress.IPv4Address(one.first))
        parts.append(
            f"{one.rate} {first} {one.sources} {STRIDE if one.spread else 1} {one.timeout_s} {one.begins_s} "
            f"{one.ends_s or plan.seconds} {one.drip_s} {int(one.whole)} {one.at_once or plan.at_once} "
            f"{one.port or plan.port} {len(one.heads)}\n".encode()
        )
        parts += [b"%d\n%s\n" % (len(blob), blob) for blob in (one.wanted, one.drip, *one.heads)]
    return b"".join(parts)


def told(plan: Plan, text: str) -> Tally:
    """What flood.c printed."""
    lines = iter(text.splitlines())
    began, took = next(lines).split()
    counts = tuple(_count(one, plan, next(lines), next(lines), next(lines)) for one in plan.streams)
    return Tally(int(began), float(took), counts)


def _count(stream: Stream, plan: Plan, numbers: str, seconds: str, failed: str) -> Count:
    *whole, p50, p99, most = numbers.split()
    distinct, sent, answered, good, refused, lost, late, unsent, bytes_in = map(int, whole)
    cells = list(map(int, seconds.split()))
    by_second: list[Counter[int]] = [Counter() for _ in range(int(-(-plan.seconds // 1)) + 1)]
    for second, status, number in zip(cells[::3], cells[1::3], cells[2::3], strict=True):
        by_second[second][status] += number
    return Count(
        stream.name, sent, answered, good, dict(sum(by_second, Counter())), refused, lost, late, unsent,
        distinct, bytes_in, float(p50), float(p99), float(most),
        tuple(dict(one) for one in by_second), tuple(map(float, failed.split())),
    )  # fmt: skip


def main() -> None:
    raise_descriptors()
    plan = checked(msgspec.json.decode(sys.stdin.buffer.read(), type=Plan))
    done = subprocess.run(
        [sys.argv[1]], input=plain(plan), capture_output=True, check=False, timeout=plan.seconds + 45
    )
    if done.returncode:
        sys.exit(f"the flood ended with {done.returncode}: {done.stderr[-300:]!r}")
    sys.stdout.buffer.write(msgspec.json.encode(told(plan, done.stdout.decode())))


if __name__ == "__main__":
    main()
