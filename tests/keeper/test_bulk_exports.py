"""Bulk exports in the keeper: asked for, allowed by two, made, fetched, over; what is in them and what is not."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest
from export_rig import Exporting
from keeper_rig import Asked, Clocks, Rig
from photo_rig import lines, with_gesture

from seifas.errors import Conflict, Invalid, Missing, OverBudget, Refused
from seifas.keeper.export_book import FETCHED_MS
from seifas.keeper.export_sheets import PIECE, Shapes, Sheets, bare
from seifas.keeper.lines import Action
from seifas.settings import Decoys


@pytest.fixture
def rig(tmp_path: Path, clocks: Clocks) -> Rig:
    return Rig(tmp_path / "vault", demo=False,
               decoys=Decoys(mail_domain="pastas.example", phone_first="37060000100", phone_last="37060000199"))


def test_from_asking_to_the_recipients_own_key(rig: Rig, clocks: Clocks) -> None:
    async def deed(asked: Asked) -> None:
        clinic = await Exporting(asked, clocks).open()
        job = await clinic.ask()
        assert (await clinic.status(job))["state"] == "asked"
        await clinic.allow(job, "adminas")
        assert (await clinic.status(job))["state"] == "asked", "one person's yes makes nothing"
        await clinic.allow(job, "pareigune")
        told = await clinic.made_ready(job)
        assert told["state"] == "done"
        found = await clinic.fetched(job, told)
        families = {one["name"][0]["family"] for one in found["Patient"]}
        assert families >= set(clinic.names)
        decoys = [one for one in found["Patient"] if one["name"][0]["family"] not in clinic.names]
        known = [one for one in asked.keeper.decoys.all() if one.kind == "export"]
        assert {one["id"] for one in decoys} == {one.patient.hex() for one in known}
        assert len(decoys) == 3
        assert {one.label.split()[0] for one in known} == {"export"}
        told_of = {line.pseudonym for line in await lines(asked, Action.EXPORTED) if line.note == "bulk"}
        assert told_of == {asked.keeper.require_unlocked().keyring.pseudonym(one) for one in clinic.patients}
        fetched = [line.note for line in await lines(asked, Action.JOB) if line.note.startswith("export-file")]
        assert len(fetched) == len(told["files"])

    rig.run(deed)


def test_decoys_have_records_like_the_others_and_nobodys_words(rig: Rig, clocks: Clocks) -> None:
    async def deed(asked: Asked) -> None:
        clinic = await Exporting(asked, clocks).open()
        job = await clinic.ask()
        await clinic.allow(job)
        found = await clinic.fetched(job, await clinic.made_ready(job))
        own = {one.hex() for one in clinic.patients}
        of_decoys = [one for one in found["Condition"] if one["subject"]["reference"][8:] not in own]
        assert len(of_decoys) == 3
        for one in of_decoys:
            assert one["code"]["coding"][0]["code"] == "165232002"
            assert "apie" not in json.dumps(one)
            assert one["recordedDate"] != "2026-03-01"

    rig.run(deed)


def test_only_what_was_asked_for(rig: Rig, clocks: Clocks) -> None:
    async def deed(asked: Asked) -> None:
        clinic = await Exporting(asked, clocks).open(patients=6)
        job = await clinic.ask(kind="patient", patients=clinic.patients[:2], types=("Condition",))
        await clinic.allow(job)
        found = await clinic.fetched(job, await clinic.made_ready(job))
        assert set(found) == {"Condition"}
        told = {one["code"].get("text") for one in found["Condition"]}
        assert told >= {f"apie {name}" for name in clinic.names[:2]}
        assert not told & {f"apie {name}" for name in clinic.names[2:]}
        await asked.desk("export.end", session=await clinic.program(), id=job)
        later = await clinic.ask(since_ms=asked.keeper.now().wall_ms)
        await clinic.allow(later)
        found = await clinic.fetched(later, await clinic.made_ready(later))
        assert not {one["name"][0]["family"] for one in found.get("Patient", [])} & set(clinic.names)

    rig.run(deed)


def test_a_group_is_a_worklist(rig: Rig, clocks: Clocks) -> None:
    async def deed(asked: Asked) -> None:
        clinic = await Exporting(asked, clocks).open(patients=4)
        with pytest.raises(Missing):
            await clinic.ask(kind="group", group=b"\7" * 16)
        doctor = await asked.by_passkey(clinic.keys["gydytoja"])
        made = await with_gesture(
            asked, doctor, clinic.keys["gydytoja"], "worklist.make", session=doctor, title="Rudenį",
            patients=clinic.patients[:2],
        )
        job = await clinic.ask(kind="group", group=made["id"])
        await clinic.allow(job)
        found = await clinic.fetched(job, await clinic.made_ready(job))
        families = {one["name"][0]["family"] for one in found["Patient"]}
        assert families >= set(clinic.names[:2])
        assert not families & set(clinic.names[2:])

    rig.run(deed)


def test_the_clinics_budget_of_exports_ends(rig: Rig, clocks: Clocks) -> None:
    async def deed(asked: Asked) -> None:
        clinic = await Exporting(asked, clocks).open(patients=3)
        for _ in range(2):
            job = await clinic.ask()
            with pytest.raises(Conflict):
                await clinic.ask()
            await clinic.allow(job)
            assert (await clinic.made_ready(job))["state"] == "done"
            await asked.desk("export.end", session=await clinic.program(), id=job)
        with pytest.raises(OverBudget):
            await clinic.ask()
        assert asked.alarms("bulk-exports") == 1

    rig.run(deed)


def test_it_is_over_after_a_day_and_leaves_no_object(rig: Rig, clocks: Clocks) -> None:
    async def deed(asked: Asked) -> None:
        clinic = await Exporting(asked, clocks).open(patients=3)
        job = await clinic.ask()
        await clinic.allow(job)
        told = await clinic.made_ready(job)
        objects = asked.keeper.require_unlocked().objects
        assert len(list(objects.ids())) == len(told["files"]) > 0
        clocks.run(FETCHED_MS + 1)
        with pytest.raises(Missing):
            await asked.desk("export.file", session=await clinic.program(), id=job, number=0)
        assert list(objects.ids()) == []
        assert (await clinic.status(job))["state"] == "ended"
        held = asked.keeper.exports.get(job)
        assert held is not None
        assert held.key == b""

    rig.run(deed)


def test_a_restart_while_it_is_made_begins_anew_without_asking_again(rig: Rig, clocks: Clocks) -> None:
    kept: list[Exporting] = []
    ids: list[bytes] = []

    async def ask(asked: Asked) -> None:
        clinic = await Exporting(asked, clocks).open(patients=3)
        ids.append(await clinic.ask())
        await clinic.allow(ids[0])
        await clinic.status(ids[0])
        kept.append(clinic)

    async def again(asked: Asked) -> None:
        kept[0].asked = asked
        told = await kept[0].made_ready(ids[0])
        assert told["state"] == "done"
        assert {one["name"][0]["family"] for one in (await kept[0].fetched(ids[0], told))["Patient"]} >= set(
            kept[0].names
        )

    rig.run(ask)
    rig.run(again)


def test_without_a_key_or_scopes_nothing_is_asked_for(rig: Rig, clocks: Clocks) -> None:
    async def deed(asked: Asked) -> None:
        clinic = await Exporting(asked, clocks).open(patients=1, scopes="system/Observation.rs")
        with pytest.raises(Refused):
            await clinic.ask()
        with pytest.raises(Refused):
            await clinic.ask(types=("Patient",))
        other = await asked.admin("client_add", name="be rakto", per_day=10, scopes="system/*.rs")
        with pytest.raises(Refused, match="recipient"):
            await asked.desk("export.ask", session=await clinic.program(other), kind="system")
        for wrong in (b"", b"x" * 9000, b"AAAA", clinic.private, b"-----BEGIN PUBLIC KEY-----\nx", bytes(range(256))):
            with pytest.raises(Invalid):
                await asked.admin("client_recipient", name="registras", key=wrong)

    rig.run(deed)


def test_files_are_cut_and_pictures_left_out() -> None:
    sheets = Sheets()
    body = json.dumps({"resourceType": "Observation", "text": "x" * 1_000_000}).encode()
    full = [one for _ in range(20) for one in sheets.add("Observation", body)]
    full += sheets.rest()
    assert sum(lines for _, lines, _ in full) == 20
    assert all(len(text) <= PIECE for _, _, text in full)
    media = {"resourceType": "Media", "content": {"contentType": "image/png", "data": "AAAA", "title": "t"}}
    assert json.loads(bare(json.dumps(media).encode())) == {
        "resourceType": "Media",
        "content": {"contentType": "image/png", "title": "t", "_data": {"extension": [{
            "url": "http://hl7.org/fhir/StructureDefinition/data-absent-reason", "valueCode": "masked"}]}},
        "meta": {"tag": [{"system": "http://terminology.hl7.org/CodeSystem/v3-ObservationValue", "code": "SUBSETTED"}]},
    }
    assert b"\n" not in bare(b'{\n "a": 1.50\n}')
    assert b"1.50" in bare(b'{\n "a": 1.50\n}')


def test_shapes_that_few_share_are_not_borrowed() -> None:
    shapes = Shapes()
    for number in range(2):
        shapes.look([json.dumps({"resourceType": "Condition", "code": {"coding": [{"code": f"c{number}"}]}}).encode()])

    assert shapes.records("ab" * 16, date(2026, 11, 22), 0, 1_800_000_000_000) == []
