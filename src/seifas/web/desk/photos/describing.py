"""Saying what a photo shows, taking it away, bringing it back: each a version that the chart's history keeps."""

from __future__ import annotations

from seifas.errors import Conflict, Invalid
from seifas.fhir.exchange import Exchange
from seifas.web import answers
from seifas.web.desk.charts.asking import opening
from seifas.web.desk.photos.looking import treating
from seifas.web.desk.photos.refusing import for_scripts
from seifas.web.desk.photos.series import described, photo_id
from seifas.web.desk.photos.uploads import spoken
from seifas.web.desk.room import Room
from seifas.web.forms import patient_id

_MOST_VERSION = 1_000_000


def _expected(sent: dict[str, str]) -> int:
    text = sent.get("expect", "")
    if not text.isascii() or not text.isdigit() or not 0 < int(text[:8]) < _MOST_VERSION:
        raise Invalid("The version is not a number.", where="expect")
    return int(text)


@for_scripts
async def describe(room: Room, exchange: Exchange, patient: str, photo: str) -> None:
    """POST …/{photo}/describe with `area`, `view`, `note`, `expect`: a form, or a script that wants JSON back."""
    visit = await treating(room, exchange)
    sent = await room.guard.fields(exchange, visit.token)
    patient_id(patient)
    ident, here = photo_id(photo), f"/desk/patient/{patient}/photos/{photo}"
    told, expect = described(sent), _expected(sent)

    async def do(reason: str) -> int:
        made = await room.client.call(
            "photo.describe", session=visit.token, photo=ident, expect=expect, **spoken(told)
        )
        return int(made["version"])

    if exchange.header(b"accept") == "application/json":
        await answers.json(exchange, {"version": await do("")})
        return
    try:
        if await opening(room, exchange, visit, patient, f"{here}/describe", do, sent=sent) is not None:
            await answers.see_other(exchange, f"{here}?described")
    except Conflict:
        await room.show(
            exchange, "trouble.html", visit, status=Conflict.http, said=room.words(exchange, "photo-changed"),
            heading="", ident="",
        )  # fmt: skip


async def delete(room: Room, exchange: Exchange, patient: str, photo: str) -> None:
    """POST …/{photo}/delete with `expect`."""
    visit = await treating(room, exchange)
    sent = await room.guard.fields(exchange, visit.token)
    patient_id(patient)
    ident, expect = photo_id(photo), _expected(sent)

    async def do(reason: str) -> bool:
        await room.client.call("photo.delete", session=visit.token, photo=ident, expect=expect)
        return True

    here = f"/desk/patient/{patient}/photos"
    if await opening(room, exchange, visit, patient, f"{here}/{photo}/delete", do, sent=sent):
        await answers.see_other(exchange, f"{here}?deleted={photo}")


async def restore(room: Room, exchange: Exchange, patient: str, photo: str) -> None:
    """POST …/{photo}/restore: takes one's own deletion back."""
    visit = await treating(room, exchange)
    sent = await room.guard.fields(exchange, visit.token)
    patient_id(patient)
    ident = photo_id(photo)

    async def do(reason: str) -> bool:
        await room.client.call("photo.restore", session=visit.token, photo=ident)
        return True

    here = f"/desk/patient/{patient}/photos"
    if await opening(room, exchange, visit, patient, f"{here}/{photo}/restore", do, sent=sent):
        await answers.see_other(exchange, f"{here}/{photo}?restored")
