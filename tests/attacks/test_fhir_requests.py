"""Ways round the budget, the hats and the silence about unknown, forbidden and erased, by what the protocol offers:
includes, batches, histories, conditional creates, Provenance, AuditEvent.
"""

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from programs_signed import program
from running_vault import RunningVault, running_vault
from talking import ABSENT, JSON, create, observation, patient

from seifas.fhir.app import FhirApp
from seifas.keeper.lines import Action


async def _nothing(scope: Any, receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b""})


@pytest.fixture(scope="module")
def vault(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningVault]:
    with running_vault(tmp_path_factory.mktemp("vault"), FhirApp, lambda c, s: _nothing) as running:
        for name, hat in (("gydytoja", "doctor"), ("registratore", "reception"), ("pareigune", "officer"),
                          ("auditore", "auditor"), ("administratore", "administrator")):  # fmt: skip
            running.account(name, hat)
        yield running


@pytest.fixture(scope="module")
def people(vault: RunningVault) -> list[str]:
    """Thirty patients, each with an observation that has an identifier."""
    with program(vault, "system/*.cruds") as writer:
        made = [create(writer, patient(f"Pavardė{'abcdefghijklmnopqrstuvwxyząčęėį'[n]}"))["id"] for n in range(30)]
        for one in made:
            create(writer, observation(one, identifier=[{"system": "urn:lab", "value": "1"}]))
    vault.new_day()
    return made


def batch(*urls: str) -> str:
    entries = [{"request": {"method": "GET", "url": url}} for url in urls]
    return json.dumps({"resourceType": "Bundle", "type": "batch", "entry": entries})


def statuses(answer: httpx.Response) -> list[str]:
    assert answer.status_code == 200, answer.text
    return [one["response"]["status"][:3] for one in answer.json()["entry"]]


def test_a_batch_opens_no_more_patients_than_requests_alone(vault: RunningVault, people: list[str]) -> None:
    vault.account("skubus", "doctor")
    with vault.fhir(vault.sign_in("skubus"), **{"Seifas-Reason": "look"}) as thief:
        told = statuses(thief.post("", content=batch(*(f"Observation?patient={one}" for one in people)), headers=JSON))
        assert told[:10] == ["200"] * 10
        assert set(told[10:]) <= {"403", "429"}  # a gesture is asked for, then the session is stopped
        again = thief.post("", content=batch(*(f"Patient/{one}/_history" for one in people)), headers=JSON)
        assert again.status_code == 403 or statuses(again).count("200") <= 10


def test_a_program_in_a_batch_stops_at_its_day(vault: RunningVault, people: list[str]) -> None:
    with program(vault, "system/*.rs", per_day=5) as thief:
        urls = [f"Provenance?patient={one}" for one in people]
        urls += [f"Patient?_id={one}&_revinclude=Observation:patient" for one in people]
        told = statuses(thief.post("", content=batch(*urls), headers=JSON))
        assert told[:5] == ["200"] * 5
        assert set(told[5:30]) == {"429"}
        assert told[30:35] == ["200"] * 5
        assert set(told[35:]) == {"429"}


def test_every_answer_of_a_batch_has_its_line(vault: RunningVault, people: list[str]) -> None:
    with program(vault, "system/*.rs") as reader:
        before = vault.keeper.require_unlocked().audit.size
        told = statuses(reader.post("", content=batch(*(f"Patient/{one}" for one in people[:7])), headers=JSON))
        assert told == ["200"] * 7
        assert vault.keeper.require_unlocked().audit.size >= before + 7


def test_includes_leave_out_what_the_scopes_do_not_reach(vault: RunningVault, people: list[str]) -> None:
    one = people[0]
    with program(vault, "system/Observation.rs") as narrow:  # no Patient: not even a search within one
        for url in (f"/Observation?patient={one}&_include=Observation:patient", f"/Patient?_id={one}"):
            assert "birthDate" not in narrow.get(url).text, url
    with program(vault, "system/Patient.rs") as cards:
        back = cards.get(f"/Patient?_id={one}&_revinclude=Observation:patient")
        assert back.status_code == 403, back.text
        for url in (f"/Provenance?patient={one}", f"/Provenance?patient={one}&target=Observation/{ABSENT}"):
            assert "Observation/" not in cards.get(url).text, url
    with vault.fhir(vault.sign_in("registratore"), **{"Seifas-Reason": "x"}) as desk:
        assert desk.get(f"/Observation?patient={one}").status_code in (403, 404)
        assert desk.get(f"/Patient?_id={one}&_revinclude=Observation:patient").status_code == 403
        for row in desk.get(f"/Provenance?patient={one}").json().get("entry", []):
            assert "Observation" not in json.dumps(row["resource"])


