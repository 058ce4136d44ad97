"""Consents as FHIR: valid R4, bound to the text and the bytes, read by the keeper as they were meant."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seifas.errors import Invalid
from seifas.fhir import stamp
from seifas.fhir.json_text import read
from seifas.fhir.resources import patient_of
from seifas.fhir.validate import check
from seifas.keeper.photo_consents import permits
from seifas.records import consents
from seifas.records.consents import PhotoUse, Signing, Text

PATIENT, PHOTO, PAPER, DATA = "a" * 32, "b" * 32, "c" * 32, "d" * 32
SHA = "e" * 64
TEXT = Text("Sutikimas dėl procedūros", 3, "f" * 64, "lt")
SIGNING = Signing(PATIENT, "2026-11-22T10:00:00+02:00", "Ona Žukė", "", "Gyd. Šarūnas", TEXT)
USE = PhotoUse(PHOTO, SHA, "publication")


def body(resource: dict) -> bytes:
    return stamp.body(resource, id_hex=DATA, version=1, updated_ms=1)


RESOURCES = {
    "treatment": consents.treatment(SIGNING, PAPER),
    "guardian": consents.treatment(Signing(PATIENT, SIGNING.at, "Jonas", "tėvas", "Gyd.", TEXT), PAPER),
    "photo": consents.photo(SIGNING, PAPER, USE),
    "photo-until": consents.photo(SIGNING, PAPER, USE, until="2027-01-01"),
    "paper": consents.paper(PATIENT, SIGNING.at, "Senas lapas", "2020-05-01", PAPER),
    "document": consents.document(PATIENT, SIGNING.at, "Gyd.", "Sutikimas", DATA, b"%PDF-x", "application/pdf",
                                  strokes=b"{}"),
    "binary": consents.binary(PATIENT, b"%PDF-x", "application/pdf"),
}


@pytest.mark.parametrize("name", RESOURCES)
def test_valid_r4_of_this_patient(name: str) -> None:
    resource = read(body(RESOURCES[name]))
    check(resource)
    assert patient_of(resource, own_id=b"x" * 16) == bytes.fromhex(PATIENT)


def permitted(resource: dict, *, photo: str = PHOTO, sha: str = SHA, use: str = "publication", day: str = "2026-12-01",
              patient: str = PATIENT) -> bool:
    return permits(
        body(resource), patient=bytes.fromhex(patient), photo=bytes.fromhex(photo), sha256=bytes.fromhex(sha), use=use,
        day=day,
    )


def test_the_keeper_reads_what_was_meant_and_no_more() -> None:
    one = consents.photo(SIGNING, PAPER, USE, until="2027-01-01")
    assert permitted(one)
    assert not permitted(one, photo="0" * 32)
    assert not permitted(one, sha="0" * 64), "other bytes are another picture"
    assert not permitted(one, use="teaching")
    assert not permitted(one, patient="0" * 32)
    assert not permitted(one, day="2027-01-02")
    assert not permitted(one | {"status": "inactive"})
    assert not permitted(consents.treatment(SIGNING, PAPER))


def test_lists_say_what_was_signed() -> None:
    found = {name: consents.lines([json.loads(body(resource))], {DATA: 1}) for name, resource in RESOURCES.items()}
    treatment, photo = found["treatment"][0], found["photo-until"][0]
    assert (treatment.kind, treatment.title, treatment.digest) == ("treatment", TEXT.title, TEXT.digest)
    assert (treatment.document, treatment.signer, treatment.active) == (PAPER, "Ona Žukė", True)
    assert found["guardian"][0].signer == "Jonas (tėvas)"
    assert (photo.kind, photo.photo, photo.use, photo.until) == ("photo", PHOTO, "publication", "2027-01-01")
    assert (found["paper"][0].kind, found["paper"][0].at) == ("paper", "2020-05-01")
    assert found["document"] == []


def test_a_title_cannot_pass_for_another_text() -> None:
    sly = Text(f"X · v9 · sha256:{'0' * 64}", 3, "f" * 64, "lt")
    line = consents.lines([consents.treatment(Signing(PATIENT, "2026", "a", "", "b", sly), PAPER)], {})[0]
    assert line.digest == "f" * 64
    with pytest.raises(Invalid):
        consents.photo(SIGNING, PAPER, PhotoUse(PHOTO, SHA, "everything"))


def test_documents_are_found_again() -> None:
    assert consents.binary_of(RESOURCES["document"]) == DATA
    assert consents.bytes_of(RESOURCES["binary"]) == ("application/pdf", b"%PDF-x")
    for wrong in ({}, {"content": "x"}, {"content": [{"attachment": {"url": "https://x.example/Binary/1"}}]},
                  {"content": [{"attachment": {"url": f"Binary/{'a' * 31}/"}}]}):
        assert consents.binary_of(wrong) == ""
    with pytest.raises(Invalid):
        consents.bytes_of({"data": "no base64!"})


@given(st.recursive(st.none() | st.booleans() | st.text(max_size=10), lambda inner: st.lists(inner, max_size=3)
                    | st.dictionaries(st.sampled_from(["provision", "code", "data", "reference", "policyRule", "text",
                                                       "performer", "coding", "period", "end"]), inner, max_size=4)))
def test_any_consent_has_a_line(inner: object) -> None:
    resource = {"resourceType": "Consent", **(inner if isinstance(inner, dict) else {"provision": inner})}
    assert len(consents.lines([resource], {})) == 1


@given(st.text(max_size=50), st.text(max_size=50), st.sampled_from(["", "before", "after"]))
def test_captions_go_both_ways(lithuanian: str, english: str, side: str) -> None:
    made = consents.caption_of(lithuanian, english, pair="0123456789ab", side=side)
    assert len(made) <= 120
    words, pair, read_side = consents.caption_read(made)
    assert (pair, read_side) == (("0123456789ab", side) if side else ("", ""))
    tidy = " ".join(lithuanian.replace("|", "/").split())
    assert words["lt"] == (tidy or " ".join(english.replace("|", "/").split()))


def test_other_captions_are_taken_as_they_are() -> None:
    assert consents.caption_read("Prieš ir po") == ({"lt": "Prieš ir po", "en": "Prieš ir po"}, "", "")
    with pytest.raises(Invalid):
        consents.caption_of("a" * 51, "")
