"""Ways to a photo through FHIR: none gives the original, none gives it unmarked, none without its line."""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from export_rig import Exporting
from keeper_rig import Asked, Clocks, Rig
from photo_rig import lines, take

from seifas.darkroom.imaging import jpeg
from seifas.demo.made import day_of
from seifas.demo.photographs import chosen
from seifas.drill.photo_truth import PhotoTruth
from seifas.drill.stage import Stage
from seifas.errors import Invalid, Missing, Refused
from seifas.keeper.lines import Action

_JPEG = b"\xff\xd8\xff"


@pytest.fixture
def rig(tmp_path: Path, clocks: Clocks) -> Rig:
    return Rig(tmp_path / "vault", demo=False)


@pytest.mark.slow
def test_what_fhir_shows_of_a_photo_is_marked_and_logged(make_stage: Callable[[], Stage]) -> None:
    stage = make_stage()
    patient = next(iter(chosen(1, 300, day_of(stage.data))))
    known = PhotoTruth(stage.data)
    photo = known.photos_of(patient)[0]
    original = known.original(photo)
    known.close()
    stage.start()
    doctor, program = stage.sign_in("doctor1"), stage.program(50, "system/*.rs system/Media.r")
    plain = stage.program(50, "system/*.rs")
    reception = stage.sign_in("reception1")
    shown = []
    listed = doctor.read(f"/fhir/DocumentReference?patient={patient.hex()}", reason="visit").json
    document = next(
        one["resource"] for one in listed["entry"] if one["resource"]["id"] == photo.hex()
    )
    assert document["context"]["related"] == [{"reference": f"Media/{photo.hex()}"}]
    assert program.read(f"/fhir/DocumentReference/{photo.hex()}").json["content"] == document["content"]
    for one in document["content"]:
        path = f"/fhir/{one['attachment']['url']}"
        answer = program.read(path)
        assert answer.status == 200, answer.body[:300]
        binary = answer.json
        assert binary["securityContext"] == {"reference": f"Patient/{patient.hex()}"}
        assert binary["contentType"] == "image/jpeg"
        shown.append((one["attachment"]["title"], base64.b64decode(binary["data"])))
        raw = doctor.ask("GET", path, headers={"Accept": "image/jpeg", "Seifas-Reason": "visit"})
        assert raw.status == 200
        assert raw.headers["content-type"] == "image/jpeg"
        assert raw.headers["content-disposition"] == "attachment"
        assert "sandbox" in raw.headers["content-security-policy"]
        shown.append((one["attachment"]["title"], raw.body))
        assert plain.read(path).status == 403, "a star of scopes names no pictures"
        assert reception.read(path, reason="visit").status == 403
        assert program.ask("HEAD", path).status == 405
        assert stage.browser().read(path).status == 401
    for path in (
        f"/fhir/Binary/{photo.hex()}", f"/fhir/Binary/{photo.hex()}-original", f"/fhir/Binary/{photo.hex()}-blur",
        f"/fhir/Binary/{os.urandom(16).hex()}-screen", f"/fhir/Binary/{photo.hex()}-screen/_history/9",
        f"/fhir/Photo/{photo.hex()}", f"/fhir/Binary/{patient.hex()}-full",
    ):
        answer = program.read(path)
        assert answer.status == 404, path
        assert _JPEG not in answer.body
    everything = program.read(f"/fhir/Patient/{patient.hex()}/$everything")
    assert base64.b64encode(_JPEG)[:4] not in everything.body
    stage.stop()
    known = PhotoTruth(stage.data)
    try:
        views = {line.objects[-1] for line in known.shown if photo in line.objects}
        found = set()
        for title, picture in shown:
            assert picture != original
            height, width = jpeg.decoded(picture).shape[:2]
            if title == "thumb" and max(height, width) < 400:
                continue
            view, sure = known.view_in(photo, picture)
            assert view in views, (title, sure)
            found.add(view)
        assert len(found) >= 4, "each view bears a mark of its own"
    finally:
        known.close()


def test_a_program_stores_no_picture_of_its_own(rig: Rig, clocks: Clocks) -> None:
    async def deed(asked: Asked) -> None:
        clinic = await Exporting(asked, clocks).open(patients=1, scopes="system/*.cruds")
        patient = clinic.patients[0]
        data = base64.b64encode(_JPEG + bytes(40)).decode()
        context = {"securityContext": {"reference": f"Patient/{patient.hex()}"}}
        subject = {"subject": {"reference": f"Patient/{patient.hex()}"}, "status": "completed"}
        for body in (
            {"resourceType": "Binary", "contentType": "image/jpeg", "data": data, **context},
            {"resourceType": "Binary", "contentType": " Image/PNG", "data": "AAAA", **context},
            {"resourceType": "Binary", "contentType": "application/pdf", "data": data, **context},
            {"resourceType": "Media", "content": {"contentType": "image/jpeg", "data": data}, **subject},
            {"resourceType": "Media", "content": {"data": data}, **subject},
            {"resourceType": "DocumentReference", **subject,
             "content": [{"attachment": {"contentType": "video/mp4", "data": "AA"}}]},
        ):
            with pytest.raises(Refused, match="darkroom"):
                await _write(clinic, "create", os.urandom(16), body)
        fine = {"resourceType": "Binary", "contentType": "application/pdf", "data": "JVBERi0=", **context}
        await _write(clinic, "create", os.urandom(16), fine)

    rig.run(deed)