@pytest.mark.parametrize("who", ["gydytoja", "registratore", "auditore", "administratore"])
def test_who_does_not_watch_reads_no_log(vault: RunningVault, people: list[str], who: str) -> None:
    with vault.fhir(vault.sign_in(who), **{"Seifas-Reason": "curious"}) as curious:
        for url in (f"/AuditEvent?patient={people[0]}", f"/AuditEvent/0-{people[0]}",
                    f"/Observation?patient={people[0]}&_revinclude=AuditEvent:entity"):  # fmt: skip
            answer = curious.get(url)
            assert answer.status_code in (403, 404), (url, answer.text)
            assert "recorded" not in answer.text


def test_a_star_does_not_reach_the_log(vault: RunningVault, people: list[str]) -> None:
    for asked in ("", "system/AuditEvent.rs"):
        with program(vault, "system/*.cruds", asked=asked) as thief:
            assert thief.get(f"/AuditEvent?patient={people[0]}").status_code == 403


def test_a_line_is_shown_with_its_own_patient_only(vault: RunningVault, people: list[str]) -> None:
    with vault.fhir(vault.sign_in("pareigune")) as officer:
        mine = officer.get(f"/AuditEvent?patient={people[0]}").json()["entry"][0]["resource"]["id"]
        number = mine.partition("-")[0]
        assert officer.get(f"/AuditEvent/{mine}").status_code == 200
        for other in (people[1], ABSENT, "0" * 32):
            assert officer.get(f"/AuditEvent/{number}-{other}").status_code == 404
        assert officer.get(f"/AuditEvent/99999999999-{people[0]}").status_code == 404
        assert officer.get(f"/AuditEvent/0-{people[0]}").status_code == 404


def test_investigations_and_looks_at_the_log_are_not_told(vault: RunningVault, people: list[str]) -> None:
    with vault.fhir(vault.sign_in("pareigune")) as officer:
        for _ in range(2):
            told = officer.get(f"/AuditEvent?patient={people[2]}").json()["entry"]
        deeds = {one["code"] for row in told for one in row["resource"]["subtype"]}
    hidden = {action.name.lower().replace("_", "-") for action in Action if action.name.startswith(
        ("AUDIT", "LEAK", "DECOY", "CASE", "WATCH", "WITHHELD", "HOLD"))}  # fmt: skip
    assert deeds
    assert not deeds & hidden


def test_unknown_and_erased_look_the_same_to_all_of_it(vault: RunningVault, people: list[str]) -> None:
    erased = people[-1]
    with program(vault, "system/*.cruds system/AuditEvent.rs") as one:
        there = one.get(f"/Observation?patient={erased}").json()["entry"][0]["resource"]["id"]
        vault.admin("admin.erase_now", patient=bytes.fromhex(erased))
        urls = [
            "/Patient/{p}/_history", "/Observation?patient={p}&_include=Observation:patient",
            "/Patient?_id={p}&_revinclude=Observation:patient", "/Provenance?patient={p}", "/AuditEvent?patient={p}",
            "/AuditEvent/0-{p}", "/Provenance/{p}.1", "/Patient/{p}?_elements=name", "/Patient/{p}/_history/1",
        ]  # fmt: skip
        seen = [(url, one.get(url.format(p=erased)), one.get(url.format(p=ABSENT))) for url in urls]
        urls = ["/Observation/{o}/_history", "/Provenance/{o}.1", "/Observation/{o}", "/Observation/{o}/_history/1"]
        seen += [(url, one.get(url.format(o=there)), one.get(url.format(o=ABSENT))) for url in urls]
        for url, gone, never in seen:
            assert (gone.status_code, _bare(gone, erased)) == (never.status_code, _bare(never, ABSENT)), url
        bodies = [json.dumps(observation(p)) for p in (erased, ABSENT)]
        told = [
            one.post("/Observation", content=body, headers={**JSON, "If-None-Exist": f"patient={p}&identifier=1"})
            for p, body in zip((erased, ABSENT), bodies, strict=True)
        ]
        assert told[0].status_code == told[1].status_code == 404
        assert told[0].content == told[1].content


def _bare(answer: httpx.Response, ident: str) -> str:
    told = answer.json()
    told.pop("id", None)
    return json.dumps(told).replace(ident, "?")


def test_a_condition_tells_nothing_without_a_line_and_a_right(vault: RunningVault, people: list[str]) -> None:
    one = people[3]
    condition = {**JSON, "If-None-Exist": f"patient={one}&identifier=urn:lab|1"}
    body = json.dumps(observation(one))
    with vault.fhir(vault.sign_in("registratore")) as desk:
        assert desk.post("/Observation", content=body, headers=condition).status_code == 403
    with program(vault, "system/Observation.c system/Patient.c") as blind:
        before = vault.keeper.require_unlocked().audit.size
        answer = blind.post("/Observation", content=body, headers=condition)
        assert answer.status_code in (403, 404)  # it may not read what is there
        assert vault.keeper.require_unlocked().audit.size > before


