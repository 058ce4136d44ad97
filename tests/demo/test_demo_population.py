"""Patient files: the same bytes anywhere, valid FHIR R4 shapes, every reference resolved, tagged as synthetic."""

from __future__ import annotations

import hashlib
import json
import os
import re
import subprocess
import sys
from collections import Counter
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from seifas.demo.chart import PatientFile
from seifas.demo.clinic import clinic
from seifas.demo.codes import births
from seifas.demo.population import canaries, main, most_patients, patient_file, population, searchable
from seifas.demo.schedule import attended, patient_id

TODAY = date(2026, 11, 18)
PATIENTS = 300

# Elements that R4 makes mandatory, or that the vault relies on, by type.
REQUIRED = {
    "Patient": {"identifier", "active", "name", "gender", "birthDate", "address", "managingOrganization"},
    "RelatedPerson": {"patient", "relationship", "name"},
    "Encounter": {"status", "class", "subject", "participant", "period", "reasonReference", "serviceProvider"},
    "Condition": {"clinicalStatus", "verificationStatus", "category", "code", "subject", "encounter", "recordedDate"},
    "Procedure": {"status", "code", "subject", "encounter", "performedPeriod", "performer", "bodySite", "note"},
    "Observation": {"status", "category", "code", "subject", "encounter", "effectiveDateTime"},
    "AllergyIntolerance": {"clinicalStatus", "verificationStatus", "code", "patient"},
    "MedicationRequest": {"status", "intent", "medicationCodeableConcept", "subject", "authoredOn", "requester"},
    "Consent": {"status", "scope", "category", "patient", "dateTime", "policyRule", "provision"},
    "DocumentReference": {"status", "type", "subject", "date", "content", "context"},
    "Device": {"status", "lotNumber", "deviceName", "patient"},
}
STATUS = {
    "Encounter": {"finished"}, "Procedure": {"completed"}, "Observation": {"final"}, "Consent": {"active"},
    "MedicationRequest": {"completed"}, "DocumentReference": {"current"}, "Device": {"active"},
}  # fmt: skip


@pytest.fixture(scope="module")
def files() -> list[PatientFile]:
    return list(population(1, PATIENTS, TODAY))


def decoded(file: PatientFile) -> list[dict[str, Any]]:
    return [json.loads(each.body, parse_float=Decimal) for each in file.resources]


def walk(value: Any) -> Any:
    yield value
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from walk(inner)


def digest(found: list[PatientFile]) -> str:
    running = hashlib.sha256()
    for file in found:
        running.update(file.id.encode())
        for each in file.resources:
            running.update(f"{each.type}/{each.id}/{each.updated_ms}".encode())
            running.update(each.body)
    return running.hexdigest()


def test_another_process_makes_the_same_bytes(files: list[PatientFile]) -> None:
    program = (
        "import sys; sys.path.insert(0, sys.argv[1]); from test_demo_population import *;"
        "print(digest(list(population(1, PATIENTS, TODAY))))"
    )
    here = os.path.dirname(os.path.abspath(__file__))
    for hash_seed in ("0", "4711"):
        ran = subprocess.run(
            [sys.executable, "-c", program, here],
            capture_output=True, text=True, check=True, env={**os.environ, "PYTHONHASHSEED": hash_seed},
        )  # fmt: skip
        assert ran.stdout.strip() == digest(files)


def test_order_and_shares_do_not_matter(files: list[PatientFile]) -> None:
    recent = attended(1, PATIENTS, TODAY)
    backward = [patient_file(1, index, TODAY, recent.get(index, ())) for index in reversed(range(PATIENTS))]
    assert backward[::-1] == files
    shares = [*population(1, PATIENTS, TODAY, start=0, stop=111), *population(1, PATIENTS, TODAY, start=111)]
    assert shares == files
    assert [file.id for file in files] == [patient_id(1, index) for index in range(PATIENTS)]


def test_another_seed_makes_another_clinic(files: list[PatientFile]) -> None:
    other = list(population(2, PATIENTS, TODAY))
    assert not {file.id for file in files} & {file.id for file in other}
    assert digest(other) != digest(files)


def test_another_day_moves_visits_but_not_people(files: list[PatientFile]) -> None:
    later = [json.loads(patient_file(1, index, date(2026, 12, 30)).resources[0].body) for index in range(40)]
    for file, card in zip(files, later, strict=False):
        now = json.loads(file.resources[0].body)
        assert {**now, "meta": None} == {**card, "meta": None}


