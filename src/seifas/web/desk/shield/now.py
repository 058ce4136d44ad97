"""The shield now: does everybody get in who should, what it does by itself, what is to be done, whom to call. Parts of
the page ask again by themselves; without scripts it is loaded again by hand. That keeps no session awake."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from hashlib import sha256
from typing import Any, Final

import msgspec

from seifas.fhir.exchange import Exchange
from seifas.incidents.filings.catalogue import FORMS
from seifas.shield import charts
from seifas.shield.evidence.uplink import judged
from seifas.shield.model import Listener, ListenerState, Minute, Mode
from seifas.web import answers
from seifas.web.desk.officer.frame import asked
from seifas.web.desk.room import Room, Visit
from seifas.web.desk.shield import standing
from seifas.web.desk.shield.frame import LISTENER_WORDS, MODE_WORDS, show, visitor
from seifas.web.desk.shield.reading import Flood, Now, floods_of, last_hour, now_of
from seifas.web.desk.shield.why import figures_of, why_of

SHOWN_FLOODS: Final = 20
ORDERS: Final = {"auto": "shield-order-auto", "calm": "shield-calm", "guarded": "shield-guarded",
                 "siege": "shield-siege"}  # fmt: skip
SPANS: Final = (15, 60, 240, 720)
"""Minutes for which a mode can be set by hand."""

_EARLY_WARNING: Final = "nksc-24"


async def shield(room: Room, exchange: Exchange) -> None:
    """GET /desk/shield."""
    visit = await visitor(room, exchange)
    await page(room, exchange, visit)


async def page(room: Room, exchange: Exchange, visit: Visit, *, said: str = "", status: int = 200) -> None:
    """The page, with what is `said` of an order that was refused."""
    now, floods = await asyncio.gather(now_of(room, visit), floods_of(room, visit))
    minutes = await last_hour(room, visit, now.now_ms)
    await show(
        room, exchange, "shield", visit, said=said, status=status, **live_values(room, exchange, visit, now),
        **traffic_values(now, minutes), floods=[row_of(one, now.now_ms) for one in floods[:SHOWN_FLOODS]],
        orders=ORDERS, spans=SPANS,
    )  # fmt: skip


async def live(room: Room, exchange: Exchange) -> None:
    """GET /desk/shield/live?seen=MARK&head=KEY: the upper part anew if it is another than the page has, else 204."""
    visit = await visitor(room, exchange)
    values = live_values(room, exchange, visit, await now_of(room, visit, watch=True))
    if asked(exchange).get("seen") == values["mark"]:
        await exchange.answer(204, b"", answers.PAGE_GUARDS)
        return
    news = asked(exchange).get("head") != values["standing"].head
    await room.show(exchange, "shield/live.html", visit, **{**values, "news": news})


async def traffic(room: Room, exchange: Exchange) -> None:
    """GET /desk/shield/traffic?seen=MARK: the charts anew if there is a new minute, else 204."""
    visit = await visitor(room, exchange)
    now = await now_of(room, visit, watch=True)
    values = traffic_values(now, await last_hour(room, visit, now.now_ms, watch=True))
    if asked(exchange).get("seen") == values["drawn"]:
        await exchange.answer(204, b"", answers.PAGE_GUARDS)
        return
    await room.show(exchange, "shield/traffic.html", visit, **values)


async def minutes(room: Room, exchange: Exchange) -> None:
    """GET /desk/shield/minutes: the figures of the charts, for whoever does not see them."""
    visit = await visitor(room, exchange)
    now = await now_of(room, visit)
    slots = charts.slots_of(await last_hour(room, visit, now.now_ms))
    await show(room, exchange, "minutes", visit, slots=slots)


def live_values(room: Room, exchange: Exchange, visit: Visit, now: Now) -> dict[str, Any]:
    """What the upper part shows, and a mark of it."""
    state = now.state
    line = judged(state.uplink if state is not None else {})
    values: dict[str, Any] = {
        "standing": standing.standing_of(now), "doors_in": standing.doors_of(now), "rows": standing.rows_of(now),
        "must": standing.must_of(now, line_full=line.volumetric and not standing.silent(now)),
        "may": standing.may_of(now, officer=visit.hat == "officer"), "does": standing.does_of(now),
        "listening": [_listener(name, one, now) for name, one in _listeners(now)],
        "dropped": state.dropped_networks if state is not None else 0, "calm": not standing.mode_of(now),
        "heard_ms": now.told_ms if standing.silent(now) else 0, "flood": now.flood,
        "notice": {"on": now.notice_on, "ms": now.notice_ms, "by": now.notice_by},
    }  # fmt: skip
    mark = sha256(msgspec.msgpack.encode(values)).hexdigest()[:32]
    settings = room.settings.shield
    return {
        **values, "mark": mark, "news": False,
        "provider": {"name": settings.provider, "phone": settings.provider_phone, "number": settings.provider_number},
        "cert": [one for one in FORMS[_EARLY_WARNING].channels if "@" in one],
    }  # fmt: skip


def traffic_values(now: Now, minutes: list[Minute]) -> dict[str, Any]:
    """The charts of the last hour with the minute that is running, and a mark of them."""
    slots = charts.slots_of(minutes)
    if now.state is not None and not standing.silent(now):
        latest = charts.running(now.state)
        slots = (*(one for one in slots if one.ends_ms <= latest.begins_ms), latest)
    values = charts_of(slots, sum(one.distinct_usual for _, one in _listeners(now)))
    return {**values, "drawn": sha256(msgspec.msgpack.encode(values)).hexdigest()[:32]}


def charts_of(slots: Sequence[charts.Slot], usual: int = 0) -> dict[str, Any]:
    """The three charts, as the macro of templates draws them; None where there is nothing to draw."""
    return {
        "traffic": charts.traffic(slots), "known": charts.known(slots), "sources": charts.addresses(slots, usual),
        "usual": usual, "slots": slots,
    }  # fmt: skip


def row_of(one: Flood, now_ms: int) -> dict[str, Any]:
    """A flood in a list."""
    hours, minutes = divmod(max(1, ((one.ended_ms or now_ms) - one.began_ms) // 60_000), 60)
    return {
        "id": one.id, "began_ms": one.began_ms, "ended_ms": one.ended_ms, "worst": MODE_WORDS[one.worst],
        "siege": one.worst == Mode.SIEGE, "hours": hours, "minutes": minutes,
    }  # fmt: skip


def _listeners(now: Now) -> list[tuple[str, ListenerState]]:
    """As people think of them: the public site first."""
    states = now.state.listeners if now.state is not None else {}
    return [(name, states[name]) for name in Listener if name in states]


def _listener(name: str, one: ListenerState, now: Now) -> dict[str, Any]:
    order = now.orders.get(name)
    return {
        "words": LISTENER_WORDS[name], "mode": one.mode, "mode_words": MODE_WORDS[one.mode],
        "since_ms": one.since_ms, "why": why_of(one.why), "figures": figures_of(one.figures),
        "until_ms": order.until_ms if order is not None else 0, "by": order.by if order is not None else "",
    }  # fmt: skip
