"""Ways round the jobs and made types of FHIR: each was open once."""

from __future__ import annotations

import asyncio
import base64
import json
import os
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
from export_rig import DAY, Exporting
from keeper_rig import Asked, Clocks, Rig
from photo_rig import lines, take

from seifas.errors import Missing, OverBudget, Refused
from seifas.fhir.batches import run as run_batch
from seifas.fhir.derived import Session
from seifas.fhir.exchange import Exchange
from seifas.fhir.including import MOST, inclusions_of
from seifas.fhir.inside import Inside
from seifas.fhir.outcomes import NotSupported
from seifas.keeper import exporting
from seifas.keeper.export_sheets import Shapes, bare
from seifas.keeper.identity import machine
from seifas.keeper.lines import Action
from seifas.settings import Decoys


@pytest.fixture
def rig(tmp_path: Path, clocks: Clocks) -> Rig:
    return Rig(tmp_path / "vault", demo=False,
               decoys=Decoys(mail_domain="pastas.example", phone_first="37060000100", phone_last="37060000199"))


@pytest.mark.parametrize("state", ["asked", "allowed", "running"])
def test_a_stop_while_another_step_is_written(
    rig: Rig, clocks: Clocks, monkeypatch: pytest.MonkeyPatch, state: str
) -> None:
    """Of the two people's yes, of the beginning, of the end."""

    async def deed(asked: Asked) -> None:
        clinic = await Exporting(asked, clocks).open(patients=2)
        job = await clinic.ask()
        await clinic.allow(job)
        if state == "allowed":
            await exporting.sweep(asked.keeper)
        officer, keeper = await asked.by_passkey(clinic.keys["pareigune"]), asked.keeper
        plain, program = keeper.commit, await clinic.program()
        stops: list[asyncio.Task[Any]] = []

        async def commit(leaves: Any, *args: Any, **more: Any) -> Any:
            puts = args[0] if args else ()
            if puts and not stops and len(list(leaves)) == 1 and due():
                stops.append(asyncio.create_task(asked.desk("export.stop", session=officer, id=job)))
                await asyncio.sleep(0.05)
            return await plain(leaves, *args, **more)

        def due() -> bool:
            held = keeper.exports.get(job)
            if state != "running":
                return held is not None and held.state in (state, "running")
            return held is not None and held.state == state and bool(keeper.exports.underway)

        monkeypatch.setattr(keeper, "commit", commit)
        await asked.desk("export.status", session=program, id=job)
        await asyncio.gather(*stops)
        while keeper.exports.busy:
            await asyncio.sleep(0.005)
        assert stops, "the stop has to come while the job ends"
        await asyncio.gather(*stops)
        held = keeper.exports.get(job)
        assert held is not None
        assert (held.state, held.files) == ("ended", ())

    rig.run(deed)


def test_a_yes_that_nobody_used_for_a_week_is_none(rig: Rig, clocks: Clocks) -> None:
    """Allowed for the patients of that day: a program does not keep it until there are more."""

    async def deed(asked: Asked) -> None:
        clinic = await Exporting(asked, clocks).open(patients=2)
        job = await clinic.ask()
        await clinic.allow(job)
        await exporting.sweep(asked.keeper)
        held = asked.keeper.exports.get(job)
        assert held is not None
        assert held.state == "allowed"
        clocks.run(8 * DAY)
        assert (await clinic.status(job))["state"] == "ended"
        held = asked.keeper.exports.get(job)
        assert held is not None
        assert held.begun_ms == 0
        again = await clinic.ask()
        await clinic.allow(again)
        await exporting.sweep(asked.keeper)
        clocks.run(8 * DAY)
        await exporting.sweep(asked.keeper)
        held = asked.keeper.exports.get(again)
        assert held is not None
        assert held.state == "ended", "nor does it wait for the program to come"

    rig.run(deed)


@pytest.mark.parametrize("state", ["asked", "allowed", "done"])
def test_a_program_that_was_shut_finds_nothing_when_it_is_opened_again(rig: Rig, clocks: Clocks, state: str) -> None:
    async def deed(asked: Asked) -> None:
        clinic = await Exporting(asked, clocks).open(patients=1)
        job = await clinic.ask()
        if state != "asked":
            await clinic.allow(job)
        if state == "done":
            assert (await clinic.made_ready(job))["state"] == "done"
        shut = machine.set_disabled(asked.keeper.clients, clinic.made["client_id"], True)
        await exporting.sweep(asked.keeper)
        held = asked.keeper.exports.get(job)
        assert held is not None
        assert (held.state, held.key, held.files) == ("ended", b"", ())
        machine.set_disabled(asked.keeper.clients, shut.id, False)
        assert (await clinic.status(job))["state"] == "ended"

    rig.run(deed)


