"""Pictures inside other records: however wrapped, none is taken in, and none that lies there already comes out.

"No unmarked photo leaves" hangs on there being no second place for one: an Attachment, a Binary, a contained resource,
an extension, a note with a data: URL, a document inside a document.
"""

from __future__ import annotations

import gzip
import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from disguised_pictures import DISGUISED, FORMATS, JPEG, KEPT, PNG, SVG, attachment, b64, create_of, note, shows_one
from export_rig import Exporting
from hypothesis import given
from hypothesis import strategies as st
from keeper_rig import Asked, Clocks, Rig
from portal_people import patient as portal_patient
from running_vault import RunningVault, running_vault
from talking import JSON, create, observation, patient

from seifas.cli import importing
from seifas.errors import Refused
from seifas.fhir.app import FhirApp
from seifas.keeper import inline_pictures, picture_bytes
from seifas.keeper.export_sheets import bare


@pytest.fixture
def rig(tmp_path: Path, clocks: Clocks) -> Rig:
    return Rig(tmp_path / "vault", demo=False)


@pytest.mark.parametrize("name", DISGUISED)
def test_it_is_known_however_it_is_wrapped(name: str) -> None:
    body = json.dumps(DISGUISED[name], separators=(",", ":")).encode()
    assert inline_pictures.suspect(body), "what is looked for first must not pass it by"
    for shown in (inline_pictures.withheld(body), bare(body)):
        assert shown != body
        assert inline_pictures.take_out(json.loads(shown)) == [], "nothing is left in it"
        assert not shows_one(shown)
        assert {"code": "SUBSETTED"}.items() <= json.loads(shown)["meta"]["tag"][-1].items()


@pytest.mark.parametrize("name", KEPT)
def test_what_is_no_picture_stays_to_the_letter(name: str) -> None:
    body = json.dumps(KEPT[name], separators=(",", ":")).encode()
    assert inline_pictures.withheld(body) is body


def test_words_around_a_picture_stay() -> None:
    body = json.dumps({**DISGUISED["a note with a picture"], "valueQuantity": {"value": 0}}, separators=(",", ":"))
    shown = inline_pictures.withheld(body.replace('"value":0', '"value":1.50').encode())
    (kept,) = json.loads(shown)["note"]
    assert kept["text"] == "Pavargusi. ![veidas](data:,) Kitas kartas po savaites."
    assert b'"value":1.50' in shown, "numbers stay as they were written"


_NAMES = st.sampled_from(["data", "_data", "url", "text", "div", "contentType", "extension", "meta", "tag"])
_LEAVES = st.none() | st.integers(-(2**53), 2**53) | st.text(max_size=60) | st.sampled_from([b64(JPEG), "data:,"])


@given(st.recursive(
    _LEAVES, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_NAMES, inner, max_size=4), max_leaves=12
))  # fmt: skip
def test_whatever_is_stored_is_told_without_pictures_or_as_it_is(value: Any) -> None:
    body = json.dumps({"resourceType": "Basic", "x": value}, ensure_ascii=False).encode("utf-8", "replace")
    shown = inline_pictures.withheld(body)
    assert shown is body or inline_pictures.take_out(json.loads(shown)) == []
    assert b64(JPEG)[:60].encode() not in shown


@pytest.mark.parametrize("name", FORMATS)
def test_what_was_cut_off_anywhere_raises_nothing(name: str) -> None:
    for length in range(160):
        picture_bytes.in_bytes(FORMATS[name][:length])


@given(st.binary(max_size=300), st.text(max_size=300))
def test_hostile_bytes_raise_nothing(data: bytes, words: str) -> None:
    picture_bytes.in_bytes(data)
    picture_bytes.in_bytes(b"\x1f\x8b\x08" + data)
    picture_bytes.in_base64(words)
    picture_bytes.in_text("data:" + words + ",%ff" + words)


def test_a_packed_flood_ends() -> None:
    flood = gzip.compress(gzip.compress(gzip.compress(bytes(30_000_000), 9), 9), 9)
    assert picture_bytes.in_bytes(flood) == ""


def test_the_searcher_sees_what_is_planted() -> None:
    plain = [name for name, one in DISGUISED.items() if shows_one(json.dumps(one).encode())]
    assert len(plain) >= 12
    assert shows_one(b"x" + JPEG)


