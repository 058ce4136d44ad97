"""Heads, manifests, versions: one writer wins, every version stays, a record never changes its patient."""

from __future__ import annotations

import asyncio
import json
import os
from pathlib import Path
from typing import Any

import pytest
from keeper_rig import Asked, Rig

from seifas.errors import Conflict, Invalid, Missing, Refused, SeifasError, Tampered
from seifas.keeper.model import CLINIC


@pytest.fixture
def rig(tmp_path: Path) -> Rig:
    return Rig(tmp_path / "vault")


def _body(type_name: str, ident: bytes, patient: bytes, **fields: Any) -> bytes:
    subject = {} if type_name == "Patient" else {"subject": {"reference": f"Patient/{patient.hex()}"}}
    return json.dumps({"resourceType": type_name, "id": ident.hex(), **subject, **fields}).encode()


def _change(op: str, type_name: str, ident: bytes, patient: bytes, expect: int, **fields: Any) -> dict[str, Any]:
    body = b"" if op == "delete" else _body(type_name, ident, patient, **fields)
    return {"op": op, "type": type_name, "id": ident, "patient": patient, "expect": expect, "body": body}


def test_of_many_who_write_the_same_version_one_wins_and_loses_nothing(rig: Rig) -> None:
    async def deed(asked: Asked) -> None:
        doctor = await asked.person("gydytoja", "doctor")
        patient = await asked.create(doctor, "Patient")
        found = await asked.create(doctor, "Observation", patient, status="final")
        for version in range(1, 6):
            done = await asyncio.gather(
                *(
                    asked.desk("record.write", session=doctor, changes=[
                        _change("update", "Observation", found, patient, version, note=[{"text": f"{version}-{n}"}])
                    ])
                    for n in range(6)
                ),
                return_exceptions=True,
            )
            winners = [n for n, outcome in enumerate(done) if not isinstance(outcome, BaseException)]
            assert len(winners) == 1
            assert all(isinstance(outcome, Conflict) for n, outcome in enumerate(done) if n not in winners)
            read = await asked.desk("record.read", session=doctor, type="Observation", id=found)
            assert read["version"] == version + 1
            assert json.loads(read["body"])["note"] == [{"text": f"{version}-{winners[0]}"}]

    rig.run(deed)


def test_every_version_can_be_read_to_the_letter_also_after_a_restart(rig: Rig) -> None:
    written: dict[int, bytes] = {}
    ids: list[bytes] = []

    async def write(asked: Asked) -> None:
        doctor = await asked.person("gydytoja", "doctor")
        patient = await asked.create(doctor, "Patient")
        found = os.urandom(16)
        for version in range(1, 21):
            change = _change("create" if version == 1 else "update", "DocumentReference", found, patient, version - 1,
                             text={"div": "ž" * (version * 700)})
            written[version] = change["body"]
            await asked.desk("record.write", session=doctor, changes=[change])
        ids[:] = [patient, found]

    async def read(asked: Asked) -> None:
        doctor = await asked.sign_in("gydytoja")
        for version, body in written.items():
            got = await asked.desk("record.read", session=doctor, type="DocumentReference", id=ids[1], version=version)
            assert got["body"] == body
            assert got["version"] == version
        for version in (21, 10**9):
            with pytest.raises(Missing):
                await asked.desk("record.read", session=doctor, type="DocumentReference", id=ids[1], version=version)

    rig.run(write)
    rig.run(read)


def test_a_deleted_record_is_gone_for_readers_and_its_id_is_not_given_again(rig: Rig) -> None:
    async def deed(asked: Asked) -> None:
        doctor = await asked.person("gydytoja", "doctor")
        patient = await asked.create(doctor, "Patient")
        found = await asked.create(doctor, "Observation", patient, status="final")
        await asked.change(doctor, "delete", "Observation", found, patient, 1)
        for version in (0, 1):
            with pytest.raises(Missing):
                await asked.desk("record.read", session=doctor, type="Observation", id=found, version=version)
        listed = await asked.desk("record.list", session=doctor, patient=patient)
        assert [one["type"] for one in listed] == ["Patient"]
        for op, error in (("delete", Missing), ("create", Conflict)):
            with pytest.raises(error):
                await asked.change(doctor, op, "Observation", found, patient, 1 if op == "delete" else 0)
        await asked.change(doctor, "update", "Observation", found, patient, 1, status="amended")
        read = await asked.desk("record.read", session=doctor, type="Observation", id=found)
        assert read["version"] == 2

    rig.run(deed)


def test_a_patient_is_not_deleted_by_writing(rig: Rig) -> None:
    async def deed(asked: Asked) -> None:
        doctor = await asked.person("gydytoja", "doctor")
        patient = await asked.create(doctor, "Patient")
        with pytest.raises(Invalid):
            await asked.change(doctor, "delete", "Patient", patient, patient, 1)
        assert (await asked.desk("record.read", session=doctor, type="Patient", id=patient))["version"] == 1

    rig.run(deed)