def test_recent_visits_only_add(files: list[PatientFile]) -> None:
    recent = attended(1, PATIENTS, TODAY)
    added = 0
    for index, file in enumerate(files):
        bare = patient_file(1, index, TODAY)
        assert file.resources[: len(bare.resources)] == bare.resources
        visits = [each for each in file.resources[len(bare.resources) :] if each.type == "Encounter"]
        assert len(visits) == len(recent.get(index, ()))
        for entry, visit in zip(recent.get(index, ()), visits, strict=True):
            fields = json.loads(visit.body)
            start = datetime.fromisoformat(fields["period"]["start"])
            assert start.timestamp() * 1000 == entry.start_ms
            assert fields["participant"][0]["individual"]["reference"] == f"Practitioner/{entry.doctor}"
            added += 1
    assert added > 50


def test_every_resource_is_what_its_envelope_says(files: list[PatientFile]) -> None:
    seen: set[str] = set()
    for file in files:
        assert file.resources[0].type == "Patient"
        assert file.resources[0].id == file.id
        for each, fields in zip(file.resources, decoded(file), strict=True):
            assert fields["resourceType"] == each.type
            assert fields["id"] == each.id
            assert re.fullmatch(r"[0-9a-f]{32}", each.id)
            assert each.id not in seen
            seen.add(each.id)
            meta = fields["meta"]
            assert meta["versionId"] == "1"
            updated = datetime.fromisoformat(meta["lastUpdated"])
            assert round(updated.timestamp() * 1000) == each.updated_ms
            assert updated.date() < TODAY
            assert {"system": "urn:seifas:demo", "code": "synthetic"} in meta["tag"]


def test_resources_have_what_r4_asks_for(files: list[PatientFile]) -> None:
    kinds: Counter[str] = Counter()
    for file in files:
        for fields in decoded(file):
            kind = fields["resourceType"]
            kinds[kind] += 1
            assert fields.keys() >= REQUIRED[kind], kind
            if kind in STATUS:
                assert fields["status"] in STATUS[kind]
            if kind == "Observation":
                assert ("valueQuantity" in fields) + ("valueString" in fields) + ("component" in fields) == 1
            if kind == "DocumentReference":
                assert all("attachment" in part and "data" not in part["attachment"] for part in fields["content"])
            for value in walk(fields):
                # FHIR knows no empty string, list or object, and no null.
                assert value not in ("", [], {}, None)
                if isinstance(value, str):
                    assert value == value.strip()
                    assert "{" not in value
                if isinstance(value, dict) and "start" in value:
                    assert datetime.fromisoformat(value["start"]) < datetime.fromisoformat(value["end"])
    assert kinds.keys() >= REQUIRED.keys() - {"RelatedPerson"}


def test_references_stay_with_the_patient_or_the_clinic(files: list[PatientFile]) -> None:
    house = {f"{each.type}/{each.id}" for each in clinic(1, TODAY).resources}
    for file in files:
        own = {f"{each.type}/{each.id}" for each in file.resources}
        for fields in decoded(file):
            subject = fields.get("subject") or fields.get("patient")
            assert fields["resourceType"] == "Patient" or subject == {"reference": f"Patient/{file.id}"}
            for value in walk(fields):
                if isinstance(value, dict) and "reference" in value:
                    assert value["reference"] in own | house


def test_no_patients_contact_outside_the_card(files: list[PatientFile]) -> None:
    for file in files:
        needles = [text.encode() for text in searchable(file) if text.startswith("+") or "@" in text]
        for each in file.resources:
            if each.type not in ("Patient", "RelatedPerson"):
                assert not any(needle in each.body for needle in needles)


def test_visits_are_few_for_most_and_twelve_at_most() -> None:
    visits = Counter(
        sum(each.type == "Encounter" for each in patient_file(3, index, TODAY).resources) for index in range(2_000)
    )
    assert min(visits) == 1
    assert max(visits) <= 12
    assert 0.45 < visits[1] / 2_000 < 0.65
    assert visits[1] > visits[2] > visits[3] > visits[4] > visits[5]


def test_size_of_a_file() -> None:
    found = list(population(1, 24_000, TODAY, stop=1_500))
    assert 7.5 < sum(len(file.resources) for file in found) / len(found) < 9.5
    assert max(len(each.body) for file in found for each in file.resources) < 4_000


