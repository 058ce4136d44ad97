"""What a client may ask of the protocol: parts, includes, order, histories, batches, conditional creates."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest
from running_vault import RunningVault
from talking import ABSENT, JSON, create, issue, observation, patient

from seifas.fhir.json_text import read
from seifas.fhir.validate import check

IDENTIFIER = {"system": "urn:lab", "value": "7"}


@pytest.fixture(scope="module")
def doctor(vault: RunningVault) -> Iterator[httpx.Client]:
    with vault.fhir(vault.sign_in("gydytoja"), **{"Seifas-Reason": "visit"}) as client:
        yield client


@pytest.fixture(scope="module")
def chart(doctor: httpx.Client, ona: str) -> dict[str, str]:
    """A patient's visit by a doctor, two observations of that visit, one without."""
    made = create(doctor, {"resourceType": "Practitioner", "name": [{"family": "Gydytojas"}]})["id"]
    visit = create(doctor, {
        "resourceType": "Encounter", "status": "finished", "class": {"code": "AMB"},
        "subject": {"reference": f"Patient/{ona}"}, "period": {"start": "2020-05-01", "end": "2020-05-01"},
        "participant": [{"individual": {"reference": f"Practitioner/{made}"}}],
    })["id"]  # fmt: skip
    at = {"reference": f"Encounter/{visit}"}
    coded = {"code": {"coding": [{"system": "http://loinc.org", "code": "8480-6"}]}, "valueQuantity": {"value": 1}}
    one = create(doctor, observation(ona, encounter=at, effectiveDateTime="2020-05-01", **coded))["id"]
    two = create(doctor, observation(ona, encounter=at, effectiveDateTime="2021-05-01", status="amended"))["id"]
    three = create(doctor, observation(ona))["id"]
    return {"doctor": made, "visit": visit, "one": one, "two": two, "three": three}


def found(answer: httpx.Response, mode: str = "match") -> list[str]:
    assert answer.status_code == 200, answer.text
    bundle = answer.json()
    check(read(answer.content))
    return [one["resource"]["id"] for one in bundle.get("entry", []) if one["search"]["mode"] == mode]


def test_parameters_of_the_type_and_their_modifiers(doctor: httpx.Client, ona: str, chart: dict[str, str]) -> None:
    def ids(query: str) -> set[str]:
        return set(found(doctor.get(f"/Observation?patient={ona}&{query}")))

    assert ids("code=http://loinc.org|8480-6") == ids("combo-code=8480-6") == {chart["one"]}
    assert ids(f"encounter=Encounter/{chart['visit']}") == ids(f"encounter:Encounter={chart['visit']}")
    assert ids("date=ge2021") == {chart["two"]}
    assert ids("status:not=final") == {chart["two"]}
    assert ids("date:missing=true") == ids("encounter:missing=true") == {chart["three"]}
    assert found(doctor.get(f"/Encounter?subject:Patient={ona}&practitioner=Practitioner/{chart['doctor']}")) == [
        chart["visit"]
    ]
    for query in ("onset-date=2020", "code:in=x", "date:not=2020", "encounter:Nothing=1", "encounter:identifier="):
        assert doctor.get(f"/Observation?patient={ona}&{query}").status_code == 400, query


def test_a_search_around_a_record_is_one_within_its_patient(doctor: httpx.Client, chart: dict[str, str]) -> None:
    visit = chart["visit"]
    whole = f"{str(doctor.base_url).rstrip('/')}/Encounter/{visit}"
    for query in (f"encounter=Encounter/{visit}", f"encounter:Encounter={visit}", f"encounter={whole}"):
        assert set(found(doctor.get(f"/Observation?{query}&_sort=date"))) == {chart["one"], chart["two"]}, query
    assert found(doctor.get(f"/Observation?encounter=Encounter/{ABSENT}")) == []
    assert found(doctor.get(f"/Provenance?target=Observation/{chart['one']}")) == [f"{chart['one']}.1"]
    for query in (f"performer=Practitioner/{chart['doctor']}", f"encounter={visit}", "encounter=Encounter/x,y"):
        assert doctor.get(f"/Observation?{query}").status_code == 403, query