def test_a_program_does_not_wear_people_out_by_asking(rig: Rig, clocks: Clocks) -> None:
    async def deed(asked: Asked) -> None:
        clinic = await Exporting(asked, clocks).open(patients=1)
        before = len(asked.keeper.approvals)
        for _ in range(exporting.MOST_ASKED):
            job = await clinic.ask()
            await asked.desk("export.end", session=await clinic.program(), id=job)
        with pytest.raises(OverBudget):
            await clinic.ask()
        assert len(asked.keeper.approvals) - before == exporting.MOST_ASKED
        stopped = [one for one in await lines(asked, Action.JOB) if one.note == "export-asked-often"]
        assert len(stopped) == 1
        clocks.run(DAY + 1)
        await clinic.ask()

    rig.run(deed)


def test_a_decoy_is_not_told_by_when_it_was_stored_or_how_its_dates_are_written() -> None:
    shapes, start = Shapes(), 1_700_000_000_000
    for number in range(5):
        body = {
            "resourceType": "Encounter", "status": "finished", "class": {"code": "AMB"},
            "period": {"start": f"2024-05-0{number + 1}T09:1{number}:37+03:00",
                       "end": f"2024-05-0{number + 1}T09:4{number}:37+03:00"},
        }
        shapes.look([json.dumps(body).encode()], [start + number * 1000])
    seconds = set()
    for _ in range(30):
        ((kind, _, text),) = shapes.records("ab" * 16, date(2026, 11, 22), 0, start + 10**10)
        made = json.loads(text)
        assert kind == "Encounter"
        assert made["period"]["start"].endswith("+03:00")
        assert made["period"]["end"].endswith("+03:00")
        seconds.add(made["period"]["start"][17:19])
        stored = datetime.fromisoformat(made["meta"]["lastUpdated"].replace("Z", "+00:00")).timestamp() * 1000
        assert start <= stored <= start + 4000, "all others were stored in those seconds"
    assert len(seconds) > 5


_PNG = base64.b64encode(b"\x89PNG\r\n\x1a\n" + bytes(60)).decode()
_HEIC = base64.b64encode(b"\x00\x00\x00\x18ftypheic" + bytes(60)).decode()
_JPEG = base64.b64encode(b"\xff\xd8\xff\xe0" + bytes(60)).decode()
PICTURED: tuple[dict[str, Any], ...] = (
    {"resourceType": "Patient", "photo": [{"contentType": "image/jpeg", "data": "AAAA"}]},
    {"resourceType": "Patient", "photo": [{"contentType": " IMAGE/JPEG", "data": "AAAA"}]},
    {"resourceType": "Patient", "photo": [{"data": _JPEG}]},
    {"resourceType": "Observation", "contained": [{"resourceType": "Binary", "contentType": "text/plain",
                                                   "data": f"\n{_PNG[:3]}\n{_PNG[3:]}"}]},
    {"resourceType": "DiagnosticReport", "presentedForm": [{"contentType": "application/octet-stream", "data": _HEIC}]},
)


@pytest.mark.parametrize("resource", PICTURED, ids=lambda one: str(one["resourceType"]))
def test_no_picture_under_another_name_leaves_in_an_export(resource: dict[str, Any]) -> None:
    assert b'"data"' not in bare(json.dumps(resource, separators=(",", ":")).encode())


def test_what_is_no_picture_stays_to_the_letter() -> None:
    for body in (
        b'{"resourceType":"Observation","valueSampledData":{"data":"1.50 2 E","dimensions":1}}',
        b'{"resourceType":"DiagnosticReport","presentedForm":[{"contentType":"text/plain","data":"Qk1JIDIy"}]}',
    ):
        assert bare(body) == body


def test_a_program_hides_no_picture_in_another_resource(rig: Rig, clocks: Clocks) -> None:
    """What is stored so would be read again as it came, unmarked."""

    async def deed(asked: Asked) -> None:
        clinic = await Exporting(asked, clocks).open(patients=1, scopes="system/*.cruds")
        program, patient = await clinic.program(), clinic.patients[0]
        for resource in PICTURED[1:]:
            fields = {name: value for name, value in resource.items() if name != "resourceType"}
            kind = "Observation" if resource["resourceType"] == "Patient" else resource["resourceType"]
            with pytest.raises(Refused):
                await asked.create(program, kind, patient, **fields)
        await asked.create(program, "DiagnosticReport", patient, status="final", code={"text": "x"},
                           presentedForm=[{"contentType": "text/plain", "data": "Qk1JIDIy"}])

    rig.run(deed)


