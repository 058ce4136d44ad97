"""The photos of a patient: series by area and view, one photo with its facts and history, two photos side by side."""

from __future__ import annotations

from typing import Any

from seifas.errors import Invalid, Missing, Refused
from seifas.fhir.exchange import Exchange
from seifas.fhir.json_text import read
from seifas.fhir.negotiation import parameters
from seifas.records.cards import Strip
from seifas.records.plain import code_of, text_of
from seifas.web import answers
from seifas.web.desk.charts.asking import opening, strip_read
from seifas.web.desk.photos.series import (
    AREAS,
    SOURCES,
    USES,
    VIEWS,
    Series,
    Shot,
    around,
    camera_said,
    found,
    note_of,
    photo_id,
    series_of,
    shot_of,
)
from seifas.web.desk.room import TREATING, Room, Visit
from seifas.web.forms import patient_id

_SAID = {b"kept": "photos-kept", b"described": "photo-described", b"restored": "photo-restored"}


async def treating(room: Room, exchange: Exchange) -> Visit:
    """Who is signed in, with a hat that may see photos. Raises Refused for the others."""
    visit = await room.visit(exchange)
    if visit.hat not in TREATING:
        raise Refused("This hat opens cards, not photos.")
    return visit


async def read_photos(room: Room, visit: Visit, patient: bytes, reason: str) -> tuple[Strip, list[Shot]]:
    """The strip and all photos of a patient, inside the `do` of `opening`."""
    rows = await room.client.call("photo.list", session=visit.token, patient=patient, reason=reason)
    strip = await strip_read(room, visit, patient, reason)
    return strip, [shot_of(row) for row in rows]


async def photos(room: Room, exchange: Exchange, patient: str) -> None:
    """/desk/patient/{patient}/photos: all series. A POST brings the reason."""
    visit = await treating(room, exchange)
    key = patient_id(patient)
    got = await opening(
        room, exchange, visit, patient, f"/desk/patient/{patient}/photos",
        lambda reason: read_photos(room, visit, key, reason),
    )  # fmt: skip
    if got is None:
        return
    card, shots = got
    gone, _, ident = exchange.query.partition(b"=")
    deleted = ident.decode("latin-1") if gone == b"deleted" else ""
    if deleted:
        photo_id(deleted)
    said = _SAID.get(exchange.query, "")
    await room.show(
        exchange, "photos/series.html", visit, card=card, ident=patient, rows=series_of(shots), total=len(shots),
        areas=AREAS, views=VIEWS, deleted=deleted, good=room.words(exchange, said) if said else "",
        today=room.pages.today(),
    )  # fmt: skip


async def one(room: Room, exchange: Exchange, patient: str, photo: str) -> None:
    """/desk/patient/{patient}/photos/{photo}: one photo. A POST brings the reason."""
    visit = await treating(room, exchange)
    key = patient_id(patient)
    ident = photo_id(photo)

    async def do(reason: str) -> tuple[Strip, list[Shot], list[dict[str, Any]]]:
        strip, shots = await read_photos(room, visit, key, reason)
        shot = found(shots, photo)
        if shot is None:
            raise Missing("there is no such photo")
        return strip, shots, await _versions(room, visit, ident, reason)

    got = await opening(room, exchange, visit, patient, f"/desk/patient/{patient}/photos/{photo}", do)
    if got is None:
        return
    card, shots, versions = got
    series, shot = placed(shots, photo)
    older, newer = around(series, photo)
    pair = series.oldest.id if series.oldest.id != photo else series.newest.id
    said = _SAID.get(exchange.query, "")
    await room.show(
        exchange, "photos/one.html", visit, card=card, ident=patient, shot=shot, series=series, older=older,
        newer=newer, pair=pair if pair != photo else "", others=[other for other in shots if other.id != photo],
        areas=AREAS, views=VIEWS, sources=SOURCES, uses=USES, wrote=camera_said(shot.exif), versions=versions,
        good=room.words(exchange, said) if said else "",
    )  # fmt: skip


def placed(shots: list[Shot], ident: str) -> tuple[Series, Shot]:
    """The series of a photo and the photo in it. Raises Missing."""
    for series in series_of(shots):
        shot = found(series.shots, ident)
        if shot is not None:
            return series, shot
    raise Missing("there is no such photo")


async def _versions(room: Room, visit: Visit, photo: bytes, reason: str) -> list[dict[str, Any]]:
    """What was said of a photo, newest first: when, by whom, area, view and note."""
    told = await room.client.call("record.versions", session=visit.token, type="Media", id=photo, reason=reason)
    rows: list[dict[str, Any]] = []
    for one in told["versions"]:
        media = read(one["body"], limit=len(one["body"]))
        rows.append({
            "updated_ms": one["updated_ms"], "by": one["by"], "area": text_of(media.get("bodySite")),
            "view": code_of(media.get("view")), "note": note_of(media),
        })  # fmt: skip
    return rows


async def compare(room: Room, exchange: Exchange, patient: str) -> None:
    """/desk/patient/{patient}/photos/compare?a=…&b=…: the older of two photos beside the newer. A POST either brings
    the reason, or from a series' page the two that were chosen, and leads to their address."""
    visit = await treating(room, exchange)
    key = patient_id(patient)
    here = f"/desk/patient/{patient}/photos/compare"
    if exchange.method == "POST":
        sent = await room.guard.fields(exchange, visit.token)
    else:
        sent = dict(parameters(exchange.query))
    a, b = (photo_id(sent.get(name, "")) for name in ("a", "b"))
    if a == b:
        raise Invalid("Choose two photos.", where="photos")
    if exchange.method == "POST" and "chosen" in sent:
        await answers.see_other(exchange, f"{here}?a={a.hex()}&b={b.hex()}")
        return
    kept = {name: value for name, value in sent.items() if name in ("a", "b", "reason", "other")}
    got = await opening(
        room, exchange, visit, patient, here, lambda reason: read_photos(room, visit, key, reason), sent=kept
    )
    if got is None:
        return
    card, shots = got
    pair = [found(shots, one.hex()) for one in (a, b)]
    if pair[0] is None or pair[1] is None:
        raise Missing("there is no such photo")
    await room.show(
        exchange, "photos/compare.html", visit, card=card, ident=patient, a=pair[0], b=pair[1],
        others=sorted(shots, key=lambda shot: shot.day), areas=AREAS, views=VIEWS,
    )  # fmt: skip
