"""Cards from FHIR Patients of all shapes, and their bytes."""

from contextlib import suppress
from datetime import date

import msgspec
import pytest
from example_counts import of_whole
from hypothesis import given, settings
from hypothesis import strategies as st
from quickness import within

from seifas.errors import Invalid, Tampered
from seifas.keeper.directory.card import LIST_LIMIT, Card, card_of, decode, encode
from seifas.names.contacts import code_form, email_form, is_fhir_date, phone_digits

ID = "00112233445566778899aabbccddeeff"
TODAY = date(2026, 11, 3)

PATIENT = {
    "resourceType": "Patient",
    "id": ID,
    "active": True,
    "identifier": [
        {"system": "https://hl7.lt/fhir/sid/lt-patient-pid", "value": " 48701020011 "},
        {"system": "urn:passport", "value": "AB 123456"},
        {"system": "urn:again", "value": "AB 123456"},
        {"system": "urn:empty"},
    ],
    "name": [
        {"use": "maiden", "family": "Petraitytė", "given": ["Ona"]},
        {"use": "official", "family": "Žukauskienė", "given": ["Ona", "Marija"], "prefix": ["Dr."]},
        {"use": "nickname", "given": ["Onutė"]},
    ],
    "telecom": [
        {"system": "phone", "value": "+370 612 34567", "use": "mobile"},
        {"system": "phone", "value": "8 (37) 123456"},
        {"system": "phone", "value": "861234567"},
        {"system": "phone", "value": "8 699 99999", "use": "old"},
        {"system": "email", "value": " Ona.Z@Example.LT "},
        {"system": "fax", "value": "8 37 000000"},
    ],
    "gender": "female",
    "birthDate": "1987-01-02",
}


def test_a_patient_with_everything():
    assert card_of(PATIENT, today=TODAY) == Card(
        patient=bytes.fromhex(ID),
        family="Žukauskienė",
        given=("Ona", "Marija"),
        former=("Petraitytė",),
        birth="1987-01-02",
        sex="f",
        codes=("48701020011", "AB 123456"),
        phones=("37061234567", "37037123456"),
        emails=("ona.z@example.lt",),
        active=True,
        also_given=("Onutė",),
        coded=(
            "https://hl7.lt/fhir/sid/lt-patient-pid|48701020011", "urn:passport|AB 123456", "urn:again|AB 123456",
        ),
        deceased=False,
    )


@pytest.mark.parametrize(
    ("names", "family", "given", "former"),
    [
        ([{"family": "A", "period": {"end": "2020"}}, {"family": "B"}], "B", (), ("A",)),
        ([{"family": "A", "period": {"end": "2020-05-01"}}, {"family": "B", "use": "usual"}], "B", (), ("A",)),
        ([{"family": "A", "period": {"end": "2026"}}, {"family": "B"}], "A", (), ("B",)),
        ([{"family": "A", "period": {"end": "2026-11-02"}, "use": "official"}, {"family": "B"}], "B", (), ("A",)),
        ([{"family": "A", "use": "old"}], "A", (), ()),
        ([{"family": "A", "use": "usual"}, {"family": "B", "use": "official"}], "B", (), ("A",)),
        ([{"family": "Žukas", "use": "official"}, {"family": "ŽUKAS", "use": "old"}], "Žukas", (), ()),
        ([{"text": "Jonas Kazys Žukauskas"}], "Žukauskas", ("Jonas", "Kazys"), ()),
        ([{"text": "Žukauskas, Jonas"}], "Žukauskas", ("Jonas",), ()),
        ([{"given": ["Jonas"]}], "", ("Jonas",), ()),
        ([{}], "", (), ()),
        ([], "", (), ()),
    ],
)
def test_which_name_is_the_present_one(names, family, given, former):
    card = card_of({"id": ID, "name": names}, today=TODAY)
    assert (card.family, card.given, card.former) == (family, given, former)


def test_deceased_and_inactive():
    assert card_of({"id": ID, "deceasedBoolean": True}).deceased
    assert card_of({"id": ID, "deceasedDateTime": "2020-01-01"}).deceased
    assert not card_of({"id": ID, "deceasedBoolean": False}).deceased
    assert not card_of({"id": ID, "active": False}).active


@pytest.mark.parametrize("identity", [None, 7, "", "xyz", "00", ID + "00", "Patient/" + ID])
def test_an_id_of_another_shape_is_refused_without_repeating_it(identity):
    with pytest.raises(Invalid) as caught:
        card_of({"id": identity})
    assert caught.value.where == "Patient.id"
    assert "xyz" not in caught.value.message


