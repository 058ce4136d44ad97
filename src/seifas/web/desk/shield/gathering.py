"""What is kept of a flood, put together for its page and for files: minutes, addresses, and what papers say of it."""

from __future__ import annotations

import asyncio
from typing import Final

import msgspec

from seifas.errors import Invalid, Missing
from seifas.shield.evidence import chain, minute_forms
from seifas.shield.evidence.book import Book, joined, needed
from seifas.shield.evidence.making import Evidence
from seifas.shield.evidence.paper import About
from seifas.shield.model import Minute
from seifas.web.desk.officer.frame import ident
from seifas.web.desk.room import Room, Visit
from seifas.web.desk.shield.reading import Flood, now_of

MOST_MINUTES: Final = 2 * 60 * 24 * 7
"""Minutes of a flood that the desk reads: a week of both listeners. The command line reads all."""

MOST_BYTES: Final = 192 * 1024 * 1024
"""Of them: a shield that was taken over tells large ones."""

_AT_ONCE: Final = 1_000


class Gathered(msgspec.Struct, frozen=True):
    """`minutes` out of the evidence's links, what is none left out; `now_ms` when it was put together; `whole` false
    where there is more than the desk reads."""

    evidence: Evidence
    whole: bool
    minutes: tuple[Minute, ...]
    now_ms: int


async def gathered(room: Room, visit: Visit, flood: Flood) -> Gathered:
    """Without addresses. That minutes are read is a line of the log."""
    now, public, (kept, whole) = await asyncio.gather(
        now_of(room, visit), room.client.call("clinic.public"), _kept(room, visit, flood)
    )
    checked = await asyncio.to_thread(chain.checked, kept)
    line, digest = minute_forms.last(kept)
    settings = room.settings
    about = About(
        clinic=settings.clinic.name, event=flood.id, made_ms=now.now_ms, ended_ms=flood.ended_ms,
        host=settings.listen.host, line=line, digest=digest, problems=checked.problems,
        provider=settings.shield.provider, provider_phone=settings.shield.provider_phone,
        provider_number=settings.shield.provider_number, phone=public["contact"]["phone"],
    )  # fmt: skip
    uplink = now.state.uplink if now.state is not None and not flood.ended_ms else {}
    return Gathered(
        Evidence(about, kept, flood.changes, uplink=uplink), whole, tuple(link.minute for link in checked.links),
        now.now_ms,
    )  # fmt: skip


async def _kept(room: Room, visit: Visit, flood: Flood) -> tuple[list[chain.Kept], bool]:
    """(the links, whether these are all)."""
    found: list[chain.Kept] = []
    after = size = 0
    while True:
        rows = await room.client.call(
            "shield.minutes", session=visit.token, event=ident(flood.id), after=after, count=_AT_ONCE
        )
        if not rows:
            return found, True
        found += [chain.Kept(one["line"], one["logged"], one["body"]) for one in rows]
        after = rows[-1]["seq"]
        size += sum(len(one["body"]) for one in rows)
        if len(found) >= MOST_MINUTES or size >= MOST_BYTES:
            return found, False


async def book_of(room: Room, visit: Visit, flood: Flood) -> Book:
    """All that is kept of the flood's addresses; each part is a line of the log. Raises Missing with `where` "part"."""
    parts_of = {one.made_ms: one.parts for one in flood.editions}
    parts = []
    for made_ms in needed((one.made_ms, one.size) for one in flood.editions):
        for part in range(parts_of[made_ms]):
            told = await room.client.call(
                "shield.book", session=visit.token, event=ident(flood.id), part=part, edition=made_ms
            )
            parts.append(told["body"])
    if not parts:
        raise Missing("there is no whole book of this flood's addresses yet", where="part")
    try:
        return await asyncio.to_thread(joined, parts)
    except Invalid:
        raise Missing("the book of addresses that the shield wrote cannot be read", where="part") from None