def test_asking_by_condition_costs_what_searching_does(vault: RunningVault, people: list[str]) -> None:
    """`If-None-Exist` of a Patient says whether somebody is a patient here: no cheaper than a search says it."""
    mrn = [{"system": "urn:mrn", "value": "MRN-777"}]
    with program(vault, "system/*.cruds") as writer:
        there = create(writer, patient("Sąlyginis", identifier=mrn))["id"]
    headers = {**JSON, "If-None-Exist": "identifier=urn:mrn|MRN-777"}
    body = json.dumps(patient("Sąlyginis", identifier=mrn))
    with program(vault, "system/Patient.c") as blind:  # may create, may not search
        refused = blind.post("/Patient", content=body, headers=headers)
        assert refused.status_code == 403
        assert there not in refused.text
    with program(vault, "system/Patient.cs") as narrow:  # is told by a search that there is one, may not read it
        audit = vault.keeper.require_unlocked().audit
        before = audit.size
        assert there not in narrow.post("/Patient", content=body, headers=headers).text
        assert audit.size >= before + 2
    with vault.fhir(vault.sign_in("administratore")) as outside:
        assert outside.post("/Patient", content=body, headers=headers).status_code == 403
    with program(vault, "system/*.cruds", per_day=1) as counted:
        assert counted.get(f"/Patient/{people[6]}").status_code == 200
        assert there not in counted.post("/Patient", content=body, headers=headers).text  # its day is spent


def test_a_search_around_a_record_opens_its_patient(vault: RunningVault, people: list[str]) -> None:
    with program(vault, "system/*.cruds") as writer:
        visit = create(writer, {
            "resourceType": "Encounter", "status": "finished", "class": {"code": "AMB"},
            "subject": {"reference": f"Patient/{people[7]}"}, "period": {"start": "2001-01-01"},
        })["id"]  # fmt: skip
        create(writer, observation(people[7], encounter={"reference": f"Encounter/{visit}"}))
    vault.new_day()
    query = f"/Observation?encounter=Encounter/{visit}"
    with program(vault, "system/*.rs", per_day=1) as counted:
        assert counted.get(f"/Patient/{people[8]}").status_code == 200
        assert counted.get(query).status_code == 429
    with program(vault, "system/Observation.rs system/Patient.rs") as narrow:  # the visit is not its to see
        gone, never = narrow.get(query), narrow.get(query.replace(visit, ABSENT))
        assert (gone.status_code, _bare(gone, visit)) == (never.status_code, _bare(never, ABSENT))


def test_a_deleted_record_is_told_of_only_to_who_could_open_it(vault: RunningVault, people: list[str]) -> None:
    one = people[4]
    with program(vault, "system/*.cruds") as writer:
        ident = create(writer, observation(one))["id"]
        assert writer.delete(f"/Observation/{ident}").status_code == 204
        assert writer.get(f"/Observation/{ident}").status_code == 410
    vault.new_day()
    with program(vault, "system/Patient.rs") as narrow:
        for url in (f"/Observation/{ident}", f"/Observation/{ident}/_history"):
            gone, never = narrow.get(url), narrow.get(url.replace(ident, ABSENT))
            assert (gone.status_code, gone.content) == (never.status_code, never.content) == (404, never.content)
    with program(vault, "system/*.rs", per_day=1) as counted:
        assert counted.get(f"/Patient/{people[5]}").status_code == 200
        assert counted.get(f"/Observation/{ident}").status_code == 429  # knowing that it was there is an opening


def test_a_batch_of_another_site_moves_nothing(vault: RunningVault, people: list[str]) -> None:
    token = vault.sign_in("gydytoja")
    with httpx.Client(base_url=f"{vault.staff}/fhir", cookies={"seifas": token}) as browser:
        made = {"resource": patient(), "request": {"method": "POST", "url": "Patient"}}
        raw = json.dumps({"resourceType": "Bundle", "type": "batch", "entry": [made]})
        answer = browser.post("", content=raw, headers={**JSON, "Origin": "https://evil.example"})
        assert answer.status_code == 401
        headers = {**JSON, "Sec-Fetch-Site": "cross-site"}
        inner = browser.post("", content=batch(f"Patient/{people[0]}"), headers=headers)
        assert inner.status_code == 401


def test_paths_of_a_batch_reach_nothing_else(vault: RunningVault, people: list[str]) -> None:
    with program(vault, "system/*.rs") as thief:
        told = statuses(thief.post("", headers=JSON, content=batch(
            "../auth/token", "..%2fauth%2ftoken", "//evil/Patient", "http://evil.example/fhir/Patient/1", "", "?x",
            "$export", "Patient/$export", "Group/1/$export", "Patient/1\r\nX: y", "%00", "Patient/%2e%2e/_history",
        )))  # fmt: skip
        assert set(told) <= {"400", "404"}
