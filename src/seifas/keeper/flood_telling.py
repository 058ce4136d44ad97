"""What the shield tells the keeper of itself: how it stands, and changes of mode, of which floods are made.

The shield stands at the internet and is assumed breakable: it may only put in, and is told no more than what staff have
ordered. What it says adds and never takes away or replaces; size and pace are bounded here and not there. What was held
back while the vault was locked or the keeper away is taken when it comes, and marked by both times.
"""

from __future__ import annotations

import os
from hashlib import sha256
from typing import Any, Final

import msgspec

from seifas.errors import Invalid, OverBudget, TooLarge
from seifas.keeper import flood_keeping
from seifas.keeper.alarming import ring
from seifas.keeper.door import OPS, Caller
from seifas.keeper.flood_book import Recent
from seifas.keeper.flood_model import (
    LATE_MS,
    LISTENERS,
    MODES,
    SIEGE,
    WHY,
    Flood,
    FloodChange,
    Standing,
    Told,
    change_id,
)
from seifas.keeper.flood_sealing import MOST_MINUTE
from seifas.keeper.keeper import Keeper, Moment
from seifas.keeper.line_finding import log_of
from seifas.keeper.lines import Action
from seifas.keeper.model import Kind

MOST_STATE: Final = 128 * 1024
MOST_CHANGE: Final = 4 * 1024
MOST_CALM_MINUTE: Final = 64 * 1024
MOST_MINUTES: Final = 16
OLDEST_MS: Final = 90 * 86_400_000
"""What is told may be so old: held back while the vault was locked."""

RUNG_MS: Final = 3_600_000
ENDING_MS: Final = 14 * 86_400_000
"""Whoever renews by itself has done so by then (shield/certificates)."""

ENDING_AGAIN_MS: Final = 86_400_000
_AHEAD_MS: Final = 3_600_000
OBJECT = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode


