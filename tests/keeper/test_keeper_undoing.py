"""An officer undoes what one account changed: everything it touched, nothing of others, however it was hidden."""

from __future__ import annotations

import asyncio
import json
import os
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from keeper_rig import Asked, Rig

from seifas.errors import Missing
from seifas.keeper.log_reading import lines_back
from seifas.keeper.model import CLINIC


@pytest.fixture
def rig(tmp_path: Path) -> Rig:
    return Rig(tmp_path / "vault")


async def _since(asked: Asked) -> int:
    """A moment between what was and what comes, on the clock that lines are dated by."""
    await asyncio.sleep(0.01)
    now = asked.keeper.now().wall_ms
    await asyncio.sleep(0.01)
    return now


async def _undo(asked: Asked, officer: str, account: str, since: int) -> dict[str, Any]:
    done: dict[str, Any] = await asked.desk("change.undo", session=officer, account=account, since_ms=since)
    return done


def test_a_thousand_versions_are_undone_at_once(rig: Rig, whole: bool) -> None:
    versions = 1000 if whole else 250

    async def deed(asked: Asked) -> None:
        doctor, officer = await asked.person("gydytoja", "doctor"), await asked.person("pareigune", "officer")
        patient = await asked.create(doctor, "Patient", name=[{"family": "Petrauskas"}])
        found = await asked.create(doctor, "Observation", patient, status="final", code={"text": "x"})
        before = asked.bodies(patient)
        vandal = await asked.person("vandalas", "doctor")
        since = await _since(asked)
        for version in range(1, versions + 1):
            await asked.change(vandal, "update", "Observation", found, patient, version, status="final",
                               code={"text": f"niekai {version}"})
        started = time.process_time()
        assert await _undo(asked, officer, "vandalas", since) == {"restored": 1, "changed_since_by_others": 0}
        assert time.process_time() - started < versions / 500, "the keeper stands still while versions are walked"
        after = asked.bodies(patient)
        assert {name: body for name, (_, _, body) in after.items()} == {
            name: body for name, (_, _, body) in before.items()
        }
        assert after[f"Observation/{found.hex()}"][0] == versions + 2

    rig.run(deed)


def test_deleted_overwritten_and_added_are_put_right_and_colleagues_work_stays(rig: Rig) -> None:
    async def deed(asked: Asked) -> None:
        doctor, officer = await asked.person("gydytoja", "doctor"), await asked.person("pareigune", "officer")
        patient = await asked.create(doctor, "Patient", name=[{"family": "Petrauskas"}], birthDate="1970-01-01")
        kept = [await asked.create(doctor, "Observation", patient, status="final", code={"text": str(n)})
                for n in range(4)]
        before = asked.bodies(patient)
        vandal = await asked.person("vandalas", "doctor")
        since = await _since(asked)
        await asked.change(vandal, "update", "Patient", patient, patient, 1, name=[{"family": "Xxx"}])
        await asked.change(vandal, "delete", "Observation", kept[0], patient, 1)
        await asked.change(vandal, "update", "Observation", kept[1], patient, 1, status="final", code={"text": "y"})
        await asked.change(vandal, "delete", "Observation", kept[1], patient, 2)
        await asked.change(vandal, "update", "Observation", kept[2], patient, 1, status="final", code={"text": "z"})
        added = await asked.create(vandal, "Observation", patient, status="final", code={"text": "spam"})
        # A colleague saw one of them and corrected it meanwhile.
        await asked.change(doctor, "update", "Observation", kept[2], patient, 2, status="amended", code={"text": "ok"})
        assert asked.keeper.directory.card(patient).family == "Xxx"
        assert await _undo(asked, officer, "vandalas", since) == {"restored": 4, "changed_since_by_others": 1}
        after = asked.bodies(patient)
        for ident in (kept[0], kept[1], kept[3]):
            assert after[f"Observation/{ident.hex()}"][1:] == before[f"Observation/{ident.hex()}"][1:]
        assert after[f"Observation/{kept[2].hex()}"][2]["status"] == "amended"
        assert after[f"Observation/{added.hex()}"][1], "what the vandal added is taken out"
        assert after[f"Patient/{patient.hex()}"][2] == before[f"Patient/{patient.hex()}"][2]
        assert asked.keeper.directory.card(patient).family == "Petrauskas", "and it is found by its name again"
        assert await _undo(asked, officer, "vandalas", since) == {"restored": 0, "changed_since_by_others": 5}

    rig.run(deed)


