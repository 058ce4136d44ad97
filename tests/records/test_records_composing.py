"""What our forms write is FHIR R4, holds what was typed to the letter, and is corrected without losing anything."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seifas.errors import Invalid
from seifas.fhir.json_text import read, write
from seifas.fhir.validate import check
from seifas.records import composing
from seifas.records.codes import MEASURES
from seifas.records.composing import Scene, correctable, corrected, ended, entered_in_error, is_wrong, text_in

SCENE = Scene(patient="1" * 32, encounter="2" * 32, at="2026-11-22T10:00:00+02:00", by="gyd. Rūta")
ALONE = Scene(patient="1" * 32, encounter="", at="2026-11-22T10:00:00+02:00", by="gyd. Rūta")


def stored(resource: dict[str, Any]) -> dict[str, Any]:
    """As it comes back from the vault; R4 or an error."""
    found = read(write(resource))
    check(found)
    return found


EVERY = [
    composing.visit(ALONE, "Konsultacija"), composing.note(SCENE, "Gerai"), composing.note(ALONE, "a\nb"),
    composing.complaint(SCENE, "Spuogai", icd="l70.0", since="2026-01-01", more="Veide"),
    composing.complaint(ALONE, "Spuogai"), composing.measurement(SCENE, "weight", "57,50"),
    composing.pressure(SCENE, "120", "80"), composing.allergy(SCENE, "Penicilinas", high=True, reaction="Bėrimas"),
    composing.allergy(ALONE, "Medus", high=False), composing.flag(SCENE, "Varfarinas", high=True),
    composing.flag(ALONE, "Bijo adatų", high=False),
]  # fmt: skip


@pytest.mark.parametrize("resource", EVERY, ids=lambda one: one["resourceType"])
def test_everything_is_fhir_and_stays_so_when_it_ends_or_was_wrong(resource: dict[str, Any]) -> None:
    kept = stored(resource)
    wrong = stored(entered_in_error(kept, "ne tas pacientas", SCENE))
    assert is_wrong(wrong)
    assert not is_wrong(kept)
    if kept["resourceType"] in ("Encounter", "Condition", "AllergyIntolerance", "Flag"):
        assert stored(ended(kept, "2026-11-23T10:00:00+02:00")) != kept
    else:
        with pytest.raises(Invalid):
            ended(kept, "2026-11-23")
    if correctable(kept):
        now = stored(corrected(kept, "kitaip", SCENE))
        assert text_in(now) == "kitaip"
        for name in set(kept) - {"status", "valueString", "code"}:
            assert now[name] == kept[name]


@given(st.text(min_size=1, max_size=200))
def test_a_note_holds_what_was_typed(text: str) -> None:
    try:
        made = composing.note(SCENE, text)
    except Invalid:
        assert not "".join(one for one in text if one.isprintable() or one in "\n\t\u2028\u2029").strip()
        return
    kept = "".join(one for one in text if one.isprintable())
    assert [one for one in made["valueString"] if one.isprintable() and not one.isspace()] == [
        one for one in kept if not one.isspace()
    ]


@pytest.mark.parametrize("value", ["57,50", "57.50", " 36.6 ", "-3", "0.5"])
@pytest.mark.parametrize("key", MEASURES)
def test_figures_keep_their_letters(key: str, value: str) -> None:
    kept = write(stored(composing.measurement(SCENE, key, value)))
    assert value.strip().replace(",", ".").encode() in kept


@pytest.mark.parametrize("value", ["", "a", "1e9", "NaN", "--1", "1.2.3", "9" * 30, "1;2", "٣"])
def test_what_is_no_figure_is_refused(value: str) -> None:
    with pytest.raises(Invalid) as caught:
        composing.measurement(SCENE, "weight", value)
    assert caught.value.where == "value"


@pytest.mark.parametrize(
    ("make", "where"),
    [
        (lambda: composing.note(SCENE, " \n"), "text"),
        (lambda: composing.note(SCENE, "x" * 20_001), "text"),
        (lambda: composing.complaint(SCENE, ""), "text"),
        (lambda: composing.complaint(SCENE, "a", icd="spuogai"), "icd"),
        (lambda: composing.complaint(SCENE, "x" * 301), "text"),
        (lambda: composing.measurement(SCENE, "mood", "3"), "measure"),
        (lambda: composing.allergy(SCENE, "", high=False), "text"),
        (lambda: corrected({"resourceType": "Media"}, "x", SCENE), "text"),
        (lambda: entered_in_error({"resourceType": "Patient"}, "x", SCENE), "type"),
    ],
)
def test_bad_forms_name_their_field(make: Any, where: str) -> None:
    with pytest.raises(Invalid) as caught:
        make()
    assert caught.value.where == where


def test_a_correction_drops_the_codes_of_the_old_words() -> None:
    kept = stored(composing.complaint(SCENE, "Spuogai", icd="L70.0"))
    assert "coding" not in corrected(kept, "Rožinė", SCENE)["code"]
