"""Appointment over HTTP: the schedule's own rules, in FHIR's words."""

from __future__ import annotations

import datetime
import os
from typing import Any

import httpx
import pytest
from running_vault import RunningVault
from talking import ABSENT, JSON, create, issue, patient

from seifas.errors import Invalid
from seifas.fhir.appointments import asked
from seifas.fhir.validate import BadResource

DOCTOR = "cd" * 16


def _day(days: int, clock: str = "10:00") -> str:
    return f"{datetime.date.today() + datetime.timedelta(days=days)}T{clock}:00+02:00"


def _appointment(whose: str, **more: Any) -> dict[str, Any]:
    return {
        "resourceType": "Appointment", "status": "booked", "start": _day(3), "minutesDuration": 30,
        "participant": [
            {"actor": {"reference": f"Patient/{whose}"}, "status": "accepted"},
            {"actor": {"reference": f"Practitioner/{DOCTOR}"}, "status": "accepted"},
        ],
        **more,
    }  # fmt: skip


def _put(client: httpx.Client, resource: dict[str, Any], **headers: str) -> httpx.Response:
    return client.put(f"/Appointment/{resource['id']}", json=resource, headers={**JSON, **headers})


def test_booked_moved_and_called_off(doctor: httpx.Client, ona: str) -> None:
    made = create(doctor, _appointment(ona, comment="Konsultacija"))
    assert made["comment"] == "Konsultacija"
    assert (made["status"], made["minutesDuration"]) == ("booked", 30)
    assert made["end"] > made["start"]
    again = doctor.get(f"/Appointment/{made['id']}")
    assert again.json() == made
    tag = again.headers["etag"]
    assert doctor.get(f"/Appointment/{made['id']}", headers={"If-None-Match": tag}).status_code == 304
    found = doctor.get("/Appointment", params={"patient": ona}).json()
    assert [one["resource"]["id"] for one in found["entry"]] == [made["id"]]
    moved = {**made, "start": _day(4), "end": _day(4, "10:45"), "minutesDuration": 45}
    answer = _put(doctor, moved, **{"If-Match": tag})
    assert answer.status_code == 200, answer.text
    assert answer.json()["minutesDuration"] == 45
    assert _put(doctor, moved, **{"If-Match": tag}).status_code == 412, "somebody wrote meanwhile"
    off = {**answer.json(), "status": "cancelled"}
    assert _put(doctor, off).json()["status"] == "cancelled"
    assert doctor.delete(f"/Appointment/{made['id']}").status_code == 405


def test_a_time_that_is_taken_is_409(doctor: httpx.Client, ona: str) -> None:
    create(doctor, _appointment(ona, start=_day(8)))
    answer = doctor.post("/Appointment", json=_appointment(ona, start=_day(8, "10:10")), headers=JSON)
    assert answer.status_code == 409
    assert issue(answer)["code"] == "conflict"


@pytest.mark.parametrize(
    ("more", "where"),
    [
        ({"description": "x"}, "Appointment.description"),
        ({"reasonCode": [{"text": "x"}]}, "Appointment.reasonCode"),
        ({"status": "proposed"}, "Appointment.status"),
        ({"minutesDuration": 30, "end": "2026-12-01T10:20:00+02:00", "start": "2026-12-01T10:00:00+02:00"},
         "Appointment.end"),
        ({"participant": [{"actor": {"reference": "Location/" + "ab" * 16}, "status": "accepted"}]},
         "Appointment.participant[0].actor"),
        ({"participant": [{"actor": {"reference": "Practitioner/" + "ab" * 16}, "status": "accepted"}]},
         "Appointment.participant"),
    ],
)  # fmt: skip
def test_what_the_schedule_has_no_place_for_is_refused_by_name(more: dict[str, Any], where: str) -> None:
    with pytest.raises(Invalid) as caught:
        asked(_appointment("ab" * 16, **more))
    assert caught.value.where == where


def test_nonsense_is_refused_before_the_schedule(doctor: httpx.Client, ona: str) -> None:
    with pytest.raises(BadResource):
        asked({"resourceType": "Appointment", "start": "yesterday"})
    for more, status in (({"start": _day(-3)}, 400), ({"start": _day(5000)}, 400), ({"minutesDuration": 0}, 400),
                         ({"minutesDuration": 10**9}, 400), ({"comment": "x" * 600}, 400)):
        answer = doctor.post("/Appointment", json=_appointment(ona, **more), headers=JSON)
        assert 400 <= answer.status_code < 500, (more, answer.text)
        assert answer.status_code != 404, more
        assert status == 400


def test_unknown_and_others_are_the_same_404(doctor: httpx.Client, ona: str, vault: RunningVault) -> None:
    wrong = [doctor.get(f"/Appointment/{one}") for one in (ABSENT, ona, os.urandom(16).hex(), "x")]
    assert {one.status_code for one in wrong} == {404}
    assert len({one.content for one in wrong}) == 1
    assert doctor.get("/Appointment", params={"practitioner": f"Practitioner/{DOCTOR}"}).status_code == 403
    made = create(doctor, _appointment(ona, start=_day(15)))
    other = create(doctor, patient("Kita"))["id"]
    stolen = {**made, "participant": _appointment(other)["participant"]}
    assert _put(doctor, stolen).status_code in (400, 422)
    assert doctor.get("/Appointment", params={"patient": other}).json().get("entry") is None


