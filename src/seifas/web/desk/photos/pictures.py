"""The ways on which bytes of pictures leave the desk: each asks the keeper first, each picture comes marked.

There is no other: what `DarkroomClient.show` and `align` answer carries the watermark of this session and this view.
"""

from __future__ import annotations

import asyncio
import struct
from typing import Any

from seifas.errors import Invalid, Missing, Unavailable
from seifas.fhir.exchange import GUARDS, Exchange, Headers
from seifas.web.desk.photos.refusing import for_scripts
from seifas.web.desk.photos.series import photo_id
from seifas.web.desk.room import Room
from seifas.web.forms import patient_id

RENDITIONS = frozenset({"blur", "thumb", "screen", "full"})
MOST_AT_ONCE = 60
_AT_A_TIME = 4
_KINDS = frozenset({"image/jpeg"})
_GUARDS: Headers = [
    *GUARDS,
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"content-disposition", b"inline"),
    (b"x-robots-tag", b"noindex, noimageindex"),
]
_FRAME = struct.Struct(">16sI")


@for_scripts
async def picture(room: Room, exchange: Exchange, photo: str, rendition: str) -> None:
    """GET /desk/photo/{photo}/{rendition}: one marked JPEG. Its line is durable before it comes."""
    visit = await room.visit(exchange)
    if rendition not in RENDITIONS:
        raise Missing("there is no such picture")
    if exchange.method == "HEAD":  # nobody looks at a head: it would be a line for a view that never was
        raise Missing("there is no such picture")
    opened = await room.client.call(
        "photo.open", session=visit.token, photo=photo_id(photo), rendition=rendition, reason=""
    )
    await answer_picture(exchange, await room.darkroom.show(opened["ticket"]))


async def answer_picture(exchange: Exchange, shown: dict[str, Any]) -> None:
    """Answer with what the darkroom showed."""
    if shown["kind"] not in _KINDS:
        raise Unavailable("the darkroom answered with something that is no picture")
    await exchange.answer(200, shown["body"], [(b"content-type", shown["kind"].encode("ascii")), *_GUARDS])


@for_scripts
async def look(room: Room, exchange: Exchange, patient: str) -> None:
    """POST /desk/patient/{patient}/photos/look with `photos` (ids, commas between) and `rendition` (blur or thumb):
    all of them as frames, under one line of the log that names them all."""
    visit = await room.visit(exchange)
    sent = await room.guard.fields(exchange, visit.token)
    rendition = sent.get("rendition", "")
    wanted = [photo_id(one) for one in sent.get("photos", "").split(",") if one]
    if rendition not in ("blur", "thumb") or not 1 <= len(wanted) <= MOST_AT_ONCE:
        raise Invalid(f"Ask for 1 to {MOST_AT_ONCE} small pictures.", where="photos")
    opened = await room.client.call(
        "photo.open_many", session=visit.token, patient=patient_id(patient), photos=wanted, rendition=rendition,
        reason="",
    )  # fmt: skip
    gate = asyncio.Semaphore(_AT_A_TIME)

    async def shown(row: dict[str, Any]) -> tuple[bytes, bytes]:
        async with gate:
            return row["photo"], (await room.darkroom.show(row["ticket"]))["body"]

    await answer_frames(exchange, await asyncio.gather(*(shown(row) for row in opened)))


@for_scripts
async def align(room: Room, exchange: Exchange, patient: str) -> None:
    """POST /desk/patient/{patient}/photos/align with `a` and `b`: both at screen size, b laid onto a. The header
    Seifas-Aligned says whether that came out, `yes` or `no`."""
    visit = await room.visit(exchange)
    sent = await room.guard.fields(exchange, visit.token)
    patient_id(patient)
    pair = [photo_id(sent.get(name, "")) for name in ("a", "b")]
    tickets = [
        (await room.client.call("photo.open", session=visit.token, photo=one, rendition="screen", reason=""))["ticket"]
        for one in pair
    ]
    both = await room.darkroom.align(*tickets)
    frames = [(ident, both[name]["body"]) for ident, name in zip(pair, ("a", "b"), strict=True)]
    await answer_frames(exchange, frames, [(b"seifas-aligned", b"yes" if both["aligned"] else b"no")])


async def answer_frames(
    exchange: Exchange, frames: list[tuple[bytes, bytes]], extra: Headers | None = None
) -> None:
    """Answer with pictures one after the other: photo id (16 bytes), length (4, big end first), JPEG."""
    body = b"".join(_FRAME.pack(ident, len(picture)) + picture for ident, picture in frames)
    await exchange.answer(200, body, [(b"content-type", b"application/octet-stream"), *_GUARDS, *(extra or [])])
