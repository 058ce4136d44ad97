"""Resources that R4 does not allow are refused, each fault with its path and without the value."""

import contextlib
import copy
import datetime
from typing import Any

import pytest
from example_counts import of_whole
from hypothesis import given, settings
from hypothesis import strategies as st

from seifas.fhir.json_text import Number, read
from seifas.fhir.primitives import CHECKS, after
from seifas.fhir.validate import MAX_ISSUES, BadResource, check

PATIENT: dict[str, Any] = {
    "resourceType": "Patient",
    "identifier": [{"use": "official", "system": "https://hl7.lt/fhir/sid/lt-patient-pid", "value": "38001010000"}],
    "active": True,
    "name": [{"use": "official", "family": "Žukauskas", "given": ["Jonas", "Petras"], "period": {"start": "1980"}}],
    "telecom": [{"system": "phone", "value": "+370 600 00000", "rank": 1}],
    "gender": "male",
    "birthDate": "1980-01-01",
    "_birthDate": {"extension": [{"url": "http://example.org/time", "valueDateTime": "1980-01-01T10:00:00+02:00"}]},
    "multipleBirthInteger": 2,
    "address": [{"line": ["Laisvės al. 1"], "_line": [{"id": "a"}], "city": "Kaunas", "country": "LT"}],
    "contact": [{"name": {"family": "Žukauskienė"}, "gender": "female"}],
    "communication": [{"language": {"coding": [{"system": "urn:ietf:bcp:47", "code": "lt"}]}, "preferred": True}],
    "text": {"status": "generated", "div": '<div xmlns="http://www.w3.org/1999/xhtml"><b>J</b> &lt;x&gt;<br/></div>'},
}
OBSERVATION: dict[str, Any] = {
    "resourceType": "Observation",
    "status": "final",
    "code": {"coding": [{"system": "http://loinc.org", "code": "8302-2"}]},
    "subject": {"reference": "Patient/00112233445566778899aabbccddeeff"},
    "effectivePeriod": {"start": "2026-01-01", "end": "2026-01-02T10:00:00Z"},
    "valueQuantity": {"value": Number("171.50"), "unit": "cm"},
}


def faults(resource: dict[str, Any]) -> list[tuple[str, str]]:
    with pytest.raises(BadResource) as caught:
        check(resource, today=datetime.date(2026, 11, 21))
    return [(issue.expression, issue.code) for issue in caught.value.issues]


