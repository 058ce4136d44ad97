"""Transactions over real sockets: all of it or nothing, and what a real bundle looks like afterwards."""

import json
from typing import Any

import httpx
import pytest
from synthea import bundle
from talking import ABSENT, JSON, create, issue, observation, patient

from seifas.fhir import changing, transactions


def transaction(*entries: Any) -> bytes:
    return json.dumps({"resourceType": "Bundle", "type": "transaction", "entry": list(entries)}).encode()


def post(resource: dict[str, Any], full: str = "", **request: str) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "resource": resource,
        "request": {"method": "POST", "url": resource["resourceType"], **request},
    }
    return entry | ({"fullUrl": full} if full else {})


def test_a_broken_bundle_leaves_nothing_behind(doctor: httpx.Client) -> None:
    one = patient("Visiškaineprasmingas")
    held = {"reference": "urn:uuid:1"}
    good = {"resourceType": "Observation", "status": "final", "code": {"text": "x"}, "subject": held}
    for spoil in (
        good | {"status": "x"},
        good | {"subject": {"reference": "urn:uuid:2"}},
        good | {"subject": {"display": "x"}},
    ):
        answer = doctor.post("", content=transaction(post(one, "urn:uuid:1"), post(good), post(spoil)), headers=JSON)
        assert answer.status_code == 400
        assert issue(answer)["expression"][0].startswith("Bundle.entry[2].resource")
    stale = {
        "resource": patient(id=ABSENT),
        "request": {"method": "PUT", "url": f"Patient/{ABSENT}", "ifMatch": 'W/"3"'},
    }
    answer = doctor.post("", content=transaction(post(one, "urn:uuid:1"), stale), headers=JSON)
    assert answer.status_code in (404, 412)
    found = doctor.post("/Patient/_search", data={"family": "Visiskaineprasmingas"}).json()
    assert "entry" not in found


def test_a_transaction_of_everything(doctor: httpx.Client, ona: str) -> None:
    old = create(doctor, observation(ona))
    gone = create(doctor, observation(ona))
    place = {"resourceType": "Location", "name": "Kabinetas 1", "identifier": [{"system": "urn:place", "value": "1"}]}
    raw = transaction(
        {"request": {"method": "GET", "url": f"Patient/{ona}"}},
        {
            "resource": old | {"status": "amended"},
            "request": {"method": "PUT", "url": f"Observation/{old['id']}", "ifMatch": 'W/"1"'},
        },
        {"request": {"method": "DELETE", "url": f"Observation/{gone['id']}"}},
        post(place, "urn:uuid:2", ifNoneExist="identifier=urn:place|1"),
        post(observation(ona, performer=[{"reference": "urn:uuid:3"}]), "urn:uuid:4"),
        post({"resourceType": "Practitioner", "name": [{"family": "Gydytojas"}]}, "urn:uuid:3"),
    )
    answer = doctor.post("", content=raw, headers=JSON)
    assert answer.status_code == 200, answer.text
    told = answer.json()
    assert told["type"] == "transaction-response"
    statuses = [entry["response"]["status"][:3] for entry in told["entry"]]
    assert statuses == ["200", "200", "204", "201", "201", "201"]
    assert told["entry"][0]["resource"]["id"] == ona
    assert "resource" not in told["entry"][4]
    assert doctor.get(f"/Observation/{old['id']}").json()["status"] == "amended"
    assert doctor.get(f"/Observation/{gone['id']}").status_code == 410
    again = doctor.post(
        "", content=raw.replace(b'"1\\"', b'"2\\"'), headers={**JSON, "Prefer": "return=representation"}
    )
    assert again.status_code == 404  # what is gone cannot be deleted again
    repeat = doctor.post(
        "", content=transaction(post(place, ifNoneExist="identifier=urn:place|1")),
        headers={**JSON, "Prefer": "return=representation"},
    ).json()  # fmt: skip
    assert repeat["entry"][0]["response"]["status"] == "200 OK"
    assert repeat["entry"][0]["response"]["location"] in told["entry"][3]["response"]["location"]


def test_conditional_create_of_the_clinics_own(doctor: httpx.Client) -> None:
    firm = {"resourceType": "Organization", "name": "Ligoninė", "identifier": [{"system": "urn:o", "value": "9"}]}
    wanted = {**JSON, "If-None-Exist": "identifier=urn:o|9"}
    first = doctor.post("/Organization", content=json.dumps(firm), headers=wanted)
    second = doctor.post("/Organization", content=json.dumps(firm), headers=wanted)
    assert (first.status_code, second.status_code) == (201, 200)
    assert first.json()["id"] == second.json()["id"]
    refused = doctor.post("/Patient", content=json.dumps(patient()), headers={**JSON, "If-None-Exist": "family=x"})
    assert refused.status_code == 400


def test_what_another_made_at_the_same_moment_is_not_made_twice(
    doctor: httpx.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Twice the same of the clinic's own, and every condition on it fits several for good."""
    firm = {"resourceType": "Organization", "name": "Poliklinika", "identifier": [{"system": "urn:o", "value": "12"}]}
    wanted = {**JSON, "If-None-Exist": "identifier=urn:o|12"}
    sent = transaction(post(firm, ifNoneExist="identifier=urn:o|12"))

    async def nothing(*_: Any) -> dict[str, str]:
        return {}  # as it was a moment ago

    monkeypatch.setattr(transactions, "find_conditions", nothing)
    monkeypatch.setattr(changing, "find_conditions", nothing)
    assert doctor.post("", content=sent, headers=JSON).status_code == 200
    late = doctor.post("", content=sent, headers=JSON)
    assert (late.status_code, issue(late)["code"]) == (412, "conflict")
    alone = doctor.post("/Organization", content=json.dumps(firm), headers=wanted)
    assert alone.status_code == 200
    monkeypatch.undo()
    again = doctor.post("", content=sent, headers=JSON)
    assert again.json()["entry"][0]["response"]["location"].endswith(alone.json()["id"])


def test_bundles_over_the_limit_and_of_other_kinds_are_refused(doctor: httpx.Client) -> None:
    large = doctor.post("", content=b" " * (2 * 1024 * 1024 + 1), headers=JSON)
    assert (large.status_code, issue(large)["code"]) == (413, "too-long")
    batch = doctor.post("", content=b'{"resourceType":"Bundle","type":"document","entry":[]}', headers=JSON)
    assert (batch.status_code, issue(batch)["expression"]) == (400, ["Bundle.type"])


def test_a_synthea_bundle_comes_back_whole(doctor: httpx.Client) -> None:
    raw = bundle("Dwain")
    answer = doctor.post("", content=raw, headers=JSON)
    assert answer.status_code == 200, answer.text[:2000]
    sent = json.loads(raw, parse_float=str)["entry"]
    locations = [entry["response"]["location"].rpartition("/fhir/")[2].split("/") for entry in answer.json()["entry"]]
    chart = next(place[1] for place in locations if place[0] == "Patient")
    everything = json.loads(doctor.get(f"/Patient/{chart}/$everything").content, parse_float=str)
    got = {entry["resource"]["id"]: entry["resource"] for entry in everything["entry"]}
    assert (
        everything["total"] == len(got) == sum(place[0] not in ("Organization", "Practitioner") for place in locations)
    )
    for entry, place in zip(sent, locations, strict=True):
        if place[1] in got and "valueQuantity" in entry["resource"]:
            assert got[place[1]]["valueQuantity"] == entry["resource"]["valueQuantity"]