def test_a_patient_as_a_compartment(doctor: httpx.Client, ona: str, chart: dict[str, str]) -> None:
    assert found(doctor.get(f"/Patient/{ona}/Observation?date=2020")) == [chart["one"]]
    assert found(doctor.post(f"/Patient/{ona}/Encounter/_search", data={"status": "finished"})) == [chart["visit"]]
    for url in (f"/Patient/{ona}/Practitioner", f"/Patient/{ona}/Observation?patient={ABSENT}"):
        assert doctor.get(url).status_code == 400, url
    assert doctor.get(f"/Patient/{ABSENT}/Observation").status_code == 404
    assert doctor.post(f"/Patient/{ona}/Observation", content=b"{}", headers=JSON).status_code == 405


def test_order_by_dates_with_the_undated_last(doctor: httpx.Client, ona: str, chart: dict[str, str]) -> None:
    up = found(doctor.get(f"/Observation?patient={ona}&_sort=date"))
    down = found(doctor.get(f"/Observation?patient={ona}&_sort=-date,_lastUpdated"))
    assert up == [chart["one"], chart["two"], chart["three"]]
    assert down == [chart["two"], chart["one"], chart["three"]]


def test_includes_within_the_patient_and_from_the_clinic(
    doctor: httpx.Client, ona: str, chart: dict[str, str]
) -> None:
    asked = f"/Observation?patient={ona}&_include=Observation:encounter&_include=Observation:patient&date=2020"
    answer = doctor.get(asked)
    assert found(answer) == [chart["one"]]
    assert set(found(answer, "include")) == {chart["visit"], ona}
    assert answer.json()["total"] == 1
    visits = doctor.get(f"/Encounter?patient={ona}&_include=Encounter:practitioner&_revinclude=Observation:encounter")
    assert set(found(visits, "include")) == {chart["doctor"], chart["one"], chart["two"]}
    whole = doctor.get(f"/Patient?_id={ona}&_revinclude=Encounter:patient&_revinclude=Provenance:target")
    kinds = [one["resource"]["resourceType"] for one in whole.json()["entry"]]
    assert kinds[:2] == ["Patient", "Encounter"]
    assert set(kinds[2:]) == {"Provenance"}
    by_id = doctor.get(f"/Observation?_id={chart['one']}&_include=Observation:encounter")
    assert found(by_id, "include") == [chart["visit"]]


@pytest.mark.parametrize(
    "query",
    ["_include=*", "_include=Observation", "_include=Encounter:practitioner", "_include:iterate=Observation:encounter",
     "_include=Observation:status", "_revinclude=Condition:asserter", "_include=Observation:encounter:Nothing"],
)  # fmt: skip
def test_other_includes_are_refused(doctor: httpx.Client, ona: str, query: str) -> None:
    answer = doctor.get(f"/Observation?patient={ona}&{query}")
    assert answer.status_code == 400, answer.text


def test_parts_say_so_and_are_no_updates(doctor: httpx.Client, ona: str, chart: dict[str, str]) -> None:
    at = f"/Observation/{chart['one']}"
    part = doctor.get(at, params={"_elements": "status,value"}).json()
    assert set(part) == {"resourceType", "id", "meta", "status", "code", "valueQuantity"}
    assert part["meta"]["tag"][0]["code"] == "SUBSETTED"
    assert "name" not in doctor.get(f"/Patient/{ona}?_summary=text").json()
    assert "name" in doctor.get(f"/Patient/{ona}?_summary=true").json()
    assert doctor.get(f"/Patient/{ona}?_summary=false").content == doctor.get(f"/Patient/{ona}").content
    assert doctor.get(f"/Patient/{ona}?_summary=count").status_code == 400
    back = doctor.put(at, content=json.dumps(part), headers=JSON)
    assert (back.status_code, issue(back)["expression"]) == (400, ["meta.tag"])
    put = asked("PUT", f"Observation/{chart['one']}", resource=part)
    raw = {"resourceType": "Bundle", "type": "transaction", "entry": [put]}
    assert doctor.post("", content=json.dumps(raw), headers=JSON).status_code == 400
    counted = doctor.get(f"/Observation?patient={ona}&_summary=count").json()
    assert (counted["total"], "entry" in counted) == (3, False)
    entry = doctor.get(f"/Observation?patient={ona}&_elements=status&date=2020").json()["entry"][0]["resource"]
    assert "valueQuantity" not in entry