def test_good_resources_pass() -> None:
    check(PATIENT)
    check(OBSERVATION)


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ({"gender": "man"}, "Patient.gender"),
        ({"gender": ["male"]}, "Patient.gender"),
        ({"gender": ""}, "Patient.gender"),
        ({"birthDate": "1980-02-30"}, "Patient.birthDate"),
        ({"birthDate": "1981-02-29"}, "Patient.birthDate"),
        ({"birthDate": "1980-13"}, "Patient.birthDate"),
        ({"birthDate": "01.02.1980"}, "Patient.birthDate"),
        ({"birthDate": "1980-1-1"}, "Patient.birthDate"),
        ({"birthDate": "1980-01-01T00:00:00Z"}, "Patient.birthDate"),
        ({"birthDate": "0000-01-01"}, "Patient.birthDate"),
        ({"birthDate": "１９８０-01-01"}, "Patient.birthDate"),
        ({"birthDate": "2026-11-23"}, "Patient.birthDate"),
        ({"birthDate": "2027"}, "Patient.birthDate"),
        ({"birthDate": 1980}, "Patient.birthDate"),
        ({"active": "true"}, "Patient.active"),
        ({"name": {"family": "x"}}, "Patient.name"),
        ({"name": []}, "Patient.name"),
        ({"name": [{}]}, "Patient.name[0]"),
        ({"name": ["x"]}, "Patient.name[0]"),
        ({"name": [{"family": ["a"]}]}, "Patient.name[0].family"),
        ({"name": [{"given": "a"}]}, "Patient.name[0].given"),
        ({"name": [{"given": [None]}]}, "Patient.name[0].given[0]"),
        ({"name": [{"given": ["a", " "]}]}, "Patient.name[0].given[1]"),
        ({"name": [{"use": "nick"}]}, "Patient.name[0].use"),
        ({"name": [{"surname": "x"}]}, "Patient.name[0].surname"),
        ({"name": [{"period": {"start": "2020-02", "end": "2020-01-31"}}]}, "Patient.name[0].period"),
        ({"telecom": [{"system": "telepathy", "value": "x"}]}, "Patient.telecom[0].system"),
        ({"telecom": [{"rank": 0}]}, "Patient.telecom[0].rank"),
        ({"telecom": [{"rank": Number("1.0")}]}, "Patient.telecom[0].rank"),
        ({"identifier": [{"system": "with space", "value": "x"}]}, "Patient.identifier[0].system"),
        ({"address": [{"line": "street"}]}, "Patient.address[0].line"),
        ({"address": [{"line": ["a"], "_line": [None, {"id": "x"}]}]}, "Patient.address[0]._line"),
        ({"contact": [{"gender": "female"}]}, "Patient.contact[0]"),
        ({"communication": [{"preferred": True}]}, "Patient.communication[0].language"),
        ({"deceasedBoolean": False, "deceasedDateTime": "2020"}, "Patient.deceasedDateTime"),
        ({"_gender": "x"}, "Patient._gender"),
        ({"_name": [{}]}, "Patient._name"),
        ({"nickname": "x"}, "Patient.nickname"),
        ({"Vardenis Pavardenis": "x"}, "Patient.?"),
        ({"id": "with space"}, "Patient.id"),
        ({"id": "x" * 65}, "Patient.id"),
        ({"meta": {"lastUpdated": "2020-01-01"}}, "Patient.meta.lastUpdated"),
        ({"meta": []}, "Patient.meta"),
        ({"link": [{"other": {"reference": "Observation/x"}, "type": "seealso"}]}, "Patient.link[0].other.reference"),
        ({"managingOrganization": {"reference": "nonsense"}}, "Patient.managingOrganization.reference"),
        ({"managingOrganization": {"reference": "Klinika/1"}}, "Patient.managingOrganization.reference"),
        ({"managingOrganization": {"reference": "#gone"}}, "Patient.managingOrganization.reference"),
        ({"managingOrganization": {"type": "Organization"}}, "Patient.managingOrganization"),
        ({"extension": [{"valueString": "x"}]}, "Patient.extension[0].url"),
        ({"extension": [{"url": "u", "valueString": "x", "extension": [{"url": "v"}]}]}, "Patient.extension[0]"),
        ({"extension": [{"url": "u", "valueString": "x", "valueCode": "y"}]}, "Patient.extension[0].valueCode"),
        ({"contained": [{"resourceType": "Organization"}]}, "Patient.contained[0].id"),
        ({"contained": [{"id": "a"}]}, "Patient.contained[0].resourceType"),
        (
            {"contained": [{"resourceType": "Organization", "id": "a", "contained": []}]},
            "Patient.contained[0].contained",
        ),
        ({"text": {"status": "generated", "div": "<div><script>alert(1)</script></div>"}}, "Patient.text.div"),
        ({"text": {"status": "generated", "div": '<div><img src="x" onerror = "a"/></div>'}}, "Patient.text.div"),
        ({"text": {"status": "generated", "div": '<div><a href="javascript:a()">x</a></div>'}}, "Patient.text.div"),
        ({"text": {"status": "generated", "div": "<!DOCTYPE x><div></div>"}}, "Patient.text.div"),
        ({"text": {"status": "generated", "div": "plain"}}, "Patient.text.div"),
    ],
)
def test_each_fault_in_a_patient_is_named(change: dict[str, Any], where: str) -> None:
    assert where in [expression for expression, _ in faults(PATIENT | change)]


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ({"status": None}, "Observation.status"),
        ({"status": "done"}, "Observation.status"),
        ({"code": "8302-2"}, "Observation.code"),
        ({"subject": {"reference": "Organization/1"}}, "Observation.subject.reference"),
        ({"subject": [{"reference": "Patient/1"}]}, "Observation.subject"),
        (
            {"effectivePeriod": {"start": "2026-01-02T10:00:00Z", "end": "2026-01-02T11:59:00+03:00"}},
            "Observation.effectivePeriod",
        ),
        ({"effectiveDateTime": "2026-01-02T10:00:00"}, "Observation.effectiveDateTime"),
        ({"issued": "2026-01-02"}, "Observation.issued"),
        ({"issued": "2026-01-02T25:00:00Z"}, "Observation.issued"),
        ({"issued": "2026-04-31T10:00:00Z"}, "Observation.issued"),
        ({"valueQuantity": {"value": "171"}}, "Observation.valueQuantity.value"),
        ({"valueQuantity": {"value": 1, "comparator": "!="}}, "Observation.valueQuantity.comparator"),
        ({"valueString": "x"}, "Observation.valueString"),
        ({"valueAddress": {"city": "x"}}, "Observation.valueAddress"),
        ({"value": 1}, "Observation.value"),
        ({"component": [{"valueString": "x"}]}, "Observation.component[0].code"),
    ],
)
def test_each_fault_in_an_observation_is_named(change: dict[str, Any], where: str) -> None:
    assert where in [expression for expression, _ in faults(OBSERVATION | change)]


