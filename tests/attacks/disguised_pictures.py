"""Pictures in every wrapping that was thought of, what looks like one and is none, and who sees one in an answer."""

from __future__ import annotations

import base64
import gzip
import json
import os
from typing import Any

JPEG = b"\xff\xd8\xff\xe0\x00\x10JFIF" + bytes(range(256))
PNG = b"\x89PNG\r\n\x1a\n" + bytes(range(200))
SVG = b'<?xml version="1.0"?>\n<!-- ' + b"-" * 5000 + b' -->\n<svg xmlns="http://www.w3.org/2000/svg"><path/></svg>'
FORMATS: dict[str, bytes] = {
    "jpeg": JPEG, "png": PNG, "gif": b"GIF89a" + bytes(40), "webp": b"RIFF\0\0\0\0WEBPVP8 " + bytes(40),
    "tiff": b"II*\0" + bytes(40), "big tiff": b"MM\0+" + bytes(40), "heic": b"\0\0\0\x18ftypheic" + bytes(40),
    "avif": b"\0\0\0\x18ftypavif" + bytes(40), "film": b"\0\0\0\x18ftypisom" + bytes(40),
    "bmp": b"BM" + (120).to_bytes(4, "little") + bytes(4) + (54).to_bytes(4, "little") + (40).to_bytes(4, "little")
    + bytes(40),
    "icon": b"\0\0\x01\0\x01\0\x10\x10\0\0" + bytes(40), "jxl": b"\0\0\0\x0cJXL \r\n\x87\n" + bytes(40),
    "bare jxl": b"\xff\x0a" + bytes(40), "jp2": b"\xff\x4f\xff\x51" + bytes(40), "psd": b"8BPS" + bytes(40),
    "pnm": b"P6\n# by hand\n16 16\n255\n" + bytes(40), "dicom": bytes(128) + b"DICM" + bytes(40), "svg": SVG,
    "svg in utf-16": SVG.decode().encode("utf-16"), "svgz": gzip.compress(SVG), "packed": gzip.compress(JPEG),
    "avi": b"RIFF\0\0\0\0AVI LIST" + bytes(40), "mkv": b"\x1a\x45\xdf\xa3" + bytes(40),
}  # fmt: skip


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def attachment(data: str, kind: str = "application/pdf") -> dict[str, Any]:
    """A document whose bytes are said to be a PDF."""
    return {
        "resourceType": "DocumentReference", "status": "current",
        "content": [{"attachment": {"contentType": kind, "title": "t", "data": data}}],
    }


def note(text: str) -> dict[str, Any]:
    return {"resourceType": "Observation", "status": "final", "code": {"text": "x"}, "note": [{"text": text}]}


def _inside(inner: bytes) -> bytes:
    return json.dumps({"resourceType": "Patient", "photo": [{"data": b64(inner)}]}).encode()


