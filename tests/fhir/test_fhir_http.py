"""The FHIR API over real sockets against a real keeper: the protocol, and bad input that must leave nothing behind."""

import gzip
import json
import socket
from collections.abc import Iterator

import httpx
import pytest
from running_vault import RunningVault
from talking import ABSENT, JSON, create, issue, observation, patient

from seifas.fhir import exchange

# -- one resource


def test_created_resources_are_read_back_byte_for_byte(doctor: httpx.Client, ona: str) -> None:
    text = (
        f'{{"resourceType":"Observation","status":"final","code":{{"text":"ūgis"}},"subject":{{"reference":"Patient/{ona}"}},'
        '"valueQuantity":{"value":171.50,"unit":"cm"},"note":[{"text":"1e2 → ž"}]}'
    )
    made = doctor.post("/Observation", content=text.encode(), headers=JSON)
    assert made.status_code == 201
    ident = made.json()["id"]
    assert made.headers["location"].endswith(f"/fhir/Observation/{ident}/_history/1")
    assert made.headers["etag"] == 'W/"1"'
    assert "last-modified" in made.headers
    got = doctor.get(f"/Observation/{ident}")
    assert got.content == made.content
    assert b'"value":171.50' in got.content
    assert got.headers["etag"] == 'W/"1"'
    assert got.headers["cache-control"] == "no-store"


def test_versions_and_preconditions(doctor: httpx.Client, ona: str) -> None:
    made = create(doctor, observation(ona))
    at = f"/Observation/{made['id']}"
    changed = {**made, "status": "amended"}
    stale = doctor.put(at, content=json.dumps(changed), headers={**JSON, "If-Match": 'W/"7"'})
    assert stale.status_code == 412
    assert issue(stale)["code"] == "conflict"
    done = doctor.put(at, content=json.dumps(changed), headers={**JSON, "If-Match": 'W/"1"'})
    assert (done.status_code, done.headers["etag"]) == (200, 'W/"2"')
    without = doctor.put(at, content=json.dumps(changed | {"status": "corrected"}), headers=JSON)
    assert without.headers["etag"] == 'W/"3"'
    assert doctor.get(f"{at}/_history/1").json() == made
    assert doctor.get(f"{at}/_history/2").json()["status"] == "amended"
    assert doctor.get(f"{at}/_history/9").status_code == 404
    assert doctor.get(at, headers={"If-None-Match": 'W/"3"'}).status_code == 304
    assert doctor.get(at, headers={"If-None-Match": 'W/"2"'}).status_code == 200
    assert doctor.delete(at, headers={"If-Match": 'W/"1"'}).status_code == 412
    assert doctor.delete(at).status_code == 204
    assert doctor.get(at).status_code == 410
    assert issue(doctor.get(f"{at}/_history/1"))["code"] == "deleted"
    assert doctor.get(f"/Patient/{ona}").status_code == 200


@pytest.mark.parametrize(
    ("prefer", "kind"), [("minimal", None), ("representation", "Observation"), ("OperationOutcome", "OperationOutcome")]
)
def test_prefer(doctor: httpx.Client, ona: str, prefer: str, kind: str | None) -> None:
    headers = {**JSON, "Prefer": f"respond-async, return={prefer}"}
    answer = doctor.post("/Observation", content=json.dumps(observation(ona)), headers=headers)
    assert answer.status_code == 201
    assert (answer.json()["resourceType"] if answer.content else None) == kind


def test_a_patient_never_changes_hands(doctor: httpx.Client, ona: str) -> None:
    made = create(doctor, observation(ona))
    other = create(doctor, patient("Kazlauskas"))["id"]
    moved = {**made, "subject": {"reference": f"Patient/{other}"}}
    answer = doctor.put(f"/Observation/{made['id']}", content=json.dumps(moved), headers=JSON)
    assert answer.status_code in (400, 404)
    assert doctor.get(f"/Observation/{made['id']}").json() == made


def test_no_update_as_create_and_no_deleting_of_patients(doctor: httpx.Client, ona: str) -> None:
    unknown = doctor.put(f"/Patient/{ABSENT}", content=json.dumps(patient(id=ABSENT)), headers=JSON)
    assert unknown.status_code == 404
    own = doctor.put("/Patient/my-own", content=json.dumps(patient(id="my-own")), headers=JSON)
    assert own.status_code == 404
    assert doctor.delete(f"/Patient/{ona}").status_code == 405


