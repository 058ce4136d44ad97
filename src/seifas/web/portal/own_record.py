"""/my: the first page, the record in plain words, appointments, photos."""

from __future__ import annotations

from typing import Any

import msgspec

from seifas.errors import Conflict, Missing
from seifas.fhir.exchange import Exchange
from seifas.records.consents import binary_of, bytes_of
from seifas.records.plain import Resource, text_of, word
from seifas.records.timeline import Timeline, Written, timeline
from seifas.web import answers
from seifas.web.desk.photos.series import AREAS
from seifas.web.portal.house import House, file, ident

WAYS = (
    ("record", "my-record", "my-record-what"), ("opened", "my-opened", "my-opened-short"),
    ("photos", "my-photos", "my-photos-what"), ("appointments", "my-appointments", "my-appointments-what"),
    ("consents", "my-consents", "my-consents-what"), ("messages", "my-messages", "my-messages-what"),
    ("requests", "my-requests", "my-requests-what"), ("export", "my-export", "my-export-what"),
)
"""Where the first page leads: a part, its words, and what is there."""

_RENDITIONS = frozenset({"blur", "thumb", "screen"})
_FILES = {"application/pdf": ("application/pdf", "pdf"), "image/png": ("image/png", "png"),
          "image/jpeg": ("image/jpeg", "jpg")}
"""Kinds of documents that are handed out under their own name; any other is bytes."""


async def home(house: House, exchange: Exchange) -> None:
    guest = await house.guest(exchange)
    ahead = [one for one in await _appointments(house, guest.token) if one["ahead"] and one["status"] == "booked"]
    await house.show(exchange, "home.html", guest, ahead=ahead[:1], ways=WAYS)


async def record(house: House, exchange: Exchange) -> None:
    """GET /my/record: visits with what was done, complaints, allergies; newest first."""
    guest = await house.guest(exchange)
    told = await house.client.call("portal.record", session=guest.token)
    there = {one["id"].hex() for one in told["records"] if one["type"] == "DocumentReference"
             and binary_of(_resource(one["body"]))}
    await house.show(exchange, "record.html", guest, chart=chart_of(house, told), there=there)


def chart_of(house: House, told: dict[str, Any]) -> Timeline:
    """What the record says, as the clinic's own chart reads it, with doctors' names where it only points at them."""
    patient = next((one["id"].hex() for one in told["records"] if one["type"] == "Patient"), "")
    written = [
        Written(_named(_resource(one["body"]), told["doctors"]), patient, one["version"], one["updated_ms"])
        for one in told["records"]
    ]
    return timeline(written, patient, house.pages.today())


def _resource(body: bytes) -> Resource:
    try:
        found = msgspec.json.decode(body)
    except msgspec.DecodeError:
        return {}
    return found if isinstance(found, dict) else {}


def _named(value: Any, doctors: dict[str, str]) -> Any:
    """The same with `display` beside every reference to a doctor of the clinic that has none."""
    if isinstance(value, list):
        return [_named(one, doctors) for one in value]
    if not isinstance(value, dict):
        return value
    found = {key: _named(one, doctors) for key, one in value.items()}
    reference = found.get("reference")
    if isinstance(reference, str) and reference.startswith("Practitioner/") and not found.get("display"):
        name = doctors.get(reference.removeprefix("Practitioner/"))
        if name:
            found["display"] = name
    return found


async def document(house: House, exchange: Exchange, document: str) -> None:
    """GET /my/document/{document}: a signed form or letter, as a file."""
    guest = await house.guest(exchange)
    told = await house.client.call("portal.record", session=guest.token, types=("DocumentReference",))
    row = next((one for one in told["records"] if one["id"].hex() == document), None)
    binary = binary_of(_resource(row["body"])) if row is not None else ""
    found = await house.client.call("portal.document", session=guest.token, id=ident(binary))
    kind, body = bytes_of(_resource(found["body"]))
    served, ending = _FILES.get(kind, ("application/octet-stream", "bin"))
    await file(exchange, body, served, f"document.{ending}")


async def _appointments(house: House, token: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = await house.client.call("portal.appointments", session=token)
    for row in rows:
        row["id"] = row["id"].hex()
    return rows


async def appointments(house: House, exchange: Exchange, *, said: str = "", status: int = 200) -> None:
    guest = await house.guest(exchange)
    rows = await _appointments(house, guest.token)
    ahead = [one for one in rows if one["ahead"]]
    past = [one for one in rows if not one["ahead"]][::-1]
    await house.show(exchange, "appointments.html", guest, status=status, said=said, ahead=ahead, past=past[:50])


async def appointment(house: House, exchange: Exchange, appointment: str) -> None:
    """POST /my/appointments/{appointment}: says that one will come, or asks to call it off."""
    guest = await house.guest(exchange)
    sent = await house.sent(exchange, guest)
    try:
        if sent.get("do") == "confirm":
            await house.client.call("portal.confirm", session=guest.token, id=ident(appointment))
        elif sent.get("do") == "cancel":
            await house.client.call(
                "portal.ask", session=guest.token, kind="cancel", text=sent.get("text", ""), about=ident(appointment)
            )
        else:
            raise Missing("there is no such button")
    except Conflict as error:
        await appointments(house, exchange, said=house.words(exchange, "my-appointment-over"), status=error.http)
        return
    await answers.see_other(exchange, "/my/appointments")


async def photos(house: House, exchange: Exchange) -> None:
    guest = await house.guest(exchange)
    rows = await house.client.call("portal.photos", session=guest.token)
    shown = []
    for row in rows:
        media = _resource(row["media"])
        site = text_of(media.get("bodySite"))
        shown.append({
            "id": row["photo"].hex(), "at_ms": row["taken_ms"] or row["received_ms"],
            "site": house.words(exchange, AREAS[site]) if site in AREAS else site, "view": text_of(media.get("view")),
            "note": " ".join(word(one.get("text")) for one in media.get("note") or [] if isinstance(one, dict)),
            "public": [one["use"] for one in row["uses"]],
        })
    await house.show(exchange, "photos.html", guest, photos=shown[::-1])


async def photo(house: House, exchange: Exchange, photo: str) -> None:
    """GET /my/photos/{photo}: one photo, opened by a tap."""
    guest = await house.guest(exchange)
    rows = await house.client.call("portal.photos", session=guest.token)
    found = next((row for row in rows if row["photo"].hex() == photo), None)
    if found is None:
        raise Missing("there is no such photo")
    await house.show(exchange, "photo.html", guest, photo=photo, at_ms=found["taken_ms"] or found["received_ms"])


async def picture(house: House, exchange: Exchange, photo: str, rendition: str) -> None:
    """GET /my/photo/{photo}/{rendition}: the bytes, marked for this view."""
    token = house.token(exchange)
    if rendition not in _RENDITIONS:
        raise Missing("there is no such photo")
    opened = await house.client.call("portal.photo_open", session=token, photo=ident(photo), rendition=rendition)
    shown = await house.darkroom.show(opened["ticket"])
    headers = [(b"content-type", shown["kind"].encode("ascii")), *answers.PAGE_GUARDS]
    await exchange.answer(200, shown["body"], headers)
