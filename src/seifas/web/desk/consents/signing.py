"""Signing on the screen: the form is read, signed by finger or pen, and stored with its PDF in one write.

The address names the text by its digest, and what is signed is that text: if the template is saved anew while somebody
reads, the old version is what stands in the document. Whoever holds the session signs as the member of staff.
"""

from __future__ import annotations

import datetime
import os
from typing import Any

import msgspec

from seifas.errors import Invalid, Missing
from seifas.fhir.exchange import Exchange
from seifas.records import consents as records
from seifas.records.cards import Strip
from seifas.records.composing import line_typed
from seifas.records.consents import USES, PhotoUse, Signing, Text
from seifas.records.plain import Resource
from seifas.web import answers
from seifas.web.desk.charts.asking import opening, strip_read
from seifas.web.desk.charts.writing import author, change_of, now_at
from seifas.web.desk.consents import printing, strokes
from seifas.web.desk.consents.listing import here, treating
from seifas.web.desk.consents.strokes import Signature
from seifas.web.desk.photos.series import AREAS, VIEWS, Shot, shot_of
from seifas.web.desk.room import Room, Visit
from seifas.web.forms import patient_id
from seifas.web.words import say

MOST_PHOTOS = 24
_HEX = frozenset("0123456789abcdef")
_LABELS = {
    "patient": "consent-patient", "signed": "consent-signer", "signature": "consent-signature",
    "by": "consent-by", "at": "consent-at",
}  # fmt: skip
_COLUMNS = ("consent-day", "consent-photo", "consent-use", "consent-bytes")
_WRONG = {
    "signer": "consent-wrong-signer", "relation": "consent-wrong-relation", "agreed": "consent-wrong-agreed",
    "signature": "consent-wrong-signature", "photos": "consent-wrong-photos", "uses": "consent-wrong-uses",
    "until": "consent-wrong-until", "retired": "consent-wrong-retired",
}  # fmt: skip
_USES = (
    ("treatment", "use-treatment", "use-treatment-hint"), ("teaching", "use-teaching", "use-teaching-hint"),
    ("publication", "use-publication", "use-publication-hint"),
)  # fmt: skip


class Template(msgspec.Struct, frozen=True):
    """The text that is read and signed."""

    text: Text
    pieces: list[printing.Piece]
    retired: bool
    purpose: str


async def _template(room: Room, visit: Visit, digest: str, purpose: str) -> Template:
    if len(digest) != 64 or not _HEX.issuperset(digest):
        raise Missing("there is no such form")
    found = await room.client.call("template.get", session=visit.token, digest=digest)
    language = str(found["language"])
    if found["purpose"] != purpose:
        raise Missing("there is no such form")
    title = str(found["titles"][language])
    pieces = printing.pieces(found["texts"][language])
    if not pieces or pieces[0].kind != "heading":
        pieces = [printing.Piece("heading", (printing.Run("text", title),)), *pieces]
    return Template(
        Text(title, int(found["version"]), digest, language), pieces, bool(found["retired_ms"]), str(found["purpose"])
    )


async def form(room: Room, exchange: Exchange, patient: str, digest: str) -> None:
    """/desk/patient/{patient}/consents/form/{digest}: a treatment's form, to read and sign."""
    visit = await treating(room, exchange)
    key = patient_id(patient)

    async def do(reason: str) -> tuple[Strip, Template]:
        template = await _template(room, visit, digest, "treatment")
        return await strip_read(room, visit, key, reason), template

    got = await opening(room, exchange, visit, patient, f"{here(patient)}/form/{digest}", do)
    if got is not None:
        await _show(room, exchange, visit, patient, got[0], got[1], [])


async def photos(room: Room, exchange: Exchange, patient: str, digest: str) -> None:
    """/desk/patient/{patient}/consents/photos/{digest}: photos and uses are chosen, the form read and signed."""
    visit = await treating(room, exchange)
    key = patient_id(patient)

    async def do(reason: str) -> tuple[Strip, Template, list[Shot]]:
        template = await _template(room, visit, digest, "photos")
        rows = await room.client.call("photo.list", session=visit.token, patient=key, reason=reason)
        return await strip_read(room, visit, key, reason), template, [shot_of(row) for row in rows]

    got = await opening(room, exchange, visit, patient, f"{here(patient)}/photos/{digest}", do)
    if got is not None:
        await _show(room, exchange, visit, patient, got[0], got[1], got[2])


async def _show(
    room: Room, exchange: Exchange, visit: Visit, patient: str, card: Strip, template: Template, shots: list[Shot],
    *, said: str = "", sent: dict[str, str] | None = None,
) -> None:  # fmt: skip
    await room.show(
        exchange, "consents/sign.html", visit, status=400 if said else 200, card=card, ident=patient,
        text=template.text, retired=template.retired, pieces=template.pieces,
        shots=shots[::-1], said=said, sent=sent or {}, areas=AREAS,
        views=VIEWS, uses=_USES, by=author(visit), today=room.pages.today(), most=MOST_PHOTOS,
        where=f"{here(patient)}/{'photos' if template.purpose == 'photos' else 'form'}/{template.text.digest}",
    )  # fmt: skip


async def sign(room: Room, exchange: Exchange, patient: str, digest: str) -> None:
    """POST …/form/{digest}/sign: the signed form is stored: Consent, DocumentReference and Binary in one write."""
    await _signed(room, exchange, patient, digest, "treatment")


