"""Receiving files at the desk: a part at a time with a script, or one file in a plain form."""

from __future__ import annotations

from seifas.errors import Conflict, Invalid, Refused
from seifas.fhir.exchange import Exchange
from seifas.web import answers
from seifas.web.desk.charts.asking import opening
from seifas.web.desk.confirming import frozen
from seifas.web.desk.photos import uploads
from seifas.web.desk.photos.looking import treating
from seifas.web.desk.photos.refusing import for_scripts, said_of
from seifas.web.desk.photos.series import described
from seifas.web.desk.room import Room
from seifas.web.forms import patient_id
from seifas.web.multipart import FormWithFile, boundary_of

_FORM_AROUND = 16_384


@for_scripts
async def begin(room: Room, exchange: Exchange, patient: str) -> None:
    """POST /desk/patient/{patient}/photos/begin with `size`, `area`, `view`, `note`, `taken`: {photo, handle, part}."""
    visit = await treating(room, exchange)
    sent = await room.guard.fields(exchange, visit.token)
    begun = await uploads.begin(room, visit.token, patient_id(patient), _size(sent), described(sent))
    await answers.json(exchange, {"photo": begun.photo, "handle": begun.handle, "part": uploads.PART})


def _size(sent: dict[str, str]) -> int:
    text = sent.get("size", "")
    if not text.isascii() or not text.isdigit() or len(text) > 15:
        raise Invalid("The size is not a number.", where="size")
    return int(text)


@for_scripts
async def part(room: Room, exchange: Exchange) -> None:
    """/desk/photos/upload: PUT takes a part, GET says how much there is, DELETE gives up: {received}. A session that
    locked itself meanwhile goes on sending what it had begun; a stopped one does not."""
    await answers.json(exchange, {"received": await uploads.moved(room, exchange, await _granted(room, exchange))})


@for_scripts
async def finish(room: Room, exchange: Exchange) -> None:
    """POST /desk/photos/finish: {photo, width, height, taken_ms, version}."""
    made = await uploads.finish(room, await _granted(room, exchange))
    await answers.json(exchange, {**made, "version": 1})


async def _granted(room: Room, exchange: Exchange) -> bytes:
    visit = await room.visit(exchange)
    if visit.who["frozen"]:
        raise Refused("This session is stopped.", where="frozen")
    return uploads.granted(room, exchange, visit.token)


async def form(room: Room, exchange: Exchange, patient: str) -> None:
    """POST /desk/patient/{patient}/photos/add: one file in a plain form, for browsers without scripts. It is passed on
    as it comes; nothing of it is kept here."""
    visit = await treating(room, exchange)
    if visit.who["frozen"]:
        await frozen(room, exchange, visit)
        return
    key = patient_id(patient)
    room.guard.from_here(exchange)
    boundary = boundary_of(exchange.header(b"content-type"))
    sending = FormWithFile(exchange.chunks(uploads.MOST_BYTES + _FORM_AROUND), boundary, exchange.declared())
    sent = await sending.fields()
    room.guard.check(sent, visit.token)
    here = f"/desk/patient/{patient}/photos"
    told = described(sent)

    async def do(reason: str) -> uploads.Begun:
        return await uploads.begin(room, visit.token, key, sending.size, told, reason=reason)

    try:
        # The file cannot be sent again by the page that asks for a reason: that page leads to the photos instead.
        begun = await opening(room, exchange, visit, patient, here, do, sent={})
        if begun is None:
            return
        at = 0
        async for data in sending.file(uploads.PART):
            await room.darkroom.upload_part(begun.grant, at, data)
            at += len(data)
        await uploads.finish(room, begun.grant)
    except (Invalid, Conflict) as error:
        await room.show(
            exchange, "trouble.html", visit, status=error.http, said=room.words(exchange, said_of(error)), heading="",
            ident="",
        )  # fmt: skip
        return
    await answers.see_other(exchange, f"{here}?kept")
