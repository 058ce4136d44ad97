"""Searches over real sockets: masked patients, filters inside one patient, pages, and what is too costly."""

from typing import Any

import httpx
import pytest
from running_vault import RunningVault
from talking import JSON, create, issue, observation, patient

from seifas.fhir.filters import test_of as filter_of
from seifas.fhir.json_text import read
from seifas.fhir.outcomes import NotSupported
from seifas.fhir.validate import check


@pytest.fixture(scope="module")
def ona(doctor: httpx.Client) -> str:
    create(doctor, patient("Žukauskaitė", gender="male"))
    ident: str = create(
        doctor,
        patient(
            gender="female",
            telecom=[{"system": "phone", "value": "+370 612 34567"}, {"system": "email", "value": "ona@example.lt"}],
            identifier=[{"system": "https://hl7.lt/fhir/sid/lt-patient-pid", "value": "48002030000"}],
        ),
    )["id"]
    for day in range(1, 8):
        create(
            doctor,
            observation(
                ident,
                effectiveDateTime=f"2026-03-0{day}",
                status="final" if day % 2 else "amended",
                code={"coding": [{"system": "http://loinc.org", "code": f"c{day}"}]},
                category=[{"coding": [{"code": "vital-signs"}]}],
            ),
        )
    create(
        doctor, {"resourceType": "Practitioner", "name": [{"family": "Gydytojauskas"}], "identifier": [{"value": "7"}]}
    )
    return ident


def masked(answer: httpx.Response) -> list[dict[str, Any]]:
    assert answer.status_code == 200, answer.text
    bundle = answer.json()
    assert bundle["type"] == "searchset"
    assert "total" not in bundle
    found = [entry["resource"] for entry in bundle.get("entry", [])]
    for one in found:
        assert one["meta"]["security"][0]["code"] == "MASKED"
        assert one["meta"]["tag"][0]["code"] == "SUBSETTED"
    return found


@pytest.mark.parametrize(
    "asked",
    [
        {"family": "zukauskiene"}, {"family": "Žukauskienė", "given": "Ona"}, {"name": "Ona Žuk"},
        {"phone": "+37061234567"}, {"telecom": "+37061234567"}, {"telecom": "ona@example.lt"},
        {"email": "ona@example.lt"}, {"identifier": "https://hl7.lt/fhir/sid/lt-patient-pid|48002030000"},
        {"identifier": "48002030000"}, {"family": "Žuk", "birthdate": "1980-02-03"},
        {"family": "Žuk", "birthdate": "eq1980"},
    ],
)  # fmt: skip
def test_patients_are_found_masked(doctor: httpx.Client, ona: str, asked: dict[str, str]) -> None:
    for answer in (doctor.post("/Patient/_search", data=asked), doctor.get("/Patient", params=asked)):
        found = masked(answer)
        assert ona in [one["id"] for one in found]
        hers = next(one for one in found if one["id"] == ona)
        assert hers["birthDate"] == "1980"
        assert hers["telecom"] == [{"system": "phone", "value": "…567"}]
        link = answer.json()["link"][0]["url"]
        assert "?" not in link


def test_gender_narrows_and_count_bounds(doctor: httpx.Client, ona: str) -> None:
    assert len(masked(doctor.post("/Patient/_search", data={"family": "Žukausk"}))) == 2
    assert [
        one["id"] for one in masked(doctor.post("/Patient/_search", data={"family": "Žukausk", "gender": "female"}))
    ] == [ona]
    assert len(masked(doctor.post("/Patient/_search", data={"family": "Žukausk", "_count": "1"}))) == 1


@pytest.mark.parametrize(
    ("asked", "status"),
    [
        ({}, 403), ({"_count": "20"}, 403), ({"gender": "female"}, 403), ({"family": "Ž", "_count": "0"}, 403),
        ({"family:exact": "x"}, 400), ({"address": "Kaunas"}, 400), ({"_sort": "family", "family": "x"}, 400),
        ({"family": "x", "birthdate": "lt1980"}, 400), ({"family": "x", "gender": "f"}, 400),
        ({"family": "x", "_count": "-1"}, 400), ({"family": "x", "_include": "*"}, 400), ({"family": "x" * 5000}, 413),
        ({"birthdate": "1980-02-31", "family": "xx"}, 400),
    ],
)  # fmt: skip
def test_searches_that_are_refused(doctor: httpx.Client, asked: dict[str, str], status: int) -> None:
    answer = doctor.post("/Patient/_search", data=asked or {"_format": "json"})
    assert answer.status_code == status, answer.text
    assert "diagnostics" in issue(answer)


