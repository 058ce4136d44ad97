"""How resources become lines: numbers to the letter, dates, titles, and no narrative."""

from typing import Any

import pytest
from example_counts import of_whole
from hypothesis import given, settings
from hypothesis import strategies as st

from seifas.fhir.json_text import Number
from seifas.records.cards import card_of
from seifas.records.lines import entry_of, grouped
from seifas.records.plain import text_of


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"value": Number("1.50"), "unit": "mg"}, "1.50 mg"),
        ({"value": Number("1e2"), "comparator": "<", "unit": "mg"}, "<1e2 mg"),
        ({"coding": [{"system": "s", "code": "c", "display": "Astma"}]}, "Astma (c)"),
        ({"coding": [{"code": "c", "system": "s"}], "text": "Žodis"}, "Žodis"),
        ({"start": "2020-01-01", "end": "2020-02-01"}, "2020-01-01 – 2020-02-01"),
        ({"reference": "Practitioner/x", "display": "Dr. A"}, "Dr. A"),
        ({"reference": "Practitioner/x"}, "Practitioner"),
        ([{"family": "A", "given": ["B"]}], "B A"),
        (True, "✓"), (False, "✗"), (7, "7"), ({}, ""), (None, ""),
    ],
)  # fmt: skip
def test_values_as_text(value: Any, text: str) -> None:
    assert text_of(value) == text


def test_a_chart_is_grouped_and_newest_first() -> None:
    groups = grouped(
        [
            {
                "resourceType": "Observation",
                "code": {"text": "a"},
                "effectiveDateTime": "2020-01-01",
                "valueString": "x",
            },
            {"resourceType": "Claim", "created": "2026-01-01"},
            {
                "resourceType": "Observation",
                "code": {"text": "b"},
                "effectivePeriod": {"start": "2021-01-01T10:00:00Z"},
            },
            {
                "resourceType": "Condition",
                "code": {"text": "c"},
                "clinicalStatus": {"coding": [{"code": "active", "system": "s"}]},
            },
        ]
    )
    assert [group.kind for group in groups] == ["Condition", "Observation", "Claim"]
    assert [entry.title for entry in groups[1].entries] == ["b", "a"]
    assert groups[1].entries[1].value == "x"
    assert groups[0].entries[0].state == "active"


def test_components_make_a_value() -> None:
    pressure = {
        "resourceType": "Observation", "code": {"text": "BP"},
        "component": [{"code": {"text": "sys"}, "valueQuantity": {"value": 120, "unit": "mmHg"}},
                      {"code": {"text": "dia"}, "valueQuantity": {"value": Number("80.0"), "unit": "mmHg"}}],
    }  # fmt: skip
    assert entry_of(pressure).value == "sys: 120 mmHg; dia: 80.0 mmHg"


def test_a_card_of_nothing() -> None:
    card = card_of({"resourceType": "Patient"})
    assert (card.name, card.born, card.sex, card.active) == ("?", "", "u", True)


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(
        st.sampled_from(["coding", "text", "value", "unit", "reference", "start", "display", "code", "x"]),
        inner,
        max_size=4,
    ),
    max_leaves=15,
)  # fmt: skip


@settings(max_examples=of_whole(60))
@given(_json)
def test_no_value_breaks_the_generic_details(value: Any) -> None:
    entry = entry_of({"resourceType": "Basic", "other": value})
    assert all(isinstance(label, str) and isinstance(text, str) for label, text in entry.facts)