def test_a_summary_keeps_numbers_to_the_letter(doctor: httpx.Client, ona: str) -> None:
    text = json.dumps(observation(ona, valueQuantity={"value": 1})).replace('"value": 1', '"value": 1.50')
    made = doctor.post("/Observation", content=text, headers=JSON).json()["id"]
    assert b'"value":1.50' in doctor.get(f"/Observation/{made}?_elements=value").content
    assert doctor.delete(f"/Observation/{made}").status_code == 204


def test_the_history_of_a_record_and_of_a_deleted_one(vault: RunningVault, doctor: httpx.Client, ona: str) -> None:
    made = create(doctor, observation(ona))
    at = f"/Observation/{made['id']}"
    doctor.put(at, content=json.dumps(made | {"status": "amended"}), headers=JSON)
    history = doctor.get(f"{at}/_history")
    check(read(history.content))
    told = history.json()
    assert (told["type"], told["total"]) == ("history", 2)
    assert [one["request"]["method"] for one in told["entry"]] == ["PUT", "POST"]
    assert [one["resource"]["status"] for one in told["entry"]] == ["amended", "final"]
    assert len(doctor.get(f"{at}/_history?_count=1").json()["entry"]) == 1
    assert doctor.get(f"{at}/_history?_since=2999").json()["total"] == 0
    assert doctor.get(f"{at}/_history?_at=2020").status_code == 400
    assert doctor.delete(at).status_code == 204
    gone = doctor.get(f"{at}/_history")
    check(read(gone.content))
    assert [one["response"]["status"][:3] for one in gone.json()["entry"]] == ["204", "410", "410"]
    assert not any("resource" in one for one in gone.json()["entry"])
    assert doctor.get(f"{at}/_history/1").status_code == 410
    assert doctor.get(f"/Condition/{made['id']}").status_code == 404
    vault.new_day()
    vault.account("istorike", "doctor")
    with vault.fhir(vault.sign_in("istorike")) as other:
        assert issue(other.get(at))["code"] == issue(other.get(f"{at}/_history"))["code"] == "business-rule"
        assert other.get(f"/Observation/{ABSENT}/_history").status_code == 404


@pytest.mark.parametrize("path", ["/_history", "/Observation/_history", "/Patient/_history"])
def test_histories_of_many_are_refused_with_the_way_out(doctor: httpx.Client, path: str) -> None:
    answer = doctor.get(path)
    assert (answer.status_code, issue(answer)["code"]) == (403, "too-costly")
    assert "$export" in issue(answer)["diagnostics"]


def test_clinical_searches_over_patients_name_the_job(doctor: httpx.Client) -> None:
    answer = doctor.get("/Observation?code=8480-6")
    assert (answer.status_code, issue(answer)["code"]) == (403, "too-costly")
    assert "$export" in issue(answer)["diagnostics"]


def batch(*entries: dict[str, Any]) -> str:
    return json.dumps({"resourceType": "Bundle", "type": "batch", "entry": list(entries)})


def asked(method: str, url: str, **more: Any) -> dict[str, Any]:
    resource = more.pop("resource", None)
    return {"request": {"method": method, "url": url, **more}} | ({"resource": resource} if resource else {})


def test_a_batch_is_as_many_requests(doctor: httpx.Client, ona: str, chart: dict[str, str]) -> None:
    wrong = observation(ona) | {"status": "no such status"}
    answer = doctor.post("", headers=JSON, content=batch(
        asked("GET", f"Patient/{ona}"), asked("GET", f"/Observation?patient={ona}&status=amended"),
        asked("POST", "Observation", resource=observation(ona)), asked("POST", "Observation", resource=wrong),
        asked("GET", f"Observation/{ABSENT}"), asked("GET", "Observation"),
        asked("GET", f"Patient/{ona}", ifNoneMatch='W/"1"'), asked("PATCH", f"Patient/{ona}"), {},
        asked("POST", "", resource=json.loads(batch())), asked("GET", "Patient/$export"), asked("GET", "metadata"),
        asked("GET", "Patient/%C5%BE"), asked("GET", "Patient/ž"),
    ))  # fmt: skip
    assert answer.status_code == 200, answer.text
    check(read(answer.content))
    told = answer.json()
    assert told["type"] == "batch-response"
    statuses = [one["response"]["status"][:3] for one in told["entry"]]
    assert statuses[:7] == ["200", "200", "201", "400", "404", "403", "304"]
    assert statuses[7:] == ["400", "400", "400", "400", "200", "404", "400"]
    assert told["entry"][1]["resource"]["entry"][0]["resource"]["id"] == chart["two"]
    assert told["entry"][2]["response"]["location"].endswith("/_history/1")
    assert told["entry"][3]["response"]["outcome"]["issue"][0]["expression"] == ["Observation.status"]
    made = told["entry"][2]["resource"]["id"]
    done = doctor.post("", headers=JSON, content=batch(
        asked("DELETE", f"Observation/{made}", ifMatch='W/"2"'), asked("DELETE", f"Observation/{made}"),
    ))  # fmt: skip
    assert [one["response"]["status"][:3] for one in done.json()["entry"]] == ["412", "204"]
    assert len(doctor.post("", headers=JSON, content=batch()).json()) == 2


