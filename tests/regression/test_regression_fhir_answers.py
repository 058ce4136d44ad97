"""What a tester outside found in the FHIR answers: filters ignored, faults without a place, methods refused."""

import contextlib

from seifas.drill.stage import Browser, Stage


def _transaction(*entries: object) -> dict[str, object]:
    return {"resourceType": "Bundle", "type": "transaction", "entry": list(entries)}


def _change(ident: str, **request: str) -> dict[str, object]:
    body = {"resourceType": "Patient", "id": ident}
    return {"resource": body, "request": {"method": "PUT", "url": f"Patient/{ident}", **request}}


def test_answers_say_where_and_ignore_nothing(shared_stage: Stage) -> None:
    with contextlib.closing(shared_stage.program(20)) as lab:
        _ask(lab)


def _ask(lab: Browser) -> None:
    made = lab.send("POST", "/fhir/Patient", {"resourceType": "Patient", "name": [{"family": "Ąžuolas"}]})
    ident = made.json["id"]

    for query in ("_summary=count", "_summary=some", "_include=Patient:organization", "foo=1", "_total=none"):
        assert lab.read(f"/fhir/Patient/{ident}?{query}").status == 400, query
    assert lab.read(f"/fhir/Patient/{ident}?_format=json&_pretty=true").status == 200

    head = lab.ask("HEAD", f"/fhir/Patient/{ident}")
    assert (head.status, head.body) == (200, b"")
    wrong = lab.ask("PATCH", f"/fhir/Patient/{ident}")
    assert wrong.status == 405
    assert wrong.headers["allow"] == "GET, PUT, DELETE"

    good = {"resource": {"resourceType": "Patient"}, "request": {"method": "POST", "url": "Patient"}}
    stale = lab.send("POST", "/fhir", _transaction(good, _change(ident, ifMatch='W/"9"')))
    absent = lab.send("POST", "/fhir", _transaction(good, _change("a" * 32)))
    unread = lab.send("POST", "/fhir", _transaction(good, {"request": {"method": "GET", "url": f"Patient/{'a' * 32}"}}))
    for answer, status in ((stale, 412), (absent, 404), (unread, 404)):
        assert answer.status == status
        assert answer.json["issue"][0]["expression"] == ["Bundle.entry[1]"], answer.json


def test_numbers_that_no_program_could_read_back_are_named(shared_stage: Stage) -> None:
    for number in ("1e999", "-1e400", "1" * 100_000):
        body = f'{{"resourceType":"Patient","extension":[{{"url":"urn:x","valueDecimal":{number}}}]}}'
        with contextlib.closing(shared_stage.program(20)) as lab:
            answer = lab.ask("POST", "/fhir/Patient", body, {"Content-Type": "application/fhir+json"})
        assert answer.status == 400
        assert answer.json["issue"][0]["expression"] == ["Patient.extension[0].valueDecimal"]
