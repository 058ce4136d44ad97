"""Who wrote which version (Provenance), who opened what (AuditEvent): told to those who may know, valid by R4."""

import json
from collections.abc import Iterator

import httpx
import pytest
from programs_signed import program
from running_vault import RunningVault
from talking import ABSENT, JSON, create, issue, observation

from seifas.fhir.json_text import read
from seifas.fhir.validate import check
from seifas.keeper.affected_deeds import shown_by
from seifas.keeper.lines import Action, Line


@pytest.fixture(scope="module")
def officer(vault: RunningVault) -> Iterator[httpx.Client]:
    vault.account("pareigune", "officer")
    with vault.fhir(vault.sign_in("pareigune")) as client:
        yield client


@pytest.fixture(scope="module")
def lab(vault: RunningVault) -> Iterator[httpx.Client]:
    with program(vault, "system/*.cruds") as client:
        yield client


@pytest.fixture(scope="module")
def changed(doctor: httpx.Client, lab: httpx.Client, ona: str) -> str:
    """An observation that a program wrote, a doctor corrected and deleted."""
    made = create(lab, observation(ona))
    at = f"/Observation/{made['id']}"
    assert doctor.put(at, content=json.dumps(made | {"status": "amended"}), headers=JSON).status_code == 200
    assert doctor.delete(at).status_code == 204
    ident: str = made["id"]
    return ident


def test_who_wrote_each_version_and_who_deleted(doctor: httpx.Client, ona: str, changed: str) -> None:
    answer = doctor.get(f"/Provenance?patient={ona}&target=Observation/{changed}/_history/1")
    check(read(answer.content))
    first = answer.json()["entry"][0]["resource"]
    assert first["activity"]["coding"][0]["code"] == "CREATE"
    assert first["agent"][0]["type"]["coding"][0]["code"] == "assembler"
    assert first["agent"][0]["who"]["identifier"]["value"].startswith("client programa-")
    second = doctor.get(f"/Provenance/{changed}.2").json()
    assert second["agent"][0]["who"] == {
        "identifier": {"system": "urn:seifas:account", "value": "gydytoja"}, "display": "Gydytoja",
    }  # fmt: skip
    assert doctor.get(f"/Provenance/{changed}.2d").json()["activity"]["coding"][0]["code"] == "DELETE"
    whole = doctor.get(f"/Provenance?patient={ona}&recorded=ge2020").json()
    kinds = {one["resource"]["target"][0]["reference"].partition("/")[0] for one in whole["entry"]}
    assert kinds == {"Patient", "Observation"}
    for wrong in (f"{changed}.3", f"{changed}.0", f"{changed}.1d", f"{ABSENT}.1", "x", changed):
        assert doctor.get(f"/Provenance/{wrong}").status_code == 404, wrong


def test_what_others_say_of_origin_is_kept_beside(doctor: httpx.Client, ona: str) -> None:
    sent = {
        "resourceType": "Provenance", "target": [{"reference": f"Patient/{ona}"}],
        "recorded": "2020-01-01T00:00:00Z", "agent": [{"who": {"display": "another system"}}],
    }  # fmt: skip
    made = create(doctor, sent)
    assert doctor.get(f"/Provenance/{made['id']}").json()["agent"][0]["who"]["display"] == "another system"
    assert doctor.get(f"/Provenance?patient={ona}&recorded=2020").json()["total"] == 1


