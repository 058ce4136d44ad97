"""Transactions: ids, references, compartments, order, and every way in which a bundle can be broken."""

import json
from typing import Any

import pytest
from example_counts import of_whole
from hypothesis import given, settings
from hypothesis import strategies as st
from planning import plan_bundle

from seifas.errors import Invalid, TooLarge
from seifas.fhir import bundle as bundles
from seifas.fhir.bundle import Plan, plan, read_bundle
from seifas.fhir.resources import CLINIC, SOURCE_ID
from seifas.fhir.validate import BadResource

NOW = 1_795_000_000_123
STORED = "00112233445566778899aabbccddeeff"
OTHER = "ffeeddccbbaa99887766554433221100"


def urn(n: int) -> str:
    return f"urn:uuid:00000000-0000-4000-8000-{n:012d}"


def post(resource: dict[str, Any], full: str | None = None, **request: str) -> dict[str, Any]:
    entry = {"resource": resource, "request": {"method": "POST", "url": resource["resourceType"], **request}}
    return entry | ({"fullUrl": full} if full else {})


def transaction(*entries: Any, kind: str = "transaction") -> bytes:
    return json.dumps({"resourceType": "Bundle", "type": kind, "entry": list(entries)}).encode()


def observation(subject: Any, **more: Any) -> dict[str, Any]:
    held = {"reference": subject} if isinstance(subject, str) else subject
    return {"resourceType": "Observation", "status": "final", "code": {"text": "x"}, "subject": held, **more}


PATIENT = {"resourceType": "Patient", "id": "their-1", "name": [{"family": "Kazlauskas"}]}
DOCTOR = {"resourceType": "Practitioner", "identifier": [{"system": "urn:doc", "value": "7"}]}


def bodies(made: Plan) -> list[dict[str, Any]]:
    return [json.loads(change.body) for change in made.changes]


def refused(raw: bytes) -> Invalid:
    with pytest.raises(Invalid) as caught:
        plan_bundle(raw, now_ms=NOW, collections=False)
    return caught.value


def test_references_between_entries_are_resolved_and_the_patient_is_found() -> None:
    made = plan_bundle(
        transaction(
            post(observation(urn(1), performer=[{"reference": urn(2)}]), urn(3)),
            post(PATIENT, urn(1)),
            post(DOCTOR, urn(2)),
        ),
        now_ms=NOW,
    )
    seen = {change.type: change for change in made.changes}
    texts = {text["resourceType"]: text for text in bodies(made)}
    assert seen["Observation"].patient == seen["Patient"].patient == seen["Patient"].id
    assert seen["Practitioner"].patient == CLINIC
    assert texts["Observation"]["subject"]["reference"] == f"Patient/{seen['Patient'].id.hex()}"
    assert texts["Observation"]["performer"][0]["reference"] == f"Practitioner/{seen['Practitioner'].id.hex()}"
    assert texts["Patient"]["meta"] == {"versionId": "1", "lastUpdated": "2026-11-18T11:06:40.123Z"}
    assert texts["Patient"]["identifier"] == [{"system": SOURCE_ID, "value": "their-1"}]
    assert list(texts["Patient"])[:3] == ["resourceType", "id", "meta"]
    assert [step.change for step in made.steps] == [0, 1, 2]
    groups = made.by_patient()
    assert next(iter(groups)) == CLINIC
    assert {change.type for change in groups[seen["Patient"].id]} == {"Observation", "Patient"}


def test_every_plan_has_new_ids() -> None:
    raw = transaction(post(PATIENT, urn(1)))
    assert plan_bundle(raw).changes[0].id != plan_bundle(raw).changes[0].id


def test_references_by_type_and_id_and_by_address_are_resolved() -> None:
    base = "https://elsewhere.example/fhir"
    made = plan_bundle(
        transaction(
            post({**PATIENT, "id": "a"}, f"{base}/Patient/a"),
            post(observation("Patient/a"), f"{base}/Observation/o"),
            post(observation(f"{base}/Patient/a", derivedFrom=[{"reference": "Observation/o"}])),
        ),
        now_ms=NOW,
    )
    patient, first, second = made.changes
    assert first.patient == second.patient == patient.id
    assert bodies(made)[2]["derivedFrom"][0]["reference"] == f"Observation/{first.id.hex()}"


def test_two_patients_with_one_id_make_that_reference_unclear() -> None:
    entries = [
        post({**PATIENT, "id": "a"}, urn(1)),
        post({**PATIENT, "id": "a"}, urn(2)),
        post(observation("Patient/a")),
    ]
    assert refused(transaction(*entries)).where == "Bundle.entry[2].resource.subject.reference"


