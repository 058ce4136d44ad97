"""Who has lot X: found in every form it is kept in, a number first, names after a yes or for a recall that rings."""

import asyncio
from pathlib import Path
from typing import Any

import pytest
from keeper_rig import Asked, Rig

from seifas.drill.soft_authenticator import SoftAuthenticator
from seifas.errors import Conflict, Invalid, Missing, OverBudget, Refused, StepUp
from seifas.keeper.identity import approvals

LOT = "H30LB-2201"


@pytest.fixture
def rig(tmp_path: Path) -> Rig:
    return Rig(tmp_path / "vault")


async def touched(asked: Asked, session: str, key: SoftAuthenticator, digest: str) -> None:
    begun = await asked.desk("stepup.begin", session=session, digest=bytes.fromhex(digest))
    credential = key.get(begun["options"], asked.keeper.settings.origins[0])
    await asked.desk("stepup.finish", session=session, handle=begun["handle"], credential=credential)


async def person(asked: Asked, name: str, hat: str) -> tuple[str, SoftAuthenticator]:
    session = await asked.person(name, hat)
    return session, await asked.add_passkey(session)


async def charts(asked: Asked, session: str) -> list[bytes]:
    """Four who have the lot, each written differently, and three who have not."""
    made = [
        await asked.create(session, "Patient", name=[{"family": f"Serija{letter}"}], birthDate="1980-01-01")
        for letter in "abcdefg"
    ]
    me = [{"reference": f"Patient/{one.hex()}"} for one in made]
    for index, (kind, fields) in enumerate((
        ("Device", {"patient": me[0], "lotNumber": LOT}),
        ("Procedure", {"status": "completed", "usedCode": [{"text": "Juvéderm, LOT h30lb 2201"}]}),
        ("Procedure", {"status": "completed", "usedCode": [{"text": "Juvéderm, LOT H30LB-2201, EXP 2027-01-01"}]}),
        ("MedicationAdministration", {"status": "completed", "contained": [
            {"resourceType": "Medication", "id": "m", "batch": {"lotNumber": "h30lb2201"}}]}),
        ("Device", {"patient": me[4], "lotNumber": "H30LB-22011"}),
        ("Condition", {"code": {"text": f"LOT {LOT}"}}),
        ("Procedure", {"status": "completed", "code": {"text": LOT}}),
    )):  # fmt: skip
        state = {"status": "active"} if kind == "Device" else {}
        await asked.create(session, kind, made[index], **fields, **state)
    return made


async def found(asked: Asked, session: str, key: SoftAuthenticator, lot: str = LOT) -> dict[str, Any]:
    with pytest.raises(StepUp) as wanted:
        await asked.desk("record.lot_begin", session=session, lot=lot)
    await touched(asked, session, key, wanted.value.where)
    ident = (await asked.desk("record.lot_begin", session=session, lot=lot))["id"]
    for _ in range(3000):
        told: dict[str, Any] = await asked.desk("record.lot_status", session=session, id=ident)
        if told["state"] != "running":
            return told
        await asyncio.sleep(0.02)
    raise AssertionError("the search does not end")


def test_a_lot_is_found_and_told_as_a_number_then_listed_for_a_recall(rig: Rig) -> None:
    async def deed(asked: Asked) -> None:
        session, key = await person(asked, "ruta", "doctor")
        made = await charts(asked, session)
        decoy = made[0]
        asked.keeper.canaries.add(decoy)
        told = await found(asked, session, key, " h30lb 2201 ")
        assert (told["state"], told["found"], told["parts"], told["checked"]) == ("done", 3, 1, 7)
        assert not {one for value in told.values() for one in ([value] if isinstance(value, bytes) else [])
                    if one in made}, "nobody is named"
        take = {"session": session, "id": told["id"], "part": 0}
        with pytest.raises(Refused):
            await asked.desk("record.lot_take", **take)
        for wrong in ({"part": 1}, {"part": -1}, {"part": 10**9}):
            with pytest.raises(Missing):
                await asked.desk("record.lot_take", **take | wrong, recall="Gamintojas")
        with pytest.raises(Invalid):
            await asked.desk("record.lot_take", **take, recall="x")
        listed = await asked.desk("record.lot_take", **take, recall="Gamintojo pranešimas 7")
        assert listed["patients"] == 3
        worklist = asked.keeper.worklists.get(listed["id"], asked.keeper.now().wall_ms)
        assert worklist is not None
        assert set(worklist.patients) == set(made[1:4])
        assert any(alarm.kind == "lot-recall" for alarm in asked.keeper.alarms.all())
        with pytest.raises(Conflict):
            await asked.desk("record.lot_take", **take, recall="Gamintojo pranešimas 7")
        officer = await asked.person("pareigune", "officer")
        lines = await asked.desk("audit.list", session=officer)
        assert [line["note"] for line in lines if line["action"] == "job"] == ["lot-found:3", "lot-begun"]
        assert LOT.lower() not in str(lines).lower(), "the lot stands in no line"

    rig.run(deed)


