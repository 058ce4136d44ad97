"""One result of a case, of whichever kind; and the blurred pairs that show how a picture was laid on its photo."""

from __future__ import annotations

from typing import Any, Final

import msgspec

from seifas.errors import Missing, Unavailable
from seifas.fhir.exchange import GUARDS, Exchange, Headers
from seifas.leaks.results import Explained, Matched, Result, Traced, read
from seifas.web.desk.leaks import explained, matched, traced
from seifas.web.desk.leaks.cases import as_shown
from seifas.web.desk.leaks.frame import officer, show
from seifas.web.desk.leaks.labels import labels_of
from seifas.web.desk.officer.frame import asked, ident, number
from seifas.web.desk.room import Room, Visit

_PICTURE: Final[Headers] = [
    (b"content-type", b"image/jpeg"), *GUARDS, (b"cross-origin-resource-policy", b"same-origin"),
    (b"content-disposition", b"inline"), (b"x-robots-tag", b"noindex, noimageindex"),
]  # fmt: skip
_JPEG: Final = b"\xff\xd8\xff"


async def result_of(room: Room, visit: Visit, case: bytes, result: bytes) -> tuple[Result, int]:
    """(a result, when it was made). The keeper writes a line before it gives it."""
    told = await room.client.call("leak.results", session=visit.token, case=case, result=result)
    try:
        return read(told["body"]), told["made_ms"]
    except msgspec.DecodeError:
        raise Unavailable("this result cannot be read by this version") from None


async def result(room: Room, exchange: Exchange, case: str, result: str) -> None:
    """GET /desk/leaks/{case}/results/{result}: what a search has found."""
    visit = await officer(room, exchange)
    key, which = ident(case), ident(result)
    if exchange.method == "HEAD":  # nobody looks at a head: it would be a line for a look that never was
        raise Missing("there is no such result")
    told = as_shown(await room.client.call("leak.status", session=visit.token, case=key))
    found, made_ms = await result_of(room, visit, key, which)
    common = {"case": told, "result": which.hex(), "made_ms": made_ms, "seconds": found.seconds}
    if isinstance(found, Matched):
        await _matched(room, exchange, visit, key, found, common)
    elif isinstance(found, Traced):
        labels = await labels_of(room, visit, key, traced.patients(found)) if traced.patients(found) else {}
        await show(
            room, exchange, "traced", visit, pictures=traced.by_picture(found, labels), tested=traced.tested(found),
            tallied=traced.tallied(found), accounts=traced.accounts(found), unread=matched.unread(found.unread),
            **common,
        )  # fmt: skip
    else:
        assert isinstance(found, Explained)
        await show(room, exchange, "explained", visit, found=explained.as_shown(found), **common)


async def _matched(
    room: Room, exchange: Exchange, visit: Visit, key: bytes, found: Matched, common: dict[str, Any]
) -> None:
    sought = asked(exchange)
    kind = sought.get("kind", "") if sought.get("kind") in matched.KINDS else ""
    page = max(1, number(sought.get("page", "1"), "page", 10**6))
    rows, pages = matched.page_of(found, kind, page)
    wanted = [one.patient for row in rows for one in matched.shown(row)]
    summing = page == 1 and not kind
    if summing:  # which decoys there are is told of the whole sample, once
        wanted += matched.named(found)
    labels = await labels_of(room, visit, key, wanted) if wanted else {}
    await show(
        room, exchange, "matched", visit, rows=[matched.as_shown(row, labels) for row in rows], kind=kind,
        page=min(page, pages), pages=pages, counted=matched.counted(found), left_out=found.left_out,
        decoys=matched.decoys(labels) if summing else [], unread=matched.unread(found.unread), **common,
    )  # fmt: skip


async def proof(room: Room, exchange: Exchange, case: str, result: str, number_of: str) -> None:
    """GET /desk/leaks/{case}/results/{result}/proof/{number_of}: one pair, blurred when it was made. Nothing sharper
    is kept, so nothing sharper can be asked for."""
    visit = await officer(room, exchange)
    key, which = ident(case), ident(result)
    place = number(number_of, "number", 999)
    if exchange.method == "HEAD":
        raise Missing("there is no such picture")
    found, _ = await result_of(room, visit, key, which)
    if not isinstance(found, Traced) or place >= len(found.proofs):
        raise Missing("there is no such picture")
    body = found.proofs[place]
    if not body.startswith(_JPEG):
        raise Unavailable("this is no picture")
    await exchange.answer(200, body, _PICTURE)