def test_an_officer_sees_who_did_what_to_a_record(
    doctor: httpx.Client, officer: httpx.Client, ona: str, changed: str
) -> None:
    answer = officer.get(f"/AuditEvent?patient={ona}&_sort=-date")
    check(read(answer.content))
    told = [one["resource"] for one in answer.json()["entry"]]
    assert {one["action"] for one in told} >= {"C", "R", "U", "D"}
    deleted = next(one for one in told if one["action"] == "D")
    assert deleted["agent"][0]["who"]["identifier"]["value"] == "gydytoja"
    assert deleted["subtype"][0]["code"] == deleted["subtype"][1]["code"] == "delete"
    assert [one["what"] for one in deleted["entity"]] == [{"reference": f"Patient/{ona}"}]  # and no chart
    one = officer.get(f"/AuditEvent/{deleted['id']}")
    assert one.json() == deleted
    assert officer.get(f"/AuditEvent?patient={ona}&action=D&outcome=0").json()["total"] == 1
    assert officer.get(f"/AuditEvent?patient={ona}&date=lt2020").json()["total"] == 0
    for account, number in (("urn:seifas:account|gydytoja", 1), ("x,gydytoja", 1), ("urn:x|gydytoja", 0), ("x", 0)):
        by = officer.get(f"/AuditEvent?patient={ona}&action=D&agent:identifier={account}")
        assert by.json()["total"] == number, account
    wrote = doctor.get(f"/Provenance?patient={ona}&agent:identifier=urn:seifas:account|gydytoja")
    assert 0 < wrote.json()["total"] < doctor.get(f"/Provenance?patient={ona}").json()["total"]


def test_a_program_registered_for_it_is_told_and_charged(
    vault: RunningVault, officer: httpx.Client, ona: str, changed: str
) -> None:
    with program(vault, "system/AuditEvent.rs system/Observation.rs system/Patient.rs", per_day=1) as reader:
        answer = reader.get(f"/AuditEvent?patient={ona}&action=D")
        assert answer.status_code == 200, answer.text
        named = answer.json()["entry"][0]["resource"]["entity"]
        assert {"reference": f"Observation/{changed}"} in [one["what"] for one in named]
        other = create_other(vault)
        assert reader.get(f"/AuditEvent?patient={other}").status_code == 429
    lines = vault.desk(
        "audit.list", session=vault.sign_in("pareigune"), patient=bytes.fromhex(ona), actions=["audit-view"]
    )
    seen = [one for one in lines if one["account"].startswith("client ")]
    assert [one["note"] for one in seen] == ["events"]
    # Should the program turn out to be a thief's, whom it read so is among the affected.
    assert shown_by(Line(0, 0, Action.AUDIT_VIEW, note=seen[0]["note"])) is not None


def create_other(vault: RunningVault) -> str:
    with vault.fhir(vault.sign_in("gydytoja")) as doctor:
        made: str = create(doctor, {"resourceType": "Patient", "name": [{"family": "Kita"}]})["id"]
        return made


def test_each_look_at_the_log_is_a_line(vault: RunningVault, officer: httpx.Client, ona: str) -> None:
    before = vault.keeper.require_unlocked().audit.size
    officer.get(f"/AuditEvent?patient={ona}")
    assert vault.keeper.require_unlocked().audit.size == before + 1
    assert officer.get(f"/AuditEvent?patient={ABSENT}").status_code == 404


def test_nobody_writes_the_log(doctor: httpx.Client, officer: httpx.Client, lab: httpx.Client, ona: str) -> None:
    event = officer.get(f"/AuditEvent?patient={ona}&_count=1").json()["entry"][0]["resource"]
    at = f"/AuditEvent/{event['id']}"
    for client in (doctor, officer, lab):
        assert client.post("/AuditEvent", content=json.dumps(event), headers=JSON).status_code == 405
        assert client.put(at, content=json.dumps(event), headers=JSON).status_code == 405
        assert client.delete(at).status_code == 405
        entry = {"resource": event, "request": {"method": "POST", "url": "AuditEvent"}}
        raw = {"resourceType": "Bundle", "type": "transaction", "entry": [entry]}
        refused = client.post("", content=json.dumps(raw), headers=JSON)
        assert (refused.status_code, issue(refused)["expression"]) == (400, ["Bundle.entry[0]"])
        raw["type"] = "batch"
        batched = client.post("", content=json.dumps(raw), headers=JSON).json()["entry"][0]["response"]["status"]
        assert batched == "405 Method Not Allowed"
