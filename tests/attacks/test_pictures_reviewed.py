"""Pictures in records once more: what a search may cost, what passed it by, and what it took for one."""

from __future__ import annotations

import asyncio
import base64
import gzip
import json
import os
import time
from pathlib import Path
from typing import Any

import pytest
from disguised_pictures import JPEG, PNG, attachment, b64, create_of, note
from export_rig import Exporting
from keeper_rig import Asked, Clocks, Rig

from seifas.keeper import inline_pictures, picture_bytes
from seifas.keeper.vault import Change

ROOM = 4 * 1024 * 1024
"""What one resource may hold."""
SECONDS = 3.0


@pytest.fixture
def rig(tmp_path: Path, clocks: Clocks) -> Rig:
    return Rig(tmp_path / "vault", demo=False)


def _written(body: dict[str, Any]) -> bytes:
    return json.dumps(body, separators=(",", ":")).encode()


def _lines(data: bytes, width: int, between: str = "\n") -> str:
    text = base64.b64encode(data).decode()
    return between.join(text[at : at + width] for at in range(0, len(text), width))


def _flood(one: str) -> str:
    return (one + " ") * (ROOM // (len(one) + 1))


PACKED = b64(gzip.compress(bytes(range(32, 127)) * 44_000, 9))
FLOODS = {
    "packed words": _flood(PACKED),
    "packed runs": _flood(b64(gzip.compress(b"A" * ROOM, 9))),
    "packed, broken at the end": _flood(b64(gzip.compress(b"A" * (ROOM - 1024), 9)[:-8] + bytes(8))),
    "packed thrice": _flood(b64(gzip.compress(gzip.compress(gzip.compress(b"ab" * 2_000_000, 9), 9), 9))),
    "addresses": "data:" * (ROOM // 5),
    "addresses of nothing": "data:;base64,," * (ROOM // 14),
    "drawings": "<svgsvgsvgsvgsvgsvgsvgsvgsvgsvgsvgsvgsvg" * (ROOM // 40),
    "thrice in base64": b64(b64(b64(b"ab c" * (ROOM // 10)).encode()).encode()),
    "runs in base64": b64(_flood(b64(_flood("A" * 60)[:600].encode())).encode()[: ROOM * 3 // 4]),
    "a map of pixels": _flood(b64(b"P1" + b" " * 500)),
    "line ends": "data:;base64," + "\n" * (ROOM - 20),
}


@pytest.mark.parametrize("name", FLOODS)
def test_no_resource_holds_the_keeper_up(name: str) -> None:
    """It looks while everybody waits. What there is no time to look into counts as a picture."""
    for body in (note(FLOODS[name][:ROOM]), attachment(b64(FLOODS[name].encode()[: ROOM * 3 // 4]))):
        began = time.process_time()
        inline_pictures.withheld(_written(body))
        assert time.process_time() - began < SECONDS


def test_a_flood_in_many_texts_ends_too() -> None:
    body = {"resourceType": "Observation", "note": [{"text": PACKED} for _ in range(ROOM // len(PACKED))]}
    began = time.process_time()
    found = inline_pictures.take_out(body)
    assert time.process_time() - began < SECONDS
    assert found, "what was not looked into is not let by"


def test_others_go_on_while_a_large_request_is_looked_through() -> None:
    slow = _written(note(FLOODS["runs in base64"]))
    changes = [Change("create", "Observation", os.urandom(16), bytes(16), 0, slow) for _ in range(4)]
    ticks = 0

    async def main() -> None:
        async def tick() -> None:
            nonlocal ticks
            while True:
                await asyncio.sleep(0)
                ticks += 1

        beside = asyncio.ensure_future(tick())
        await inline_pictures.refuse(changes, person=True)
        beside.cancel()

    asyncio.run(main())
    assert ticks >= len(changes) - 1


def test_what_is_packed_and_no_picture_stays() -> None:
    body = _written(attachment(b64(gzip.compress("Žaizda švari. ".encode() * 50_000)), "application/gzip"))
    assert inline_pictures.withheld(body) is body


TRAILER = gzip.compress(JPEG + bytes(4000))
PASSED: dict[str, dict[str, Any]] = {
    "a note in short lines": note(_lines(JPEG, 32)),
    "a note in groups": note(_lines(PNG, 4, " ")),
    "a note in lines of Windows": note(_lines(PNG, 20, "\r\n")),
    "packed, with a wrong sum": attachment(b64(TRAILER[:-8] + bytes(8))),
    "packed, cut off": attachment(b64(gzip.compress(JPEG + os.urandom(4000))[:-1000])),
    "an old QuickTime film": attachment(b64(b"\0\0\x10\0mdat" + os.urandom(200))),
    "a camera's stream": attachment(b64((bytes(4) + b"\x47\x40\0\x10" + b"\xff" * 184) * 5)),
    "a stream": attachment(b64((b"\x47\x40\0\x10" + b"\xff" * 184) * 5)),
}


@pytest.mark.parametrize("name", PASSED)
def test_it_is_known_all_the_same(name: str) -> None:
    body = _written(PASSED[name])
    shown = inline_pictures.withheld(body)
    assert shown != body
    assert inline_pictures.take_out(json.loads(shown)) == []


def test_no_line_of_one_is_left_among_words() -> None:
    picture = JPEG * 10
    body = _written(note(f"Nuotrauka:\n{base64.encodebytes(picture).decode()}\nPavargusi."))
    (kept,) = json.loads(inline_pictures.withheld(body))["note"]
    assert kept["text"].split() == ["Nuotrauka:", "Pavargusi."]


def test_escapes_in_json_hide_nothing() -> None:
    """The keeper is sent bytes: a web process that was broken into need not write JSON as ours does."""
    text = b64(JPEG)
    hidden = "".join(letter if at % 30 else f"\\u{ord(letter):04x}" for at, letter in enumerate(text))
    for words in (hidden, f"foto {hidden}"):
        body = b'{"resourceType":"Observation","note":[{"text":"' + words.encode() + b'"}]}'
        assert json.loads(body)["note"][0]["text"].endswith(text)
        assert inline_pictures.withheld(body) is not body


HONEST: dict[str, dict[str, Any]] = {
    "an ECG": {"resourceType": "Observation", "component": [{"valueSampledData": {
        "origin": {"value": 0}, "period": 2, "dimensions": 1,
        "data": " ".join(str(2048 + at * 37 % 211 - 100) for at in range(5000)) + " E U L"}}]},
    "a PDF behind a mark": attachment(b64(b"\xef\xbb\xbf\n%PDF-1.4\n<svg /> data:image/png;base64,AAAA")),
    "a signature in DER": {"resourceType": "Provenance", "signature": [
        {"sigFormat": "application/pkcs7-signature", "data": b64(b"\x30\x82\x0a\x10\x06\x09" + os.urandom(2000))}]},
    "a signature in JWS": {"resourceType": "Provenance", "signature": [{"sigFormat": "application/jose", "data": b64(
        b".".join(base64.urlsafe_b64encode(one) for one in (b'{"alg":"ES384"}', os.urandom(300), os.urandom(96))))}]},
    "a signature in XML": attachment(b64(
        b"<Signature><X509Certificate>MII" + base64.encodebytes(bytes(range(255)) * 4) + b"</X509Certificate>"
    ), "application/xml"),
    "words without a stop": note("Patient feels well today and has had no pain since the operation of last week"),
    "a sequence": {"resourceType": "MolecularSequence", "coordinateSystem": 0, "observedSeq": "GATTACAG" * 400},
    "a sequence in a file": attachment(b64(b"G" * 2000), "text/plain"),
    "a sum": note("SHA-256 " + "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"),
}  # fmt: skip


@pytest.mark.parametrize("name", HONEST)
def test_what_is_honest_stays_to_the_letter(name: str) -> None:
    body = _written(HONEST[name])
    assert inline_pictures.withheld(body) is body


def test_random_bytes_are_hardly_ever_taken_for_one() -> None:
    assert sum(bool(picture_bytes.in_bytes(os.urandom(400))) for _ in range(3000)) <= 2


def test_a_paper_may_take_the_place_of_another(rig: Rig, clocks: Clocks) -> None:
    """What is deleted in the same request has no body to be looked at."""

    async def deed(asked: Asked) -> None:
        clinic = await Exporting(asked, clocks).open(patients=1)
        (patient,) = clinic.patients
        doctor = await asked.by_passkey(clinic.keys["gydytoja"])
        old = create_of({"resourceType": "DocumentReference", "status": "current", "content": [
            {"attachment": {"contentType": "application/pdf", "data": b64(b"%PDF-1.7\n")}}]}, patient)
        await asked.desk("record.write", session=doctor, changes=[old], reason="visit")
        file, document = os.urandom(16), os.urandom(16)
        paper = [
            create_of({"resourceType": "Binary", "contentType": "image/jpeg", "data": b64(JPEG)}, patient, file),
            create_of({"resourceType": "DocumentReference", "status": "current",
                     "content": [{"attachment": {"url": f"Binary/{file.hex()}"}}]}, patient, document),
            create_of({"resourceType": "Consent", "status": "active",
                     "sourceReference": {"reference": f"DocumentReference/{document.hex()}"}}, patient),
            {**old, "op": "delete", "expect": 1, "body": b""},
        ]
        await asked.desk("record.write", session=doctor, changes=paper, reason="visit")
        assert asked.bodies(patient)[f"DocumentReference/{old['id'].hex()}"][1]

    rig.run(deed)