CDA = (
    '<?xml version="1.0"?><ClinicalDocument xmlns="urn:hl7-org:v3"><observationMedia><value mediaType="image/jpeg" '
    f'representation="B64">\n{base64.encodebytes(JPEG).decode()}</value></observationMedia></ClinicalDocument>'
)
PAGE = b'<html><img src="data:image/png;base64,' + base64.b64encode(PNG) + b'"></html>'
DISGUISED: dict[str, dict[str, Any]] = {
    **{f"a document that is {name}": attachment(b64(data)) for name, data in FORMATS.items()},
    "media type only": attachment("AAAA", " IMAGE/x-none"),
    "base64 in groups": attachment(" ".join(b64(JPEG)[at : at + 4] for at in range(0, 400, 4))),
    "base64 in lines": attachment(base64.encodebytes(PNG).decode()),
    "no padding": attachment(b64(JPEG + b"x").rstrip("=")),
    "for addresses": note(base64.urlsafe_b64encode(JPEG).decode()),
    "a Patient's photo": {"resourceType": "Patient", "photo": [{"contentType": "text/plain", "data": b64(PNG)}]},
    "contained": {**note("x"), "contained": [{"resourceType": "Binary", "id": "b", "contentType": "text/plain",
                                              "data": b64(JPEG)}]},
    "contained deeper": {**note("x"), "contained": [{
        "resourceType": "DiagnosticReport", "id": "r", "status": "final", "code": {"text": "x"},
        "presentedForm": [{"contentType": "text/html", "data": b64(PAGE)}]}]},
    "an extension": {**note("x"), "extension": [{"url": "urn:x", "valueBase64Binary": b64(JPEG)}]},
    "an attachment in an extension": {**note("x"), "extension": [{"url": "urn:x", "extension": [
        {"url": "urn:y", "valueAttachment": {"data": b64(JPEG)}}]}]},
    "an extension of a primitive": {**note("x"), "_status": {"extension": [{"url": "urn:x", "valueString": b64(PNG)}]}},
    "a data: URL": {**attachment(""), "content": [{"attachment": {"url": f"data:image/jpeg;base64,{b64(JPEG)}"}}]},
    "a data: URL that says text": {**attachment(""), "content": [
        {"attachment": {"url": f"DATA:text/plain;charset=utf-8;base64,{b64(PNG)}"}}]},
    "a data: URL in percent": {**attachment(""), "content": [{"attachment": {"url": "data:," + "".join(
        f"%{one:02x}" for one in JPEG)}}]},
    "a drawing in a data: URL": note("see data:image/svg+xml,%3Csvg%20xmlns='http://www.w3.org/2000/svg'/%3E"),
    "a note with a picture": note(f"Pavargusi. ![veidas](data:image/png;base64,{b64(PNG)}) Kitas kartas po savaites."),
    "a note that is one": note(b64(JPEG)),
    "words before it": note(f"foto: {b64(JPEG)}"),
    "a drawing in words": note("<b>x</b><svg viewBox='0 0 1 1'><path d='M0 0'/></svg>"),
    "a resource in a document": attachment(b64(_inside(JPEG)), "application/fhir+json"),
    "twice inside": attachment(b64(_inside(_inside(JPEG))), "application/json"),
    "a clinical document": attachment(b64(CDA.encode()), "text/xml"),
    "a letter in RTF": attachment(b64(rb"{\rtf1 {\pict\jpegblip ffd8ffe0}}"), "application/rtf"),
    "a Binary": {"resourceType": "Binary", "contentType": "application/octet-stream", "data": b64(JPEG)},
    "a Media": {"resourceType": "Media", "status": "completed", "content": {"data": b64(JPEG)}},
    "a signature's picture": {"resourceType": "Consent", "status": "active", "verification": [], "extension": [
        {"url": "urn:x", "valueSignature": {"sigFormat": "image/png", "data": b64(PNG)}}]},
}  # fmt: skip
KEPT: dict[str, dict[str, Any]] = {
    "a PDF": attachment(b64(b"%PDF-1.7\n" + bytes(range(256)))),
    "a text": attachment(b64(("Žaizda švari. " * 40).encode()), "text/plain"),
    "words that begin as a bitmap": attachment(b64(b"BMI 22"), "text/plain"),
    "sound": attachment(b64(b"\0\0\0\x18ftypM4A " + bytes(40)), "audio/mp4"),
    "long addresses": note("https://example.org/worklist/" + "abcdefghij" * 9 + "/wohl/klinika"),
    "numbers": {"resourceType": "Observation", "valueQuantity": {"value": 1.50}, "valueSampledData": {"data": "1 2 E"}},
    "a hash": attachment("", "application/pdf") | {"description": "f" * 64},
    "less than": note("CRP < 5, svoris > 80; data: 2026-01-02, svgaras"),
}  # fmt: skip


def shows_one(shown: bytes) -> bool:
    """Whether an answer has the beginning of one of the pictures, plain or in base64 at any of three shifts."""
    text = shown.decode("latin-1")
    return any(
        one.decode("latin-1") in text or any(b64(bytes(shift) + one)[4 * shift + 4 : -4] in text for shift in range(3))
        for one in (JPEG[:40], PNG[:40])
    )


def create_of(body: dict[str, Any], patient: bytes, ident: bytes | None = None) -> dict[str, Any]:
    ident = ident or os.urandom(16)
    kind = body["resourceType"]
    whose = {"Binary": "securityContext", "Consent": "patient"}.get(kind, "subject")
    full = body if kind == "Patient" else {**body, whose: {"reference": f"Patient/{patient.hex()}"}}
    raw = json.dumps({**full, "id": ident.hex()}).encode()
    return {"op": "create", "type": kind, "id": ident, "patient": patient, "expect": 0, "body": raw}