@pytest.mark.parametrize("wrong", [None, True, 7, 1.5, "text", [], {}, [[]], [{}], [None], {"end": []}])
@pytest.mark.parametrize("field", ["name", "identifier", "telecom", "birthDate", "gender", "active", "deceasedBoolean"])
@pytest.mark.parametrize("inner", ["", "family", "given", "use", "period", "value", "system", "text"])
def test_a_field_of_the_wrong_shape_is_left_out(field, inner, wrong):
    patient = {"id": ID, field: [{inner: wrong}] if inner else wrong}
    assert decode(encode(card_of(patient))).patient == bytes.fromhex(ID)


def test_long_lists_are_cut():
    many = {"id": ID, "identifier": [{"value": f"code {n}"} for n in range(1000)], "name": [{"given": ["x"] * 1000}]}
    card = card_of(many)
    assert len(card.codes) == len(card.given) == LIST_LIMIT


def test_lone_surrogates_do_not_stop_the_directory():
    name = {"family": "A\ud800", "given": ["\udfff"]}
    card = card_of({"id": ID, "name": [name], "identifier": [{"value": "\ud800"}]})
    assert decode(encode(card)) == card


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(
        ["family", "given", "use", "period", "end", "value", "system", "text", "prefix"]), inner, max_size=4),
    max_leaves=12,
)  # fmt: skip


@given(st.dictionaries(st.sampled_from(
    ["name", "identifier", "telecom", "birthDate", "gender", "active", "deceasedBoolean", "deceasedDateTime"]), JSON))
@settings(max_examples=of_whole(200))  # fmt: skip
def test_no_shape_of_json_makes_a_card_fail(patient):
    card = card_of({**patient, "id": ID})
    assert decode(encode(card)) == card


@given(st.binary(max_size=60))
@settings(max_examples=of_whole(200))
def test_bytes_that_are_no_card_are_tampered(body):
    with suppress(Tampered):
        assert isinstance(decode(body), Card)


@pytest.mark.parametrize("cut", range(1, 40, 3))
def test_a_truncated_card_is_tampered(cut):
    with pytest.raises(Tampered):
        decode(encode(card_of(PATIENT))[:-cut])


def test_an_old_card_without_the_fields_added_since_still_opens():
    old = msgspec.msgpack.encode([bytes(16), "Žukas", ["Jonas"], [], "1985-03-02", "m", [], [], []])
    assert decode(old) == Card(bytes(16), "Žukas", ("Jonas",), birth="1985-03-02", sex="m")


def test_24000_cards_decode_in_a_fifth_of_a_second():
    bodies = [encode(card_of(PATIENT))] * 24_000
    assert within(0.2, lambda: [decode(body) for body in bodies])


@pytest.mark.parametrize(
    ("text", "digits"),
    [
        ("+370 612 34567", "37061234567"),
        ("0037061234567", "37061234567"),
        ("8 612 34567", "37061234567"),
        ("8-612-34567", "37061234567"),
        ("(8-612) 34567", "37061234567"),
        ("0 612 34567", "37061234567"),
        ("61234567", "37061234567"),
        ("8 37 123456", "37037123456"),
        ("tel:+37061234567", "37061234567"),
        ("+44 20 7946 0958", "442079460958"),
        ("+44 20 7946 0958 ext. 12", "442079460958"),
        ("555-265-4287", "5552654287"),
        ("112", ""),
        ("", ""),
        ("nėra", ""),
        ("1" * 16, ""),
        ("9" * 100_000, ""),
    ],
)
def test_phone_digits(text, digits):
    assert phone_digits(text) == digits


def test_codes_emails_and_dates():
    assert code_form(" 3850302-0011 ") == "38503020011"
    assert code_form("ab 12/34-Ž") == "ab1234z"
    assert code_form("---") == ""
    assert email_form("mailto:Ona@Example.LT") == "ona@example.lt"
    assert [email_form(bad) for bad in ("ona", "ona@", "@b.lt", "ona@lt", "", "ona@lt.")] == [""] * 6
    assert all(is_fhir_date(good) for good in ("1985", "1985-03", "1985-03-02"))
    bad = ("85", "1985-3", "1985-13", "1985-00", "1985-01-32", "1985/01/01", "1985-01-01T00:00", "0000", "1985-01-01\n")
    assert not any(is_fhir_date(each) for each in bad)
