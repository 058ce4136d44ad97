"""A chart as a page reads it: visits newest first, corrections with what stood there before, nothing that breaks it."""

from typing import Any

from example_counts import of_whole
from hypothesis import given, settings
from hypothesis import strategies as st
from test_records_composing import ALONE, SCENE

from seifas.records import composing
from seifas.records.timeline import Written, days_since, timeline

ME, OTHER = "1" * 32, "9" * 32
_count = iter(range(10_000))


def row(resource: dict[str, Any], *, ident: str = "", patient: str = ME, **more: Any) -> Written:
    return Written(resource | {"id": ident or f"{next(_count):032x}"}, patient, more.pop("version", 1), 1000, **more)


def visit(ident: str, at: str, patient: str = ME) -> Written:
    return row(composing.visit(composing.Scene(patient, "", at, "gyd. Rūta"), ""), ident=ident, patient=patient)


def test_lines_stand_in_their_visits_in_the_order_of_a_visit() -> None:
    found = timeline([
        visit("a" * 32, "2026-01-10T09:00:00+02:00"), visit("2" * 32, "2026-11-22T10:00:00+02:00"),
        row(composing.measurement(SCENE, "pulse", "70")), row(composing.note(SCENE, "Gerai")),
        row(composing.complaint(SCENE, "Spuogai")), row(composing.note(ALONE, "Skambino")),
    ], ME, "2026-11-22")  # fmt: skip
    assert [(one.id[:1], [line.kind for line in one.lines]) for one in found.visits] == [
        ("2", ["complaint", "note", "measurement"]), ("", ["note"]), ("a", []),
    ]  # fmt: skip
    assert found.today == "2" * 32
    assert [one.title for one in found.complaints] == ["Spuogai"]
    assert found.since is not None
    assert (found.since.date, dict(found.since.counts)) == (
        "2026-01-10", {"complaint": 1, "note": 2, "measurement": 1}
    )  # fmt: skip


def test_what_stood_before_is_shown_with_who_and_when() -> None:
    old, new = composing.note(SCENE, "Kairė"), composing.note(SCENE, "Dešinė")
    found = timeline([row(new, version=3, former=((old, 2, 900, "ruta"), (old, 1, 800, "jonas")))], ME, "2026-11-22")
    (line,) = found.visits[0].lines
    assert [(one.text, one.by, one.when) for one in line.former] == [("Kairė", "ruta", 900)]
    assert line.text == "Dešinė"


def test_errors_are_no_complaints_and_merged_records_are_marked() -> None:
    wrong = composing.entered_in_error(composing.complaint(SCENE, "Spuogai"), "", SCENE)
    found = timeline([
        row(wrong), row(composing.note(SCENE, "Kito įrašo"), patient=OTHER),
        visit("7" * 32, "2026-11-22T11:00:00+02:00", OTHER),
    ], ME, "2026-11-22")  # fmt: skip
    assert found.complaints == ()
    assert found.past[0].wrong
    assert [line.merged for one in found.visits for line in one.lines if line.kind == "note"] == [True]
    assert found.today == "", "a visit of the other record is none of this one's"


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
        st.sampled_from(["coding", "text", "value", "unit", "reference", "start", "display", "code", "actor"]), inner,
        max_size=4,
    ),
    max_leaves=12,
)  # fmt: skip
_KINDS = ["Observation", "Condition", "Procedure", "Encounter", "Device", "Media", "Consent", "Flag", "RelatedPerson",
          "AllergyIntolerance", "DocumentReference", "MedicationRequest", "Basic"]  # fmt: skip
_NAMES = ["code", "status", "performer", "recorder", "period", "encounter", "valueString", "valueQuantity", "bodySite",
          "note", "usedReference", "focalDevice", "usedCode", "component", "clinicalStatus", "participant", "type",
          "reaction", "category", "name", "telecom", "relationship", "date", "effectiveDateTime"]  # fmt: skip


@settings(max_examples=of_whole(120))
@given(st.lists(st.builds(lambda kind, body: {"resourceType": kind} | body, st.sampled_from(_KINDS),
                          st.dictionaries(st.sampled_from(_NAMES), _json, max_size=6)), max_size=5))  # fmt: skip
def test_no_resource_breaks_the_page(resources: list[dict[str, Any]]) -> None:
    timeline([row(one) for one in resources], ME, "2026-11-22")


def test_days() -> None:
    assert (days_since("2026-11-01", "2026-11-22"), days_since("2026", "2026-11-22")) == (21, -1)