def test_a_photo_that_is_forbidden_looks_like_one_that_never_was(rig: Rig, clocks: Clocks) -> None:
    async def deed(asked: Asked) -> None:
        clinic = await Exporting(asked, clocks).open(patients=1, scopes="system/Patient.rs system/Condition.rs")
        doctor = await asked.by_passkey(clinic.keys["gydytoja"])
        photo = await take(asked, doctor, clinic.patients[0])
        for op, more in (("record.picture", {"rendition": "screen"}), ("record.photo", {})):
            told = []
            for ident in (photo, os.urandom(16)):
                with pytest.raises((Missing, Refused)) as caught:
                    await asked.desk(op, session=await clinic.program(), photo=ident, **more)
                told.append((type(caught.value), caught.value.message, caught.value.where))
            assert told[0] == told[1], op

    rig.run(deed)


def test_why_somebody_comes_is_no_part_of_the_card(rig: Rig, clocks: Clocks) -> None:
    """An appointment that an import brought may say a diagnosis: it is opened and charged as the chart."""

    async def deed(asked: Asked) -> None:
        clinic = await Exporting(asked, clocks).open(patients=1, scopes="system/*.rs")
        patient = clinic.patients[0]
        doctor = await asked.by_passkey(clinic.keys["gydytoja"])
        ident = os.urandom(16)
        body = {"resourceType": "Appointment", "id": ident.hex(), "status": "booked",
                "reasonCode": [{"text": "melanoma"}],
                "participant": [{"actor": {"reference": f"Patient/{patient.hex()}"}, "status": "accepted"}]}
        await asked.desk("record.write", session=doctor, changes=[
            {"op": "create", "type": "Appointment", "id": ident, "patient": patient, "expect": 0,
             "body": json.dumps(body).encode()},
        ])
        await asked.account("registratore", "reception")
        desk = await asked.by_passkey(await asked.enrol("registratore"))
        assert await asked.desk("record.appointments", session=desk, patient=patient, reason="skambina") == []
        with pytest.raises(Missing):
            await asked.desk("record.appointment", session=desk, id=ident, reason="skambina")
        program = await clinic.program()
        (shown,) = await asked.desk("record.appointments", session=program, patient=patient)
        assert b"melanoma" in shown["body"]
        opened = [one for one in await lines(asked, Action.OPEN_CHART) if one.note == "appointments"]
        assert len(opened) == 1

    rig.run(deed)


def test_one_search_asks_for_few_inclusions() -> None:
    same = [("_revinclude", "Condition:encounter")] * 50
    assert len(inclusions_of("Encounter", same)) == 1
    kinds = [("_revinclude", f"{kind}:encounter") for kind in (
        "Condition", "Procedure", "Observation", "DiagnosticReport", "ServiceRequest", "Composition", "ImagingStudy",
        "ClinicalImpression", "CommunicationRequest", "DeviceRequest", "Flag", "MedicationRequest", "NutritionOrder",
        "QuestionnaireResponse", "RiskAssessment", "VisionPrescription", "Media", "List", "Communication",
        "CarePlan", "CareTeam",
    )]  # fmt: skip
    with pytest.raises(NotSupported):
        inclusions_of("Encounter", kinds)
    assert len(inclusions_of("Encounter", kinds[:MOST])) == MOST


@pytest.mark.parametrize("name", ["identifier", "birthdate", "birthdate:missing", "name", "phone"])
def test_no_link_repeats_a_personal_code_or_birth_date(name: str) -> None:
    class Held:
        async def call(self, op: str, **_: Any) -> Any:
            return []

    session = Session("t", "")
    pairs = [("_id", "ab" * 16), (name, "true" if ":" in name else "1979-01-02"), ("active", "true")]
    body = asyncio.run(Inside(Held(), "https://x.example/fhir").search(  # type: ignore[arg-type]
        session, "RelatedPerson", b"\xab" * 16, pairs))
    assert b"1979" not in body
    assert b"active=true" in body


@pytest.mark.parametrize("url", [
    "%24export", "Patient/%24export", "%24export-status/" + "0" * 32, "%24export-file/" + "0" * 32 + "/0",
    "%2524export", "Group/" + "0" * 32 + "/%24%65xport",
])  # fmt: skip
def test_a_batch_reaches_no_job_by_another_spelling(url: str) -> None:
    served: list[str] = []

    async def serve(exchange: Exchange) -> None:
        served.append(exchange.path)

    async def nothing(*_: Any) -> Any:
        raise AssertionError("nothing is sent or received")

    outer = Exchange({"type": "http", "method": "POST", "path": "/fhir", "headers": [], "query_string": b""},
                     nothing, nothing)
    bundle = {"resourceType": "Bundle", "type": "batch", "entry": [{"request": {"method": "GET", "url": url}}]}
    asyncio.run(run_batch(outer, bundle, "https://x.example/fhir", serve, most_bytes=1000))
    assert not any("$" in path for path in served)
