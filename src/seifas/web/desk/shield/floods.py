"""One flood: how it went, where it came from, what was asked for; its evidence; what to say to the provider."""

from __future__ import annotations

import asyncio
from typing import Any, Final

from seifas.errors import Invalid, SeifasError
from seifas.fhir.exchange import Exchange
from seifas.shield.charts import KNOWN, slots_of
from seifas.shield.evidence import callsheet, uplink
from seifas.shield.evidence.plain import path_shown, plain
from seifas.shield.evidence.totals import LaneTotal, Totals, totals
from seifas.shield.model import Change, Lane
from seifas.web import answers
from seifas.web.desk.officer.frame import ident, of_hat
from seifas.web.desk.room import Room, Visit
from seifas.web.desk.shield.frame import AT, LISTENER_WORDS, MODE_WORDS, said_of, show, visitor
from seifas.web.desk.shield.gathering import Gathered, gathered
from seifas.web.desk.shield.now import charts_of, row_of
from seifas.web.desk.shield.reading import Flood, flood_of
from seifas.web.desk.shield.standing import LANE_WORDS
from seifas.web.desk.shield.why import figures_of, why_of
from seifas.web.pages import language_of

HOURS: Final = (6, 24, 72)
"""How long a list of addresses may hold."""

_MOST_ROWS: Final = 12


async def flood(room: Room, exchange: Exchange, event: str) -> None:
    """GET /desk/shield/floods/{event}."""
    visit = await visitor(room, exchange)
    await page(room, exchange, visit, await flood_of(room, visit, event))


async def page(
    room: Room, exchange: Exchange, visit: Visit, one: Flood, *, said: str = "", status: int = 200
) -> None:
    """The page, with what is `said` of an export that was refused."""
    found = await gathered(room, visit, one)
    added = await asyncio.to_thread(totals, found.minutes, most=_MOST_ROWS)
    drawn = charts_of(await asyncio.to_thread(slots_of, found.minutes))
    known = [each for each in added.lanes if each.lane in KNOWN]
    await show(
        room, exchange, "flood", visit, said=said, status=status, one=row_of(one, found.now_ms), flood=one,
        totals=added, **drawn, whole=found.whole, steps=[_step(each) for each in one.changes], lanes=_lanes(added),
        known_got=sum(each.got for each in known), known_all=sum(_all(each) for each in known), hours=HOURS,
        networks=[(plain(each), many) for each, many in (*added.prefixes4, *added.prefixes6)],
        announcers=[(plain(each), many) for each, many in added.announcers],
        paths=[(path_shown(path), many) for path, many in added.paths],
        signatures=[(plain(each), many) for each, many in added.signatures],
        line=callsheet.verdict_words(_line(found), language_of(exchange, room.pages.languages)),
        officer=visit.hat == "officer",
    )  # fmt: skip


async def call(room: Room, exchange: Exchange, event: str) -> None:
    """GET /desk/shield/floods/{event}/call: what to say to the provider, to be read out on the telephone."""
    visit = await visitor(room, exchange)
    one = await flood_of(room, visit, event)
    found = await gathered(room, visit, one)
    language, uplink_now = language_of(exchange, room.pages.languages), found.evidence.uplink
    text = callsheet.call_words(found.evidence.about, found.minutes, language, uplink_now)
    await show(
        room, exchange, "call", visit, flood=one, phone=room.settings.shield.provider_phone,
        line=callsheet.verdict_words(_line(found), language),
        paragraphs=[part.splitlines() for part in text.split("\n\n") if part.strip()],
    )  # fmt: skip


async def remove(room: Room, exchange: Exchange, event: str) -> None:
    """POST /desk/shield/floods/{event}/remove with `sure` = 1: its evidence goes, its lines in the log stay."""
    visit = await room.visit(exchange)
    of_hat(visit, "officer")
    sent = await room.guard.fields(exchange, visit.token)
    one = await flood_of(room, visit, event)
    try:
        if sent.get("sure") != "1":
            raise Invalid("say that you are sure", where="sure")
        await room.client.call("shield.remove", session=visit.token, event=ident(one.id))
    except SeifasError as error:
        await page(room, exchange, visit, one, said=room.words(exchange, said_of(error)), status=error.http)
        return
    await answers.see_other(exchange, AT)


def _line(found: Gathered) -> uplink.Verdict:
    """How full the line was in its worst minute, or is."""
    return uplink.judged(uplink.worst(found.minutes, found.evidence.uplink))


def _step(change: Change) -> dict[str, Any]:
    return {
        "ms": change.ms, "listener": LISTENER_WORDS[change.listener], "before": MODE_WORDS[change.before],
        "after": MODE_WORDS[change.after], "why": why_of(change.why), "figures": figures_of(change.figures),
        "by_hand": change.by_hand,
    }  # fmt: skip


def _all(one: LaneTotal) -> int:
    return one.got + one.asked + one.away


def _lanes(added: Totals) -> list[dict[str, Any]]:
    return [
        {
            "words": LANE_WORDS[Lane(one.lane)], "got": one.got, "asked": one.asked, "away": one.away,
            "requests": _all(one),
        }
        for one in added.lanes
    ]  # fmt: skip
