"""Real Synthea bundles: everything is planned, belongs to the right patient, and no number or text changes.

Where the bundles are absent a small generated one of the same make stands in.
"""

import gzip
import json
import re
from pathlib import Path
from typing import Any

import pytest
from planning import plan_bundle
from synthea import FILES, stand_in

from seifas.fhir.resources import CLINIC, SOURCE_ID

PARAMETERS = [pytest.param(path, id=path.name.partition("_")[0]) for path in FILES] or [
    pytest.param(None, id="stand-in")
]


def _plain(value: Any, known: dict[str, str]) -> Any:
    """The tree with numbers as text, without what the vault sets, and references by their old names."""
    if isinstance(value, dict):
        return {key: _plain(inner, known) for key, inner in value.items()}
    if isinstance(value, list):
        return [_plain(inner, known) for inner in value]
    return known.get(value, value) if isinstance(value, str) else value


def _parse(raw: bytes) -> Any:
    return json.loads(raw, parse_float=lambda text: ("number", text), parse_int=lambda text: ("number", text))


@pytest.mark.parametrize("path", PARAMETERS)
def test_a_bundle_is_planned_without_loss(path: Path | None) -> None:
    raw = gzip.decompress(path.read_bytes()) if path else stand_in()
    sent = _parse(raw)["entry"]
    made = plan_bundle(raw)
    assert len(made.changes) == len(sent)
    names = {
        entry["fullUrl"]: f"{change.type}/{change.id.hex()}" for entry, change in zip(sent, made.changes, strict=True)
    }
    patients = [change for change in made.changes if change.type == "Patient"]
    assert len(patients) == 1
    for entry, change in zip(sent, made.changes, strict=True):
        body = _parse(change.body)
        original = _plain(entry["resource"], names)
        expected = CLINIC if change.type in ("Organization", "Practitioner") else patients[0].id
        assert change.patient == expected, change.type
        source = original.pop("id")
        body.pop("id")
        body.pop("meta")
        original.pop("meta", None)
        assert {"system": SOURCE_ID, "value": source} in body["identifier"]
        body["identifier"] = [one for one in body["identifier"] if one["system"] != SOURCE_ID]
        if "identifier" not in original:
            assert body.pop("identifier") == []
        assert body == original
        assert list(body) == list(original)
        assert b"urn:uuid:" not in re.sub(rb'"identifier":\[[^\]]*\]', b"", change.body)