def test_a_program_gives_no_photo_free(rig: Rig, clocks: Clocks) -> None:
    """A Consent that a program writes publishes nothing; that one was withdrawn it may pass on, once and for all."""

    async def deed(asked: Asked) -> None:
        clinic = await Exporting(asked, clocks).open(patients=1, scopes="system/*.cruds")
        patient = clinic.patients[0]
        photo = {"data": [{"meaning": "instance", "reference": {"reference": f"Media/{'ab' * 16}"}}]}
        use = {"code": [{"coding": [{"code": "publication"}]}]}
        plain = {"resourceType": "Consent", "status": "active", "patient": {"reference": f"Patient/{patient.hex()}"}}
        for provision in (photo, use, {"provision": [{"provision": [photo]}]}, {"provision": [use]}, {**photo, **use}):
            with pytest.raises(Refused, match="withdrawn"):
                await _write(clinic, "create", os.urandom(16), {**plain, "provision": {"type": "permit", **provision}})
        own = os.urandom(16)
        await _write(clinic, "create", own, plain)
        with pytest.raises(Refused, match="withdrawn"):
            await _write(clinic, "update", own, {**plain, "provision": {"type": "permit", **use}}, expect=1)
        with pytest.raises(Refused, match="deletes no consent"):
            await _write(clinic, "delete", own, {}, expect=1)
        doctor = await asked.by_passkey(clinic.keys["gydytoja"])
        signed = os.urandom(16)
        body = {**plain, "provision": {"type": "permit", **use, **photo}}
        await _written(asked, doctor, "create", signed, patient, body, 0)
        with pytest.raises(Refused, match="withdrawn"):
            await _write(clinic, "update", signed, {**plain, "status": "active"}, expect=1)
        await _write(clinic, "update", signed, {**body, "status": "inactive"}, expect=1)

    rig.run(deed)


def test_pictures_are_behind_the_same_door_as_the_chart(rig: Rig, clocks: Clocks) -> None:
    async def deed(asked: Asked) -> None:
        clinic = await Exporting(asked, clocks).open(patients=2, scopes="system/*.rs system/Media.r")
        doctor = await asked.by_passkey(clinic.keys["gydytoja"])
        photo = await take(asked, doctor, clinic.patients[0])
        token = await clinic.program()
        for rendition in ("original", "blur", "", "FULL"):
            with pytest.raises(Invalid):
                await asked.desk("record.picture", session=token, photo=photo, rendition=rendition)
        for wrong in (b"", os.urandom(16), clinic.patients[0], photo + b"x"):
            with pytest.raises(Missing):
                await asked.desk("record.picture", session=token, photo=wrong, rendition="screen")
            with pytest.raises(Missing):
                await asked.desk("record.photo", session=token, photo=wrong)
        told = await asked.desk("record.picture", session=token, photo=photo, rendition="screen")
        assert (await lines(asked, Action.PHOTO_SHOWN))[-1].objects[0] == photo
        with pytest.raises(Missing):
            await asked.op("darkroom", "darkroom.ticket", ticket=told["ticket"], peer="portal")
        officer = await asked.by_passkey(clinic.keys["pareigune"])
        with pytest.raises(Refused):
            await asked.desk("record.picture", session=officer, photo=photo, rendition="screen")
        assert asked.keeper is not None
        await asked.admin("client_disable", name="registras")
        with pytest.raises(Exception, match="Sign in"):
            await asked.desk("record.picture", session=token, photo=photo, rendition="screen")

    rig.run(deed)


async def _write(
    clinic: Exporting, op: str, ident: bytes, body: dict[str, Any], *, expect: int = 0
) -> None:
    await _written(clinic.asked, await clinic.program(), op, ident, clinic.patients[0], body, expect)


async def _written(
    asked: Asked, session: str, op: str, ident: bytes, patient: bytes, body: dict[str, Any], expect: int
) -> None:
    kind = body.get("resourceType", "Consent")
    raw = b"" if op == "delete" else json.dumps({**body, "id": ident.hex()}).encode()
    change = {"op": op, "type": kind, "id": ident, "patient": patient, "expect": expect, "body": raw}
    await asked.desk("record.write", session=session, changes=[change], reason="visit")