async def sign_photos(room: Room, exchange: Exchange, patient: str, digest: str) -> None:
    """POST …/photos/{digest}/sign: one Consent for each photo and use, all by one document."""
    await _signed(room, exchange, patient, digest, "photos")


async def _signed(room: Room, exchange: Exchange, patient: str, digest: str, purpose: str) -> None:
    visit = await treating(room, exchange)
    key = patient_id(patient)
    sent = await room.guard.fields(exchange, visit.token)
    address = f"{here(patient)}/{'photos' if purpose == 'photos' else 'form'}/{digest}/sign"

    async def do(reason: str) -> tuple[Strip, Template, list[Shot], str]:
        template = await _template(room, visit, digest, purpose)
        card = await strip_read(room, visit, key, reason)
        rows: list[dict[str, Any]] = []
        if purpose == "photos":
            rows = await room.client.call("photo.list", session=visit.token, patient=key, reason=reason)
        shots = [shot_of(row) for row in rows]
        try:
            if template.retired:
                raise Invalid("This form is not offered any more.", where="retired")
            changes = await _changes(room, visit, patient, card, template, rows, sent)
        except Invalid as error:
            return card, template, shots, _WRONG.get(error.where, "consent-wrong-form")
        await room.client.call("record.write", session=visit.token, changes=changes, reason=reason)
        return card, template, shots, ""

    got = await opening(room, exchange, visit, patient, address, do, sent=sent)
    if got is None:
        return
    card, template, shots, trouble = got
    if trouble:
        said = room.words(exchange, trouble)
        await _show(room, exchange, visit, patient, card, template, shots, said=said, sent=sent)
    else:
        await answers.see_other(exchange, f"{here(patient)}?signed")


async def _changes(
    room: Room, visit: Visit, patient: str, card: Strip, template: Template, rows: list[dict[str, Any]],
    sent: dict[str, str],
) -> list[dict[str, Any]]:  # fmt: skip
    """Everything to write. Raises Invalid with the field."""
    signer = line_typed(sent.get("signer", ""), "signer")
    relation = line_typed(sent.get("relation", ""), "relation", needed=False)
    if card.minor and not relation:
        raise Invalid("For a child a guardian signs.", where="relation")
    if sent.get("agreed") != "yes":
        raise Invalid("The consent itself is ticked.", where="agreed")
    signature = strokes.read(sent.get("signature", ""))
    at = now_at(room)
    signing = Signing(patient, at, signer, relation, author(visit), template.text)
    uses = _uses(rows, sent) if template.purpose == "photos" else []
    until = _until(sent.get("until", ""), room.pages.today()) if uses else ""
    body = await printing.document(_printed(room, card, signing, signature, template, rows, uses, until))
    paper, data = os.urandom(16).hex(), os.urandom(16).hex()
    made: list[tuple[str, Resource]] = [
        (data, records.binary(patient, body, "application/pdf")),
        (paper, records.document(
            patient, at, signing.by, template.text.title, data, body, "application/pdf", strokes=signature.json
        )),
    ]
    if template.purpose == "photos":
        made += [(os.urandom(16).hex(), records.photo(signing, paper, one, until=until)) for one in uses]
    else:
        made.append((os.urandom(16).hex(), records.treatment(signing, paper)))
    return [change_of("create", resource, ident, patient, 0) for ident, resource in made]


def _uses(rows: list[dict[str, Any]], sent: dict[str, str]) -> list[PhotoUse]:
    """Each chosen photo with each chosen use. The bytes are those the keeper names, whatever the form says."""
    uses = [use for use in USES if f"use-{use}" in sent]
    chosen = [row for row in rows if f"photo-{row['photo'].hex()}" in sent]
    if not chosen or len(chosen) > MOST_PHOTOS:
        raise Invalid("Choose photos.", where="photos")
    if not uses:
        raise Invalid("Choose what for.", where="uses")
    return [PhotoUse(row["photo"].hex(), row["sha256"].hex(), use) for row in chosen for use in uses]


def _until(text: str, today: str) -> str:
    if not text:
        return ""
    try:
        day = datetime.date.fromisoformat(text).isoformat()
    except ValueError:
        raise Invalid("Write a day.", where="until") from None
    if day <= today:
        raise Invalid("This day is over.", where="until")
    return day


def _printed(
    room: Room, card: Strip, signing: Signing, signature: Signature, template: Template, rows: list[dict[str, Any]],
    uses: list[PhotoUse], until: str,
) -> printing.Form:  # fmt: skip
    language = template.text.language if template.text.language in ("lt", "en") else "lt"
    shots = {shot.id: shot for shot in (shot_of(row) for row in rows)}

    def words(key: str) -> str:
        return say(language, key)

    lines = []
    for one in uses:
        shot = shots[one.photo]
        area = words(AREAS[shot.area]) if shot.area in AREAS else shot.area
        view = words(VIEWS[shot.view]) if shot.view in VIEWS else ""
        lines.append([shot.day, ", ".join(part for part in (area, view) if part), words(f"use-{one.use}"),
                      f"{one.sha256[:16]}…" + (f" · {until}" if until else "")])
    return printing.Form(
        title=template.text.title, language=template.text.language, clinic=room.pages.clinic,
        policy=template.text.policy, pieces=template.pieces, patient=card.name, born=card.born, signer=signing.signer,
        relation=signing.relation, by=signing.by, at=signing.at[:16].replace("T", " "), day=signing.at[:10],
        signature=signature.svg, words={name: words(key) for name, key in _LABELS.items()},
        columns=[words(key) for key in _COLUMNS] if uses else [],
        rows=lines,
    )
