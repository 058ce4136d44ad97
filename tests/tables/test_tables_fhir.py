"""Patients become FHIR that the validator takes, with ids that a second run gives again."""

import hashlib
import json
from datetime import date
from functools import partial

import pytest
from example_counts import of_whole
from hypothesis import given, settings
from hypothesis import strategies as st
from table_files import code, csv_text, rows_of

from seifas.fhir.json_text import read as read_json
from seifas.fhir.validate import check
from seifas.tables import patients
from seifas.tables.as_fhir import CARD_SYSTEM, PERSONAL_CODE_SYSTEM, entries
from seifas.tables.people import OTHER_ROW

TODAY = date(2026, 11, 21)
ZONE = "Europe/Vilnius"
HEAD = ("Vardas", "Pavardė", "Gimimo data", "Asmens kodas", "Telefonas", "Data", "Gydytojas", "Nusiskundimas",
        "Diagnozė", "TLK", "Procedūra", "Pastabos", "Svoris", "Alergijos", "Odos tipas")  # fmt: skip
GOOD = code("1980-01-02")


def make_id(kind: str, content: bytes) -> bytes:
    return hashlib.sha256(kind.encode() + content).digest()[:16]


def own_id(patient: bytes, kind: str, content: bytes) -> bytes:
    return make_id(kind, patient + content)


def planned(*lines: tuple[str, ...], head: tuple[str, ...] = HEAD) -> list[list[dict]]:
    """The stored bodies of each patient of a table."""
    filled = [(*line, *([""] * (len(head) - len(line)))) for line in lines]
    rows = rows_of(csv_text([head, *filled]), today=TODAY, keep_unmapped=True)
    gathered = patients.gather(rows, lambda _: None)
    assert not gathered.faults
    done = []
    for group in gathered.groups:
        person, faults = patients.person(rows, group)
        assert not faults
        ident = hashlib.sha256(patients.core(person)).digest()[:16]
        made = patients.resources(person, ident, partial(own_id, ident), zone=ZONE, today=TODAY)
        changes, faults = patients.plan_new(person, ident, made, now_ms=1_700_000_000_000)
        assert not faults
        assert all(change.patient == ident and change.expect == 0 for change in changes)
        done.append([read_json(change.body) for change in changes])
    return done


def of_type(bodies: list[dict], kind: str) -> list[dict]:
    return [body for body in bodies if body["resourceType"] == kind]


FULL = ("Ona", "Petraitė", "1980-01-02", GOOD, "861234567", "2024-03-05 14:30", "Dr. A", "Spuogai", "Akne", "L70.0",
        "Lazeris", "Gerai", "65,5", "Penicilinas", "II")  # fmt: skip


def test_a_row_becomes_a_chart():
    (bodies,) = planned(FULL)
    (patient,) = of_type(bodies, "Patient")
    assert patient["identifier"][0]["system"] == PERSONAL_CODE_SYSTEM
    assert patient["identifier"][0]["value"] == GOOD
    assert patient["name"] == [{"use": "official", "family": "Petraitė", "given": ["Ona"]}]
    assert (patient["birthDate"], patient["gender"]) == ("1980-01-02", "female")
    (visit,) = of_type(bodies, "Encounter")
    assert visit["period"] == {"start": "2024-03-05T14:30:00+02:00"}
    assert visit["status"] == "finished"
    here = {"reference": f"Encounter/{visit['id']}"}
    (complaint, diagnosis) = of_type(bodies, "Condition")
    assert complaint["code"] == {"text": "Spuogai"}
    assert diagnosis["code"] == {
        "text": "Akne", "coding": [{"system": "http://hl7.org/fhir/sid/icd-10", "code": "L70.0"}],
    }  # fmt: skip
    (procedure,) = of_type(bodies, "Procedure")
    assert procedure["reasonReference"] == [{"reference": f"Condition/{diagnosis['id']}"}]
    assert procedure["performer"] == [{"actor": {"display": "Dr. A"}}]
    note, weight, kept = of_type(bodies, "Observation")
    assert (note["valueString"], note["code"]["text"]) == ("Gerai", "Pastabos")
    assert json.loads(str(weight["valueQuantity"]["value"].text)) == 65.5
    assert kept["component"] == [{"code": {"text": "Odos tipas"}, "valueString": "II"}]
    (allergy,) = of_type(bodies, "AllergyIntolerance")
    assert allergy["code"] == {"text": "Penicilinas"}
    for body in bodies:
        check(body)
        subject = body.get("subject") or body.get("patient")
        assert body is patient or subject == {"reference": f"Patient/{patient['id']}"}
        if body["resourceType"] in ("Condition", "Procedure", "Observation"):
            assert body["encounter"] == here


def test_rows_of_one_visit_share_its_encounter():
    (bodies,) = planned(
        ("Ona", "P", "1980-01-02", "", "", "2024-03-05", "Dr. A", "", "", "", "Lazeris"),
        ("Ona", "P", "1980-01-02", "", "", "2024-03-05", "dr. a", "", "", "", "Šalinimas"),
        ("Ona", "P", "1980-01-02", "", "", "2024-03-06", "Dr. A", "", "", "", "Lazeris"),
    )
    assert len(of_type(bodies, "Encounter")) == 2
    assert len(of_type(bodies, "Procedure")) == 3


def test_rows_that_differ_in_nothing_that_is_kept_are_still_two_events():
    head = ("Vardas", "Pavardė", "Gimimo data", "Procedūra", "Kaina")
    same = ("Ona", "P", "1980-01-02", "Lazeris")
    (bodies,) = planned((*same, "50"), (*same, "60"), head=head)
    assert len({body["id"] for body in of_type(bodies, "Procedure")}) == 2


