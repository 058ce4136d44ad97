"""A served clinic under a flood whose parts die, one after the other: sessions go on, all is back within 5 seconds."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from seifas.drill import flood_people
from seifas.drill.flooding import Count, Plan, Stream, Tally, flooding, get
from seifas.drill.stage import Stage
from seifas.shield.front.runtime import reload
from seifas.shield.model import Mode

RECOVERY_S = 5.0
RATE = 1000.0  # SIEGE's bound of addresses is passed in six seconds; little enough for two shared cores
RATE_IN_SIEGE = 300.0
"""With --whole it is RATE too."""
ROUNDS = 3
"""What is counted here is time: a defect is there in each round, a machine that is busy elsewhere is not."""


def in_rounds(attempt: Callable[[], None]) -> None:
    for _ in range(ROUNDS - 1):
        with contextlib.suppress(AssertionError):
            attempt()
            return
    attempt()


@pytest.fixture(scope="module")
def clinic(places: Path, small_clinic: Path) -> Iterator[Stage]:
    stage = Stage(places / f"survives-{os.urandom(6).hex()}")
    stage.copy_from(small_clinic)
    stage.start()
    yield stage
    stage.remove()


@pytest.fixture(scope="module")
def known(clinic: Stage) -> tuple[Stream, Stream]:
    return flood_people.staff(clinic), flood_people.patients(clinic)


@pytest.fixture(scope="module")
def rate(whole: bool) -> float:
    return RATE if whole else RATE_IN_SIEGE


@pytest.fixture
def besieged(clinic: Stage, known: tuple[Stream, ...]) -> None:
    """The site is at siege, whichever test came before."""
    if flood_people.mode(clinic) != Mode.SIEGE:
        flooded(clinic, known, 16.0)
        assert flood_people.entered(clinic, Mode.SIEGE, 60.0) is not None


def flooded(
    clinic: Stage, known: tuple[Stream, ...], seconds: float, *deeds: tuple[float, Callable[[], object]],
    rate: float = RATE,
) -> tuple[Tally, list[float]]:  # fmt: skip
    """A flood during which the deeds are done, so many seconds after its begin; when each was done, in its time."""
    strangers = Stream("strangers", rate, (get("/lt/", "clinic.example"),), at_once=3000)
    done: list[float] = []
    with flooding(Plan("127.0.0.1", clinic.port, seconds, (strangers, *known), 4000)) as running:
        began = time.time()
        for at, deed in deeds:
            time.sleep(max(0.0, began + at - time.time()))
            done.append(time.time() * 1000)
            deed()
        tally = running.result()
    return tally, [(ms - tally.began_ms) / 1000 for ms in done]


def failures(count: Count, deeds: list[float]) -> list[float]:
    """How long after the deed before it each failed request began; what no deed explains is told as it is, negative."""
    found = []
    for failed in count.failed_at:
        # A request that is under way when its server dies began before it did.
        before = [failed - at for at in deeds if failed - at > -1.0]
        found.append(min(before) if before else -failed)
    return found


def check(tally: Tally, deeds: list[float]) -> None:
    for name in ("staff", "patients"):
        count = tally.of(name)
        late = failures(count, deeds)
        assert all(-1.0 <= one <= RECOVERY_S for one in late), (name, late, count.statuses)
        assert count.good_share > 0.8


def test_the_shield_is_raised_by_a_flood_and_those_it_knows_notice_nothing(
    clinic: Stage, known: tuple[Stream, ...]
) -> None:
    def attempt() -> None:
        entered: list[float | None] = []
        tally, _ = flooded(
            clinic, known, 16.0,
            (0.0, lambda: entered.append(flood_people.entered(clinic, Mode.GUARDED, 12.0))),
            (0.1, lambda: entered.append(flood_people.entered(clinic, Mode.SIEGE, 20.0))),
        )  # fmt: skip
        assert None not in entered
        check(tally, [])

    in_rounds(attempt)


def test_the_control_loop_dies_and_haproxy_goes_on_in_its_mode(
    besieged: None, clinic: Stage, known: tuple[Stream, ...], rate: float
) -> None:
    def attempt() -> None:
        modes: list[Mode | None] = []

        def killed() -> None:
            before = flood_people.mode(clinic)
            clinic.kill("shield")
            modes.extend((before, flood_people.mode(clinic)))

        tally, _ = flooded(clinic, known, 5.0, (1.5, killed), rate=rate)
        assert modes == [Mode.SIEGE, Mode.SIEGE]
        assert flood_people.mode(clinic) == Mode.SIEGE
        # A loop's death fails nothing at all: nothing of it is on the path of a request.
        assert tally.of("staff").failed_at == tally.of("patients").failed_at == ()

    in_rounds(attempt)


@pytest.mark.parametrize("whole_tree", [True, False])
def test_haproxy_dies_and_is_back_with_its_mode_and_its_visitors(
    besieged: None, clinic: Stage, known: tuple[Stream, ...], rate: float, whole_tree: bool
) -> None:
    def attempt() -> None:
        def killed() -> None:
            os.kill(clinic.pids()["front"] if whole_tree else flood_people.worker(clinic), signal.SIGKILL)

        tally, deeds = flooded(clinic, known, 7.5, (1.0, killed), rate=rate)
        check(tally, deeds)
        assert flood_people.entered(clinic, Mode.SIEGE, RECOVERY_S) is not None

    in_rounds(attempt)


def test_haproxy_loads_anew_and_nobody_known_notices(
    besieged: None, clinic: Stage, known: tuple[Stream, ...], rate: float
) -> None:
    def attempt() -> None:
        tally, deeds = flooded(
            clinic, known, 5.0, (1.0, lambda: reload(clinic.data / "run" / "shield" / "master.sock")), rate=rate
        )
        check(tally, deeds)
        assert tally.of("staff").good_share >= 0.97
        assert flood_people.entered(clinic, Mode.SIEGE, RECOVERY_S) is not None

    in_rounds(attempt)


@pytest.mark.parametrize("name", ["desk", "portal", "public"])
def test_an_application_dies_and_sessions_go_on(
    besieged: None, clinic: Stage, known: tuple[Stream, ...], rate: float, name: str
) -> None:
    def attempt() -> None:
        tally, deeds = flooded(clinic, known, 6.5, (0.7, lambda: clinic.kill(name)), rate=rate)
        check(tally, deeds)
        others = {"desk": ("patients",), "portal": ("staff",), "public": ("staff",)}[name]
        for other in others:
            assert tally.of(other).failed_at == (), other

    in_rounds(attempt)