@pytest.mark.parametrize("body", [b"family=%ff%fe", b"&".join(b"a=%d" % n for n in range(100)), "family=Žuk".encode()])
def test_forms_that_are_not_forms(doctor: httpx.Client, body: bytes) -> None:
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    assert doctor.post("/Patient/_search", content=body, headers=headers).status_code == 400
    multipart = doctor.post("/Patient/_search", files={"family": b"x"})
    assert multipart.status_code == 415


def test_a_search_by_id_opens_the_patient(doctor: httpx.Client, ona: str) -> None:
    whole = doctor.get("/Patient", params={"_id": ona}).json()
    assert whole["entry"][0]["resource"]["birthDate"] == "1980-02-03"
    assert "entry" not in doctor.get("/Patient", params={"_id": "ab" * 16}).json()
    assert "entry" not in doctor.get("/Patient", params={"_id": "nothing"}).json()
    assert doctor.get("/Patient", params={"_id": ona, "family": "x"}).status_code == 400


def test_a_clinical_search_over_all_patients_is_too_costly(doctor: httpx.Client) -> None:
    answer = doctor.get("/Condition", params={"code": "J45"})
    assert answer.status_code == 403
    told = issue(answer)
    assert told["code"] == "too-costly"
    assert "$everything" in told["diagnostics"]


@pytest.mark.parametrize(
    ("asked", "number"),
    [
        ({}, 7), ({"code": "c3"}, 1), ({"code": "http://loinc.org|c3"}, 1), ({"code": "urn:other|c3"}, 0),
        ({"code": "http://loinc.org|"}, 7), ({"code": "|c3"}, 0), ({"code": "c1,c2"}, 2), ({"status": "amended"}, 3),
        ({"category": "vital-signs", "status": "final"}, 4), ({"date": "2026-03-02"}, 1), ({"date": "ge2026-03-03"}, 5),
        ({"date": "lt2026-03-03"}, 2), ({"date": "2026-03"}, 7), ({"date": "sa2026-03-06"}, 1),
        ({"date": "ne2026-03-06"}, 6),
        ({"date": "gt2026-03-05T12:00:00Z"}, 3), ({"_lastUpdated": "ge2026-01-01"}, 7),
        ({"_lastUpdated": "lt2026-01-01"}, 0),
    ],
)  # fmt: skip
def test_filters_inside_one_patient(doctor: httpx.Client, ona: str, asked: dict[str, str], number: int) -> None:
    for who in ({"patient": ona}, {"subject": f"Patient/{ona}"}):
        answer = doctor.get("/Observation", params={**who, **asked}, headers={"Seifas-Reason": "test"})
        assert answer.status_code == 200, answer.text
        assert answer.json()["total"] == number == len(answer.json().get("entry", []))


def test_pages_cover_all_once(doctor: httpx.Client, ona: str) -> None:
    seen: list[str] = []
    url: str | None = f"/Observation?patient={ona}&_count=3&_sort=-_lastUpdated"
    while url:
        bundle = doctor.get(url).json()
        seen += [entry["resource"]["id"] for entry in bundle["entry"]]
        url = next((link["url"] for link in bundle["link"] if link["relation"] == "next"), None)
    assert len(seen) == len(set(seen)) == 7


def test_patients_are_narrowed_by_what_shows_nothing_more(doctor: httpx.Client) -> None:
    made = {active: create(doctor, patient("Veikiantis", active=active))["id"] for active in (True, False)}
    for active, ident in made.items():
        hits = doctor.get("/Patient", params={"family": "Veikiantis", "active": str(active).lower()}).json()["entry"]
        assert [one["resource"]["id"] for one in hits] == [ident]
    assert doctor.get("/Patient", params={"active": "true"}).status_code == 403
    assert doctor.get("/Patient", params={"family": "Veikiantis", "active": "1"}).status_code == 400


def test_everything_of_one_patient(doctor: httpx.Client, ona: str) -> None:
    whole = doctor.get(f"/Patient/{ona}/$everything").json()
    assert whole["entry"][0]["resource"]["resourceType"] == "Patient"
    assert whole["total"] == len(whole["entry"]) == 8
    posted = doctor.post(f"/Patient/{ona}/$everything", data={"_type": "Observation", "_count": "5"}).json()
    assert len(posted["entry"]) == 5
    following = next(link["url"] for link in posted["link"] if link["relation"] == "next")
    assert len(doctor.get(following).json()["entry"]) == 2
    assert doctor.get(f"/Patient/{'0' * 32}/$everything").status_code == 404
    assert doctor.get(f"/Patient/{'ab' * 16}/$everything").status_code == 404