def test_nobody_stores_one(rig: Rig, clocks: Clocks) -> None:
    """Neither staff nor a program, alone or among other changes; what is refused names where it stands."""

    async def deed(asked: Asked) -> None:
        clinic = await Exporting(asked, clocks).open(patients=1, scopes="system/*.cruds")
        doctor = await asked.by_passkey(clinic.keys["gydytoja"])
        (patient,) = clinic.patients
        before = asked.bodies(patient)
        for session in (doctor, await clinic.program()):
            for name, body in DISGUISED.items():
                if body["resourceType"] != "Patient":
                    changes = [create_of(note("fine"), patient), create_of(body, patient)]
                    with pytest.raises(Refused, match="darkroom") as caught:
                        await asked.desk("record.write", session=session, changes=changes, reason="visit")
                    assert caught.value.where.startswith(f"{body['resourceType']}."), name
        photo = DISGUISED["a Patient's photo"]["photo"]
        with pytest.raises(Refused, match="darkroom") as caught:
            await asked.change(doctor, "update", "Patient", patient, patient, 1, photo=photo)
        assert caught.value.where == "Patient.photo[0].data"
        assert asked.bodies(patient) == before
        fine = [create_of(body, patient) for body in KEPT.values()]
        await asked.desk("record.write", session=doctor, changes=fine, reason="visit")

    rig.run(deed)


def test_what_lies_there_already_comes_out_of_no_op(rig: Rig, clocks: Clocks) -> None:
    async def deed(asked: Asked) -> None:
        clinic = await Exporting(asked, clocks).open(patients=1, scopes="system/*.cruds system/Media.r")
        doctor = await asked.by_passkey(clinic.keys["gydytoja"])
        ona = await portal_patient(asked, await asked.person("slaugytoja", "doctor"))
        patient = ona.ident
        bodies = [body for body in DISGUISED.values() if body["resourceType"] != "Patient"]
        comes = {"status": "accepted", "actor": {"reference": f"Patient/{patient.hex()}"}}
        bodies.append({
            "resourceType": "Appointment", "status": "booked", "participant": [comes], "comment": b64(JPEG),
        })  # fmt: skip
        changes = [create_of(body, patient) for body in bodies]
        await asked.admin("import", changes=changes)
        vault = asked.keeper.require_unlocked().vault
        stored = [vault.record(vault.head(patient), one).body for one in vault.manifest(vault.head(patient)).values()]
        assert sum(map(shows_one, stored)) >= 10, "they lie there"
        guest = await ona.entered()
        whose: dict[str, Any] = {"patient": patient, "reason": "visit"}
        for token in (doctor, await clinic.program()):
            for change in changes:
                which = {"session": token, "type": change["type"], "id": change["id"], "reason": "visit"}
                for answer in (
                    await asked.desk("record.read", **which), await asked.desk("record.read", **which, version=1),
                    await asked.desk("record.history", **which),
                ):
                    assert not shows_one(_flat(answer))
            for op in ("record.list", "record.photos", "record.appointments"):
                assert not shows_one(_flat(await asked.desk(op, session=token, **whose))), op
        for op in ("record.chart", "photo.list"):
            assert not shows_one(_flat(await asked.desk(op, session=doctor, **whose))), op
        for change in changes:
            told = await asked.desk("record.versions", session=doctor, type=change["type"], id=change["id"], reason="v")
            assert not shows_one(_flat(told))
            if change["type"] == "Binary":
                told = await asked.op("portal", "portal.document", session=guest, id=change["id"])
                assert not shows_one(_flat(told))
        assert not shows_one(_flat(await asked.op("portal", "portal.record", session=guest)))
        for form in ("fhir", "pdf"):
            assert not shows_one(_flat(await asked.op("portal", "portal.export", session=guest, form=form)))

    rig.run(deed)


def _flat(answer: Any) -> bytes:
    if isinstance(answer, bytes):
        return answer
    if isinstance(answer, dict):
        return b"\n".join(map(_flat, answer.values()))
    return b"\n".join(map(_flat, answer)) if isinstance(answer, list) else b""


def _paper(patient: bytes, data: bytes, **more: Any) -> list[dict[str, Any]]:
    """A scan with its document and its consent, as the desk stores them."""
    file, document = os.urandom(16), os.urandom(16)
    return [
        create_of({"resourceType": "Binary", "contentType": "image/jpeg", "data": b64(data), **more}, patient, file),
        create_of({"resourceType": "DocumentReference", "status": "current",
                 "content": [{"attachment": {"url": f"Binary/{file.hex()}"}}]}, patient, document),
        create_of({"resourceType": "Consent", "status": "active",
                 "sourceReference": {"reference": f"DocumentReference/{document.hex()}"}}, patient),
    ]  # fmt: skip


