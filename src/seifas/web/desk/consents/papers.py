"""Documents of consents: the signed PDF opened again, and paper ones that were scanned."""

from __future__ import annotations

import datetime
import os
import re

from seifas.errors import Invalid, Missing, TooLarge
from seifas.fhir.exchange import GUARDS, Exchange
from seifas.fhir.json_text import read
from seifas.records import consents as records
from seifas.records.composing import line_typed
from seifas.records.plain import target
from seifas.web import answers
from seifas.web.desk.charts.asking import opening
from seifas.web.desk.charts.writing import author, change_of, now_at
from seifas.web.desk.consents.listing import here, treating
from seifas.web.desk.room import Room
from seifas.web.forms import patient_id
from seifas.web.multipart import FormWithFile, boundary_of

MOST_SCAN = 2_800_000
"""Bytes of a scan: with base64 around them they still fit one record."""

_AROUND = 16 * 1024
_ID = re.compile(r"[0-9a-f]{32}\Z")
_KINDS = {b"%PDF-": "application/pdf", b"\xff\xd8\xff": "image/jpeg", b"\x89PNG\r\n\x1a\n": "image/png"}
_ENDS = {"application/pdf": "pdf", "image/jpeg": "jpg", "image/png": "png"}


async def attach(room: Room, exchange: Exchange, patient: str) -> None:
    """POST …/paper: a scan (PDF, JPEG or PNG) of a form that was signed on paper. Kept as it is, opened as a file."""
    visit = await treating(room, exchange)
    patient_id(patient)
    room.guard.from_here(exchange)
    boundary = boundary_of(exchange.header(b"content-type"))
    sending = FormWithFile(exchange.chunks(MOST_SCAN + _AROUND), boundary, exchange.declared())
    sent = await sending.fields()
    room.guard.check(sent, visit.token)
    if sending.size > MOST_SCAN:
        raise TooLarge("A scan has at most 2.8 MB; scan it in grey, at 200 dots an inch.", where="file")
    title = line_typed(sent.get("title", ""), "title")
    signed = _day(sent.get("signed", ""), room.pages.today())
    body = b"".join([part async for part in sending.file(256 * 1024)])
    kind = kind_of(body)
    at, paper, data, consent = now_at(room), *(os.urandom(16).hex() for _ in range(3))
    changes = [
        change_of("create", resource, ident, patient, 0)
        for ident, resource in (
            (data, records.binary(patient, body, kind)),
            (paper, records.document(patient, at, author(visit), title, data, body, kind)),
            (consent, records.paper(patient, at, title, signed, paper)),
        )
    ]

    async def do(reason: str) -> bool:
        await room.client.call("record.write", session=visit.token, changes=changes, reason=reason)
        return True

    # The file cannot be sent again by a page that asks for a reason: that page leads to the consents instead.
    if await opening(room, exchange, visit, patient, here(patient), do, sent={}) is not None:
        await answers.see_other(exchange, f"{here(patient)}?attached")


def kind_of(body: bytes) -> str:
    """What the bytes begin as. Raises Invalid for anything but PDF, JPEG and PNG."""
    for mark, kind in _KINDS.items():
        if body.startswith(mark):
            return kind
    raise Invalid("A scan is a PDF, JPEG or PNG file.", where="file")


def _day(text: str, today: str) -> str:
    try:
        day = datetime.date.fromisoformat(text).isoformat()
    except ValueError:
        raise Invalid("Write the day on which it was signed.", where="signed") from None
    if day > today:
        raise Invalid("This day is still to come.", where="signed")
    return day


async def file(room: Room, exchange: Exchange, patient: str, document: str) -> None:
    """/desk/patient/{patient}/consents/{document}/file: the bytes of a document of this patient, after its lines."""
    visit = await treating(room, exchange)
    key = patient_id(patient)
    if not _ID.match(document) or exchange.method == "HEAD":
        raise Missing("there is no such document")

    async def do(reason: str) -> tuple[str, bytes]:
        found = await room.client.call(
            "record.read", session=visit.token, type="DocumentReference", id=bytes.fromhex(document), reason=reason
        )
        reference = read(found["body"], limit=len(found["body"]))
        binary = records.binary_of(reference)
        if target(reference.get("subject"), "Patient") != key.hex() or not binary:
            raise Missing("there is no such document")
        held = await room.client.call(
            "record.read", session=visit.token, type="Binary", id=bytes.fromhex(binary), reason=reason
        )
        return records.bytes_of(read(held["body"], limit=len(held["body"])))

    got = await opening(room, exchange, visit, patient, f"{here(patient)}/{document}/file", do)
    if got is None:
        return
    kind, body = got
    kind = kind if kind in _ENDS else "application/octet-stream"
    # Never shown inside our own pages: whoever made a scan may have made it to run.
    name = f'attachment; filename="sutikimas.{_ENDS.get(kind, "bin")}"'.encode("ascii")
    await exchange.answer(200, body, [
        (b"content-type", kind.encode("ascii")), *GUARDS, (b"content-disposition", name),
        (b"cross-origin-resource-policy", b"same-origin"),
    ])