def test_loops_of_references_are_ordinary() -> None:
    encounter = {
        "resourceType": "Encounter",
        "status": "finished",
        "class": {"code": "AMB"},
        "subject": {"reference": urn(1)},
        "partOf": {"reference": urn(3)},
    }
    made = plan_bundle(
        transaction(
            post(PATIENT | {"link": [{"other": {"reference": urn(1)}, "type": "seealso"}]}, urn(1)),
            post(encounter, urn(2)),
            post(encounter | {"partOf": {"reference": urn(2)}}, urn(3)),
            post(encounter | {"partOf": {"reference": urn(4)}}, urn(4)),
        ),
        now_ms=NOW,
    )
    patient, a, b, alone = made.changes
    assert bodies(made)[0]["link"][0]["other"]["reference"] == f"Patient/{patient.id.hex()}"
    assert bodies(made)[1]["partOf"]["reference"] == f"Encounter/{b.id.hex()}"
    assert bodies(made)[2]["partOf"]["reference"] == f"Encounter/{a.id.hex()}"
    assert bodies(made)[3]["partOf"]["reference"] == f"Encounter/{alone.id.hex()}"


def test_addresses_of_entries_are_rewritten_and_canonical_names_are_not() -> None:
    value_set = {"resourceType": "ValueSet", "status": "active", "url": "http://x.example/ValueSet/1"}
    document = {
        "resourceType": "DocumentReference",
        "status": "current",
        "subject": {"reference": urn(1)},
        "identifier": [{"system": "urn:ietf:rfc:3986", "value": urn(2)}],
        "content": [{"attachment": {"url": urn(2)}}],
    }
    binary = {"resourceType": "Binary", "contentType": "text/plain", "securityContext": {"reference": urn(1)}}
    made = plan_bundle(
        transaction(post(PATIENT, urn(1)), post(binary, urn(2)), post(document), post(value_set, value_set["url"])),
        now_ms=NOW,
    )
    texts = bodies(made)
    assert texts[2]["content"][0]["attachment"]["url"] == f"Binary/{made.changes[1].id.hex()}"
    assert texts[2]["identifier"][0]["value"] == urn(2)
    assert texts[3]["url"] == value_set["url"]
    assert made.changes[1].patient == made.changes[0].id


def test_conditional_references_find_entries_of_the_bundle() -> None:
    made = plan_bundle(
        transaction(
            post(DOCTOR, urn(2)),
            post(PATIENT | {"generalPractitioner": [{"reference": "Practitioner?identifier=urn:doc|7"}]}, urn(1)),
            post(observation(urn(1), performer=[{"reference": "Practitioner?identifier=urn%3Adoc%7C7"}])),
        ),
        now_ms=NOW,
    )
    doctor = f"Practitioner/{made.changes[0].id.hex()}"
    assert bodies(made)[1]["generalPractitioner"][0]["reference"] == doctor
    assert bodies(made)[2]["performer"][0]["reference"] == doctor


def test_conditional_references_outside_the_bundle_are_listed_and_used() -> None:
    wanted = "Practitioner?identifier=urn:doc|9"
    raw = transaction(post(PATIENT | {"generalPractitioner": [{"reference": wanted}]}, urn(1)))
    draft = read_bundle(raw)
    assert draft.outside == (wanted,)
    made = plan(draft, known={wanted: f"Practitioner/{STORED}"}, now_ms=NOW)
    assert bodies(made)[0]["generalPractitioner"][0]["reference"] == f"Practitioner/{STORED}"
    assert refused(raw).where == "Bundle.entry[0].resource.generalPractitioner[0].reference"


def test_if_none_exist_uses_what_is_stored() -> None:
    raw = transaction(
        post(DOCTOR, urn(2), ifNoneExist="identifier=urn:doc|7"),
        post(PATIENT | {"generalPractitioner": [{"reference": urn(2)}]}, urn(1)),
    )
    draft = read_bundle(raw)
    assert draft.outside == ("Practitioner?identifier=urn:doc|7",)
    made = plan(draft, known={draft.outside[0]: f"Practitioner/{STORED}"}, now_ms=NOW)
    assert [change.type for change in made.changes] == ["Patient"]
    assert made.steps[0].op == "found"
    assert made.steps[0].id == STORED
    assert bodies(made)[0]["generalPractitioner"][0]["reference"] == f"Practitioner/{STORED}"
    fresh = plan(read_bundle(raw), now_ms=NOW)
    assert [change.type for change in fresh.changes] == ["Practitioner", "Patient"]