def test_only_the_scan_of_a_paper_is_a_document_and_only_to_people(rig: Rig, clocks: Clocks) -> None:
    async def deed(asked: Asked) -> None:
        clinic = await Exporting(asked, clocks).open(patients=1, scopes="system/*.cruds")
        doctor = await asked.by_passkey(clinic.keys["gydytoja"])
        ona = await portal_patient(asked, await asked.person("slaugytoja", "doctor"))
        patient, guest = ona.ident, await ona.entered()
        whole = _paper(patient, JPEG)

        async def write(session: str, changes: list[dict[str, Any]]) -> None:
            await asked.desk("record.write", session=session, changes=changes, reason="visit")

        for session, changes in (
            (doctor, whole[:1]), (doctor, whole[:2]), (doctor, [whole[0], whole[2]]), (await clinic.program(), whole),
            (doctor, _paper(patient, SVG)), (doctor, _paper(patient, FORMATS["heic"])),
            (doctor, _paper(patient, JPEG, extension=[{"url": "urn:x", "valueString": b64(PNG)}])),
            (doctor, [*whole, create_of(DISGUISED["a Binary"], patient)]),
        ):  # fmt: skip
            with pytest.raises(Refused, match="darkroom"):
                await write(session, changes)
        await write(doctor, whole[1:])
        with pytest.raises(Refused, match="darkroom"):
            await write(doctor, whole[:1])  # what it hangs on has to come with it
        whole = _paper(patient, JPEG)
        await write(doctor, whole)
        ident = whole[0]["id"]
        which = {"type": "Binary", "id": ident, "reason": "visit"}
        assert shows_one(_flat(await asked.desk("record.read", session=doctor, **which)))
        assert shows_one(_flat(await asked.op("portal", "portal.document", session=guest, id=ident)))
        assert shows_one(_flat(await asked.op("portal", "portal.export", session=guest, form="fhir")))
        program = await clinic.program()
        assert not shows_one(_flat(await asked.desk("record.read", session=program, **which)))
        for session in (doctor, program):
            listed = await asked.desk("record.list", session=session, patient=patient, reason="visit")
            assert not shows_one(_flat(listed))
        change = {**create_of(DISGUISED["a Binary"], patient, ident), "op": "update", "expect": 1}
        with pytest.raises(Refused, match="darkroom"):
            await write(doctor, [change])

    rig.run(deed)


@pytest.fixture(scope="module")
def vault(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningVault]:
    with running_vault(tmp_path_factory.mktemp("vault"), FhirApp, lambda c, s: _nothing) as running:
        running.account("gydytoja", "doctor")
        yield running


@pytest.fixture(scope="module")
def doctor(vault: RunningVault) -> Iterator[httpx.Client]:
    with vault.fhir(vault.sign_in("gydytoja"), **{"Seifas-Reason": "visit"}) as client:
        yield client


async def _nothing(scope: Any, receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b""})


def _issues(answer: httpx.Response) -> tuple[int, str]:
    issue = answer.json()["issue"][0]
    return answer.status_code, issue.get("expression", [""])[0]


def test_no_way_of_rest_takes_one(doctor: httpx.Client) -> None:
    ona = create(doctor, patient())["id"]
    whose = {"reference": f"Patient/{ona}"}
    raw = {"Content-Type": "application/octet-stream", "X-Security-Context": f"Patient/{ona}"}
    assert _issues(doctor.post("Binary", content=JPEG, headers=raw))[0] == 403
    assert _issues(doctor.post("Binary", content=SVG, headers={**raw, "Content-Type": "text/plain"}))[0] == 403
    assert doctor.post("Binary", content=b"%PDF-1.7\n", headers={**raw, "Content-Type": "application/pdf"}).is_success
    document = {**DISGUISED["a document that is png"], "subject": whose}
    sent = doctor.post("DocumentReference", content=json.dumps(document), headers=JSON)
    assert _issues(sent) == (403, "DocumentReference.content[0].attachment.data")
    seen = create(doctor, observation(ona))
    changed = json.dumps({**seen, "note": [{"text": b64(JPEG)}]})
    assert _issues(doctor.put(f"Observation/{seen['id']}", content=changed, headers=JSON))[0] == 403
    entry = {"resource": document, "request": {"method": "POST", "url": "DocumentReference"}}
    for kind, look in (("transaction", _refused), ("batch", _refused_within)):
        bundle = {"resourceType": "Bundle", "type": kind, "entry": [entry]}
        look(doctor.post("", content=json.dumps(bundle), headers=JSON))
    assert doctor.get(f"DocumentReference?patient={ona}").json()["total"] == 0


