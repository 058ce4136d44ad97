"""Unknown, forbidden and erased look the same: in every answer's status, words and headers, and in time.

Who may not see a record may not learn either whether it is there, how often it was changed, or that one was erased.
"""

import json
import re
import statistics
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from seifas.drill.stage import Answer, Stage
from seifas.drill.thieves import Hands, Thief, encounter, form_of
from seifas.drill.thieves_clock import MovedVault
from seifas.drill.thieves_truth import Truth, truth_of
from seifas.drill.thieves_wire import WireThief, visit_change
from seifas.errors import SeifasError

JSON = {"Content-Type": "application/fhir+json"}
UNKNOWN = "5eaf0a5e" * 4
_BUNDLE = re.compile(rb'"id":"[0-9a-f]{32}",(?="type":"searchset")')


class Scene(NamedTuple):
    """A served clinic in which two patients were erased. Ids in hex: a patient of each kind, a visit of each."""

    stage: Stage
    truth: Truth
    patients: dict[str, str]
    visits: dict[str, str]


@pytest.fixture(scope="module")
def scene(places: Path, large_clinic: Path) -> Iterator[Scene]:
    stage = Stage(places / "existence")
    stage.copy_from(large_clinic)
    truth = truth_of(stage.data)
    stage.start()
    now = time.time_ns() // 1_000_000
    warm = sorted(truth.warm("doctor1", now) & truth.warm("reception1", now))[:2]
    hands = Hands()
    doctor = hands.cookie(stage, "doctor1")
    visits = []
    for patient in warm:
        made = doctor.visit(patient, datetime.now(UTC).isoformat())
        assert made.status == 201
        visits.append(made.json["id"])
    with stage.admin() as admin:
        admin.call("admin.erase_now", patient=bytes.fromhex(warm[1]))
    yield Scene(
        stage, truth, {"there": warm[0], "erased": warm[1], "unknown": UNKNOWN},
        {"there": visits[0], "erased": visits[1], "unknown": UNKNOWN},
    )
    hands.close()
    stage.remove()


def looks(answer: Answer, *idents: str) -> tuple[int, bytes, frozenset[tuple[str, str]]]:
    """What somebody could tell two answers apart by, without the id that was asked for."""
    body = answer.body
    for ident in idents:
        body = body.replace(ident.encode(), b"?")
    body = _BUNDLE.sub(b"", body)  # a searchset's own id is drawn anew each time
    headers = {(name, value) for name, value in answer.headers.items() if name not in ("date", "content-length")}
    return answer.status, body, frozenset(headers)


Ask = Callable[[Thief, str], Answer]


def by_patient() -> dict[str, Ask]:
    """Every request that names a patient."""
    def posted(thief: Thief, path: str, body: object, **headers: str) -> Answer:
        return thief.browser.ask("POST", path, json.dumps(body), {**JSON, "Seifas-Reason": "visit", **headers})

    def bundle(thief: Thief, request: dict[str, str], resource: object = None) -> Answer:
        entry = {"request": request, **({"resource": resource} if resource else {})}
        return posted(thief, "/fhir", {"resourceType": "Bundle", "type": "transaction", "entry": [entry]})

    def patient(ident: str) -> dict[str, object]:
        return {"resourceType": "Patient", "id": ident, "name": [{"family": "Naujas"}]}

    return {
        "read": lambda t, p: t.browser.read(f"/fhir/Patient/{p}", "visit"),
        "read without a reason": lambda t, p: t.browser.read(f"/fhir/Patient/{p}"),
        "head": lambda t, p: t.browser.ask("HEAD", f"/fhir/Patient/{p}", None, {"Seifas-Reason": "visit"}),
        "if none match": lambda t, p: t.browser.ask(
            "GET", f"/fhir/Patient/{p}", None, {"If-None-Match": 'W/"1"', "Seifas-Reason": "visit"}),
        "version": lambda t, p: t.browser.read(f"/fhir/Patient/{p}/_history/1", "visit"),
        "everything": lambda t, p: t.browser.read(f"/fhir/Patient/{p}/$everything", "visit"),
        "inside": lambda t, p: t.browser.read(f"/fhir/Observation?patient={p}", "visit"),
        "count": lambda t, p: t.browser.read(f"/fhir/Observation?patient={p}&_count=0", "visit"),
        "put": lambda t, p: t.browser.ask("PUT", f"/fhir/Patient/{p}", json.dumps(patient(p)), JSON),
        "put on a version": lambda t, p: t.browser.ask(
            "PUT", f"/fhir/Patient/{p}", json.dumps(patient(p)), {**JSON, "If-Match": 'W/"7"'}),
        "visit": lambda t, p: posted(t, "/fhir/Encounter", encounter(p, datetime.now(UTC).isoformat())),
        "bundle get": lambda t, p: bundle(t, {"method": "GET", "url": f"Patient/{p}"}),
        "bundle put": lambda t, p: bundle(t, {"method": "PUT", "url": f"Patient/{p}"}, patient(p)),
        "bundle put on a version": lambda t, p: bundle(
            t, {"method": "PUT", "url": f"Patient/{p}", "ifMatch": 'W/"7"'}, patient(p)),
        "bundle visit": lambda t, p: bundle(
            t, {"method": "POST", "url": "Encounter"}, encounter(p, "2026-01-01T10:00:00+02:00")),
        "card page": lambda t, p: t.browser.read(f"/desk/patient/{p}"),
        "chart page": lambda t, p: t.browser.read(f"/desk/patient/{p}/chart"),
        "card page with a reason": lambda t, p: t.browser.form(
            f"/desk/patient/{p}", {"form": form_of(t.browser), "reason": "visit"}),
        "glass": lambda t, p: t.browser.form(
            f"/desk/patient/{p}/glass", {"form": form_of(t.browser), "reason": "an emergency"}),
    }