def test_numbers_keep_their_letters(rig: Rig) -> None:
    async def deed(asked: Asked) -> None:
        doctor, officer = await asked.person("gydytoja", "doctor"), await asked.person("pareigune", "officer")
        patient = await asked.create(doctor, "Patient")
        ident = os.urandom(16)
        body = (
            f'{{"resourceType":"Observation","id":"{ident.hex()}","meta":{{"versionId":"1"}},"status":"final",'
            f'"subject":{{"reference":"Patient/{patient.hex()}"}},"valueQuantity":{{"value":171.50}},'
            '"component":[{"valueQuantity":{"value":1.0e3}},{"valueString":"Žą\\u0000\\u2028"}]}'
        ).encode()
        change = {"op": "create", "type": "Observation", "id": ident, "patient": patient, "expect": 0, "body": body}
        await asked.desk("record.write", session=doctor, changes=[change])
        vandal = await asked.person("vandalas", "doctor")
        since = await _since(asked)
        await asked.change(vandal, "delete", "Observation", ident, patient, 1)
        assert (await _undo(asked, officer, "vandalas", since))["restored"] == 1
        read = await asked.desk("record.read", session=doctor, type="Observation", id=ident, reason="visit")
        assert b"171.50" in read["body"]
        assert b"1.0e3" in read["body"]
        assert json.loads(read["body"])["component"] == json.loads(body)["component"]
        assert json.loads(read["body"])["meta"]["versionId"] == "2"

    rig.run(deed)


def test_the_clinics_own_documents_come_back_too(rig: Rig) -> None:
    async def deed(asked: Asked) -> None:
        doctor, officer = await asked.person("gydytoja", "doctor"), await asked.person("pareigune", "officer")
        ident = os.urandom(16)
        body = json.dumps({"resourceType": "Organization", "id": ident.hex(), "name": "Klinika"}).encode()
        change = {"op": "create", "type": "Organization", "id": ident, "patient": CLINIC, "expect": 0, "body": body}
        await asked.desk("record.write", session=doctor, changes=[change])
        vandal = await asked.person("vandalas", "doctor")
        since = await _since(asked)
        await asked.desk("record.write", session=vandal, changes=[{**change, "op": "delete", "expect": 1, "body": b""}])
        with pytest.raises(Missing):
            await asked.desk("record.read", session=doctor, type="Organization", id=ident)
        assert (await _undo(asked, officer, "vandalas", since))["restored"] == 1
        read = await asked.desk("record.read", session=doctor, type="Organization", id=ident)
        assert json.loads(read["body"])["name"] == "Klinika"

    rig.run(deed)


def test_a_visit_whose_encounter_was_deleted_is_a_care_link_again(rig: Rig) -> None:
    async def deed(asked: Asked) -> None:
        doctor, officer = await asked.person("gydytoja", "doctor"), await asked.person("pareigune", "officer")
        patient = await asked.create(doctor, "Patient")
        today = datetime.now(UTC).isoformat(timespec="seconds")
        visit = await asked.create(doctor, "Encounter", patient, status="finished", period={"start": today})
        calendar = asked.keeper.schedule.calendar
        assert calendar.find(visit).entry(visit).patient == patient
        vandal = await asked.person("vandalas", "doctor")
        since = await _since(asked)
        await asked.change(vandal, "delete", "Encounter", visit, patient, 1)
        spam = await asked.create(vandal, "Encounter", patient, status="finished", period={"start": today})
        with pytest.raises(Missing):
            calendar.find(visit)
        assert (await _undo(asked, officer, "vandalas", since))["restored"] == 2
        assert calendar.find(visit).entry(visit).patient == patient
        with pytest.raises(Missing):
            calendar.find(spam)

    rig.run(deed)


def test_noise_afterwards_does_not_bury_a_deed(rig: Rig) -> None:
    async def deed(asked: Asked) -> None:
        doctor, officer = await asked.person("gydytoja", "doctor"), await asked.person("pareigune", "officer")
        patient = await asked.create(doctor, "Patient", name=[{"family": "Petrauskas"}])
        vandal = await asked.person("vandalas", "doctor")
        since = await _since(asked)
        await asked.change(vandal, "update", "Patient", patient, patient, 1, name=[{"family": "Xxx"}])
        for _ in range(12):
            await asyncio.gather(*(asked.desk("schedule.day", session=vandal, date="2026-01-05") for _ in range(100)))
        opened = asked.keeper.require_unlocked()
        await asyncio.to_thread(opened.audit.publish, opened.state)
        assert len([1 async for _ in lines_back(asked.keeper, most=500)]) == 500
        everything = [index async for index, _ in lines_back(asked.keeper, most=0)]
        assert everything == list(range(opened.audit.published - 1, -1, -1))
        assert (await _undo(asked, officer, "vandalas", since))["restored"] == 1
        assert asked.keeper.directory.card(patient).family == "Petrauskas"

    rig.run(deed)
