"""Whatever is asked, and whatever a stored resource looks like: an answer or a refusal, never a failure."""

import asyncio
import json
from typing import Any

import pytest
from example_counts import of_whole
from hypothesis import given, settings
from hypothesis import strategies as st

from seifas.errors import SeifasError
from seifas.fhir import batches
from seifas.fhir.definitions import RESOURCE_TYPES
from seifas.fhir.exchange import Exchange
from seifas.fhir.inside import understood
from seifas.fhir.parameters import parameters_of, targets, values
from seifas.fhir.resources import NEVER_STORED
from seifas.fhir.shaping import Part, part_of, refuse_parts, shaped

KINDS = ("Observation", "Encounter", "Practitioner", "Consent", "DocumentReference", "AuditEvent", "RelatedPerson")
WORDS = st.one_of(
    st.text(max_size=30),
    st.sampled_from(["", ",", "|", "a|b", "|b", "a|", "2026", "ge2026-02-30", "eq9999-12-31", "0000", "true", ":"]),
)
SCALARS = st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.sampled_from(["2026-01-01", "x/y"])
NAMES = ("coding", "code", "system", "value", "reference", "start", "end", "family", "telecom", "individual", "who")
JSON = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=4),
    max_leaves=12,
)


@st.composite
def asked(draw: st.DrawFn) -> tuple[str, list[tuple[str, str]]]:
    kind = draw(st.sampled_from(KINDS))
    known = ["_id", "_sort", "_count", "_include", "_revinclude", "_summary", "_elements", "_lastUpdated", "_offset"]
    name = st.sampled_from([*known, *parameters_of(kind)])
    modified = st.builds("{}:{}".format, name, st.sampled_from(["not", "missing", "Patient", "exact", ""]))
    pairs = draw(st.lists(st.tuples(name | modified | st.text(max_size=12), WORDS), max_size=4))
    return kind, pairs


@settings(max_examples=of_whole(50))
@given(asked(), st.data())
def test_a_search_is_understood_or_refused_and_meets_any_resource(
    query: tuple[str, list[tuple[str, str]]], data: st.DataObject
) -> None:
    kind, pairs = query
    try:
        found = understood(kind, pairs)
    except SeifasError:
        return
    elements = sorted({path.elements[0] for one in parameters_of(kind).values() for path in one.paths})
    resource = data.draw(st.dictionaries(st.sampled_from(elements), JSON, max_size=4))
    assert all(test(resource) in (True, False) for test in found.tests)


@given(st.lists(st.tuples(st.sampled_from(["_summary", "_elements"]), WORDS), max_size=3))
def test_a_part_is_a_resource_of_the_same_type_and_says_so(pairs: list[tuple[str, str]]) -> None:
    try:
        part = part_of(pairs)
    except SeifasError:
        return
    body = b'{"resourceType":"Observation","id":"x","status":"final","code":{"text":"x"},"valueInteger":1}'
    told = json.loads(shaped("Observation", body, part))
    assert (told["resourceType"], told["id"]) == ("Observation", "x")
    if part.whole:
        assert shaped("Observation", body, part) == body
    else:
        with pytest.raises(SeifasError):
            refuse_parts(told)


def test_every_parameter_of_every_type_leads_somewhere() -> None:
    for kind in sorted(RESOURCE_TYPES - NEVER_STORED):
        for parameter in parameters_of(kind).values():
            assert parameter.form in ("token", "date", "reference", "string", "uri")
            for path in parameter.paths:
                assert list(values({}, path)) == []
                targets(kind, path)
        assert shaped(kind, json.dumps({"resourceType": kind, "id": "x"}).encode(), Part("true"))


@given(JSON | st.dictionaries(st.sampled_from(["request", "resource", "fullUrl"]), JSON | st.fixed_dictionaries(
    {"method": st.sampled_from(["GET", "POST", "PUT", "x"]), "url": WORDS, "ifMatch": JSON}), max_size=3))
def test_an_entry_of_a_batch_is_carried_out_or_refused(entry: Any) -> None:
    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        raise AssertionError

    async def serve(inner: Exchange) -> None:
        assert inner.path.startswith("/fhir/")
        await inner.answer(200, b"{}", [])

    outer = Exchange({"method": "POST", "path": "/fhir", "headers": [], "query_string": b""}, receive, send)
    bundle = {"entry": [entry]}
    told = json.loads(asyncio.run(batches.run(outer, bundle, "http://x/fhir", serve, most_bytes=10**6)))
    assert told["entry"][0]["response"]["status"][:3] in ("200", "400", "413")