def by_visit() -> dict[str, Ask]:
    """Every request that names a clinical record."""
    def sent(thief: Thief, method: str, ident: str, **headers: str) -> Answer:
        body = encounter(UNKNOWN, "2026-01-01T10:00:00+02:00", ident)
        return thief.browser.ask(method, f"/fhir/Encounter/{ident}", json.dumps(body), {**JSON, **headers})

    def bundle(thief: Thief, method: str, ident: str) -> Answer:
        entry: dict[str, object] = {"request": {"method": method, "url": f"Encounter/{ident}"}}
        if method == "PUT":
            entry["resource"] = encounter(UNKNOWN, "2026-01-01T10:00:00+02:00", ident)
        whole = {"resourceType": "Bundle", "type": "transaction", "entry": [entry]}
        return thief.browser.ask("POST", "/fhir", json.dumps(whole), {**JSON, "Seifas-Reason": "visit"})

    return {
        "read": lambda t, v: t.browser.read(f"/fhir/Encounter/{v}", "visit"),
        "as another type": lambda t, v: t.browser.read(f"/fhir/Observation/{v}", "visit"),
        "version": lambda t, v: t.browser.read(f"/fhir/Encounter/{v}/_history/1", "visit"),
        "future version": lambda t, v: t.browser.read(f"/fhir/Encounter/{v}/_history/9", "visit"),
        "by id": lambda t, v: t.browser.read(f"/fhir/Encounter?_id={v}", "visit"),
        "put": lambda t, v: sent(t, "PUT", v),
        "put on a version": lambda t, v: sent(t, "PUT", v, **{"If-Match": 'W/"1"'}),
        "delete": lambda t, v: t.browser.ask("DELETE", f"/fhir/Encounter/{v}"),
        "delete on a version": lambda t, v: t.browser.ask(
            "DELETE", f"/fhir/Encounter/{v}", None, {"If-Match": 'W/"1"'}),
        "bundle get": lambda t, v: bundle(t, "GET", v),
        "bundle put": lambda t, v: bundle(t, "PUT", v),
        "bundle delete": lambda t, v: bundle(t, "DELETE", v),
    }


@pytest.mark.parametrize("way", by_patient())
def test_an_erased_patient_looks_like_one_who_never_was(scene: Scene, hands: Hands, way: str) -> None:
    ask = by_patient()[way]
    for account in ("doctor2", "reception2", "officer1"):
        thief = hands.cookie(scene.stage, account)
        erased, unknown = scene.patients["erased"], scene.patients["unknown"]
        assert looks(ask(thief, erased), erased) == looks(ask(thief, unknown), unknown), account


@pytest.mark.parametrize("way", by_visit())
def test_a_record_that_is_erased_or_not_for_this_hat_looks_like_none(scene: Scene, hands: Hands, way: str) -> None:
    """Reception may not see charts: a visit that is there answers as one that is not."""
    ask = by_visit()[way]
    thief = hands.cookie(scene.stage, "reception2")
    seen = {kind: looks(ask(thief, visit), visit) for kind, visit in scene.visits.items()}
    assert seen["there"] == seen["unknown"]
    assert seen["erased"] == seen["unknown"]
    doctor = hands.cookie(scene.stage, "doctor2")
    assert looks(ask(doctor, scene.visits["erased"]), scene.visits["erased"]) == looks(ask(doctor, UNKNOWN), UNKNOWN)


