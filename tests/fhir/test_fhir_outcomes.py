"""Each kind of failure has one status and one issue code, and no answer tells more than it should."""

import json

import pytest

from seifas.errors import (
    BY_CODE,
    Conflict,
    Invalid,
    Locked,
    Missing,
    OverBudget,
    ReasonNeeded,
    SeifasError,
    SignIn,
    StepUp,
)
from seifas.fhir.outcomes import NotSupported, of_defect, of_error
from seifas.fhir.validate import BadResource, Issue, check


@pytest.mark.parametrize("kind", sorted(BY_CODE.values(), key=lambda kind: kind.code))
def test_every_error_has_an_outcome_that_r4_allows(kind: type[SeifasError]) -> None:
    status, body, _ = of_error(kind("What happened.", where="Patient.name[0]"))
    assert status == kind.http
    outcome = json.loads(body)
    check(outcome)
    if not issubclass(kind, Missing):
        assert outcome["issue"][0]["diagnostics"].startswith("What happened.")
        assert outcome["issue"][0].get("expression") == (None if kind is StepUp else ["Patient.name[0]"])


def test_missing_says_the_same_whatever_was_missing() -> None:
    assert of_error(Missing("forbidden", where="a")) == of_error(Missing("erased")) == of_error(Missing("unknown"))


def test_headers_that_tell_what_to_do() -> None:
    assert (b"www-authenticate", b'Bearer realm="seifas"') in of_error(SignIn("x"))[2]
    assert (b"retry-after", b"5") in of_error(Locked("x"))[2]
    assert "Seifas-Reason" in json.loads(of_error(ReasonNeeded("x"))[1])["issue"][0]["diagnostics"]


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (OverBudget("x"), 429, "throttled"),
        (Conflict("x"), 412, "conflict"),
        (BadResource([Issue("value", "x", "Patient.gender")]), 400, "value"),
        (NotSupported("x", status=406), 406, "not-supported"),
        (NotSupported("x", status=403, issue="too-costly"), 403, "too-costly"),
    ],
)
def test_codes(error: SeifasError, status: int, code: str) -> None:
    told, body, _ = of_error(error)
    assert (told, json.loads(body)["issue"][0]["code"]) == (status, code)


def test_a_place_that_is_no_path_stands_in_the_text() -> None:
    issue = json.loads(of_error(Invalid("Bad.", where="line 3 column 4"))[1])["issue"][0]
    assert issue["diagnostics"] == "Bad. (line 3 column 4)"
    assert "expression" not in issue


def test_a_defect_says_nothing_of_itself() -> None:
    status, body, _ = of_defect()
    assert status == 500
    check(json.loads(body))