def _transaction(client: httpx.Client, *resources: dict[str, Any], **headers: str) -> httpx.Response:
    entries = [
        {"fullUrl": f"urn:uuid:00000000-0000-4000-8000-{number:012d}", "resource": one,
         "request": {"method": "POST", "url": one["resourceType"]}}
        for number, one in enumerate(resources)
    ]
    bundle = {"resourceType": "Bundle", "type": "transaction", "entry": entries}
    return client.post("", json=bundle, headers={**JSON, **headers})


def _urn(number: int) -> str:
    return f"urn:uuid:00000000-0000-4000-8000-{number:012d}"


def test_a_transaction_registers_and_books_as_one(doctor: httpx.Client, ona: str) -> None:
    new = _appointment("", start=_day(21), comment="Pirmas kartas")
    new["participant"][0]["actor"]["reference"] = _urn(0)
    visit = {
        "resourceType": "Encounter", "status": "planned", "class": {"code": "AMB"},
        "subject": {"reference": _urn(0)}, "appointment": [{"reference": _urn(1)}],
    }
    known = _appointment(ona, start=_day(21, "11:00"))
    answer = _transaction(doctor, patient("Nauja"), new, visit, known, Prefer="return=representation")
    assert answer.status_code == 200, answer.text
    _, booked, planned, other = answer.json()["entry"]
    for entry in (booked, other):
        assert entry["response"]["status"] == "201 Created"
        again = doctor.get(f"/Appointment/{entry['resource']['id']}")
        assert again.json() == entry["resource"]
        assert again.headers["etag"] == entry["response"]["etag"]
    assert booked["resource"]["comment"] == "Pirmas kartas"
    assert planned["resource"]["appointment"] == [{"reference": f"Appointment/{booked['resource']['id']}"}]
    assert "resource" not in _transaction(doctor, _appointment(ona, start=_day(21, "12:00"))).json()["entry"][0]


def test_a_senders_own_id_is_left_aside_alone_and_in_a_transaction(doctor: httpx.Client, ona: str) -> None:
    """R4, 3.1.0.8: what a client gives as id at a create is ignored. Others in the bundle may point at it."""
    assert create(doctor, _appointment(ona, start=_day(22), id="theirs"))["id"] != "theirs"
    visit = {
        "resourceType": "Encounter", "status": "planned", "class": {"code": "AMB"},
        "subject": {"reference": f"Patient/{ona}"}, "appointment": [{"reference": "Appointment/theirs"}],
    }
    answer = _transaction(doctor, _appointment(ona, start=_day(23), id="theirs"), visit, Prefer="return=representation")
    assert answer.status_code == 200, answer.text
    booked, planned = (entry["resource"] for entry in answer.json()["entry"])
    assert planned["appointment"] == [{"reference": f"Appointment/{booked['id']}"}]


@pytest.mark.parametrize(
    ("more", "status"),
    [
        ({"start": _day(25, "10:10")}, 409), ({"start": _day(-3)}, 400), ({"description": "x"}, 400),
        ({"status": "noshow"}, 400), ({"comment": "x" * 600}, 400),
        ({"participant": [{"status": "accepted", "actor": {"reference": _urn(9)}}]}, 400),
    ],
)  # fmt: skip
def test_what_the_schedule_refuses_ends_the_transaction(
    doctor: httpx.Client, ona: str, more: dict[str, Any], status: int
) -> None:
    if status == 409:
        assert _transaction(doctor, _appointment(ona, start=_day(25))).status_code == 200
    before = doctor.get("/Observation", params={"patient": ona}).json()["total"]
    beside = {"resourceType": "Observation", "status": "final", "code": {"text": "x"},
              "subject": {"reference": f"Patient/{ona}"}}
    answer = _transaction(doctor, beside, _appointment(ona, **more))
    assert answer.status_code == status, answer.text
    assert "Bundle.entry[1]" in answer.text
    assert doctor.get("/Observation", params={"patient": ona}).json()["total"] == before


def test_two_at_one_time_are_none(doctor: httpx.Client, ona: str) -> None:
    answer = _transaction(doctor, *(_appointment(ona, start=_day(30, clock)) for clock in ("10:00", "10:10")))
    assert answer.status_code == 409, answer.text
    assert doctor.get("/Appointment", params={"patient": ona, "date": f"ge{_day(29)[:10]}"}).json()["total"] == 0


def test_moving_and_calling_off_go_one_by_one(doctor: httpx.Client, ona: str) -> None:
    made = create(doctor, _appointment(ona, start=_day(33)))
    request = {"method": "PUT", "url": f"Appointment/{made['id']}"}
    entry = {"resource": {**made, "status": "cancelled"}, "request": request}
    answer = doctor.post("", json={"resourceType": "Bundle", "type": "transaction", "entry": [entry]}, headers=JSON)
    assert answer.status_code == 400, answer.text
    assert doctor.get(f"/Appointment/{made['id']}").json()["status"] == "booked"