def test_the_record_is_there_all_the_same(scene: Scene, hands: Hands) -> None:
    """Else the comparisons above would compare nothing."""
    doctor = hands.cookie(scene.stage, "doctor1")
    assert doctor.browser.read(f"/fhir/Encounter/{scene.visits['there']}", "visit").status == 200
    assert doctor.browser.read(f"/fhir/Patient/{scene.patients['there']}", "visit").status == 200
    for kind in ("erased", "unknown"):
        assert doctor.browser.read(f"/fhir/Encounter/{scene.visits[kind]}", "visit").status == 404
        assert doctor.browser.read(f"/fhir/Patient/{scene.patients[kind]}", "visit").status == 404


def test_nobody_finds_an_erased_patient(scene: Scene, hands: Hands) -> None:
    thief = hands.cookie(scene.stage, "reception3")
    card = scene.truth.cards[scene.patients["erased"]]
    assert scene.patients["erased"] not in thief.search(family=card.family, birthdate=card.birth)
    assert scene.patients["erased"] not in thief.search(identifier=card.codes[0] if card.codes else "39001010000")
    seen = thief.caller(card.family, card.birth, scene.patients["erased"])
    never = thief.caller("Nesantysis", "1901-02-03", UNKNOWN)
    # The page says how many tries are left, and keeps what was typed in its line.
    uncounted = [re.sub(rb'value="[^"]*"|\d+', b"#", one.body) for one in (seen, never)]
    assert seen.status == never.status
    assert uncounted[0] == uncounted[1]
    assert not thief.haul.cards


def test_the_keepers_words_are_the_same_for_erased_and_unknown(
    moved_vault: Callable[[], MovedVault], truth: Truth
) -> None:
    """On the wire itself, where a broken web process listens: code, message and place of every op that names one."""
    vault = moved_vault()
    doctor = WireThief(vault.call, vault.sign_in("doctor1"))
    erased = sorted(truth.warm("doctor1", vault.now_ms))[0]
    visit = bytes.fromhex("ab" * 16)
    assert doctor.visit(erased, vault.now_ms - 60_000, ident=visit)
    vault.admin("admin.erase_now", patient=bytes.fromhex(erased))

    def said(patient: bytes, record: bytes) -> list[tuple[str, str, str]]:
        unwritten = {"op": "update", "type": "Encounter", "id": record, "patient": b"", "expect": 1, "body": b"{}"}
        asked: list[tuple[str, dict[str, Any]]] = [
            ("record.read", {"type": "Patient", "id": patient, "reason": "visit"}),
            ("record.read", {"type": "Encounter", "id": record, "reason": "visit"}),
            ("record.where", {"type": "Encounter", "id": record, "reason": "visit"}),
            ("record.list", {"patient": patient, "reason": "visit"}),
            ("record.write", {"changes": [unwritten]}),
            ("record.write", {"changes": [{**unwritten, "op": "delete"}]}),
            ("record.write", {"changes": [{**unwritten, "patient": patient}]}),
            ("record.write", {"changes": [visit_change(patient, bytes.fromhex("cd" * 16), vault.now_ms)]}),
            ("schedule.book", {"doctor": bytes(16), "start_ms": vault.now_ms, "minutes": 5, "patient": patient}),
            ("glass.break", {"patient": patient, "reason": "an emergency"}),
            ("worklist.make", {"title": "x", "patients": [patient]}),
            ("erase.ask", {"patient": patient, "ground": "patient-asked"}),
        ]
        found = []
        for op, args in asked:
            with pytest.raises(SeifasError) as raised:
                vault.call(op, session=doctor.session, **args)
            error = raised.value
            found.append((f"{op} {error.code}", error.message, error.where.replace(patient.hex(), "?")))
        return found

    assert said(bytes.fromhex(erased), visit) == said(bytes.fromhex(UNKNOWN), bytes.fromhex(UNKNOWN))


def test_reception_does_not_learn_which_records_exist_by_writing_them(
    moved_vault: Callable[[], MovedVault], truth: Truth
) -> None:
    """Whose a record is may be left out, where it exists; then the hat is asked before the record is looked for."""
    vault = moved_vault()
    doctor = WireThief(vault.call, vault.sign_in("doctor1"))
    there = bytes.fromhex("ef" * 16)
    assert doctor.visit(sorted(truth.warm("doctor1", vault.now_ms))[0], vault.now_ms - 60_000, ident=there)
    session = vault.sign_in("reception1")
    seen = []
    for record in (there, bytes.fromhex(UNKNOWN)):
        change = {"op": "update", "type": "Encounter", "id": record, "patient": b"", "expect": 1, "body": b"{}"}
        with pytest.raises(SeifasError) as raised:
            vault.call("record.write", session=session, changes=[change])
        seen.append((raised.value.code, raised.value.message, raised.value.where))
    assert seen[0] == seen[1]


