"""One resource: whose it is, what the server sets, and what becomes of a client's own id."""

import json
from typing import Any

import pytest
from planning import plan_resource

from seifas.errors import Invalid
from seifas.fhir.bundle import Plan
from seifas.fhir.json_text import read
from seifas.fhir.resources import CLINIC, SOURCE_ID

NOW = 1_795_000_000_123
STORED = "00112233445566778899aabbccddeeff"
OTHER = "ffeeddccbbaa99887766554433221100"


def observation(subject: str) -> dict[str, Any]:
    return {"resourceType": "Observation", "status": "final", "code": {"text": "x"}, "subject": {"reference": subject}}


def bodies(made: Plan) -> list[dict[str, Any]]:
    return [json.loads(change.body) for change in made.changes]


def test_single_create_and_update() -> None:
    raw = (
        '{"meta":{"versionId":"77","tag":[{"code":"t"}]},"valueQuantity":{"value":1.50},"status":"final","id":"x",'
        f'"resourceType":"Observation","code":{{"text":"ž"}},"subject":{{"reference":"Patient/{STORED}"}}}}'
    ).encode()
    made = plan_resource(raw, kind="Observation", now_ms=NOW).changes[0]
    expected = (
        f'{{"resourceType":"Observation","id":"{made.id.hex()}","meta":{{"versionId":"1","lastUpdated":"2026-11-18T11:06:40.123Z",'
        f'"tag":[{{"code":"t"}}]}},"valueQuantity":{{"value":1.50}},"status":"final","code":{{"text":"ž"}},'
        f'"subject":{{"reference":"Patient/{STORED}"}},"identifier":[{{"system":"urn:seifas:source-id","value":"x"}}]}}'
    )
    assert made.body.decode() == expected
    assert made.patient == bytes.fromhex(STORED)
    again = plan_resource(made.body, kind="Observation", id_hex=made.id.hex(), expect=1, now_ms=NOW).changes[0]
    assert (again.op, again.id, again.expect) == ("update", made.id, 1)
    assert read(again.body) | {"meta": 0} == read(made.body) | {"meta": 0}
    with pytest.raises(Invalid, match="address"):
        plan_resource(made.body, kind="Observation", id_hex=OTHER, expect=1)
    with pytest.raises(Invalid, match="another type"):
        plan_resource(made.body, kind="Condition")


@pytest.mark.parametrize(
    ("resource", "owner"),
    [
        ({"resourceType": "Organization", "name": "x"}, CLINIC),
        ({"resourceType": "Medication"}, CLINIC),
        (observation(f"Group/{STORED}"), CLINIC),
        ({"resourceType": "Observation", "status": "final", "code": {"text": "x"}}, CLINIC),
        (observation(f"Patient/{STORED}/_history/3"), bytes.fromhex(STORED)),
        (
            {
                "resourceType": "Appointment",
                "status": "booked",
                "participant": [
                    {"actor": {"display": "Room 1"}, "status": "accepted"},
                    {"actor": {"reference": f"Practitioner/{OTHER}"}, "status": "accepted"},
                    {"actor": {"reference": f"Patient/{STORED}"}, "status": "accepted"},
                ],
            },
            bytes.fromhex(STORED),
        ),
        (
            {"resourceType": "Task", "status": "draft", "intent": "order", "for": {"reference": f"Patient/{STORED}"}},
            bytes.fromhex(STORED),
        ),
        (
            {
                "resourceType": "Coverage",
                "status": "active",
                "payor": [{"display": "x"}],
                "subscriber": {"reference": f"Patient/{OTHER}"},
                "beneficiary": {"reference": f"Patient/{STORED}"},
            },
            bytes.fromhex(STORED),
        ),
    ],
)
def test_each_resource_belongs_to_whom_it_says(resource: dict[str, Any], owner: bytes) -> None:
    assert plan_resource(json.dumps(resource).encode()).changes[0].patient == owner


@pytest.mark.parametrize(
    ("resource", "where"),
    [
        (
            {
                "resourceType": "Appointment",
                "status": "booked",
                "participant": [
                    {"actor": {"reference": f"Patient/{OTHER}"}, "status": "accepted"},
                    {"actor": {"reference": f"Patient/{STORED}"}, "status": "accepted"},
                ],
            },
            "Appointment.participant[1].actor",
        ),
        (
            {
                "resourceType": "Group",
                "type": "person",
                "actual": True,
                "member": [
                    {"entity": {"reference": f"Patient/{OTHER}"}},
                    {"entity": {"reference": f"Patient/{STORED}"}},
                ],
            },
            "Group.member[1].entity",
        ),
        ({"resourceType": "Binary", "contentType": "text/plain"}, "Binary.securityContext"),
        (
            {"resourceType": "Binary", "contentType": "text/plain", "securityContext": {"display": "x"}},
            "Binary.securityContext",
        ),
        ({"resourceType": "Bundle", "type": "collection"}, "Bundle"),
        ({"resourceType": "Parameters"}, "Parameters"),
    ],
)
def test_resources_of_nobody_or_of_two_are_refused(resource: dict[str, Any], where: str) -> None:
    with pytest.raises(Invalid) as caught:
        plan_resource(json.dumps(resource).encode())
    assert caught.value.where == where


@pytest.mark.parametrize(
    ("resource", "expected"),
    [
        ({"resourceType": "Patient", "id": "a", "identifier": [{"system": SOURCE_ID, "value": "a"}]}, 1),
        ({"resourceType": "Patient", "id": "a", "identifier": [{"system": "urn:x", "value": "a"}]}, 2),
    ],
)
def test_a_source_id_is_kept_once(resource: dict[str, Any], expected: int) -> None:
    assert len(bodies(plan_resource(json.dumps(resource).encode()))[0]["identifier"]) == expected


def test_a_source_id_without_a_free_identifier_becomes_a_tag() -> None:
    tag = {"system": SOURCE_ID, "code": "a"}
    binary = {
        "resourceType": "Binary",
        "id": "a",
        "contentType": "x/y",
        "securityContext": {"reference": f"Patient/{STORED}"},
    }
    assert bodies(plan_resource(json.dumps(binary).encode()))[0]["meta"]["tag"] == [tag]
    answers = {"resourceType": "QuestionnaireResponse", "id": "a", "status": "completed"}
    assert bodies(plan_resource(json.dumps(answers).encode()))[0]["identifier"] == {"system": SOURCE_ID, "value": "a"}
    held = answers | {"identifier": {"value": "b"}}
    assert bodies(plan_resource(json.dumps(held).encode()))[0]["meta"]["tag"] == [tag]
