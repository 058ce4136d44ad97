"""Two Python clients of FHIR that other people wrote, against a served vault: SMART Health IT's fhirclient, fhirpy."""

from collections.abc import Iterator
from typing import Any

import pytest
import requests
from fhirclient.client import FHIRClient
from fhirclient.models.bundle import Bundle
from fhirclient.models.observation import Observation
from fhirclient.models.patient import Patient
from fhirclient.server import FHIRNotFoundException, FHIRPermissionDeniedException
from fhirpy import SyncFHIRClient
from fhirpy.base.exceptions import OperationOutcome, ResourceNotFound
from talking import ABSENT

from seifas.drill.stage import Stage

FAMILY = "Žemaitė"


def token_of(stage: Stage) -> str:
    return stage.program(100).token


def observation(patient: str, day: str, **more: Any) -> dict[str, Any]:
    return {
        "resourceType": "Observation", "status": "final", "effectiveDateTime": day,
        "code": {"coding": [{"system": "http://loinc.org", "code": "8867-4"}]},
        "subject": {"reference": f"Patient/{patient}"}, "valueQuantity": {"value": 72.5, "unit": "/min"}, **more,
    }  # fmt: skip


@pytest.fixture(scope="module")
def smart(shared_stage: Stage) -> Iterator[FHIRClient]:
    """fhirclient reads the statement by itself; it knows no Backend Services, so the token comes from outside."""
    client = FHIRClient(settings={"app_id": "test", "api_base": f"http://127.0.0.1:{shared_stage.staff}/fhir"})
    client.server.session.headers["Authorization"] = f"Bearer {token_of(shared_stage)}"
    yield client
    client.server.session.close()


@pytest.fixture(scope="module")
def fhirpy(shared_stage: Stage) -> SyncFHIRClient:
    base = f"http://127.0.0.1:{shared_stage.staff}/fhir"
    return SyncFHIRClient(base, authorization=f"Bearer {token_of(shared_stage)}")


def test_fhirclient_reads_the_statement(smart: FHIRClient) -> None:
    statement = smart.server.capabilityStatement
    assert statement.fhirVersion == "4.0.1"
    assert [one.code for one in statement.rest[0].interaction] == ["transaction", "batch"]
    assert smart.server.auth.auth_type == "oauth2"


def test_fhirclient_writes_reads_searches_and_deletes(smart: FHIRClient) -> None:
    server = smart.server
    made = Patient({"name": [{"family": FAMILY, "given": ["Julija"]}], "birthDate": "1845-06-03"}).create(server)
    ident = made["id"]
    held = Patient.read(ident, server)
    assert held.name[0].family == FAMILY
    assert held.birthDate.isostring == "1845-06-03"
    held.gender = "female"
    assert held.update(server)["meta"]["versionId"] == "2"
    for day in ("2026-01-01", "2026-02-01", "2026-03-01"):
        Observation(observation(ident, day)).create(server)
    asked = Observation.where({"patient": ident, "date": "ge2026-02", "_count": "1"}).include("subject")
    found = list(asked.perform_resources_iter(server))  # follows the links from page to page
    days = [one.effectiveDateTime.isostring[:10] for one in found if isinstance(one, Observation)]
    assert days == ["2026-02-01", "2026-03-01"]
    assert {one.id for one in found if isinstance(one, Patient)} == {ident}
    assert found[0].valueQuantity.value == 72.5
    masked = list(Patient.where({"family": FAMILY}).perform_resources_iter(server))
    assert ident in [one.id for one in masked]
    assert {one.birthDate.as_json() for one in masked if one.id == ident} == {"1845"}
    history = Bundle.read_from(f"Patient/{ident}/_history", server)
    assert [one.resource.gender for one in history.entry] == ["female", None]
    first = next(one for one in found if isinstance(one, Observation))
    first.delete(server)
    with pytest.raises(requests.HTTPError, match="410"):
        Observation.read(first.id, server)


def test_fhirclient_is_refused_in_its_own_words(smart: FHIRClient) -> None:
    with pytest.raises(FHIRNotFoundException):
        Patient.read(ABSENT, smart.server)
    with pytest.raises(FHIRPermissionDeniedException) as refused:
        list(Observation.where({"code": "8867-4"}).perform_iter(smart.server))
    assert refused.value.response.json()["issue"][0]["code"] == "too-costly"


