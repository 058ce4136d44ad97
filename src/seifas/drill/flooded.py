"""Step "the site is flooded": tens of thousands of addresses ask at once, and people have to get in all the same.

Staff and patients who were there before look at their pages ten times a second while strangers, each connection from
another address, ask far more than the applications could answer. The shield has to notice by itself; newcomers, with a
script and without, have to get to a page. Then the control loop is killed, and HAProxy, and the desk, all under the
flood. At the end an officer calls it over at the desk, and the evidence is held against what was sent.
"""

from __future__ import annotations

import ipaddress
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Final

import msgspec

from seifas.drill import flood_people
from seifas.drill.flood_plan import Count, Plan, Stream, Tally, get
from seifas.drill.flooding import flooding
from seifas.drill.frame import Context, Figure, StepResult
from seifas.drill.newcomers import Newcomer, newcomers, reached_share
from seifas.drill.stage import Stage
from seifas.drill.thieves import form_of
from seifas.errors import Unavailable
from seifas.shield.model import Mode

_TIMES: Final = 2  # that every address sends, so that none is missed and the evidence can be held against it
_AT_ONCE: Final = 5_000
_NOTICED_S: Final = 10.0
_SIEGE_S: Final = 20.0
_RECOVERY_S: Final = 5.0
_NEWCOMERS: Final = 12
_PATIENCE_S: Final = 8.0
_VISITS: Final = (("/lt/", True), ("/my", True), ("/my", False))  # where to, and whether with a script
_PAGE: Final = b'href="/static/'  # in every page of the clinic, in none of the shield's
_KILLS: Final = ("shield", "front", "desk")
_OFFICER: Final = "officer1"


class Lived(msgspec.Struct, frozen=True):
    """What was seen from outside. Seconds from the flood's begin; `kills` by program."""

    tally: Tally
    noticed: float | None
    siege: float | None
    visits: tuple[Newcomer, ...]
    kills: dict[str, float]


class Evidence(msgspec.Struct, frozen=True):
    """What the exported evidence says, by other code than made it."""

    distinct: int
    listed: int
    good_listed: int


def run(context: Context) -> StepResult:
    stage = context.stage("flooded")
    stage.start()
    try:
        lived = _flooded(stage, rate=1200.0 if context.quick else 2500.0, seconds=30.0 if context.quick else 60.0)
        evidence = _called_over(context, stage)
    finally:
        stage.stop()
    return _told(lived, evidence)


def _flooded(stage: Stage, *, rate: float, seconds: float) -> Lived:
    known = (flood_people.staff(stage), flood_people.patients(stage))
    head = get("/", f"127.0.0.1:{stage.port}")
    strangers = Stream("strangers", rate, (head,), sources=int(rate * seconds / _TIMES), at_once=_AT_ONCE)
    plan = Plan("127.0.0.1", stage.port, seconds, (strangers, *known), _AT_ONCE + 500)
    kills: dict[str, float] = {}
    with flooding(plan) as running:
        began_ms = time.time_ns() // 1_000_000
        noticed = flood_people.entered(stage, Mode.GUARDED)
        more = flood_people.entered(stage, Mode.SIEGE) if noticed is not None else None
        siege = None if more is None or noticed is None else noticed + more
        visits = _visits(stage)
        for name in _KILLS:
            kills[name] = time.time_ns() / 1e6
            stage.kill(name)
            time.sleep(_RECOVERY_S - 1)
        tally = running.result()
    # The generator begins a moment after it is started; what is told of it is in its own time.
    shift = (tally.began_ms - began_ms) / 1000
    return Lived(
        tally, None if noticed is None else noticed - shift, None if siege is None else siege - shift, visits,
        {name: (ms - tally.began_ms) / 1000 for name, ms in kills.items()},
    )  # fmt: skip


def _visits(stage: Stage) -> tuple[Newcomer, ...]:
    """A third without a script; to a page that is held for the siege, and to one that needs an application. Strangers
    to each other come at the same time."""

    def came(number: int, path: str, script: bool) -> tuple[Newcomer, ...]:
        return newcomers(
            "127.0.0.1", stage.port, path, _PAGE, number=_NEWCOMERS // 3, per_second=8.0, first=f"127.1{number}.0.1",
            script=script, patience_s=_PATIENCE_S,
        )  # fmt: skip

    with ThreadPoolExecutor(len(_VISITS)) as crew:
        groups = [crew.submit(came, number, *visit) for number, visit in enumerate(_VISITS)]
        return tuple(one for group in groups for one in group.result())