@pytest.mark.parametrize("kind", [None, "patient", "Klient", 7, ["Patient"], "Resource", "DomainResource", "HumanName"])
def test_unknown_types_are_refused(kind: Any) -> None:
    assert faults({"resourceType": kind} if kind is not None else {"id": "x"}) == [("resourceType", "structure")]


def test_missing_required_elements_are_all_named() -> None:
    assert {where for where, _ in faults({"resourceType": "Observation", "id": "x"})} == {
        "Observation.status",
        "Observation.code",
    }
    assert ("MedicationRequest.medication", "required") in faults({"resourceType": "MedicationRequest", "id": "x"})


def test_a_required_element_may_be_absent_with_a_reason() -> None:
    absent = {
        "extension": [{"url": "http://hl7.org/fhir/StructureDefinition/data-absent-reason", "valueCode": "unknown"}]
    }
    check({"resourceType": "Communication", "_status": absent})


def test_values_never_stand_in_messages() -> None:
    with pytest.raises(BadResource) as caught:
        check(PATIENT | {"gender": "Slaptas", "birthDate": "Slaptas", "Slaptas kodas": 1})
    assert "Slaptas" not in str(caught.value)
    assert all("Slaptas" not in issue.diagnostics + issue.expression for issue in caught.value.issues)


def test_a_flood_of_faults_is_cut() -> None:
    assert len(faults(PATIENT | {"name": [{"use": "x"}] * 1000})) == MAX_ISSUES


def test_contained_resources_are_checked_and_may_be_pointed_at() -> None:
    good = {
        "resourceType": "Patient",
        "contained": [{"resourceType": "Organization", "id": "o", "name": "x"}],
        "managingOrganization": {"reference": "#o"},
    }
    check(good)
    bad = copy.deepcopy(good)
    bad["contained"][0]["name"] = 5  # type: ignore[index]
    assert faults(bad) == [("Patient.contained[0].name", "value")]


def test_path_starts_where_the_caller_says() -> None:
    with pytest.raises(BadResource) as caught:
        check({"resourceType": "Patient", "gender": "x"}, at="Bundle.entry[3].resource")
    assert caught.value.where == "Bundle.entry[3].resource.gender"


@pytest.mark.parametrize(
    ("start", "end", "wrong"),
    [
        ("2026", "2026-01-01", False),
        ("2027", "2026-12-31T23:59:59Z", True),
        ("2026-01-01T00:00:00+02:00", "2025-12-31T22:00:00Z", False),
        ("2026-01-01T00:00:01+02:00", "2025-12-31T22:00:00Z", True),
        ("2016-12-31T23:59:60Z", "2017-01-01T00:00:00Z", False),
        ("0001-01-01T00:00:00+14:00", "0001-01-01T00:00:01+14:00", False),
        ("9999-12-31T23:59:59.999999999-14:00", "9999-12-31T23:59:59-14:00", True),
    ],
)
def test_period_order(start: str, end: str, wrong: bool) -> None:
    assert CHECKS["dateTime"](start) is None
    assert CHECKS["dateTime"](end) is None
    assert after(start, end) is wrong


_zones = st.integers(-14 * 60, 14 * 60).map(lambda minutes: datetime.timezone(datetime.timedelta(minutes=minutes)))


@settings(max_examples=of_whole(100))
@given(st.datetimes(timezones=_zones))
def test_every_real_moment_is_an_instant(moment: datetime.datetime) -> None:
    assert CHECKS["instant"](moment.isoformat(timespec="milliseconds")) is None
    assert CHECKS["date"](moment.date().isoformat()) is None


_hostile = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.just(Number("1e9")),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "resourceType",
                    "id",
                    "name",
                    "_name",
                    "reference",
                    "extension",
                    "contained",
                    "subject",
                    "period",
                    "start",
                    "end",
                    "url",
                    "value",
                    "_birthDate",
                    "entry",
                ]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=25,
)


@settings(max_examples=of_whole(200))
@given(
    st.sampled_from(["Patient", "Bundle", "Observation", "Binary", "Parameters", "List"]),
    st.dictionaries(
        st.sampled_from(
            [
                "name",
                "meta",
                "contained",
                "text",
                "extension",
                "_birthDate",
                "birthDate",
                "contact",
                "subject",
                "entry",
                "parameter",
                "effectivePeriod",
                "data",
                "code",
                "status",
            ]
        ),
        _hostile,
        max_size=5,
    ),
)
def test_no_shape_of_json_breaks_the_checker(kind: str, rest: dict[str, Any]) -> None:
    with contextlib.suppress(BadResource):
        check({"resourceType": kind, **rest})


def test_reader_and_checker_meet() -> None:
    check(read('{"resourceType":"Patient","name":[{"family":"Čepaitė"}]}'.encode()))