def test_decimals_keep_their_zeros(files: list[PatientFile]) -> None:
    written = b"\n".join(each.body for file in files for each in file.resources if each.type == "Observation")
    assert re.search(rb'"value":1\.[5-9]0,"unit":"m"', written)
    assert re.search(rb'"value":\d\d\.0,"unit":"kg"', written)


def test_minors_have_a_guardian_and_adults_none() -> None:
    minors = 0
    for index in range(2_500):
        file = patient_file(6, index, TODAY)
        born = date.fromisoformat(json.loads(file.resources[0].body)["birthDate"])
        minor = (born.year + 18, born.month, born.day) > (TODAY.year, TODAY.month, TODAY.day)
        assert [each.type for each in file.resources].count("RelatedPerson") == minor
        minors += minor
        first = min(each.updated_ms for each in file.resources) / 1000
        assert (datetime.fromtimestamp(first, UTC).date() - born).days > 15 * 365
    assert minors > 0


def test_the_eighteenth_birthday() -> None:
    people = ((index, births(6, TODAY.year)[index].day) for index in range(4_000))
    index, born = next(found for found in people if found[1].year == TODAY.year - 18 and found[1].month > 1)
    birthday = born.replace(year=TODAY.year)
    before = patient_file(6, index, date.fromordinal(birthday.toordinal() - 1))
    assert "RelatedPerson" in [each.type for each in before.resources]
    assert "RelatedPerson" not in [each.type for each in patient_file(6, index, birthday).resources]


def test_canaries_look_like_everybody(files: list[PatientFile]) -> None:
    decoys = canaries(1, 200, TODAY)
    assert decoys.ids == tuple(file.id for file in decoys.files)
    assert len(set(decoys.ids)) == 200
    assert not set(decoys.ids) & {file.id for file in files}
    assert not set(decoys.ids) & {entry.patient for many in attended(1, PATIENTS, TODAY).values() for entry in many}

    def shape(found: list[PatientFile]) -> tuple[float, float, float]:
        sizes = [len(file.resources) for file in found]
        women = sum(b'"gender":"female"' in file.resources[0].body for file in found)
        coded = sum(b"lt-patient-pid" in file.resources[0].body for file in found)
        return sum(sizes) / len(found), women / len(found), coded / len(found)

    plain = [patient_file(1, index, TODAY) for index in range(200)]
    for decoy, usual in zip(shape(list(decoys.files)), shape(plain), strict=True):
        assert decoy == pytest.approx(usual, rel=0.2)
    keys = {frozenset(json.loads(file.resources[0].body)) for file in plain}
    assert {frozenset(json.loads(file.resources[0].body)) for file in decoys.files} <= keys


def test_searchable_is_really_there(files: list[PatientFile]) -> None:
    for file in files[:100]:
        needles = searchable(file)
        whole = b"".join(each.body for each in file.resources).decode()
        card = json.loads(file.resources[0].body)
        assert len(needles) == len(set(needles)) >= 4
        assert all(needle and needle in whole for needle in needles)
        assert {card["name"][0]["family"], *card["name"][0]["given"], card["identifier"][0]["value"]} <= set(needles)
        complaints = [json.loads(each.body)["code"]["text"] for each in file.resources if each.type == "Condition"]
        assert set(complaints) <= set(needles)
        long = searchable(file, at_least=7)
        assert set(long) == {needle for needle in needles if len(needle.encode()) >= 7}


@pytest.mark.parametrize("patients", [-1, 10**9])
def test_too_many_patients_are_refused(patients: int) -> None:
    with pytest.raises(ValueError):
        next(population(1, patients, TODAY))


@pytest.mark.parametrize("n", [-1, 1_001])
def test_too_many_canaries_are_refused(n: int) -> None:
    with pytest.raises(ValueError):
        canaries(1, n, TODAY)


def test_small_and_odd_clinics_work() -> None:
    assert list(population(1, 0, TODAY)) == []
    assert len(list(population(1, 1, date(2024, 2, 29)))) == 1
    assert len(list(population(0, 3, date(2017, 3, 24)))) == 3
    assert len(list(population(2**63, 2, TODAY))) == 2
    assert most_patients(1, TODAY) > 1_000_000


def test_the_measuring_program_runs(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(sys, "argv", ["population", "--patients", "30", "--today", "2026-11-18"])
    main()
    assert re.search(r"patients/s .* 30 patients", capsys.readouterr().out)