class Tell(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`state`: a JSON object, opaque here. `minutes`: those that have ended since, as JSON; they are stored nowhere."""

    state: bytes
    minutes: tuple[bytes, ...] = ()


class Changed(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`change`: JSON (_Change is what is read of it). `event`: the flood's id as the shield made it (16 random bytes),
    or empty: then the one under way, or a new one."""

    change: bytes
    event: bytes = b""


class _Change(msgspec.Struct, frozen=True):
    listener: str
    ms: int
    before: int
    after: int
    why: str
    by_hand: bool = False


class _Minute(msgspec.Struct, frozen=True):
    listener: str
    begins_ms: int
    requests: int = 0
    distinct: int = 0
    exact: bool = msgspec.field(default=True, name="distinct_exact")


class _Listener(msgspec.Struct, frozen=True):
    mode: int


class _State(msgspec.Struct, frozen=True):
    listeners: dict[str, _Listener] = {}
    certificate_ends_ms: int = 0


_read_state = msgspec.json.Decoder(_State).decode
_read_minute = msgspec.json.Decoder(_Minute).decode
_read_change = msgspec.json.Decoder(_Change).decode


@OPS.op("shield.told", Tell, "shield")
async def told(keeper: Keeper, caller: Caller, args: Tell) -> dict[str, Any]:
    """{orders: {listener: {mode, until_ms}}, notice}: what staff want. `mode` is auto, calm, guarded or siege;
    `until_ms` 0 for auto. `notice`: the public pages have the notice of a flood. Of the state nothing is stored; the
    last one is at hand for the desk."""
    moment = keeper.now()
    if len(args.state) > MOST_STATE:
        raise TooLarge(f"a state has at most {MOST_STATE // 1024} KiB", where="state")
    try:
        OBJECT(args.state)
        said = _read_state(args.state)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise Invalid("a state is a JSON object", where="state") from None
    for minute in args.minutes[:MOST_MINUTES]:
        try:
            keeper.floods.put_recent(recent_of(minute, moment), moment.wall_ms)
        except Invalid:  # for charts only: it must not keep the shield from what staff have ordered
            keeper.count("flood_minutes_refused")
    calm = not any(one.mode for one in said.listeners.values())
    before = keeper.floods.told
    since = (before.calm_boot_ms or moment.boot_ms) if calm else 0
    keeper.floods.told = Told(args.state, moment.wall_ms, moment.boot_ms, since)
    keeper.floods.heard_ms = moment.wall_ms
    keeper.floods.silences = 0
    await _ring_certificate(keeper, moment, said.certificate_ends_ms)
    return {
        "orders": orders(keeper.floods.standing, moment.wall_ms), "notice": keeper.floods.notice_told(moment.boot_ms)
    }


async def _ring_certificate(keeper: Keeper, moment: Moment, ends_ms: int) -> None:
    """Rings once a day for a certificate that nobody has renewed, durable on return."""
    if not 0 < ends_ms < moment.wall_ms + ENDING_MS:
        return
    rung = keeper.floods.certificate_boot_ms
    if rung is not None and moment.boot_ms - rung < ENDING_AGAIN_MS:
        return
    keeper.floods.certificate_boot_ms = moment.boot_ms
    text = "The certificate of the pages ends within two weeks, or has: browsers will let nobody in."
    await _ring_alone(keeper, moment, "certificate-ending", text)


def recent_of(minute: bytes, moment: Moment, *, of_flood: bool = False) -> Recent:
    """A minute (JSON) to keep at hand. Raises Invalid, TooLarge."""
    if len(minute) > (MOST_MINUTE if of_flood else MOST_CALM_MINUTE):
        raise TooLarge("a minute is longer than it may be", where="minute")
    try:
        OBJECT(minute)
        said = _read_minute(minute)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise Invalid("that is no minute of a listener", where="minute") from None
    if said.listener not in LISTENERS or min(said.requests, said.distinct) < 0:
        raise Invalid("there is no such listener, or fewer than no requests", where="minute")
    check_time(said.begins_ms, moment)
    return Recent(said.listener, said.begins_ms, moment.wall_ms, minute, said.requests, said.distinct, said.exact)


def orders(standing: Standing, now_ms: int) -> dict[str, dict[str, Any]]:
    """What holds now for each listener."""
    live = {one.listener: one for one in standing.orders if one.until_ms > now_ms}
    return {
        name: {"mode": live[name].mode, "until_ms": live[name].until_ms} if name in live
        else {"mode": "auto", "until_ms": 0}
        for name in LISTENERS
    }  # fmt: skip


@OPS.op("shield.changed", Changed, "shield")
async def changed(keeper: Keeper, caller: Caller, args: Changed) -> dict[str, Any]:
    """{event}: the flood that this change belongs to, durable; empty for one to calm that belongs to none. The same
    change again is the same. A flood begins with the first change to a mode that is not calm and ends when all its
    listeners are calm; when SIEGE begins it rings. Raises Invalid, OverBudget with `where` "full" or "pace"."""
    moment = keeper.now()
    change = _read(args, moment)
    async with keeper.lock_of(flood_keeping.LOCK):
        flood, begins = _flood_of(keeper, moment, args.event, change)
        if flood is None:
            return {"event": b""}
        ident = change_id(flood.id, args.change)
        if keeper.floods.change(flood.id, ident) is not None:
            return {"event": flood.id}
        try:
            if begins:
                keeper.floods.check_begin(moment.wall_ms)
            keeper.floods.check_change(flood.id, moment.wall_ms)
        except OverBudget as error:
            await ring_full(keeper, moment, error.where)
            raise
        one = FloodChange(
            ident, flood.id, change.ms, moment.wall_ms, change.listener, change.before, change.after, change.why,
            change.by_hand, args.change,
        )
        after = _after(keeper, flood, one)
        await _commit_change(keeper, moment, one, after, begins=begins)
    keeper.floods.heard_ms = moment.wall_ms
    return {"event": flood.id}


def _read(args: Changed, moment: Moment) -> _Change:
    if len(args.change) > MOST_CHANGE:
        raise TooLarge(f"a change has at most {MOST_CHANGE // 1024} KiB", where="change")
    try:
        OBJECT(args.change)
        change = _read_change(args.change)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise Invalid("that is no change of mode", where="change") from None
    if change.listener not in LISTENERS or not {change.before, change.after} <= set(range(len(MODES))):
        raise Invalid("there is no such listener or mode", where="change")
    if not WHY.match(change.why):
        raise Invalid("the reason of a change is a word", where="why")
    check_time(change.ms, moment)
    check_flood(args.event)
    return change


def check_time(ms: int, moment: Moment) -> None:
    """Raises Invalid for a time that nothing told now can be about."""
    if not moment.wall_ms - OLDEST_MS < ms < moment.wall_ms + _AHEAD_MS:
        raise Invalid("that is older than what is taken, or still to come", where="ms")


def check_flood(event: bytes) -> None:
    """Raises Invalid for what is no id; none is one here."""
    if len(event) not in (0, 16) or event == bytes(16):
        raise Invalid("a flood has an id of 16 random bytes", where="event")


def _flood_of(keeper: Keeper, moment: Moment, event: bytes, change: _Change) -> tuple[Flood | None, bool]:
    """(the flood that a change belongs to, whether it begins with it)."""
    if event and keeper.floods.has(event):
        return keeper.floods.get(event), False
    if not event:
        under_way = keeper.floods.under_way()
        if under_way:
            return under_way[0], False
        if not change.after:
            return None, False
    elif _taken(keeper, event):
        raise Invalid("this id is another thing's", where="event")
    return Flood(
        event or os.urandom(16), change.ms, moment.wall_ms, change.ms, os.urandom(32), log=log_of(keeper),
        near=keeper.require_unlocked().audit.size,
    ), True


def _taken(keeper: Keeper, ident: bytes) -> bool:
    """Whether an alarm, a tip or a case goes by this id: what is linked with one must not come to be another."""
    cases = keeper.cases.cases()
    return (
        keeper.alarms.get(ident) is not None or keeper.tips.has(ident)
        or any(ident in (one.id, one.leak) for one in cases) or any(ident == one.id for one in keeper.leaks.cases())
    )  # fmt: skip


def _after(keeper: Keeper, flood: Flood, change: FloodChange) -> Flood:
    """The flood with this change: modes are those of each listener's newest one, whichever came first."""
    newest: dict[str, FloodChange] = {}
    worst: dict[str, int] = {}
    for one in sorted((*keeper.floods.changes_of(flood.id), change), key=lambda each: (each.ms, each.id)):
        newest[one.listener] = one
        worst[one.listener] = max(worst.get(one.listener, 0), one.before, one.after)
    modes = tuple(sorted((name, one.after) for name, one in newest.items()))
    calm = not any(mode for _, mode in modes)
    return msgspec.structs.replace(
        flood, began_ms=min(flood.began_ms, change.ms), last_ms=max(flood.last_ms, change.ms), modes=modes,
        worst=tuple(sorted(worst.items())), ended_ms=max(one.ms for one in newest.values()) if calm else 0,
        ended="calm" if calm else "",
    )  # fmt: skip


async def _commit_change(
    keeper: Keeper, moment: Moment, one: FloodChange, flood: Flood, *, begins: bool
) -> None:
    leaves = [keeper.leaf(moment, Action.FLOOD, objects=(flood.id,), note="opened")] if begins else []
    leaves.append(keeper.leaf(
        moment, Action.FLOOD, objects=(flood.id, one.id, sha256(one.body).digest()), note=f"to-{MODES[one.after]}"
    ))  # fmt: skip
    if flood.ended_ms:
        leaves.append(keeper.leaf(moment, Action.FLOOD, objects=(flood.id,), note="ended-calm"))
    puts = [keeper.row(Kind.FLOOD, flood.id, flood), keeper.row(Kind.FLOOD_CHANGE, one.id, one)]
    if one.after == SIEGE and not one.by_hand and not _rung(keeper, one):
        puts += _ring_siege(keeper, moment, one)
    await keeper.commit(leaves, puts)
    keeper.floods.put(flood)
    keeper.floods.put_change(one)
    if begins:  # one that the shield forgot, having been started again
        for other in keeper.floods.under_way():
            if other.id != flood.id and other.last_ms < flood.began_ms:
                leaf = keeper.leaf(moment, Action.FLOOD, objects=(other.id,), note="ended-unsaid")
                ended = msgspec.structs.replace(other, ended_ms=flood.began_ms, ended="unsaid")
                await keeper.commit([leaf], [keeper.row(Kind.FLOOD, ended.id, ended)])
                keeper.floods.put(ended)
    keeper.count("flood_changes")


def _rung(keeper: Keeper, change: FloodChange) -> bool:
    """Whether SIEGE of this listener has rung within the hour: a flood that comes and goes, or a shield that lies, must
    not bury the alarm of a theft behind its own."""
    return any(
        one.listener == change.listener and one.after == SIEGE and not one.by_hand
        and abs(change.ms - one.ms) < RUNG_MS
        for one in keeper.floods.changes_of(change.flood)
    )


def _ring_siege(keeper: Keeper, moment: Moment, change: FloodChange) -> list[tuple[bytes, bytes]]:
    if moment.wall_ms - change.ms > LATE_MS:
        return ring(
            keeper, moment, "flood-late", 2,
            "The site came under a flood while the vault could not be told. Look at the shield's page.",
        )
    said = {
        "public": "The site is under a flood: the shield is in siege. Staff and known patients get in.",
        "staff": "The staff's own listener is under a flood: the shield is in siege there.",
    }[change.listener]
    return ring(keeper, moment, f"flood-siege-{change.listener}", 3, said)


async def ring_full(keeper: Keeper, moment: Moment, where: str) -> None:
    """Says that more came than is taken, durable on return."""
    text = "The shield sends more evidence of floods than is kept: some of it stays on its side for now."
    await _ring_alone(keeper, moment, f"flood-{where}", text)


async def _ring_alone(keeper: Keeper, moment: Moment, kind: str, text: str) -> None:
    if puts := ring(keeper, moment, kind, 2, text):
        await keeper.commit([keeper.leaf(moment, Action.ALARM, note=kind)], puts)