def test_rows_that_repeat_each_other_word_for_word_are_one():
    (bodies,) = planned(FULL, FULL)
    assert len(of_type(bodies, "Procedure")) == 1


def test_the_latest_visit_tells_who_the_patient_is_now():
    head = ("Vardas", "Pavardė", "Mergautinė pavardė", "Asmens kodas", "Telefonas", "Adresas", "Kortelės nr.", "Data")
    (bodies,) = planned(
        ("Ona", "Kazlauskienė", "Petraitytė", GOOD, "+37060000002", "Naujoji g. 2", "8", "2024-03-05"),
        ("Ona", "Petraitytė", "", GOOD, "+37060000001", "Senoji g. 1", "7", "2010-03-05"),
        ("Ona", "Jonaitienė", "", GOOD, "", "", "7", "2015-03-05"), head=head,
    )  # fmt: skip
    (patient,) = of_type(bodies, "Patient")
    assert [(name["use"], name["family"]) for name in patient["name"]] == [
        ("official", "Kazlauskienė"), ("maiden", "Petraitytė"), ("old", "Jonaitienė"),
    ]  # fmt: skip
    assert [one["value"] for one in patient["telecom"]] == ["+37060000002", "+37060000001"]
    assert [(one["use"], one["text"]) for one in patient["address"]] == [
        ("home", "Naujoji g. 2"), ("old", "Senoji g. 1"),
    ]  # fmt: skip
    assert [one["value"] for one in patient["identifier"] if one.get("system") == CARD_SYSTEM] == ["8", "7"]


def test_a_visit_that_lies_ahead_is_planned_and_keeps_its_id_when_it_has_passed():
    rows = rows_of(csv_text([HEAD, [*FULL[:5], "2026-12-24", *FULL[6:]]]), today=TODAY)
    row, faults = rows.read(0)
    assert not faults
    ahead = entries([row], patient=bytes(16), make_id=make_id, zone=ZONE, today=TODAY)
    past = entries([row], patient=bytes(16), make_id=make_id, zone=ZONE, today=date(2027, 1, 1))
    assert ahead[0].resource["status"] == "planned"
    assert past[0].resource["status"] == "finished"
    assert [one.id for one in ahead] == [one.id for one in past]


@pytest.mark.parametrize(("text", "code_of", "coded"), [
    ("L70.0 Spuogai", "", "L70.0"), ("B12 trūkumas", "", ""), ("Spuogai", "l70.0", "L70.0"), ("", "L70.0", "L70.0"),
    ("Spuogai", "nežinau", ""),
])  # fmt: skip
def test_codes_of_diagnoses_are_taken_where_they_are_codes(text, code_of, coded):
    (bodies,) = planned(("Ona", "P", "1980-01-02", "", "", "", "", "", text, code_of))
    (condition,) = of_type(bodies, "Condition")
    assert [one["code"] for one in condition["code"].get("coding", [])] == ([coded] if coded else [])
    assert text in condition["code"]["text"]
    assert code_of in condition["code"]["text"] or coded


def test_a_denied_allergy_is_no_allergy_to_a_word():
    (bodies,) = planned(("Ona", "P", "1980-01-02", *[""] * 10, "Neigia"))
    (allergy,) = of_type(bodies, "AllergyIntolerance")
    assert allergy["code"]["coding"][0]["code"] == "716186003"
    assert allergy["code"]["text"] == "Neigia"


lines = st.lists(
    st.tuples(
        st.sampled_from(["Ona", "Rasa"]), st.just("P"), st.sampled_from(["1980-01-02", "1981-01-02"]), st.just(""),
        st.sampled_from(["", "861234567"]), st.sampled_from(["", "2024-03-05", "2024-03-06 10:00"]),
        st.sampled_from(["", "Dr. A"]), st.sampled_from(["", "Spuogai"]), st.just(""), st.sampled_from(["", "L70"]),
        st.sampled_from(["", "Lazeris"]), st.sampled_from(["", "a", "=cmd|'/C calc'!A0", "<script>"]), st.just(""),
        st.just(""), st.sampled_from(["", "1", "2"]),
    ),
    min_size=1, max_size=8,
)  # fmt: skip


@given(lines, st.randoms(use_true_random=False))
@settings(max_examples=of_whole(60))
def test_ids_are_distinct_and_the_same_whatever_the_order_of_rows(some, chance):
    def all_ids(rows: list[tuple[str, ...]]) -> list[str]:
        return sorted(body["id"] for bodies in planned(*rows) for body in bodies)

    shuffled = list(some)
    chance.shuffle(shuffled)
    ids = all_ids(some)
    assert len(set(ids)) == len(ids)
    assert all_ids(shuffled) == ids


def test_what_fhir_refuses_is_told_by_row_and_column():
    rows = rows_of(csv_text([HEAD, FULL]), today=TODAY)
    person, _ = patients.person(rows, [0])
    made = patients.resources(person, bytes(15) + b"\1", make_id, zone=ZONE, today=TODAY)
    made[2].resource["code"] = {"text": ""}
    changes, faults = patients.plan_new(person, bytes(15) + b"\1", made, now_ms=0)
    assert changes == ()
    assert [(fault.row, fault.column) for fault in faults] == [(2, "Diagnozė")]
    assert faults[0].reason.startswith("Condition.code.text: ")


def test_one_faulty_row_refuses_its_patient_and_nobody_else():
    text = csv_text([HEAD, FULL, ["Jonas", "K", "1975-05-06", *[""] * 12], [*FULL[:5], "2024-02-30", *FULL[6:]], FULL])
    gathered = patients.gather(rows_of(text, today=TODAY), lambda _: None)
    assert gathered.groups == [[1]]
    assert [(fault.row, fault.reason == OTHER_ROW) for fault in gathered.faults] == [(2, True), (4, False), (5, True)]