def test_updates_and_deletes_take_versions_and_go_in_the_order_of_r4() -> None:
    put = {
        "resource": observation(f"Patient/{STORED}", id=OTHER),
        "request": {"method": "PUT", "url": f"Observation/{OTHER}", "ifMatch": 'W/"4"'},
    }
    gone = {"request": {"method": "DELETE", "url": f"Condition/{OTHER}"}}
    look = {"request": {"method": "GET", "url": f"Patient/{STORED}"}}
    draft = read_bundle(transaction(look, put, post(observation(f"Patient/{STORED}")), gone))
    assert draft.versions_needed == (("Condition", OTHER),)
    made = plan(draft, versions={("Condition", OTHER): 2}, now_ms=NOW)
    assert [(change.op, change.expect) for change in made.changes] == [("delete", 2), ("create", 0), ("update", 4)]
    assert [step.change for step in made.steps] == [-1, 2, 1, 0]
    assert made.changes[0].patient is None
    assert json.loads(made.changes[2].body)["meta"]["versionId"] == "5"
    assert "identifier" not in json.loads(made.changes[2].body)


@pytest.mark.parametrize(
    ("entries", "where"),
    [
        (["x"], "Bundle.entry[0]"),
        ([{}], "Bundle.entry[0].request"),
        ([{"request": {"method": "POST"}}], "Bundle.entry[0].request.url"),
        ([{"request": {"method": "POST", "url": "Patient"}}], "Bundle.entry[0].resource"),
        ([{"resource": [], "request": {"method": "POST", "url": "Patient"}}], "Bundle.entry[0].resource"),
        ([{"resource": PATIENT, "request": {"method": "PATCH", "url": "Patient"}}], "Bundle.entry[0].request.method"),
        ([{"resource": PATIENT, "request": {"method": "POST", "url": "Klientas"}}], "Bundle.entry[0].request.url"),
        ([{"resource": PATIENT, "request": {"method": "POST", "url": "Observation"}}], "Bundle.entry[0].request.url"),
        ([{"resource": {}, "request": {"method": "POST", "url": "Patient"}}], "Bundle.entry[0].resource.resourceType"),
        (
            [{"resource": PATIENT, "request": {"method": "PUT", "url": "Patient/their-1"}}],
            "Bundle.entry[0].request.url",
        ),
        (
            [{"resource": PATIENT, "request": {"method": "PUT", "url": f"Patient/{STORED}"}}],
            "Bundle.entry[0].resource.id",
        ),
        (
            [{"resource": PATIENT, "request": {"method": "PUT", "url": "Patient?identifier=x"}}],
            "Bundle.entry[0].request.url",
        ),
        ([{"request": {"method": "DELETE", "url": "Patient?name=x"}}], "Bundle.entry[0].request.url"),
        ([{"request": {"method": "GET", "url": "Patient?name=x"}}], "Bundle.entry[0].request.url"),
        (
            [{"request": {"method": "DELETE", "url": f"Patient/{STORED}", "ifMatch": "*"}}],
            "Bundle.entry[0].request.ifMatch",
        ),
        ([{"request": {"method": "DELETE", "url": f"Patient/{STORED}"}}] * 2, "Bundle.entry[1]"),
        ([post(PATIENT, urn(1)), post(PATIENT, urn(1))], "Bundle.entry[1].fullUrl"),
        ([post(PATIENT) | {"fullUrl": 3}], "Bundle.entry[0].fullUrl"),
        ([post(PATIENT), post(observation(urn(9)))], "Bundle.entry[1].resource.subject.reference"),
        ([post(observation({"display": "Jonas"}))], "Bundle.entry[0].resource.subject"),
        ([post(observation({"identifier": {"value": "1"}, "type": "Patient"}))], "Bundle.entry[0].resource.subject"),
        ([post(observation("Patient/unknown"))], "Bundle.entry[0].resource.subject.reference"),
        ([post(observation(f"Patient/{'0' * 32}"))], "Bundle.entry[0].resource.subject.reference"),
        ([post(observation("https://other.example/Patient/1"))], "Bundle.entry[0].resource.subject.reference"),
        (
            [post(observation("#p", contained=[{"resourceType": "Patient", "id": "p"}]))],
            "Bundle.entry[0].resource.subject",
        ),
        ([post(observation("Patient?identifier=a|b"))], "Bundle.entry[0].resource.subject.reference"),
        ([post(observation("Patient?name=Jonas"))], "Bundle.entry[0].resource.subject.reference"),
        (
            [
                post(DOCTOR),
                post(DOCTOR),
                post(observation(f"Patient/{STORED}", performer=[{"reference": "Practitioner?identifier=urn:doc|7"}])),
            ],
            "Bundle.entry[2].resource.performer[0].reference",
        ),
        ([post(DOCTOR, ifNoneExist="name=x")], "Bundle.entry[0].request.ifNoneExist"),
        ([post({"resourceType": "Parameters"})], "Bundle.entry[0].resource"),
        ([post({"resourceType": "Bundle", "type": "collection"})], "Bundle.entry[0].resource"),
        ([post(PATIENT | {"gender": "x"})], "Bundle.entry[0].resource.gender"),
        # The reference becomes known only once the bundle is resolved: then it is checked like any other.
        ([post(DOCTOR, urn(1)), post(observation(urn(1)))], "Bundle.entry[1].resource.subject.reference"),
    ],
)
def test_broken_bundles_name_the_entry(entries: list[Any], where: str) -> None:
    assert refused(transaction(*entries)).where == where


