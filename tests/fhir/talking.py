"""What the HTTP tests say and how they read the answers."""

import json
from typing import Any

import httpx

JSON = {"Content-Type": "application/fhir+json"}
ABSENT = "ab" * 16


def patient(family: str = "Žukauskienė", **more: Any) -> dict[str, Any]:
    return {
        "resourceType": "Patient",
        "name": [{"family": family, "given": ["Ona"]}],
        "birthDate": "1980-02-03",
        **more,
    }


def observation(subject: str, **more: Any) -> dict[str, Any]:
    held = {"reference": f"Patient/{subject}"}
    return {"resourceType": "Observation", "status": "final", "code": {"text": "x"}, "subject": held, **more}


def create(client: httpx.Client, resource: dict[str, Any]) -> dict[str, Any]:
    answer = client.post(f"/{resource['resourceType']}", content=json.dumps(resource), headers=JSON)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


def issue(answer: httpx.Response) -> dict[str, Any]:
    assert answer.headers["content-type"].startswith("application/fhir+json")
    outcome = answer.json()
    assert outcome["resourceType"] == "OperationOutcome"
    first: dict[str, Any] = outcome["issue"][0]
    return first