def test_all_of_a_request_or_nothing(rig: Rig) -> None:
    async def deed(asked: Asked) -> None:
        doctor = await asked.person("gydytoja", "doctor")
        first, second = [await asked.create(doctor, "Patient") for _ in range(2)]
        opened = asked.keeper.require_unlocked()
        good = [_change("create", "Observation", os.urandom(16), owner, 0) for owner in (first, second)]
        for bad in (
            _change("update", "Patient", second, second, 7),
            _change("create", "Observation", os.urandom(16), first, 3),
            _change("update", "Observation", os.urandom(16), first, 1),
            {**_change("create", "Observation", os.urandom(16), first, 0), "body": b"{"},
            {**_change("create", "Observation", os.urandom(16), first, 0), "body": b'{"a":' * 2000},
            {**_change("create", "Observation", os.urandom(16), first, 0), "body": b"\xff\xfe"},
            {**_change("create", "Observation", os.urandom(16), first, 0), "op": "erase"},
            {**_change("create", "Observation", os.urandom(16), first, 0), "id": b"short"},
            good[0],
        ):
            size, heads = opened.audit.size, dict(opened.vault.heads)
            with pytest.raises(SeifasError):
                await asked.desk("record.write", session=doctor, changes=[*good, bad])
            assert opened.vault.heads == heads
            assert opened.audit.size == size, "a refused request has no line of something done"
        assert len(asked.bodies(first)) == len(asked.bodies(second)) == 1

    rig.run(deed)


@pytest.mark.parametrize(
    "field", ["subject", "patient", "beneficiary", "individual", "for"],
)
def test_a_record_that_names_another_patient_is_refused(rig: Rig, field: str) -> None:
    async def deed(asked: Asked) -> None:
        doctor = await asked.person("gydytoja", "doctor")
        mine, other = [await asked.create(doctor, "Patient") for _ in range(2)]
        ident = os.urandom(16)
        body = json.dumps({"resourceType": "Basic", "id": ident.hex(),
                           field: {"reference": f"Patient/{other.hex()}"}}).encode()
        change = {"op": "create", "type": "Basic", "id": ident, "patient": mine, "expect": 0, "body": body}
        with pytest.raises(Invalid):
            await asked.desk("record.write", session=doctor, changes=[change])

    rig.run(deed)


def test_a_record_is_not_reached_under_another_type_patient_or_compartment(rig: Rig) -> None:
    async def deed(asked: Asked) -> None:
        doctor = await asked.person("gydytoja", "doctor")
        mine, other = [await asked.create(doctor, "Patient") for _ in range(2)]
        found = await asked.create(doctor, "Observation", mine, status="final")
        for type_name, ident in (("Condition", found), ("Patient", found), ("Observation", mine), ("Observation", b""),
                                 ("Observation", found[:15]), ("Observation", os.urandom(16)), ("", found)):
            with pytest.raises(Missing):
                await asked.desk("record.read", session=doctor, type=type_name, id=ident)
        for owner in (other, CLINIC):
            with pytest.raises(SeifasError):
                await asked.change(doctor, "update", "Observation", found, owner, 1, status="x")
            with pytest.raises(SeifasError):
                await asked.change(doctor, "delete", "Observation", found, owner, 1)
        # The same id once more under another patient: the row's name is the id's, so it cannot be given twice.
        with pytest.raises(Conflict):
            await asked.change(doctor, "create", "Observation", found, other, 0)
        assert (await asked.desk("record.read", session=doctor, type="Observation", id=found))["version"] == 1

    rig.run(deed)


def test_reception_reaches_cards_and_no_charts(rig: Rig) -> None:
    async def deed(asked: Asked) -> None:
        doctor, desk = await asked.person("gydytoja", "doctor"), await asked.person("registratore", "reception")
        patient = await asked.create(doctor, "Patient")
        found = await asked.create(doctor, "Observation", patient, status="final")
        assert (await asked.desk("record.read", session=desk, type="Patient", id=patient))["version"] == 1
        with pytest.raises(Missing):
            await asked.desk("record.read", session=desk, type="Observation", id=found)
        with pytest.raises(Refused):
            await asked.desk("record.list", session=desk, patient=patient, types=["Observation"])
        with pytest.raises(Refused):
            await asked.change(desk, "delete", "Observation", found, patient, 1)
        listed = await asked.desk("record.list", session=desk, patient=patient)
        assert [one["type"] for one in listed] == ["Patient"]

    rig.run(deed)


def test_a_row_put_back_to_an_older_version_is_named(rig: Rig) -> None:
    async def deed(asked: Asked) -> None:
        doctor = await asked.person("gydytoja", "doctor")
        patient = await asked.create(doctor, "Patient")
        found = await asked.create(doctor, "Observation", patient, status="final")
        opened = asked.keeper.require_unlocked()
        vault = opened.vault
        head = vault.head(patient)
        first = vault.manifest(head)[found]
        old = opened.rows.get(first.row)
        await asked.change(doctor, "update", "Observation", found, patient, 1, status="amended")
        second = vault.manifest(vault.head(patient))[found]
        opened.rows.delete_many([second.row])
        opened.rows.put_many([(second.row, old)])
        with pytest.raises(Tampered, match="Observation"):
            await asked.desk("record.read", session=doctor, type="Observation", id=found)
        assert (await asked.desk("record.read", session=doctor, type="Patient", id=patient))["version"] == 1

    rig.run(deed)