def test_unknown_malformed_and_foreign_ids_answer_alike(vault: RunningVault, doctor: httpx.Client) -> None:
    vault.account("registratorius", "reception")
    with vault.fhir(vault.sign_in("registratorius")) as reception:
        seen = create(doctor, observation(create(doctor, patient("Petrauskas"))["id"]))
        answers = [
            doctor.get(f"/Observation/{ABSENT}"),
            doctor.get("/Observation/no-such-form"),
            doctor.get(f"/Observation/{ABSENT.upper()}"),
            doctor.get(f"/Condition/{seen['id']}"),
            reception.get(f"/Observation/{seen['id']}"),
        ]
        assert {(answer.status_code, answer.content) for answer in answers} == {(404, answers[0].content)}
        assert len({tuple(sorted(answer.headers.keys())) for answer in answers}) == 1


def test_only_the_signed_in_are_answered(vault: RunningVault) -> None:
    with httpx.Client(base_url=f"{vault.staff}/fhir") as nobody:
        for path in ("/Patient/x", f"/Patient/{ABSENT}", "/Patient?family=x", f"/Patient/{ABSENT}/$everything"):
            answer = nobody.get(path)
            assert answer.status_code == 401
            assert answer.headers["www-authenticate"].startswith("Bearer")
            assert issue(answer)["code"] == "login"
        bad = {"Authorization": "Bearer " + "x" * 43}
        assert nobody.get("/Patient/x", headers=bad).status_code == 401
        assert nobody.get("/Patient/x", headers={"Authorization": "Basic eDp5"}).status_code == 401
        assert nobody.get("/Patient/x", headers=[(b"Authorization", b"Bearer \xff")]).status_code == 401
        assert nobody.post("/Patient", content=b"{}", headers={**JSON, **bad}).status_code in (400, 401)
        assert nobody.post("/Patient", content=b"x" * 100_000, headers={**JSON, **bad}).status_code == 401


def test_the_cookie_moves_nothing_from_another_site(vault: RunningVault) -> None:
    token = vault.sign_in("gydytoja")
    send = json.dumps(patient("Kryžminis"))
    with httpx.Client(base_url=f"{vault.staff}/fhir", cookies={"seifas": token}) as browser:
        assert browser.get("/Patient/nothing").status_code == 404
        tries = {
            "no browser at all": ({}, 201),
            "other origin": ({"Origin": "https://evil.example"}, 401),
            "other site": ({"Sec-Fetch-Site": "cross-site", "Origin": vault.staff}, 401),
            "same site": ({"Sec-Fetch-Site": "same-site"}, 401),
            "null": ({"Origin": "null"}, 401),
            "own": ({"Origin": vault.staff, "Sec-Fetch-Site": "same-origin"}, 201),
            "own, old browser": ({"Origin": vault.staff}, 201),
        }
        for headers, status in tries.values():
            assert browser.post("/Patient", content=send, headers={**JSON, **headers}).status_code == status


# -- negotiation


def test_what_is_accepted(doctor: httpx.Client, ona: str) -> None:
    def status(accept: str, query: str = "") -> int:
        return doctor.get(f"/Patient/{ona}{query}", headers={"Accept": accept}).status_code

    for good in (
        "application/fhir+json",
        "application/json",
        "*/*",
        "text/html, */*;q=0.8",
        "application/fhir+json; fhirVersion=4.0",
    ):
        assert status(good) == 200
    for bad in ("application/fhir+xml", "text/turtle", "application/fhir+json;fhirVersion=5.0", "*/*;q=0"):
        assert status(bad) == 406
    assert status("application/fhir+xml", "?_format=json") == 200
    assert status("*/*", "?_format=xml") == 406
    assert status("*/*", "?_format=application/fhir%2Bjson") == 200


@pytest.mark.parametrize(
    "kind",
    [
        "",
        "text/plain",
        "application/fhir+xml",
        "multipart/form-data; boundary=x",
        "application/json; charset=windows-1257",
    ],
)
def test_bodies_of_other_kinds_are_refused(doctor: httpx.Client, kind: str) -> None:
    headers = {"Content-Type": kind} if kind else {}
    answer = doctor.post("/Patient", content=b"{}", headers=headers)
    assert answer.status_code == 415
    assert issue(answer)["code"] == "not-supported"


def test_packed_bodies_are_refused(doctor: httpx.Client) -> None:
    packed = gzip.compress(b"{}" * 1000)
    answer = doctor.post("/Patient", content=packed, headers={**JSON, "Content-Encoding": "gzip"})
    assert answer.status_code == 415