def test_fhirpy_writes_reads_searches_and_deletes(fhirpy: SyncFHIRClient) -> None:
    person = fhirpy.resource("Patient", name=[{"family": FAMILY, "given": ["Antanas"]}], birthDate="1860-01-05")
    person.save()
    assert len(person.id) == 32
    person["gender"] = "male"
    person.save()
    again = fhirpy.reference("Patient", person.id).to_resource()
    assert (again["gender"], again["meta"]["versionId"]) == ("male", "2")
    for day in ("2026-01-01", "2026-02-01", "2026-03-01"):
        fhirpy.resource(**_split(observation(person.id, day))).save()
    within = fhirpy.resources("Observation").search(patient=person.id)
    assert within.count() == 3
    assert [one["effectiveDateTime"] for one in within.sort("-date").fetch()] == [
        "2026-03-01", "2026-02-01", "2026-01-01",
    ]  # fmt: skip
    assert len(within.limit(1).fetch_all()) == 3  # page by page
    raw = within.search(date__ge="2026-03").include("Observation", "subject").fetch_raw()
    assert [one.resource["resourceType"] for one in raw.entry] == ["Observation", "Patient"]
    short = within.elements("status").first()
    assert "valueQuantity" not in short
    history = fhirpy.execute(f"Patient/{person.id}/_history", method="get")
    assert history["total"] == 2
    first = within.first()
    first.delete()
    assert within.count() == 2
    written = fhirpy.resources("Provenance").search(patient=person.id).fetch()
    assert {one["activity"]["coding"][0]["code"] for one in written} == {"CREATE", "UPDATE", "DELETE"}


def _split(resource: dict[str, Any]) -> dict[str, Any]:
    return {"resource_type": resource.pop("resourceType"), **resource}


def test_fhirpy_sends_transactions_and_batches(fhirpy: SyncFHIRClient) -> None:
    entries = [
        {
            "fullUrl": "urn:uuid:8b7a1c9e-0000-4000-8000-000000000001",
            "resource": {"resourceType": "Patient", "name": [{"family": FAMILY}]},
            "request": {"method": "POST", "url": "Patient"},
        },
        {
            "resource": observation("x", "2026-01-01")
            | {"subject": {"reference": "urn:uuid:8b7a1c9e-0000-4000-8000-000000000001"}},
            "request": {"method": "POST", "url": "Observation"},
        },
    ]
    told = fhirpy.execute("", data={"resourceType": "Bundle", "type": "transaction", "entry": entries})
    assert [one["response"]["status"] for one in told["entry"]] == ["201 Created", "201 Created"]
    ident = told["entry"][0]["response"]["location"].split("/")[-3]
    asked = [{"request": {"method": "GET", "url": url}} for url in (
        f"Patient/{ident}", f"Observation?patient={ident}", f"Patient/{ABSENT}")]  # fmt: skip
    told = fhirpy.execute("", data={"resourceType": "Bundle", "type": "batch", "entry": asked})
    assert [one["response"]["status"] for one in told["entry"]] == ["200 OK", "200 OK", "404 Not Found"]


def test_fhirpy_is_refused_in_its_own_words(fhirpy: SyncFHIRClient) -> None:
    with pytest.raises(ResourceNotFound):
        fhirpy.reference("Patient", ABSENT).to_resource()
    with pytest.raises(OperationOutcome) as wrong:
        fhirpy.resource("Patient", gender="no such").save()
    assert wrong.value.resource["issue"][0]["expression"] == ["Patient.gender"]
    # Its conditional create is a query on the POST, which R4 does not have: ignoring that would make doubles.
    place = fhirpy.resource("Location", name="Kabinetas 3", identifier=[{"system": "urn:place", "value": "3"}])
    with pytest.raises(OperationOutcome) as condition:
        fhirpy.resources("Location").search(identifier="urn:place|3").get_or_create(place)
    assert "If-None-Exist" in condition.value.resource["issue"][0]["diagnostics"]
