"""Booking inside a transaction against what booking alone is bound by: hats, scopes, prices, ids, lines."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from export_rig import Exporting
from keeper_rig import Asked, Clocks, Rig
from photo_rig import lines

from seifas.errors import Conflict, Invalid, Missing, Refused, SeifasError
from seifas.keeper.lines import Action

DOCTOR = os.urandom(16)


@pytest.fixture
def rig(tmp_path: Path, clocks: Clocks) -> Rig:
    return Rig(tmp_path / "vault", demo=False)


def _booking(asked: Asked, patient: bytes, *, hours: int = 48, **more: Any) -> dict[str, Any]:
    """At ten in the morning UTC some days on, so that no midnight is near."""
    day = asked.keeper.now().wall_ms // 86_400_000 + 1 + hours // 24
    start = day * 86_400_000 + 10 * 3_600_000 + hours % 24 * 1_200_000
    return {"id": os.urandom(16), "doctor": DOCTOR, "start_ms": start, "minutes": 20, "patient": patient, **more}


async def _write(asked: Asked, session: str, *bookings: dict[str, Any], changes: tuple[Any, ...] = ()) -> Any:
    return await asked.desk(
        "record.write", session=session, changes=list(changes), bookings=list(bookings), reason="visit"
    )


def _entries(asked: Asked, patient: bytes) -> int:
    return len(asked.keeper.schedule.calendar.of(patient))


def test_it_takes_the_hat_and_the_scope_that_booking_takes(rig: Rig, clocks: Clocks) -> None:
    async def deed(asked: Asked) -> None:
        clinic = await Exporting(asked, clocks).open(patients=1, scopes="system/Patient.cruds system/Observation.cruds")
        (patient,) = clinic.patients
        officer = await asked.by_passkey(clinic.keys["pareigune"])
        for session in (await clinic.program(), officer):
            with pytest.raises(Refused):
                await _write(asked, session, _booking(asked, patient))
        assert _entries(asked, patient) == 0
        made = await asked.admin("client_add", name="kalendorius", per_day=50, scopes="system/Appointment.c")
        await _write(asked, await clinic.program(made), _booking(asked, patient))
        assert _entries(asked, patient) == 1

    rig.run(deed)


def test_it_costs_what_booking_alone_costs(rig: Rig, clocks: Clocks) -> None:
    """Else strangers could be made warm by twenties, and opened for nothing."""

    async def deed(asked: Asked) -> None:
        clinic = await Exporting(asked, clocks).open(patients=24)
        doctor = await asked.by_passkey(clinic.keys["gydytoja"])
        alone: list[type[Exception]] = []
        for number, patient in enumerate(clinic.patients[:12]):
            one = _booking(asked, patient, hours=48 + number)
            one.pop("id")
            try:
                await asked.desk("schedule.book", session=doctor, **one)
            except SeifasError as error:
                alone.append(type(error))
        assert alone, "some are bound"
        clocks.run(3 * 86_400_000)
        doctor = await asked.by_passkey(clinic.keys["gydytoja"])
        strangers = clinic.patients[12:]
        with pytest.raises(alone[0]):
            await _write(asked, doctor, *(_booking(asked, one, hours=48 + n) for n, one in enumerate(strangers)))
        assert sum(_entries(asked, one) for one in strangers) == 0, "all of it or nothing"

    rig.run(deed)


def test_hostile_bookings(rig: Rig, clocks: Clocks) -> None:
    async def deed(asked: Asked) -> None:
        clinic = await Exporting(asked, clocks).open(patients=2)
        doctor = await asked.by_passkey(clinic.keys["gydytoja"])
        patient, other = clinic.patients
        fine = _booking(asked, patient)
        await _write(asked, doctor, fine)
        record = next(iter(asked.bodies(other))).partition("/")[2]
        for wrong, error in (
            ({"id": b"x"}, Invalid), ({"id": fine["id"]}, Conflict), ({"id": bytes.fromhex(record)}, Conflict),
            ({"id": other}, Conflict), ({"patient": bytes(16)}, Missing), ({"patient": os.urandom(16)}, Missing),
            ({"patient": b""}, Missing), ({"doctor": b"short"}, Missing), ({"start_ms": 0}, Invalid),
            ({"start_ms": 2**62}, Invalid), ({"minutes": -5}, Invalid), ({"minutes": 10**9}, Invalid),
            ({"note": "x" * 100_000}, Invalid), ({"start_ms": fine["start_ms"]}, Conflict),
        ):  # fmt: skip
            with pytest.raises(error):
                await _write(asked, doctor, {**_booking(asked, patient, hours=73), **wrong})
        twice = _booking(asked, patient, hours=74)
        with pytest.raises(Invalid):
            await _write(asked, doctor, twice, twice)
        with pytest.raises(Invalid):
            await _write(asked, doctor, *(_booking(asked, patient) for _ in range(201)))
        assert (_entries(asked, patient), _entries(asked, other)) == (1, 0)

    rig.run(deed)


def test_each_has_its_line_and_outlives_a_restart(rig: Rig, clocks: Clocks) -> None:
    kept: dict[str, Any] = {}

    async def first(asked: Asked) -> None:
        clinic = await Exporting(asked, clocks).open(patients=1)
        doctor = await asked.by_passkey(clinic.keys["gydytoja"])
        new = os.urandom(16)
        body = {"resourceType": "Patient", "id": new.hex(), "name": [{"family": "Nauja"}], "birthDate": "1990-01-01"}
        register = {"op": "create", "type": "Patient", "id": new, "patient": new, "expect": 0,
                    "body": json.dumps(body).encode()}
        kept["bookings"] = [
            _booking(asked, new, note="Apie nosį"), _booking(asked, clinic.patients[0], hours=49),
        ]
        told = await _write(asked, doctor, *kept["bookings"], changes=(register,))
        assert len(told) == 3
        for one in kept["bookings"]:
            shown = await asked.desk("record.appointment", session=doctor, id=one["id"], reason="visit")
            assert (shown["start_ms"], shown["note"]) == (one["start_ms"], one.get("note", ""))
        said = [line for line in await lines(asked, Action.SCHEDULE) if line.note == "book"]
        assert [line.objects for line in said[-2:]] == [(one["id"],) for one in kept["bookings"]]
        who = asked.keeper.sessions.by_token(doctor, asked.keeper.now().wall_ms)
        assert {line.account for line in said[-2:]} == {who.account}

    async def then(asked: Asked) -> None:
        for one in kept["bookings"]:
            assert asked.keeper.schedule.calendar.find(one["id"]).entry(one["id"]).patient == one["patient"]

    rig.run(first)
    rig.run(then)
