"""A flood of our own, on this machine only: requests that start when their time has come, whatever the server does.

An open loop: a server that answers slowly does not slow it down, as a closed loop of N clients would, which hides a
collapse (docs/bench.md). Every request is a new connection from an address of its own, out of up to 4 million on
loopback; `IP_BIND_ADDRESS_NO_PORT` lets the kernel choose the port at connect, so that ports do not run out, and a
linger of 0 leaves no TIME_WAIT. Good visitors run in the same loop: a `Stream` of their own with cookies and clocks.

    tally = flood(Plan("127.0.0.1", 8080, 10, (Stream("strangers", 2000, heads=(get("/", "clinic"),)),)))
    with flooding(plan) as running: ...         the same in a process of its own

It refuses every target and source that is not on loopback, and is bounded in time, in number and in open sockets.
About 6,000 requests a second from one core; `bench/flood/flood.c` takes the same plans and sends three times as many.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence

import msgspec

from seifas.drill.flood_loop import Loop, raise_descriptors
from seifas.drill.flood_plan import Count, Plan, Stream, Tally, address, checked, get
from seifas.errors import Unavailable

__all__ = ["Count", "Plan", "Running", "Stream", "Tally", "address", "checked", "flood", "flooding", "get"]


def flood(plan: Plan) -> Tally:
    """Runs the plan here, to its end. Raises Invalid."""
    return Loop(checked(plan)).run()


class Running:
    """A flood in a process of its own."""

    def __init__(self, process: subprocess.Popen[bytes], seconds: float) -> None:
        self._process = process
        self._seconds = seconds

    @property
    def pid(self) -> int:
        return self._process.pid

    def result(self) -> Tally:
        """Waits for the end. Raises Unavailable where the flood broke off."""
        try:
            said, wrong = self._process.communicate(timeout=self._seconds + 60)
        except subprocess.TimeoutExpired:
            self.stop()
            raise Unavailable("the flood did not end in its time", where=str(self.pid)) from None
        if self._process.returncode:
            raise Unavailable(f"the flood broke off: {wrong[-500:]!r}", where=str(self.pid))
        return msgspec.json.decode(said, type=Tally)

    def stop(self) -> None:
        # The generator may have begun processes of its own: they are of its session, and gone with it.
        if self._process.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
        self._process.communicate()


@contextlib.contextmanager
def flooding(plan: Plan, command: Sequence[str] = ()) -> Iterator[Running]:
    """The plan in a process of its own (`command`: another generator of the same plans), gone at the end."""
    checked(plan)
    process = subprocess.Popen(
        list(command) or [sys.executable, "-m", "seifas.drill.flooding"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, start_new_session=True,
    )  # fmt: skip
    running = Running(process, plan.seconds)
    try:
        assert process.stdin is not None
        process.stdin.write(msgspec.json.encode(plan))
        process.stdin.close()
        process.stdin = None  # so that communicate() does not flush what is closed
        yield running
    finally:
        running.stop()


def main() -> None:
    """A plan from standard input, its tally to standard output."""
    raise_descriptors()
    plan = msgspec.json.decode(sys.stdin.buffer.read(), type=Plan)
    sys.stdout.buffer.write(msgspec.json.encode(flood(plan)))


if __name__ == "__main__":
    main()