def test_unknown_addresses_and_methods(doctor: httpx.Client, ona: str) -> None:
    for path in (
        "/Klientas",
        "/Klientas/1",
        f"/Patient/{ona}/_history/1/2",
        "/Patient/_everything/x",
        "/$reindex",
        "/_search",
    ):
        assert doctor.get(path).status_code == 404, path
    for method, path in (
        ("PATCH", f"/Patient/{ona}"),
        ("PUT", "/Patient"),
        ("GET", ""),
        ("GET", "/Patient/_search"),
        ("DELETE", ""),
    ):
        answer = doctor.request(method, path)
        assert answer.status_code == 405, path
        assert issue(answer)["code"] == "not-supported"


# -- bad input


@pytest.mark.parametrize(
    ("body", "status", "code", "says"),
    [
        (b"", 400, "invalid", "empty"),
        (json.dumps(patient()).encode()[:-5], 400, "invalid", "cut off"),
        (json.dumps(patient(), ensure_ascii=False).encode("cp1257"), 400, "invalid", "Windows-1257"),
        (json.dumps(patient()).encode("utf-16"), 400, "invalid", "UTF-16"),
        (b'{"resourceType":"Patient","gender":"male","gender":"female"}', 400, "invalid", "twice"),
        (b'{"resourceType":"Patient","extension":' + b"[{" * 500 + b"}]" * 500 + b"}", 400, "invalid", ""),
        (b'{"resourceType":"Patient","extension":' + b'{"a":' * 100 + b"1" + b"}" * 101, 400, "invalid", "deeper"),
        (b'{"resourceType":"Patient","multipleBirthInteger":NaN}', 400, "invalid", "NaN"),
        (json.dumps(patient(birthDate="1980-02-30")).encode(), 400, "value", "calendar"),
        (json.dumps(patient(birthDate="03.02.1980")).encode(), 400, "value", "YYYY"),
        (json.dumps({"resourceType": "Observation"}).encode(), 400, "invalid", "another type"),
        (json.dumps({"resourceType": "Klientas"}).encode(), 400, "invalid", "no FHIR R4"),
        (json.dumps(patient(nickname="x")).encode(), 400, "structure", "no such element"),
        (b'{"resourceType":"Patient","name":[{"text":"' + b"x" * 300_000 + b'"}]}', 413, "too-long", "262144"),
    ],
)
def test_bad_bodies_are_refused_with_a_reason(
    doctor: httpx.Client, body: bytes, status: int, code: str, says: str
) -> None:
    answer = doctor.post("/Patient", content=body, headers=JSON)
    assert answer.status_code == status
    assert issue(answer)["code"] == code
    assert says in issue(answer)["diagnostics"]


def test_the_path_of_a_fault_is_told_and_its_value_is_not(doctor: httpx.Client) -> None:
    answer = doctor.post("/Patient", content=json.dumps(patient(gender="Slapta", name=[{"use": "x"}])), headers=JSON)
    told = {one["expression"][0]: one["diagnostics"] for one in answer.json()["issue"]}
    assert set(told) == {"Patient.gender", "Patient.name[0].use"}
    assert "Slapta" not in answer.text


def test_reasons_must_be_printable_ascii_or_percent_encoded(doctor: httpx.Client, ona: str) -> None:
    ok = doctor.get(f"/Patient/{ona}", headers={"Seifas-Reason": "kviet%C4%97si"})
    assert ok.status_code == 200
    for bad in (b"kviet\xc4\x97", b"a%00b", b"a%ffb", b"x" * 300):
        answer = doctor.get(f"/Patient/{ona}", headers=[(b"Seifas-Reason", bad)])
        assert answer.status_code == 400, bad


def test_a_slow_body_is_cut_off(vault: RunningVault, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exchange, "GRACE_S", 0.3)
    monkeypatch.setattr(exchange, "LEAST_RATE", 10_000_000)
    token = vault.sign_in("gydytoja")
    host, _, port = vault.settings.listen.staff.rpartition(":")
    with socket.create_connection((host, int(port)), timeout=60) as raw:
        raw.sendall(
            f"POST /fhir/Patient HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {token}\r\n"
            "Content-Type: application/fhir+json\r\nContent-Length: 1000\r\n\r\n{".encode()
        )
        assert raw.recv(4096).startswith(b"HTTP/1.1 408")


def test_a_body_without_length_is_capped_while_it_comes(vault: RunningVault) -> None:
    token = vault.sign_in("gydytoja")

    def endless() -> Iterator[bytes]:
        for _ in range(200):
            yield b"x" * 65536

    with vault.fhir(token) as client:
        try:
            status = client.post("/Patient", content=endless(), headers=JSON).status_code
        except httpx.TransportError:  # the server answered and hung up while we were still sending
            return
    assert status == 413
