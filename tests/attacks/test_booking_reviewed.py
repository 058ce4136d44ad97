"""A booking that is refused inside a request: what it costs, what is left of it, and what the log says."""

from __future__ import annotations

import asyncio
import datetime
import json
import os
from pathlib import Path
from typing import Any

import pytest
from export_rig import Exporting
from keeper_rig import Asked, Clocks, Rig
from photo_rig import lines

from seifas.errors import Conflict, Invalid, SeifasError
from seifas.keeper.lines import Action, Outcome

DOCTOR = os.urandom(16)


@pytest.fixture
def rig(tmp_path: Path, clocks: Clocks) -> Rig:
    return Rig(tmp_path / "vault", demo=False)


def _booking(asked: Asked, patient: bytes, *, slot: int = 0, **more: Any) -> dict[str, Any]:
    """Three days on, at ten in the morning UTC and after."""
    day = asked.keeper.now().wall_ms // 86_400_000 + 3
    start = day * 86_400_000 + 10 * 3_600_000 + slot * 1_200_000
    return {"id": os.urandom(16), "doctor": DOCTOR, "start_ms": start, "minutes": 20, "patient": patient, **more}


def _registering(new: bytes) -> dict[str, Any]:
    body = {"resourceType": "Patient", "id": new.hex(), "name": [{"family": "Nauja"}], "birthDate": "1990-01-01"}
    return {"op": "create", "type": "Patient", "id": new, "patient": new, "expect": 0,
            "body": json.dumps(body).encode()}


async def _write(asked: Asked, session: str, *bookings: dict[str, Any], changes: tuple[Any, ...] = ()) -> Any:
    return await asked.desk(
        "record.write", session=session, changes=list(changes), bookings=list(bookings), reason="visit"
    )


def _state(asked: Asked) -> tuple[bytes, int, int]:
    """What was paid, how long the log is, how many patients there are."""
    opened = asked.keeper.require_unlocked()
    return asked.keeper.ledger.snapshot(), opened.audit.size, len(opened.vault.heads)


def test_a_time_that_is_taken_costs_nothing_and_leaves_nothing(rig: Rig, clocks: Clocks) -> None:
    """As booking alone: else the ledger holds charges that stand in no line, and are gone after a restart."""

    async def deed(asked: Asked) -> None:
        clinic = await Exporting(asked, clocks).open(patients=3)
        first, stranger, other = clinic.patients
        doctor = await asked.by_passkey(clinic.keys["gydytoja"])
        await _write(asked, doctor, _booking(asked, first))
        before = _state(asked)
        alone = _booking(asked, stranger)
        alone.pop("id")
        with pytest.raises(Conflict):
            await asked.desk("schedule.book", session=doctor, **alone)
        assert _state(asked) == before, "the control"
        new = os.urandom(16)
        for bookings, changes, error in (
            ([_booking(asked, stranger)], (), Conflict),
            ([_booking(asked, stranger, slot=1), _booking(asked, other)], (), Conflict),
            ([_booking(asked, stranger, slot=1), _booking(asked, other, slot=1)], (), Conflict),
            ([_booking(asked, new)], (_registering(new),), Conflict),
            ([_booking(asked, new, slot=1, note="x" * 600)], (_registering(new),), Invalid),
            ([_booking(asked, stranger, slot=-1000)], (), Invalid),
        ):
            with pytest.raises(error) as caught:
                await _write(asked, doctor, *bookings, changes=changes)
            assert caught.value.where.startswith("Appointment/")
            assert _state(asked) == before
        assert asked.keeper.schedule.calendar.of(stranger) == asked.keeper.schedule.calendar.of(other) == []
        await _write(asked, doctor, _booking(asked, new, slot=1), changes=(_registering(new),))
        paid = asked.keeper.ledger.snapshot()
        assert paid != before[0], "the searcher sees what is charged"

    rig.run(deed)


def test_an_appointment_takes_no_id_of_a_record_beside_it(rig: Rig, clocks: Clocks) -> None:
    """A visit that an Encounter tells of stands in the schedule under the Encounter's id."""

    async def deed(asked: Asked) -> None:
        clinic = await Exporting(asked, clocks).open(patients=1)
        (patient,) = clinic.patients
        doctor = await asked.by_passkey(clinic.keys["gydytoja"])
        ident, now = os.urandom(16), asked.keeper.now().wall_ms // 1000
        body = {"resourceType": "Encounter", "id": ident.hex(), "status": "finished", "class": {"code": "AMB"},
                "subject": {"reference": f"Patient/{patient.hex()}"},
                "period": {"start": _instant(now - 600), "end": _instant(now)}}
        change = {"op": "create", "type": "Encounter", "id": ident, "patient": patient, "expect": 0,
                  "body": json.dumps(body).encode()}
        with pytest.raises(Invalid, match="id of its own"):
            await _write(asked, doctor, {**_booking(asked, patient), "id": ident}, changes=(change,))
        await _write(asked, doctor, _booking(asked, patient), changes=(change,))

    rig.run(deed)


def _instant(seconds: int) -> str:
    return datetime.datetime.fromtimestamp(seconds, datetime.UTC).isoformat()


def test_a_refused_booking_stands_in_the_log_as_one(rig: Rig, clocks: Clocks) -> None:
    async def deed(asked: Asked) -> None:
        clinic = await Exporting(asked, clocks).open(patients=16)
        doctor = await asked.by_passkey(clinic.keys["gydytoja"])
        refused = 0
        for number, patient in enumerate(clinic.patients):
            try:
                await _write(asked, doctor, _booking(asked, patient, slot=number))
            except SeifasError:
                refused += 1
        assert refused, "strangers are bound"
        for action in (Action.CREATE, Action.UPDATE):
            assert [line for line in await lines(asked, action) if line.outcome != Outcome.DONE] == []

    rig.run(deed)


def test_the_same_twice_at_once_books_once(rig: Rig, clocks: Clocks) -> None:
    async def deed(asked: Asked) -> None:
        clinic = await Exporting(asked, clocks).open(patients=1)
        doctor = await asked.by_passkey(clinic.keys["gydytoja"])
        before = len(asked.keeper.require_unlocked().vault.heads)
        told = await asyncio.gather(*(
            _write(asked, doctor, _booking(asked, new), changes=(_registering(new),))
            for new in (os.urandom(16), os.urandom(16))
        ), return_exceptions=True)  # fmt: skip
        assert sorted(isinstance(one, Conflict) for one in told) == [False, True]
        assert len(asked.keeper.require_unlocked().vault.heads) == before + 1

    rig.run(deed)