@pytest.mark.parametrize("entries", [{}, "x", [asked("GET", "metadata")] * 1001])
def test_batches_of_no_use_are_refused(doctor: httpx.Client, entries: Any) -> None:
    content = json.dumps({"resourceType": "Bundle", "type": "batch", "entry": entries})
    assert doctor.post("", content=content, headers=JSON).status_code in (400, 413)


def test_a_conditional_create_within_a_patient(doctor: httpx.Client, ona: str) -> None:
    body = json.dumps(observation(ona, identifier=[IDENTIFIER]))

    def send(condition: str, content: str = body) -> httpx.Response:
        return doctor.post("/Observation", content=content, headers={**JSON, "If-None-Exist": condition})

    condition = f"patient=Patient/{ona}&identifier=urn:lab|7"
    first, second = send(condition), send(f"?subject={ona}&identifier=7")
    assert (first.status_code, second.status_code) == (201, 200)
    assert first.json() == second.json()
    assert second.headers["location"] == first.headers["location"]
    assert send("identifier=urn:lab|7").json() == first.json()  # within the patient that the resource names
    assert send(f"patient={ona}&identifier=urn:other|7").status_code == 201
    several = send(f"patient={ona}&identifier=7")
    assert (several.status_code, issue(several)["code"]) == (412, "conflict")
    other = create(doctor, patient("Kitas"))["id"]
    assert send(f"patient={other}&identifier=urn:lab|7").status_code == 400
    for bad in ("identifier=", f"patient={ona}", f"patient={ona}&identifier=", f"patient={ona}&code=7",
                f"patient={ABSENT}x&identifier=7", "%", f"patient={ona}&patient={other}&identifier=7"):  # fmt: skip
        assert send(bad).status_code == 400, bad
    assert send(f"patient={ABSENT}&identifier=7", json.dumps(observation(ABSENT))).status_code == 404


def test_a_patient_is_registered_once(doctor: httpx.Client) -> None:
    def send(condition: str, **more: Any) -> httpx.Response:
        body = json.dumps(patient("Vienkartė", **more))
        return doctor.post("/Patient", content=body, headers={**JSON, "If-None-Exist": condition})

    mrn = {"identifier": [{"system": "urn:mrn", "value": "MRN-0042"}]}
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: send("identifier=urn:mrn|MRN-0042", **mrn), range(4)))
    assert sorted(answer.status_code for answer in answers) == [200, 200, 200, 201]
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert send("identifier=urn:other|MRN-0042").status_code == 201  # another system's number is another's
    for bad in ("identifier=MRN-0042", "identifier=|MRN-0042", "family=Vienkarte",
                "identifier=urn:mrn|MRN-0042&birthdate=1980-02-03"):  # fmt: skip
        assert send(bad).status_code == 400, bad


def test_of_many_conditional_creates_at_once_one_is_made(doctor: httpx.Client, ona: str) -> None:
    body = json.dumps(observation(ona, identifier=[{"system": "urn:lab", "value": "at once"}]))
    headers = {**JSON, "If-None-Exist": f"patient={ona}&identifier=urn:lab|at once"}
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: doctor.post("/Observation", content=body, headers=headers), range(8)))
    assert sorted(answer.status_code for answer in answers) == [200] * 7 + [201]
    assert len({answer.json()["id"] for answer in answers}) == 1
