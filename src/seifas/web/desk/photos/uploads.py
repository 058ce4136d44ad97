"""Receiving a picture in parts, for the desk and for the phone: bytes go through to the darkroom, a part at a time.

An upload's handle is the keeper's grant and a proof that this session was given it. It travels in a header of its own,
never in an address: addresses are written down by proxies and histories. A form of another site cannot set that header,
so it is also what keeps other sites out.
"""

from __future__ import annotations

import datetime
import hmac
import re
import zoneinfo
from typing import Any

import msgspec

from seifas.errors import Invalid, Refused, TooLarge
from seifas.fhir.exchange import Exchange
from seifas.web.desk.photos.series import Described
from seifas.web.desk.room import Room

MOST_BYTES = 50 * 1024 * 1024
PART = 1024 * 1024
_HANDLE = re.compile(r"([0-9a-f]{64})\.([0-9a-f]{64})\Z")
_RANGE = re.compile(r"bytes (\d{1,10})-(\d{1,10})/(\d{1,10})\Z")
_HEADER = b"seifas-upload"


class Begun(msgspec.Struct, frozen=True):
    """An upload that may begin: the photo it will be (32 hex), its grant (32 bytes) and the handle for the browser."""

    photo: str
    grant: bytes
    handle: str


async def begin(
    room: Room, session: str, patient: bytes, size: int, told: Described, *, reason: str = "", source: str = "desk"
) -> Begun:
    """A place in the darkroom for one picture of `size` bytes. Raises Invalid for an empty and TooLarge for a large
    one before anything is charged."""
    require_size(size)
    about = {**spoken(told), "taken_ms": noon(room, told.taken)}
    made = await room.client.call(
        "photo.begin", session=session, patient=patient, reason=reason, source=source, about=about
    )
    await room.darkroom.upload_begin(made["grant"], size)
    return Begun(made["photo"].hex(), made["grant"], handle_of(room, session, made["grant"]))


def require_size(size: int) -> None:
    """Raises Invalid where there is nothing, TooLarge where there is too much."""
    if size <= 0:
        raise Invalid("The file is empty.", where="empty")
    if size > MOST_BYTES:
        raise TooLarge(f"A picture has at most {MOST_BYTES} bytes.", where="too-large")


def noon(room: Room, date: str) -> int:
    """The middle of a day at the clinic, in ms: which day is known, the hour is not. 0 for no day."""
    if not date:
        return 0
    zone = zoneinfo.ZoneInfo(room.settings.clinic.zone)
    return int(datetime.datetime.combine(datetime.date.fromisoformat(date), datetime.time(12), zone).timestamp() * 1000)


def spoken(told: Described) -> dict[str, str]:
    """A description as the keeper's ops take it."""
    return {"body_site": told.area, "view": told.view, "note": told.note}


def handle_of(room: Room, session: str, grant: bytes) -> str:
    """The handle of a grant for one session."""
    return f"{grant.hex()}.{_proof(room, session, grant.hex())}"


def _proof(room: Room, session: str, grant: str) -> str:
    return room.guard.bound(session, f"upload {grant}")


def granted(room: Room, exchange: Exchange, session: str) -> bytes:
    """The grant of the handle in the request's header. Raises Refused for another session's and for none."""
    room.guard.from_here(exchange)
    found = _HANDLE.match(_header(exchange))
    if found is None or not hmac.compare_digest(found[2], _proof(room, session, found[1])):
        raise Refused("This upload is not of this page. Begin it again.", where="form")
    return bytes.fromhex(found[1])


def _header(exchange: Exchange) -> str:
    for name, value in exchange.scope["headers"]:
        if name == _HEADER:
            return str(value.decode("latin-1"))
    return ""


async def part(room: Room, exchange: Exchange, grant: bytes) -> int:
    """Passes the part in the body on; how many bytes the darkroom has now. Raises Invalid where range and body differ,
    TooLarge over a part's size."""
    begins, ends = _range(exchange)
    body = await exchange.body(PART)
    if len(body) != ends - begins + 1:
        raise Invalid("The part is not as long as it says.", where="range")
    received: int = (await room.darkroom.upload_part(grant, begins, body))["received"]
    return received


def _range(exchange: Exchange) -> tuple[int, int]:
    value = next((text for name, text in exchange.scope["headers"] if name == b"content-range"), b"")
    found = _RANGE.match(value.decode("latin-1"))
    if found is None:
        raise Invalid("Send Content-Range: bytes first-last/size.", where="range")
    begins, ends, size = int(found[1]), int(found[2]), int(found[3])
    if not begins <= ends < size <= MOST_BYTES or ends - begins >= PART:
        raise Invalid("This range cannot be.", where="range")
    return begins, ends


async def moved(room: Room, exchange: Exchange, grant: bytes) -> int:
    """PUT takes a part, GET asks, DELETE forgets: how many bytes the darkroom has then."""
    if exchange.method == "PUT":
        return await part(room, exchange, grant)
    if exchange.method == "DELETE":
        await room.darkroom.upload_drop(grant)
        return 0
    told: int = (await room.darkroom.upload_status(grant))["received"]
    return told


async def finish(room: Room, grant: bytes) -> dict[str, Any]:
    """{photo: hex, width, height, taken_ms} of the picture, which is kept now. Raises Invalid with `where` a word of
    REFUSALS."""
    made = await room.darkroom.upload_finish(grant)
    return {
        "photo": made["photo"].hex(), "width": made["width"], "height": made["height"],
        "taken_ms": made["taken_ms"] or 0,
    }  # fmt: skip