def test_a_second_persons_yes_lists_them_without_an_alarm(rig: Rig) -> None:
    async def deed(asked: Asked) -> None:
        session, key = await person(asked, "ruta", "doctor")
        await charts(asked, session)
        told = await found(asked, session, key)
        assert told["found"] == 4
        await asked.desk("record.lot_ask", session=session, id=told["id"])
        with pytest.raises(Refused):
            await asked.desk("record.lot_take", session=session, id=told["id"], part=0)
        with pytest.raises(Conflict):
            await asked.desk("record.lot_ask", session=session, id=told["id"])
        asked.keeper.approvals.policy = approvals.Policy(gestures=False, seasoned_ms=0)
        officer = await asked.person("pareigune", "officer")
        (request,) = [one for one in await asked.desk("approval.list", session=officer) if one["kind"] == "export"]
        await asked.desk("approval.decide", session=officer, id=request["id"], approve=True)
        assert (await asked.desk("record.lot_status", session=session, id=told["id"]))["approval"] == "approved"
        assert (await asked.desk("record.lot_take", session=session, id=told["id"], part=0))["patients"] == 4
        assert not any(alarm.kind == "lot-recall" for alarm in asked.keeper.alarms.all())

    rig.run(deed)


def test_who_may_not_look_and_how_often(rig: Rig) -> None:
    async def deed(asked: Asked) -> None:
        session, key = await person(asked, "ruta", "doctor")
        await charts(asked, session)
        for hat in ("reception", "officer", "administrator", "auditor"):
            with pytest.raises(Refused):
                await asked.desk("record.lot_begin", session=await asked.person(f"a{hat}", hat), lot=LOT)
        for lot in ("", "abc", "-- -", "x" * 70):
            with pytest.raises(Invalid):
                await asked.desk("record.lot_begin", session=session, lot=lot)
        told = await found(asked, session, key)
        # A gesture over one lot looks for no other.
        with pytest.raises(StepUp) as one:
            await asked.desk("record.lot_begin", session=session, lot="AAAA-1")
        await touched(asked, session, key, one.value.where)
        with pytest.raises(StepUp):
            await asked.desk("record.lot_begin", session=session, lot="BBBB-1")
        colleague, _ = await person(asked, "jonas", "doctor")
        for op, more in (("record.lot_status", {}), ("record.lot_ask", {}),
                         ("record.lot_take", {"part": 0, "recall": "Gamintojas"})):  # fmt: skip
            with pytest.raises(Missing):
                await asked.desk(op, session=colleague, id=told["id"], **more)
        assert await asked.desk("record.lot_list", session=colleague) == []
        for number in range(5):
            assert (await found(asked, session, key, f"NERA-{number}"))["found"] == 0
        with pytest.raises(OverBudget):
            await asked.desk("record.lot_begin", session=session, lot="NERA-9")

    rig.run(deed)


def test_what_ran_when_the_keeper_ended_says_so(rig: Rig) -> None:
    ident: list[bytes] = []

    async def begin(asked: Asked) -> None:
        session, key = await person(asked, "ruta", "doctor")
        await charts(asked, session)
        with pytest.raises(StepUp) as wanted:
            await asked.desk("record.lot_begin", session=session, lot=LOT)
        await touched(asked, session, key, wanted.value.where)
        ident.append((await asked.desk("record.lot_begin", session=session, lot=LOT))["id"])
        with pytest.raises(Conflict):
            await asked.desk("record.lot_begin", session=session, lot=LOT)

    async def later(asked: Asked) -> None:
        told = await asked.desk("record.lot_status", session=await asked.sign_in("ruta"), id=ident[0])
        assert told["state"] == "stopped"

    rig.run(begin)
    rig.run(later)