@pytest.mark.parametrize(
    "query",
    ["patient=x&patient=y", "date=yesterday", "date=2026-02-30", "code:in=x", "colour=red", "_sort=code", "_count=many",
     "_offset=-1", "code="],
)  # fmt: skip
def test_unknown_or_broken_parameters_are_refused_not_ignored(doctor: httpx.Client, ona: str, query: str) -> None:
    answer = doctor.get(f"/Observation?subject={ona}&{query}")
    assert answer.status_code in (400, 403), answer.text
    assert issue(answer)["diagnostics"]


def test_the_clinics_own_are_searched_freely(doctor: httpx.Client, ona: str) -> None:
    assert doctor.get("/Practitioner", params={"name": "gydyt"}).json()["total"] == 1
    assert doctor.get("/Practitioner", params={"family": "nobody"}).json()["total"] == 0
    assert doctor.get("/Practitioner", params={"identifier": "7"}).json()["total"] == 1
    assert doctor.get("/Location").json()["total"] == 0
    link = doctor.get("/Practitioner", params={"name": "gydyt"}).json()["link"][0]["url"]
    assert "gydyt" not in link


def test_cold_charts_want_a_reason(vault: RunningVault, ona: str) -> None:
    vault.new_day()
    vault.account("kolega", "doctor")
    with vault.fhir(vault.sign_in("kolega")) as colleague:
        answer = colleague.get(f"/Observation?patient={ona}")
        assert answer.status_code == 403
        told = issue(answer)
        assert told["code"] == "business-rule"
        assert "Seifas-Reason" in told["diagnostics"]
        assert colleague.get(f"/Observation?patient={ona}", headers={"Seifas-Reason": "consult"}).status_code == 200


def test_past_the_hours_budget_a_gesture_is_asked_for(vault: RunningVault, doctor: httpx.Client) -> None:
    vault.account("skubus", "doctor")
    made = [create(doctor, patient(f"Stabdomas{'abcdefghijk'[n]}"))["id"] for n in range(11)]
    vault.new_day()
    with vault.fhir(vault.sign_in("skubus"), **{"Seifas-Reason": "look"}) as hasty:
        answers = [hasty.get(f"/Patient/{one}/$everything") for one in made]
    assert [answer.status_code for answer in answers] == [200] * 10 + [403]
    assert issue(answers[10])["code"] == "security"


def test_metadata_and_smart(vault: RunningVault) -> None:
    with httpx.Client(base_url=f"{vault.staff}/fhir") as nobody:
        statement = nobody.get("/metadata").json()
        assert statement["fhirVersion"] == "4.0.1"
        types = {one["type"]: one for one in statement["rest"][0]["resource"]}
        assert len(types) == 143
        operations = {kind: [one["name"] for one in held.get("operation", [])] for kind, held in types.items()}
        assert {kind: names for kind, names in operations.items() if names} == {
            "Group": ["export"], "Patient": ["everything", "export"],
        }
        assert [one["name"] for one in statement["rest"][0]["operation"]] == ["export"]
        assert "delete" not in [one["code"] for one in types["Patient"]["interaction"]]
        smart = nobody.get("/.well-known/smart-configuration").json()
        assert smart["token_endpoint"].endswith("/auth/token")
        assert nobody.get("/metadata", headers={"Accept": "application/fhir+xml"}).status_code == 406


@pytest.mark.parametrize(("date", "fits"), [("2026", True), ("2026-12", True), ("9999-12-31", False), ("eb2027", True)])
def test_periods_meet_dates(date: str, fits: bool) -> None:
    test = filter_of("Encounter", "date", date)
    assert test({"period": {"start": "2026-12-01", "end": "2026-12-31T23:59:59+02:00"}}) is fits


def test_an_open_period_reaches_on() -> None:
    assert filter_of("Encounter", "date", "gt2050")({"period": {"start": "2020"}})
    assert not filter_of("Encounter", "date", "lt2019")({"period": {"start": "2020"}})
    assert filter_of("Observation", "encounter", "Encounter/x")({"encounter": {"reference": "Encounter/x"}})
    with pytest.raises(NotSupported):
        filter_of("Encounter", "date", "0000")
    with pytest.raises(NotSupported):
        filter_of("Encounter", "date", "x2020")


def test_the_statement_is_valid(vault: RunningVault) -> None:
    check(read(httpx.get(f"{vault.staff}/fhir/metadata").content))
    assert JSON["Content-Type"].endswith("json")
