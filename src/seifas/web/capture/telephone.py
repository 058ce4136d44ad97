"""What a telephone may do that read the code at the desk: take photos of the one patient, and nothing else.

Its cookie is its own and goes to /capture only; the staff's cookie is not looked at here, nor this one anywhere else.
The page itself is the same for everybody: what it may do comes with the code, which its script takes out of the
address's fragment.
"""

from __future__ import annotations

import contextlib
from collections.abc import Awaitable, Callable
from functools import wraps

from seifas.errors import Invalid, Missing, SeifasError, SignIn
from seifas.fhir.exchange import Exchange
from seifas.fhir.negotiation import form_sent
from seifas.web import answers
from seifas.web.desk.photos import uploads
from seifas.web.desk.photos.pictures import answer_frames
from seifas.web.desk.photos.refusing import refusal
from seifas.web.desk.photos.series import AREAS, VIEWS, described
from seifas.web.desk.room import Room

COOKIE = b"seifas_capture"
PATH = "/capture"
_LASTS_S = 600
Handler = Callable[[Room, Exchange], Awaitable[None]]


def _told(handler: Handler) -> Handler:
    """Every failure is JSON in the telephone's language: there is no other page to lead to."""

    @wraps(handler)
    async def around(room: Room, exchange: Exchange) -> None:
        try:
            await handler(room, exchange)
        except SeifasError as error:
            await refusal(room, exchange, error)

    return around


async def page(room: Room, exchange: Exchange) -> None:
    """GET /capture: the page, which knows nothing yet."""
    await room.show(exchange, "capture/page.html", None, areas=AREAS, views=VIEWS, camera=True)


@_told
async def redeem(room: Room, exchange: Exchange) -> None:
    """POST /capture/redeem with `token`: {label, left_ms, form, ghost, area, view} and the cookie. Once."""
    room.guard.from_here(exchange)
    sent = dict(await form_sent(exchange))
    let_in = await room.client.call("capture.redeem", token=sent.get("token", ""), address=exchange.address)
    token = let_in["session"]
    exchange.of_lane(b"staff")
    left = (await room.client.call("capture.who", session=token))["left_ms"]
    told = {
        "label": let_in["label"], "left_ms": left, "form": room.guard.token(token), "ghost": let_in["ghost"],
        "area": let_in["body_site"], "view": let_in["view"],
    }  # fmt: skip
    cookie = answers.cookie(COOKIE.decode("ascii"), token, secure=room.secure, max_age=_LASTS_S, path=PATH)
    await answers.json(exchange, told, extra=[cookie])


def _session(exchange: Exchange) -> str:
    token = exchange.cookie(COOKIE)
    if not token:
        raise SignIn("Read the code at the desk.", where="capture")
    return token


async def _fields(room: Room, exchange: Exchange) -> tuple[str, dict[str, str]]:
    token = _session(exchange)
    return token, await room.guard.fields(exchange, token)


@_told
async def who(room: Room, exchange: Exchange) -> None:
    """POST /capture/who: {left_ms}, for a page that was loaded again."""
    token, _ = await _fields(room, exchange)
    told = await room.client.call("capture.who", session=token)
    exchange.of_lane(b"staff")
    await answers.json(exchange, {"left_ms": told["left_ms"]})


@_told
async def ghost(room: Room, exchange: Exchange) -> None:
    """POST /capture/ghost: the one picture that whoever made the code laid over the camera; a frame."""
    token, _ = await _fields(room, exchange)
    opened = await room.client.call("capture.ghost", session=token)
    shown = await room.darkroom.show(opened["ticket"])
    await answer_frames(exchange, [(bytes(16), shown["body"])])


@_told
async def begin(room: Room, exchange: Exchange) -> None:
    """POST /capture/begin with `size`, `area`, `view`: {photo, handle, part}."""
    token, sent = await _fields(room, exchange)
    size = sent.get("size", "")
    if not size.isascii() or not size.isdigit() or len(size) > 15:
        raise Invalid("The size is not a number.", where="size")
    patient = (await room.client.call("capture.who", session=token))["patient"]
    exchange.of_lane(b"staff")
    begun = await uploads.begin(room, token, patient, int(size), described(sent), source="capture")
    await answers.json(exchange, {"handle": begun.handle, "part": uploads.PART})


@_told
async def part(room: Room, exchange: Exchange) -> None:
    """/capture/upload: as /desk/photos/upload."""
    grant = uploads.granted(room, exchange, _session(exchange))
    await answers.json(exchange, {"received": await uploads.moved(room, exchange, grant)})


@_told
async def finish(room: Room, exchange: Exchange) -> None:
    """POST /capture/finish: {width, height}. The telephone is not told the photo's id."""
    token, _ = await _fields(room, exchange)
    made = await uploads.finish(room, uploads.granted(room, exchange, token))
    await answers.json(exchange, {"width": made["width"], "height": made["height"]})


@_told
async def end(room: Room, exchange: Exchange) -> None:
    """POST /capture/end: done; the cookie goes."""
    token, _ = await _fields(room, exchange)
    with contextlib.suppress(Missing, SignIn):
        await room.client.call("capture.end", session=token)
    gone = answers.cookie(COOKIE.decode("ascii"), "", secure=room.secure, max_age=0, path=PATH)
    await answers.json(exchange, {}, extra=[gone])
