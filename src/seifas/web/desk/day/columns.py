"""A day as it is looked at: a column a doctor, entries and free time in order, and how many are where."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from seifas.web.desk.day.slots import Span, gaps

Row = dict[str, Any]
_HERE = frozenset({"arrived", "started", "walkin"})
_VISITS = bytes(15)  # in place of a doctor, for visits that were only told in charts (keeper.scheduling)

# From a status to what is done next with one touch, and what else can be done; each a status, or move.
NEXT: dict[str, str] = {"booked": "arrived", "arrived": "started", "walkin": "started", "started": "done"}
ELSE: dict[str, tuple[str, ...]] = {
    "booked": ("done", "missed", "move", "cancelled"),
    "arrived": ("done", "booked"),
    "started": ("arrived",),
    "walkin": ("done",),
    "done": ("arrived",),
    "missed": ("booked",),
    "cancelled": ("booked",),
}
KEYS = {"arrived": "a", "started": "s", "done": "d", "missed": "m", "cancelled": "x", "booked": "u", "move": "v"}


class Column(msgspec.Struct, frozen=True):
    """One doctor's day. `rows` hold either `entry` or `gap`."""

    doctor: str
    name: str
    colour: str
    rows: list[Row]
    expected: int
    here: int
    done: int
    off: int


def columns_of(
    entries: Sequence[Mapping[str, Any]], profile: Mapping[str, Any], spells: Sequence[Span], *, now_ms: int,
    today: bool, past: bool, unknown: str, told: str,
) -> list[Column]:  # fmt: skip
    """The columns of a day: the clinic's doctors in its own order, then others who have entries, named `unknown`, and
    visits that stand in charts only, under `told`."""
    by_doctor: dict[bytes, list[Mapping[str, Any]]] = {}
    booked = {one["patient"] for one in entries if one["doctor"][:15] != _VISITS}
    for one in entries:
        if one["doctor"][:15] != _VISITS:
            by_doctor.setdefault(one["doctor"], []).append(one)
        elif one["patient"] not in booked:
            by_doctor.setdefault(_VISITS, []).append(one)
    columns = []
    for doctor in profile.get("doctors", ()):
        mine = by_doctor.pop(doctor["practitioner"], [])
        if not doctor["active"] and not mine:
            continue
        free: list[Span] = []
        if not past and doctor["active"]:
            least = max(10, min(30, doctor["minutes"]))
            free = gaps(spells, mine, least=least, from_ms=now_ms if today else 0)
        columns.append(
            _column(doctor["practitioner"].hex(), doctor["name"], doctor["colour"], mine, free, today=today, past=past)
        )
    others = by_doctor.pop(_VISITS, [])
    for ident, mine in sorted(by_doctor.items()):
        columns.append(_column(ident.hex(), unknown, "slate", mine, [], today=today, past=past))
    if others:
        columns.append(_column("", told, "slate", others, [], today=today, past=past))
    return columns


def _column(
    doctor: str, name: str, colour: str, entries: Sequence[Mapping[str, Any]], free: Sequence[Span], *, today: bool,
    past: bool,
) -> Column:  # fmt: skip
    rows: list[Row] = [{"start_ms": one["start_ms"], "entry": _entry(one, today=today, past=past)} for one in entries]
    rows += [{"start_ms": one.start_ms, "entry": None, "gap": one} for one in free]
    states = [one["status"] for one in entries]
    return Column(
        doctor=doctor, name=name, colour=colour, rows=sorted(rows, key=lambda row: row["start_ms"]),
        expected=states.count("booked"), here=sum(state in _HERE for state in states), done=states.count("done"),
        off=sum(state in ("missed", "cancelled") for state in states),
    )


def _entry(one: Mapping[str, Any], *, today: bool, past: bool) -> Row:
    status = one["status"]
    told = one["kind"] == "visit" and status == "done"  # a chart tells of it: nothing is to be done here
    others = () if told else ELSE.get(status, ())
    following = "" if told else NEXT.get(status, "")
    if not today and not past:  # nobody arrives before the day
        following, others = "", tuple(what for what in others if what in ("move", "cancelled", "booked"))
    return {
        **one, "id": one["id"].hex(), "patient": one["patient"].hex(),
        "doctor": one["doctor"].hex(), "next": following, "others": others,
    }