def _called_over(context: Context, stage: Stage) -> Evidence | None:
    """An officer ends the flood at the desk, and takes its evidence by the command line. None where there is none."""
    officer = stage.sign_in(_OFFICER)
    answer = officer.form(
        "/desk/shield/order", {"form": form_of(officer), "listener": "all", "mode": "calm", "minutes": "15"}
    )
    if answer.status != 303:
        raise Unavailable(f"the desk did not take the order: {answer.status}")
    room = context.room("flooded")
    give_up = time.monotonic() + 25.0
    while time.monotonic() < give_up:
        time.sleep(1.0)
        floods = stage.seifas("shield", "events")["events"]
        if not floods:
            continue
        event = floods[0]["event"]
        try:
            stage.seifas("shield", "export", event, "--form", "csv", "--out", str(room / "addresses.csv"))
        except Unavailable:  # its addresses come when it is over
            continue
        stage.seifas("shield", "export", event, "--form", "cidr", "--turned", "1", "--out", str(room / "block.txt"))
        return _read((room / "addresses.csv").read_text(), (room / "block.txt").read_text())
    return None


def _read(table: str, blocked: str) -> Evidence:
    rows = [line.split(",")[0].strip('"') for line in table.splitlines() if line[:1].isdigit()]
    networks = [ipaddress.ip_network(line.split()[0]) for line in blocked.splitlines() if line[:1].isdigit()]
    good = ipaddress.ip_network("127.0.0.0/24")  # where staff and patients of the step sit
    return Evidence(len(set(rows)), len(networks), sum(one.overlaps(good) for one in networks if one.version == 4))


def _recovered(count: Count, kills: dict[str, float]) -> tuple[float, int]:
    """The longest time from a kill to the last failed request that it could have caused, and the failures that no kill
    explains."""
    longest, unexplained = 0.0, 0
    for failed in count.failed_at:
        after = min((failed - at for at in kills.values() if failed >= at - 1.0), default=None)
        if after is None or after > _RECOVERY_S + 3:
            unexplained += 1
        else:
            longest = max(longest, after)
    return longest, unexplained


def _told(lived: Lived, evidence: Evidence | None) -> StepResult:
    strangers, staff, patients = (lived.tally.of(name) for name in ("strangers", "staff", "patients"))
    recovery = {one.name: _recovered(one, lived.kills) for one in (staff, patients)}
    longest = max(seconds for seconds, _ in recovery.values())
    unexplained = sum(number for _, number in recovery.values())
    reached = reached_share(lived.visits)
    due = strangers.distinct + staff.distinct + len(lived.visits)
    off = abs(evidence.distinct / due - 1) if evidence is not None and due else 1.0
    noticed = lived.noticed is not None and lived.noticed <= _NOTICED_S
    besieged = lived.siege is not None and lived.siege <= _SIEGE_S
    kept = (
        noticed and besieged and unexplained == 0 and longest <= _RECOVERY_S and reached >= 0.9 and evidence is not None
        and off <= 0.02 and evidence.good_listed == 0
    )  # fmt: skip
    sent, failed = staff.sent + patients.sent, staff.sent + patients.sent - staff.good - patients.good
    if failed == 0:
        words = f"Every one of {sent} requests of staff and patients was answered"
    elif unexplained == 0:
        words = f"{failed} of {sent} requests of staff and patients failed, all in the moments after a kill"
    else:
        words = f"{failed} of {sent} requests of staff and patients failed, {unexplained} of them far from any kill"
    answered = sum(count for status, count in strangers.statuses.items() if status)
    return StepResult(
        promise="While tens of thousands of addresses flood the site, staff and patients are let in, newcomers get to "
                "a page within seconds, and a part that dies comes back by itself.",
        deed=f"{strangers.distinct:,} addresses sent {strangers.sent:,} requests in {lived.tally.took_s:.0f} s; the "
             f"control loop, HAProxy and the desk were killed meanwhile.",
        loot=f"{words}; {sum(one.reached for one in lived.visits)} of {len(lived.visits)} newcomers reached a page.",
        kept=kept,
        figures=(
            Figure("noticed after", _seconds(lived.noticed), f"{_NOTICED_S:.0f} s"),
            Figure("siege after", _seconds(lived.siege), f"{_SIEGE_S:.0f} s"),
            Figure("staff served", f"{staff.good} of {staff.sent}, p99 {staff.p99:.0f} ms"),
            Figure("patients served", f"{patients.good} of {patients.sent}, p99 {patients.p99:.0f} ms"),
            Figure("requests that failed and no kill explains", str(unexplained), "0"),
            Figure("longest from a kill to the last failure", f"{longest:.1f} s", f"{_RECOVERY_S:.0f} s"),
            Figure("newcomers who reached a page", f"{reached:.0%}", "90 %"),
            Figure("strangers answered", f"{answered:,} of {strangers.sent:,}"),
            Figure("addresses in the evidence", "none" if evidence is None else f"{evidence.distinct:,} of {due:,}",
                   "within 2 %"),
            Figure("networks in the list to block", "none" if evidence is None else f"{evidence.listed:,}"),
            Figure("staff and patients in it", "?" if evidence is None else str(evidence.good_listed), "0"),
        ),
        notes=(
            "Flooder and clinic share one machine: times are those of a machine that does both.",
            "What fills the line before the machine cannot be replayed here (docs/running/flood.md).",
        ),
    )  # fmt: skip


def _seconds(value: float | None) -> str:
    return "never" if value is None else f"{value:.1f} s"


