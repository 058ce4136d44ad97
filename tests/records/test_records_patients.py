"""The card as a form and back: only what was changed changes; minors have someone who answers for them."""

import datetime

import msgspec
import pytest
from test_records_composing import stored

from seifas.errors import Invalid
from seifas.records import patients
from seifas.records.cards import Alert, age_on, alerts_of, card_of, strip_of
from seifas.records.patients import CardForm, Guardian

TODAY = datetime.date(2026, 11, 22)
FORM = CardForm(
    family="Žukauskienė", given="Ona Marija", former="Kazlauskaitė", born="1980-02-03", sex="f", code="48002030000",
    phone="+370 612 34567", email="ona@example.lt", line="Laisvės al. 1", city="Kaunas", postal="LT-44001",
    language="lt",
)


def test_a_new_card_reads_back_as_it_was_typed() -> None:
    made = stored(patients.edited({"resourceType": "Patient"}, patients.checked(FORM, TODAY)))
    assert patients.form_of(made) == FORM
    assert card_of(made).name == "Ona Marija Žukauskienė"


def test_an_edit_touches_nothing_else() -> None:
    before = {
        "resourceType": "Patient", "active": False, "multipleBirthInteger": 2,
        "name": [{"use": "official", "family": "A", "given": ["B"], "prefix": ["dr."]},
                 {"use": "nickname", "given": ["Bė"]}],
        "identifier": [{"system": "urn:card", "value": "7"}],
        "telecom": [{"system": "phone", "value": "+370 600 00000"}, {"system": "url", "value": "x"},
                    {"system": "phone", "value": "+370 611 11111", "use": "work"}],
        "birthDate": "1980-02-03", "contact": [{"name": {"text": "Kaimynė"}}], "link": [{"other": {"reference": "x"}}],
    }  # fmt: skip
    form = msgspec.structs.replace(patients.form_of(before), phone="+370 622 22222")
    after = patients.edited(before, form)
    for name in ("active", "multipleBirthInteger", "name", "identifier", "contact", "link"):
        assert after[name] == before[name]
    values = [(one["value"], one.get("use")) for one in after["telecom"]]
    assert values[0] == ("+370 622 22222", "mobile")
    assert ("+370 600 00000", "old") in values
    assert ("+370 611 11111", "work") in values
    assert ("x", None) in values


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("family", " "), ("given", ""), ("born", ""), ("born", "1980-13-01"), ("born", "2027-01-01"),
        ("born", "1066-01-01"), ("email", "ona"), ("phone", "skambinti vakare"), ("code", "123"), ("language", "xx"),
        ("family", "x" * 301),
    ],
)
def test_fields_that_do_not_fit_are_named(field: str, value: str) -> None:
    with pytest.raises(Invalid) as caught:
        patients.checked(msgspec.structs.replace(FORM, **{field: value}), TODAY)
    assert caught.value.where == field


def test_a_minor_needs_a_guardian_until_the_birthday() -> None:
    mother = Guardian("Rasa", "mother", "")
    assert patients.needs_guardian("2008-11-23", [], TODAY)
    assert not patients.needs_guardian("2008-11-22", [], TODAY)
    assert not patients.needs_guardian("2008-11-23", [mother], TODAY)
    assert patients.needs_guardian("2008-11-23", [msgspec.structs.replace(mother, active=False)], TODAY)
    assert not patients.needs_guardian("", [], TODAY)


def test_a_guardian_reads_back() -> None:
    typed = patients.guardian_typed("Rasa Testienė", "guardian", "+370 600 00000")
    assert typed is not None
    made = stored(patients.related_person("1" * 32, typed)) | {"id": "2" * 32}
    assert patients.guardian_of(made) == msgspec.structs.replace(typed, id="2" * 32)
    assert patients.guardian_typed(" ", "mother", "") is None
    for fields in (("", "mother", "+370 600 00000"), ("Rasa", "pirate", ""), ("Rasa", "mother", "vakare")):
        with pytest.raises(Invalid):
            patients.guardian_typed(*fields)


def test_ages() -> None:
    assert age_on("2008-11-23", TODAY) == (17, 215)
    assert age_on("2025-12-01", TODAY) == (0, 11)
    assert [age_on(one, TODAY) for one in ("2027-01-01", "1980", "", "x")] == [(-1, -1)] * 4


def test_the_strip_minds_what_is_in_force_and_puts_the_grave_first() -> None:
    def allergy(text: str, **more: object) -> dict[str, object]:
        return {"resourceType": "AllergyIntolerance", "code": {"text": text}, **more}

    over = {"coding": [{"code": "inactive"}]}
    found = alerts_of([
        allergy("Medus"), allergy("Penicilinas", criticality="high"), allergy("Sena", clinicalStatus=over),
        allergy("Klaida", verificationStatus={"coding": [{"code": "entered-in-error"}]}),
        {"resourceType": "Flag", "status": "active", "code": {"text": "Varfarinas"},
         "category": [{"coding": [{"code": "safety"}]}]},
        {"resourceType": "Observation", "code": {"text": "x"}},
    ])  # fmt: skip
    assert found == [Alert("allergy", "Penicilinas", True), Alert("flag", "Varfarinas", True),
                     Alert("allergy", "Medus", False)]
    strip = strip_of(card_of({"resourceType": "Patient", "birthDate": "2025-11-01"}), found, TODAY, charts=True)
    assert (strip.age, strip.months, strip.minor) == (1, 12, True)
