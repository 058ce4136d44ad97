"""The shield at the desk, for officer and administrator: how it stands, orders to it, the public notice."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from seifas.errors import Invalid
from seifas.keeper import flood_keeping
from seifas.keeper.alarming import ring
from seifas.keeper.case_entries import person
from seifas.keeper.door import OPS, Caller, NoArgs
from seifas.keeper.flood_model import (
    LISTENERS,
    MODES,
    ORDERS,
    Order,
    Standing,
)
from seifas.keeper.flood_telling import orders
from seifas.keeper.identity.sessions import Session
from seifas.keeper.keeper import Keeper, Moment
from seifas.keeper.lines import Action
from seifas.keeper.model import Kind
from seifas.keeper.opening import acting, require_person

MOST_ORDER_MIN: Final = 24 * 60
_STANDING: Final = b"standing"


class OfSession(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`watch`: a page asks by itself, which keeps no session awake."""

    session: str
    watch: bool = False


class Override(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """`minutes` counts for all modes but "auto", which ends an order."""

    session: str
    listener: str
    mode: str
    minutes: int = 0


class Notice(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    session: str
    on: bool


def person_of(keeper: Keeper, token: str, op: str, moment: Moment, *, touch: bool = True) -> Session:
    """The session of an officer or administrator that asks. Raises SignIn, StepUp, Refused."""
    session = acting(keeper, token, op, moment, touch=touch)
    require_person(session)
    return session


@OPS.op("shield.status", OfSession, "desk")
async def status(keeper: Keeper, caller: Caller, args: OfSession) -> dict[str, Any]:
    """{on, state, told_ms, age_ms, orders, notice, event, case, now_ms}: `on` whether the settings have a shield.
    `state` is the JSON that it said last, empty where it said nothing since the vault was unlocked, `told_ms` when (0:
    never), `age_ms` how long ago (-1: never). `orders`: {listener: {mode, until_ms, by, set_ms}}. `notice`: {on,
    since_ms, by}. `event`: the id of the flood under way, or empty; `case` the newest open case that it belongs to."""
    moment = keeper.now()
    person_of(keeper, args.session, "shield.status", moment, touch=not args.watch)
    return told(keeper, moment)


def cases_of(keeper: Keeper, flood: bytes) -> list[bytes]:
    """The cases that a flood belongs to, newest first, open ones before closed ones."""
    found = [one for one in keeper.cases.cases() if flood in one.links]
    return [one.id for one in sorted(found, key=lambda one: one.closed_ms > 0)]


def _case_of(keeper: Keeper, flood: bytes) -> bytes:
    return next(iter(cases_of(keeper, flood)), b"")


def told(keeper: Keeper, moment: Moment) -> dict[str, Any]:
    """The shield as it stands, for a page or a command."""
    last, standing = keeper.floods.told, keeper.floods.standing
    under_way = keeper.floods.under_way()
    now = orders(standing, moment.wall_ms)
    by = {one.listener: one for one in standing.orders if one.until_ms > moment.wall_ms}
    return {
        "on": keeper.settings.shield.on, "state": last.state,
        "told_ms": last.wall_ms, "age_ms": moment.boot_ms - last.boot_ms if last.state else -1,
        "orders": {
            name: {
                **now[name], "by": person(keeper, by[name].by) if name in by else "",
                "set_ms": by[name].set_ms if name in by else 0,
            }
            for name in LISTENERS
        },
        "notice": {
            "on": standing.notice_ms > 0, "since_ms": standing.notice_ms, "by": person(keeper, standing.notice_by)
        },
        "event": under_way[0].id if under_way else b"", "now_ms": moment.wall_ms,
        "case": _case_of(keeper, under_way[0].id) if under_way else b"",
    }  # fmt: skip


@OPS.op("shield.override", Override, "desk")
async def override(keeper: Keeper, caller: Caller, args: Override) -> dict[str, Any]:
    """{until_ms}: the shield learns it within two seconds. To order less than it has decided itself rings."""
    moment = keeper.now()
    session = person_of(keeper, args.session, "shield.override", moment)
    if args.listener not in LISTENERS or args.mode not in ORDERS:
        raise Invalid("there is no such listener or mode", where="mode")
    if args.mode != "auto" and not 1 <= args.minutes <= MOST_ORDER_MIN:
        raise Invalid("an order holds for 1 minute to 24 hours", where="minutes")
    order = Order(
        args.listener, args.mode, moment.wall_ms + args.minutes * 60_000, session.account, moment.wall_ms
    )
    under_way = keeper.floods.under_way()
    now = dict(under_way[0].modes).get(args.listener, 0) if under_way else 0
    rings = []
    if args.mode in MODES and MODES.index(args.mode) < now:
        rings = ring(
            keeper, moment, "flood-lowered", 2, "The shield was ordered to be less strict than it had decided itself.",
            account=session.account, session=session.id,
        )
    async with keeper.lock_of(flood_keeping.LOCK):
        others = tuple(
            one for one in keeper.floods.standing.orders
            if one.listener != args.listener and one.until_ms > moment.wall_ms
        )
        kept = others if args.mode == "auto" else (*others, order)
        await _stand(
            keeper, moment, msgspec.structs.replace(keeper.floods.standing, orders=kept), session,
            f"order-{args.listener}-{args.mode}", tuple(one.id for one in under_way[:1]), rings,
        )
    return {"until_ms": 0 if args.mode == "auto" else order.until_ms}


@OPS.op("shield.notice", Notice, "desk")
async def notice(keeper: Keeper, caller: Caller, args: Notice) -> dict[str, Any]:
    """{}: the fixed notice of a flood stands on the public pages from now on, or no more."""
    moment = keeper.now()
    session = person_of(keeper, args.session, "shield.notice", moment)
    async with keeper.lock_of(flood_keeping.LOCK):
        before = keeper.floods.standing
        if args.on == (before.notice_ms > 0):
            return {}
        after = msgspec.structs.replace(
            before, notice_ms=moment.wall_ms if args.on else 0, notice_by=session.account if args.on else b""
        )
        under_way = keeper.floods.under_way()
        await _stand(
            keeper, moment, after, session, "notice-on" if args.on else "notice-off",
            tuple(one.id for one in under_way[:1]), [],
        )
    return {}


async def _stand(
    keeper: Keeper, moment: Moment, standing: Standing, session: Session, note: str, objects: tuple[bytes, ...],
    rings: list[tuple[bytes, bytes]],
) -> None:  # fmt: skip
    leaf = keeper.leaf(
        moment, Action.FLOOD, account=session.account, session=session.id, objects=objects, note=note
    )
    await keeper.commit([leaf], [keeper.row(Kind.FLOOD_STANDING, _STANDING, standing), *rings])
    keeper.floods.stand(standing, moment.boot_ms)


@OPS.op("shield.public", NoArgs, "public")
async def public(keeper: Keeper, caller: Caller, args: NoArgs) -> dict[str, Any]:
    """{notice, since_ms}: whether the notice of a flood stands. Whoever asks shows it from then on."""
    keeper.floods.notice_public = keeper.floods.standing.notice_ms > 0
    return {"notice": keeper.floods.standing.notice_ms > 0, "since_ms": keeper.floods.standing.notice_ms}