@pytest.mark.parametrize(
    ("raw", "where"),
    [
        (transaction(kind="batch"), "Bundle.type"),
        (transaction(kind="collection"), "Bundle.type"),
        (b'{"resourceType":"Bundle"}', "Bundle.type"),
        (b'{"resourceType":"Bundle","type":"transaction","entry":{}}', "Bundle.entry"),
        (b'{"resourceType":"Patient"}', "resourceType"),
        (transaction(post(PATIENT))[:-9], "line 1"),
    ],
)
def test_broken_envelopes_are_refused(raw: bytes, where: str) -> None:
    assert refused(raw).where.startswith(where)


def test_an_empty_transaction_is_an_empty_plan() -> None:
    assert plan_bundle(b'{"resourceType":"Bundle","type":"transaction"}').changes == ()


def test_all_faults_of_all_entries_are_reported_at_once() -> None:
    error = refused(
        transaction(post(PATIENT | {"gender": "x"}), post(PATIENT), post(observation("Patient/zz", issued="x")))
    )
    assert isinstance(error, BadResource)
    assert {issue.expression for issue in error.issues} == {
        "Bundle.entry[0].resource.gender",
        "Bundle.entry[2].resource.issued",
    }


@pytest.mark.parametrize("kind", ["collection", "document", "searchset"])
def test_the_importer_takes_other_bundles_as_creates(kind: str) -> None:
    raw = json.dumps(
        {
            "resourceType": "Bundle",
            "type": kind,
            "entry": [{"fullUrl": urn(1), "resource": PATIENT}, {"resource": observation(urn(1))}],
        }
    ).encode()
    made = plan_bundle(raw)
    assert [change.op for change in made.changes] == ["create", "create"]
    assert made.changes[1].patient == made.changes[0].id


def test_one_resource_over_the_limit_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bundles, "_STAMP", 0)
    big = observation(f"Patient/{STORED}", note=[{"text": "x" * 300}])
    with pytest.raises(TooLarge) as caught:
        plan(read_bundle(transaction(post(PATIENT), post(big))), limit=300)
    assert caught.value.where == "Bundle.entry[1].resource"


def test_many_conditions_cost_no_more_than_their_number() -> None:
    doctors = [
        post({"resourceType": "Practitioner", "identifier": [{"system": "urn:d", "value": str(n)}]})
        for n in range(3000)
    ]
    looks = [
        post(observation(f"Patient/{STORED}", performer=[{"reference": f"Practitioner?identifier=urn:d|{n}"}]))
        for n in range(3000)
    ]
    made = plan_bundle(transaction(*doctors, *looks))
    assert bodies(made)[-1]["performer"][0]["reference"] == f"Practitioner/{made.changes[2999].id.hex()}"


@settings(max_examples=of_whole(60))
@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), max_size=12))
def test_any_web_of_references_ends_and_points_at_what_it_meant(edges: list[tuple[int, int]]) -> None:
    nodes = [
        {
            "resourceType": "Observation",
            "status": "final",
            "code": {"text": str(n)},
            "subject": {"reference": urn(100)},
            "hasMember": [{"reference": urn(b)} for a, b in edges if a == n] or None,
        }
        for n in range(10)
    ]
    entries = [post({k: v for k, v in node.items() if v is not None}, urn(n)) for n, node in enumerate(nodes)]
    made = plan_bundle(transaction(*entries, post(PATIENT, urn(100))))
    texts = bodies(made)
    number = {f"Observation/{change.id.hex()}": n for n, change in enumerate(made.changes[:10])}
    for n, text in enumerate(texts[:10]):
        assert [number[one["reference"]] for one in text.get("hasMember", [])] == [b for a, b in edges if a == n]
