"""What the state of the shield comes to for whoever is woken by it: does everybody get in who should, what does it do
by itself, is there anything to do. Pure: a state in, keys of words out."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import msgspec

from seifas.shield import charts
from seifas.shield.model import Lane, LaneMinute, ListenerState, Mode
from seifas.web.desk.shield.reading import Now

SILENT_MS: Final = 20_000
"""The loop tells every other second: after so long it is not there."""

LET_IN: Final = 0.99
"""Below this share of staff's or patients' requests something is wrong that the shield does not mend by itself."""

ENOUGH: Final = 20
"""Requests below which one unlucky one says nothing."""


class Standing(msgspec.Struct, frozen=True):
    """The one sentence. `look`: good, note or bad."""

    look: str
    head: str
    lead: str


class Door(msgspec.Struct, frozen=True):
    """How one kind of people gets in: of `asked` requests in ten seconds `got` a page. `percent` is rounded down: 100
    is all of them; -1 where nobody asked."""

    words: str
    got: int
    asked: int
    percent: int
    look: str


class Row(msgspec.Struct, frozen=True):
    """One lane of the table of who gets in: requests of the last ten seconds, and the words for how it is treated."""

    lane: str
    words: str
    requests: int
    got: int
    asked: int
    away: int
    how: str


class Todo(msgspec.Struct, frozen=True):
    """Something to do, its words, and what its button leads to: provider, notice, case, order, or nothing."""

    words: str
    leads: str = ""


_DOORS: Final = ((Lane.STAFF, "shield-door-staff"), (Lane.PATIENT, "shield-door-patient"),
                 (Lane.MACHINE, "shield-door-machine"))  # fmt: skip
LANE_WORDS: Final = {
    Lane.STAFF: "shield-lane-staff", Lane.MACHINE: "shield-lane-machine", Lane.PATIENT: "shield-lane-patient",
    Lane.SOLVED: "shield-lane-solved", Lane.WAITED: "shield-lane-waited", Lane.STRANGER: "shield-lane-stranger",
}  # fmt: skip
_DOES: Final = {
    Mode.CALM: ("shield-does-calm", "shield-does-ready"),
    Mode.GUARDED: ("shield-does-first", "shield-does-queue", "shield-does-known"),
    Mode.SIEGE: ("shield-does-first", "shield-does-static", "shield-does-check", "shield-does-silence",
                 "shield-does-known"),
}  # fmt: skip


def silent(now: Now) -> bool:
    return not 0 <= now.age_ms <= SILENT_MS


def mode_of(now: Now) -> int:
    """The strictest of all listeners; CALM where nothing is known."""
    return max((one.mode for one in _listeners(now)), default=int(Mode.CALM))


def standing_of(now: Now) -> Standing:
    """The sentence at the top: the worst of what is true."""
    if not now.on:
        return Standing("bad", "shield-is-off", "shield-is-off-lead")
    if now.state is None:
        return Standing("note", "shield-is-unheard", "shield-is-unheard-lead")
    if silent(now):
        return Standing("bad", "shield-is-silent", "shield-is-silent-lead")
    if not now.state.haproxy:
        return Standing("bad", "shield-is-down", "shield-is-down-lead")
    if any(one.look == "bad" for one in doors_of(now)):
        return Standing("bad", "shield-is-shut-out", "shield-is-shut-out-lead")
    match mode_of(now):
        case Mode.SIEGE:
            return Standing("note", "shield-is-siege", "shield-is-siege-lead")
        case Mode.GUARDED:
            return Standing("note", "shield-is-guarded", "shield-is-guarded-lead")
    return Standing("good", "shield-is-calm", "shield-is-calm-lead")


def doors_of(now: Now) -> list[Door]:
    """Staff and patients always, programs where there are any; nobody where nothing is known."""
    lanes = _lanes(now)
    found: list[Door] = []
    if now.state is None:
        return found
    for lane, words in _DOORS:
        one = lanes.get(lane, _NOTHING)
        got, asked = charts.got_of(one), _all(one)
        if asked or lane != Lane.MACHINE:
            percent = got * 100 // asked if asked else -1
            poor = asked >= ENOUGH and got < asked * LET_IN
            found.append(Door(words, got, asked, percent, "none" if not asked else "bad" if poor else "good"))
    return found


def rows_of(now: Now) -> list[Row]:
    """Who gets in and who does not, by lane, the first served first."""
    lanes, mode = _lanes(now), mode_of(now)
    return [
        Row(lane, words, _all(one), charts.got_of(one), charts.asked_of(one), charts.away_of(one), _how(lane, mode))
        for lane, words in LANE_WORDS.items() for one in (lanes.get(lane, _NOTHING),)
    ]  # fmt: skip


def does_of(now: Now) -> tuple[str, ...]:
    """What the shield does by itself in the strictest mode that is on; nothing where it is off or not known."""
    return _DOES[Mode(mode_of(now))] if now.on and now.state is not None else ()


def must_of(now: Now, *, line_full: bool) -> list[Todo]:
    """What only a person can do, the most urgent first. Empty: the shield goes on by itself."""
    if not now.on:
        return [Todo("shield-do-on")]
    found = []
    if now.state is None or silent(now):
        found.append(Todo("shield-do-loop"))
    elif not now.state.haproxy:
        found.append(Todo("shield-do-front"))
    if line_full:
        found.append(Todo("shield-do-provider", "provider"))
    elif any(one.look == "bad" for one in doors_of(now)) and not silent(now):
        strictest = all(one.mode == Mode.SIEGE for one in _listeners(now))
        found.append(Todo("shield-do-look", "provider") if strictest else Todo("shield-do-siege", "order"))
    return found


def may_of(now: Now, *, officer: bool) -> list[Todo]:
    """What helps but can wait until the morning."""
    found = []
    if now.flood and not now.notice_on and mode_of(now) == Mode.SIEGE:
        found.append(Todo("shield-may-notice", "notice"))
    if now.flood and not now.case and officer:
        found.append(Todo("shield-may-case", "case"))
    if now.notice_on and not now.flood:
        found.append(Todo("shield-may-notice-off", "notice"))
    if now.orders:
        found.append(Todo("shield-may-auto", "order"))
    return found


_NOTHING: Final = LaneMinute({}, 0)
_HOW: Final = {
    Lane.STAFF: ("shield-how-first",) * 3,
    Lane.MACHINE: ("shield-how-first",) * 3,
    Lane.PATIENT: ("shield-how-before",) * 3,
    Lane.SOLVED: ("shield-how-open", "shield-how-after", "shield-how-after"),
    Lane.WAITED: ("shield-how-open", "shield-how-after", "shield-how-after"),
    Lane.STRANGER: ("shield-how-open", "shield-how-last", "shield-how-check"),
}


def _how(lane: Lane, mode: int) -> str:
    return _HOW[lane][mode]


def _listeners(now: Now) -> Iterable[ListenerState]:
    return now.state.listeners.values() if now.state is not None else ()


def _lanes(now: Now) -> dict[str, LaneMinute]:
    """The lanes of all listeners together."""
    found: dict[str, LaneMinute] = {}
    for listener in _listeners(now):
        for lane, one in listener.lanes.items():
            before = found.get(lane, _NOTHING)
            outcomes = {
                each: before.outcomes.get(each, 0) + one.outcomes.get(each, 0)
                for each in {*before.outcomes, *one.outcomes}
            }
            found[lane] = LaneMinute(outcomes, before.bytes_out + one.bytes_out)
    return found


def _all(lane: LaneMinute) -> int:
    return sum(lane.outcomes.values())