def test_in_time_too(scene: Scene, hands: Hands, whole: bool) -> None:
    """Medians of many interleaved requests. A difference that a thief could see over HTTP would be one of milliseconds:
    here the three are told apart by less than the noise of one request. In up to three rounds: what tells them apart
    does so in each of them, a busy machine does not."""
    thief = hands.cookie(scene.stage, "reception1")
    rounds = []
    for _ in range(3):
        medians, noise = _durations(thief, scene.visits, 150 if whole else 60)
        rounds.append(f"medians in ms: {({kind: round(one, 3) for kind, one in medians.items()})}, noise {noise:.3f}")
        if max(medians.values()) - min(medians.values()) < noise:
            return
    pytest.fail("; ".join(rounds))


def _durations(thief: Thief, visits: dict[str, str], turns: int) -> tuple[dict[str, float], float]:
    """Milliseconds: the median of each kind, and the spread of the middle half of one of them."""
    times: dict[str, list[float]] = {kind: [] for kind in visits}
    for turn in range(turns):
        # None always comes first: what a request costs depends on the one before.
        kinds = list(visits)[turn % len(visits) :] + list(visits)[: turn % len(visits)]
        for kind in kinds[:: 1 if turn % 2 else -1]:
            began = time.perf_counter()
            assert thief.browser.read(f"/fhir/Encounter/{visits[kind]}", "visit").status == 404
            times[kind].append(time.perf_counter() - began)
    spread = statistics.quantiles(times["unknown"], n=4)
    return {kind: statistics.median(each) * 1000 for kind, each in times.items()}, max(
        0.3, (spread[2] - spread[0]) * 1000
    )


def test_versions_of_strangers_are_guessed_at_the_price_of_changing_them(scene: Scene, hands: Hands) -> None:
    """If-Match on a guessed version tells whether the guess was right: that is a change of a patient, thirty a day."""
    thief = hands.cookie(scene.stage, "nurse2")
    tried = 0
    for patient in scene.truth.cold("nurse2", time.time_ns() // 1_000_000)[:60]:
        answer = thief.overwrite(patient, "Naujas", "1990-01-01", version=7)
        if answer.status != 412:
            break
        assert scene.truth.cards[patient].family.encode() not in answer.body
        tried += 1
    assert tried <= 30


@pytest.mark.parametrize(
    "query", ["_summary=count", "_count=0", "_total=accurate&_count=0", "name=Kaz&_summary=count", "name=Kaz&_count=0",
              "name:exact=Kaz", "name:missing=true", "birthdate=gt1900-01-01", "birthdate=1980", "family=K", "name=%25",
              "_lastUpdated=gt2000-01-01", "_sort=name&name=Kaz", "_has:Observation:patient:code=x", "active=true",
              "_elements=id", "_id=" + UNKNOWN + "," + "0" * 32, "family=Kaz&_include=*", "_content=Kaz", "_text=Kaz",
              "family=Kaz&_revinclude=Observation:subject", "_list=x", "_filter=name co K", "general-practitioner=x"]
)
def test_nothing_counts_or_lists_all_patients(scene: Scene, hands: Hands, query: str) -> None:
    thief = hands.cookie(scene.stage, "reception3")
    for answer in (
        thief.browser.read(f"/fhir/Patient?{query.replace(' ', '%20')}"),
        thief.browser.ask("POST", "/fhir/Patient/_search", query.replace(" ", "%20"),
                          {"Content-Type": "application/x-www-form-urlencoded"}),
    ):
        assert answer.status in (400, 403, 200), query
        if answer.status == 200:
            found = answer.json
            assert "total" not in found
            assert len(found.get("entry", [])) <= 20
            assert not any(link["relation"] == "next" for link in found["link"])
            assert all(one["resource"]["meta"]["security"][0]["code"] == "MASKED" for one in found.get("entry", []))


@pytest.mark.parametrize("kind", ["Observation", "Condition", "Encounter", "Appointment", "DocumentReference"])
def test_no_clinical_search_goes_over_all_patients(scene: Scene, hands: Hands, kind: str) -> None:
    thief = hands.cookie(scene.stage, "doctor3")
    for query in ("", "?_count=0", "?code=x", "?_summary=count", "?subject:missing=true", "?patient=",
                  f"?patient={UNKNOWN},{scene.patients['there']}", "?patient.name=Kaz", "?subject=Patient/"):
        answer = thief.browser.read(f"/fhir/{kind}{query}", "visit")
        assert answer.status in (400, 403, 404), (kind, query, answer.body[:200])