def test_no_way_of_rest_gives_one_out(doctor: httpx.Client, vault: RunningVault) -> None:
    """What an older version stored, and a search over it."""
    ona = create(doctor, patient("Senoji"))["id"]
    names = ("a Binary", "a Media", "a document that is png")
    changes = [create_of(DISGUISED[name], bytes.fromhex(ona)) for name in names]
    vault.admin("admin.import", changes=changes)
    binary = f"Binary/{changes[0]['id'].hex()}"
    for accept in ("image/jpeg", "application/octet-stream", "application/pdf"):
        answer = doctor.get(binary, headers={"Accept": accept})
        assert answer.status_code == 403
        assert not shows_one(answer.content)
    read = doctor.get(binary).json()
    assert read["_data"]["extension"][0]["valueCode"] == "masked"
    back = doctor.put(binary, content=json.dumps(read), headers=JSON)
    assert back.status_code == 400
    assert "SUBSETTED" in back.text, "what was held back is not lost by writing the rest"
    reads = [binary, f"{binary}/_history", f"{binary}/_history/1", f"Media?patient={ona}", f"Patient/{ona}/$everything",
             f"DocumentReference?patient={ona}&_summary=data", f"Media?patient={ona}&_elements=content"]
    for path in reads:
        answer = doctor.get(path)
        assert answer.status_code == 200, path
        assert not shows_one(answer.content), path
    entry = [{"request": {"method": "GET", "url": binary}}]
    for kind in ("batch", "transaction"):
        answer = doctor.post("", json={"resourceType": "Bundle", "type": kind, "entry": entry}, headers=JSON)
        assert "masked" in answer.text
        assert not shows_one(answer.content)


def _refused(answer: httpx.Response) -> None:
    assert answer.status_code == 403
    assert "darkroom" in answer.text


def _refused_within(answer: httpx.Response) -> None:
    (entry,) = answer.json()["entry"]
    assert entry["response"]["status"].startswith("403")


def _imported(body: dict[str, Any]) -> tuple[bytes, list[str]]:
    planned, left_out = importing._plan(json.dumps(body).encode(), lambda: os.urandom(16).hex())
    return b"\n".join(one.body for one in planned.changes), left_out


def test_an_import_leaves_them_out_and_names_them() -> None:
    urn = "urn:uuid:00000001-0000-4000-8000-000000000000"
    large = b64(JPEG + bytes(6_000_000))
    entries: list[dict[str, Any]] = [
        {"fullUrl": urn, "resource": {**patient(), "photo": [{"contentType": "image/jpeg", "data": large}]}},
        {"resource": {**DISGUISED["a clinical document"], "subject": {"reference": urn}}},
        {"resource": {**KEPT["a PDF"], "subject": {"reference": urn}}},
    ]
    stored, left_out = _imported({"resourceType": "Bundle", "type": "collection", "entry": entries})
    assert left_out == [
        "Bundle.entry[0].resource.photo[0].data", "Bundle.entry[1].resource.content[0].attachment.data",
    ]
    assert not shows_one(stored)
    assert b"masked" in stored
    assert b64(b"%PDF-1.7\n").encode() in stored
    assert b"SUBSETTED" not in stored, "what was never stored is not withheld: the record may be changed"
    stored, left_out = _imported({**patient(), "photo": [{"contentType": "image/png", "data": b64(PNG)}]})
    assert left_out == ["Patient.photo[0].data"]
    assert not shows_one(stored)


@pytest.mark.parametrize("op", [str.upper, str.lower], ids=["upper", "lower"])
def test_the_case_of_a_media_type_is_no_disguise(op: Callable[[str], str]) -> None:
    body = json.dumps(attachment("AAAA", op("image/jpeg"))).encode()
    assert b'"AAAA"' not in inline_pictures.withheld(body)
