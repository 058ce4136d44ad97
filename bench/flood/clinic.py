"""A whole clinic under the flood: staff at the desk, patients in their portal, and every part of it killed meanwhile.

All of the server's processes are on core 0: keeper, desk, portal, public site, jobs, darkroom, the shield and HAProxy.
The flood is 8,000 requests a second from calm on; nobody tells the shield what to do. Who was there before asks for a
whole page of the desk or of the portal, from the keeper to the template.
"""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Callable, Iterator

from bench.figures import Bar, Figure, alone
from bench.flood import native
from bench.flood.servers import FLOOD_CPU, SERVER_CPU
from bench.served import Served
from bench.setting import Setting
from seifas.drill import flood_people
from seifas.drill.flooding import Count, Plan, Stream, Tally, flooding, get
from seifas.shield.front.runtime import reload
from seifas.shield.model import Mode

RATE = 8_000
_AT_ONCE = 6_000
_PATIENTS = 600
_VISITS = 3.0  # a second of each: a page costs some 20 ms of the one core, and the flood wants most of that
_RECOVERY_S = 5.0
_ALL_PASSED = Bar(at_least=100, unit="%")
_RECOVERED = Bar(at_most=_RECOVERY_S, unit="s")


def run(setting: Setting) -> list[Figure]:
    with _pinned(), setting.serving(patients=_PATIENTS) as served:
        known = (flood_people.staff(served, _VISITS), flood_people.patients(served, _VISITS))
        figures = _under(served, known, setting)
        for rate in (3_000, RATE):
            tally = _flooded(served, known, setting, rate, 6.0)[0]
            for name in ("staff", "patients"):
                count = tally.of(name)
                what = f"{name} of a whole clinic in SIEGE, {rate:,} requests/s"
                figures += [
                    alone(what, "%", [100 * count.good_share], _ALL_PASSED),
                    alone(f"{what}, p99", "ms", [count.p99], Bar(at_most=250, unit="ms")),
                ]
    return figures


def _under(served: Served, known: tuple[Stream, ...], setting: Setting) -> list[Figure]:
    """From calm on, through every kill."""
    entered: list[float | None] = []
    deeds: tuple[tuple[float, str, Callable[[], object]], ...] = (
        (0.0, "", lambda: entered.append(flood_people.entered(served, Mode.GUARDED))),
        (0.0, "", lambda: entered.append(flood_people.entered(served, Mode.SIEGE))),
        (22.0, "HAProxy loads anew", lambda: reload(served.data / "run" / "shield" / "master.sock")),
        (28.0, "the control loop dies", lambda: served.kill("shield")),
        (33.0, "HAProxy dies", lambda: os.kill(flood_people.worker(served), signal.SIGKILL)),
        (39.0, "the desk dies", lambda: served.kill("desk")),
        (45.0, "the portal dies", lambda: served.kill("portal")),
    )
    tally, done = _flooded(served, known, setting, RATE, 51.0, *deeds)
    kills = {name: at for (_, name, _), at in zip(deeds, done, strict=True) if name}
    siege = entered[0] + entered[1] if entered[0] is not None and entered[1] is not None else 60.0
    setting.say(f"clinic: siege after {siege:.1f} s, {', '.join(f'{name} {at:.1f}' for name, at in kills.items())}")
    figures = [alone("whole clinic: SIEGE after", "s", [siege], Bar(at_most=20, unit="s"))]
    for name in ("staff", "patients"):
        count = tally.of(name)
        late, unexplained = _explained(count, kills)
        due = count.sent + count.unsent
        setting.say(f"clinic: {name} {count.good} of {due}, p99 {count.p99:.0f} ms, {late}, unexplained {unexplained}")
        what = f"{name} of a whole clinic from calm through SIEGE, {RATE:,} requests/s"
        figures += [
            alone(
                f"{what}, but for {_RECOVERY_S:.0f} s after a kill", "%", [100 * (1 - unexplained / due)], _ALL_PASSED,
                f"{count.good} of {due} in all",
            ),
            alone(f"{name}: p99 of all that was served, kills and all", "ms", [count.p99]),
            *(alone(f"{name}: last failure after {kill}", "s", [late.get(kill, 0.0)], _RECOVERED) for kill in kills),
        ]  # fmt: skip
    return figures


def _flooded(
    served: Served, known: tuple[Stream, ...], setting: Setting, rate: float, seconds: float,
    *deeds: tuple[float, str, Callable[[], object]],
) -> tuple[Tally, list[float]]:  # fmt: skip
    strangers = Stream("strangers", rate, (get("/lt/", "clinic.example"),), at_once=_AT_ONCE)
    plan = Plan("127.0.0.1", served.port, seconds, (strangers, *known), _AT_ONCE + 500)
    done: list[float] = []
    with flooding(plan, native.command(setting.work / "flood", FLOOD_CPU)) as running:
        began = time.time()
        for at, _, deed in deeds:
            time.sleep(max(0.0, began + at - time.time()))
            done.append(time.time() * 1000)
            deed()
        tally = running.result()
    return tally, [(ms - tally.began_ms) / 1000 for ms in done]


def _explained(count: Count, kills: dict[str, float]) -> tuple[dict[str, float], int]:
    """By kill the seconds until the last request failed; and how many failed that no kill explains."""
    late: dict[str, float] = {}
    unexplained = 0
    for failed in count.failed_at:
        # What was under way began before its server died.
        near = [(failed - at, what) for what, at in kills.items() if -1.0 <= failed - at <= _RECOVERY_S + 1]
        if near:
            after, what = min(near)
            late[what] = max(late.get(what, 0.0), after)
        else:
            unexplained += 1
    return late, unexplained


@contextlib.contextmanager
def _pinned() -> Iterator[None]:
    """What is started in it stays on the server's core."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {SERVER_CPU})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)
