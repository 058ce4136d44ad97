"""The consents of a patient: what was signed and when, what is withdrawn, what is published under each."""

from __future__ import annotations

from typing import Any

import msgspec

from seifas.errors import Refused
from seifas.fhir.exchange import Exchange
from seifas.fhir.json_text import read
from seifas.records import consents as records
from seifas.records.cards import ALERTS, Strip
from seifas.records.consents import Line
from seifas.web.desk.charts.asking import opening, strip_for
from seifas.web.desk.photos.series import AREAS, VIEWS, Shot, shot_of
from seifas.web.desk.room import TREATING, Room, Visit
from seifas.web.forms import patient_id

_SAID = {
    b"signed": "consent-signed", b"withdrawn": "consent-withdrawn", b"published": "consent-published",
    b"attached": "consent-attached",
}  # fmt: skip


class Published(msgspec.Struct, frozen=True):
    """A copy that is out under a consent."""

    id: str
    use: str
    caption: str
    made_ms: int


class Shown(msgspec.Struct, frozen=True):
    """A consent with the photo that it is about, where that is here, and the copy that is out under it."""

    line: Line
    shot: Shot | None
    published: Published | None


class Found(msgspec.Struct, frozen=True):
    """What the page shows."""

    card: Strip
    rows: list[Shown]
    templates: list[dict[str, Any]]
    has_photos: bool


def here(patient: str) -> str:
    """The path of a patient's consents."""
    return f"/desk/patient/{patient}/consents"


async def treating(room: Room, exchange: Exchange) -> Visit:
    """Who is signed in, with a hat that may see charts. Raises Refused for the others."""
    visit = await room.visit(exchange)
    if visit.hat not in TREATING:
        raise Refused("This hat opens cards, not consents.")
    return visit


async def consents(room: Room, exchange: Exchange, patient: str) -> None:
    """/desk/patient/{patient}/consents. A POST brings the reason."""
    visit = await treating(room, exchange)
    key = patient_id(patient)
    got = await opening(
        room, exchange, visit, patient, here(patient), lambda reason: _found(room, visit, key, reason)
    )
    if got is None:
        return
    said = _SAID.get(exchange.query, "")
    await room.show(
        exchange, "consents/list.html", visit, card=got.card, ident=patient, rows=got.rows, templates=got.templates,
        has_photos=got.has_photos, areas=AREAS, views=VIEWS, today=room.pages.today(),
        good=room.words(exchange, said) if said else "",
    )  # fmt: skip


async def _found(room: Room, visit: Visit, patient: bytes, reason: str) -> Found:
    rows = await room.client.call(
        "record.list", session=visit.token, patient=patient, types=("Patient", *ALERTS, "Consent"), reason=reason
    )
    resources = [read(row["body"], limit=len(row["body"])) for row in rows]
    versions = {row["id"].hex(): int(row["version"]) for row in rows if row["type"] == "Consent"}
    shots: dict[str, Shot] = {}
    published: dict[tuple[str, str], Published] = {}
    photos = await room.client.call("photo.list", session=visit.token, patient=patient, reason=reason)
    for row in photos:
        shot = shot_of(row)
        shots[shot.id] = shot
        for use in row["uses"]:
            published[use["consent"].hex(), str(use["use"])] = Published(
                use["id"].hex(), str(use["use"]), str(use["caption"]), int(use["made_ms"])
            )
    lines = records.lines(resources, versions)
    templates = [
        one for one in await room.client.call("template.list", session=visit.token)
        if one["purpose"] in ("treatment", "photos")
    ]
    return Found(
        strip_for(room, visit, resources),
        [Shown(line, shots.get(line.photo), published.get((line.id, line.use))) for line in lines],
        templates, bool(shots),
    )
