"""The server's clock is set forward, backward, and while it is off: no budget refills, nothing lives longer, it rings.

The processes are real; their wall clock is moved as a broken time server would move it. The budget's own arithmetic is
in budget/test_budget_clock.py, what waits and lives by the clock in keeper/test_keeper_clock.py.
"""

from __future__ import annotations

import os
import struct
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from attacked import look, said

from seifas.demo.schedule import patient_id
from seifas.drill.stage import Answer, Browser, Stage
from seifas.drill.thieves_truth import Truth

pytestmark = pytest.mark.slow

DAY = 86_400
SHIM = Path(__file__).with_name("moved_clock")


class Moved:
    """A served clinic whose wall clock can be set while it runs."""

    def __init__(self, stage: Stage, clock: Path, strangers: list[str]) -> None:
        self.stage = stage
        self._clock = clock
        self.browsers: list[Browser] = []
        self.ahead = 0
        self.strangers = strangers  # not yet opened by anybody, and no day's patients that the clock is set to
        self.set(0)

    def set(self, seconds: int) -> None:
        """So many seconds ahead of the true time, from now on."""
        self.ahead = seconds
        content = struct.pack("<q", seconds * 10**9)
        if self._clock.exists():
            with self._clock.open("r+b") as file:
                file.write(content)
        else:
            self._clock.write_bytes(content)
            self._clock.chmod(0o644)

    def start(self) -> None:
        self.stage.start(environment={"SEIFAS_TEST_CLOCK": str(self._clock), "PYTHONPATH": str(SHIM)})

    def sign_in(self, account: str) -> Browser:
        self.browsers.append(self.stage.sign_in(account))
        return self.browsers[-1]

    def jumps(self) -> int:
        """How many alarms of the clock's jumps were told; each is told again until somebody answers."""
        alarms = [line for line in said(self.stage) if line.get("message") == "alarm"]
        return len({line["raised_ms"] for line in alarms if line["kind"] == "clock-jump"})

    def rings(self, count: int, patience: float = 60.0) -> bool:
        give_up = time.monotonic() + patience
        while self.jumps() < count and time.monotonic() < give_up:
            time.sleep(0.1)
        return self.jumps() == count


@pytest.fixture(scope="module")
def moved(places: Path, large_clinic: Path, truth: Truth) -> Iterator[Moved]:
    stage = Stage(places / f"clock-{os.urandom(4).hex()}")
    stage.copy_from(large_clinic)
    now = time.time_ns() // 1_000_000
    cold = [
        one for one in truth.cold("doctor1", now)
        if not any(
            truth.is_warm(account, one, now + days * DAY * 1000)
            for account in ("doctor1", "doctor2", "doctor3") for days in (0, 1, 2, 3)
        )
    ]
    made = Moved(stage, places / f"clock-{os.urandom(4).hex()}.ns", cold)
    made.start()
    yield made
    for browser in made.browsers:
        browser.close()
    stage.remove()


def _open(browser: Browser, patient: str) -> Answer:
    return browser.read(f"/fhir/Patient/{patient}/$everything", "visit")


def _strangers(moved: Moved, account: str) -> int:
    """Opens strangers through fresh sessions without a passkey until nothing more comes; how many were opened."""
    opened = 0
    for _ in range(4):
        browser = moved.sign_in(account)
        before = opened
        while (answer := _open(browser, moved.strangers[-1])).status == 200:
            opened += 1
            moved.strangers.pop()
        assert answer.status in (401, 403, 429), answer.body
        if opened == before:
            break
    return opened


def test_forward_refills_nothing_and_rings_once(moved: Moved) -> None:
    spent = _strangers(moved, "doctor1")
    assert spent >= 10
    idle = moved.sign_in("reception1")
    assert moved.jumps() == 0
    moved.set(2 * DAY)
    assert moved.rings(1)
    assert idle.read("/desk").status in (200, 303)
    assert _strangers(moved, "doctor1") <= 1, "yesterday's budget is not back"
    assert moved.jumps() == 1
    # What lives by the clock has ended, which is the safe side; signing in anew works, and so does the work.
    assert idle.read("/fhir/Patient/" + patient_id(1, 0)).status == 401
    assert moved.sign_in("doctor2").read("/desk").status == 200
    assert _strangers(moved, "doctor2") >= 5, "colleagues go on"


def test_backward_lets_no_session_live_longer(moved: Moved) -> None:
    session = moved.sign_in("doctor3")
    assert _open(session, moved.strangers[0]).status == 200
    moved.set(moved.ahead - 400 * DAY)
    assert moved.rings(2)
    answer = _open(session, moved.strangers[0])
    assert answer.status == 401, "a session from the future has ended"
    again = moved.sign_in("doctor3")
    assert again.read("/desk").status == 200
    assert _strangers(moved, "doctor1") <= 1
    assert look(moved.stage.staff, "/health").json["ready"] is True


def test_a_killed_keeper_does_not_ring_for_the_same_jump_again(moved: Moved) -> None:
    moved.set(moved.ahead + 30 * DAY)
    assert moved.rings(3)
    time.sleep(2)
    for _ in range(2):
        killed, give_up = moved.stage.kill("keeper"), time.monotonic() + 60
        while moved.stage.pids().get("keeper", killed) == killed:
            assert time.monotonic() < give_up
            time.sleep(0.05)
        moved.stage.wait_ready()
    time.sleep(4)
    assert moved.jumps() == 3
    assert _strangers(moved, "doctor1") <= 1


def test_set_while_the_server_was_off(moved: Moved) -> None:
    """The machine did not start anew, so its boot clock knows: nothing is refilled, and it rings."""
    for browser in moved.browsers:
        browser.close()
    moved.stage.stop()
    moved.set(moved.ahead + 60 * DAY)
    moved.start()
    assert moved.rings(4)
    assert _strangers(moved, "doctor1") <= 1
    assert moved.sign_in("doctor4").read("/desk").status == 200
