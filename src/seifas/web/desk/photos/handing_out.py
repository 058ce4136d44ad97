"""Taking pictures with a telephone or a tablet: the code that lets a telephone in, and the camera in a page of ours."""

from __future__ import annotations

import segno

from seifas.fhir.exchange import Exchange
from seifas.web import answers
from seifas.web.desk.charts.asking import opening, strip_read
from seifas.web.desk.photos.looking import read_photos, treating
from seifas.web.desk.photos.refusing import for_scripts
from seifas.web.desk.photos.series import AREAS, VIEWS, described, found, photo_id, series_of
from seifas.web.desk.photos.uploads import spoken
from seifas.web.desk.room import Room
from seifas.web.forms import patient_id


def address_of(room: Room, token: str) -> str:
    """Where a telephone goes with a token. A fragment is sent to no server and stands in no log."""
    return f"{room.settings.staff_url.rstrip('/')}/capture#{token}"


async def phone(room: Room, exchange: Exchange, patient: str) -> None:
    """POST /desk/patient/{patient}/photos/phone: a code for a telephone, for this patient and ten minutes.
    With `ghost`, the photo that the next ones are to look like, and `area` and `view`, or without."""
    visit = await treating(room, exchange)
    sent = await room.guard.fields(exchange, visit.token)
    key = patient_id(patient)
    ghost = photo_id(sent["ghost"]) if sent.get("ghost") else b""
    about = spoken(described(sent))

    async def do(reason: str) -> tuple[object, dict[str, object]]:
        card = await strip_read(room, visit, key, reason)
        made = await room.client.call(
            "capture.ticket", session=visit.token, patient=key, reason=reason, ghost=ghost, about=about
        )
        return card, made

    got = await opening(room, exchange, visit, patient, f"/desk/patient/{patient}/photos/phone", do, sent=sent)
    if got is None:
        return
    card, made = got
    address = address_of(room, str(made["token"]))
    code = segno.make(address, error="m", boost_error=False)
    await room.show(
        exchange, "photos/phone.html", visit, card=card, ident=patient, pictured=True,
        code=code.svg_data_uri(scale=6, border=4, light="#ffffff", dark="#000000"), until_ms=made["expires_ms"],
    )  # fmt: skip


@for_scripts
async def arrived(room: Room, exchange: Exchange, patient: str) -> None:
    """GET /desk/patient/{patient}/photos/arrived: {photos: [hex]} that came from this session's telephones."""
    visit = await treating(room, exchange)
    told = await room.client.call("capture.arrived", session=visit.token, patient=patient_id(patient))
    await answers.json(exchange, {"photos": [one.hex() for one in told["photos"]]})


async def take(room: Room, exchange: Exchange, patient: str) -> None:
    """/desk/patient/{patient}/photos/take?ghost=…: the camera of this device, the earlier picture over it."""
    visit = await treating(room, exchange)
    key = patient_id(patient)
    name, _, asked = exchange.query.partition(b"=")
    ghost = asked.decode("latin-1") if name == b"ghost" else ""
    if ghost:
        photo_id(ghost)
    got = await opening(
        room, exchange, visit, patient, f"/desk/patient/{patient}/photos/take",
        lambda reason: read_photos(room, visit, key, reason),
    )  # fmt: skip
    if got is None:
        return
    card, shots = got
    await room.show(
        exchange, "photos/take.html", visit, camera=True, card=card, ident=patient, ghost=found(shots, ghost),
        rows=series_of(shots), areas=AREAS, views=VIEWS,
    )  # fmt: skip
