"""A vandal with a doctor's stolen session deletes and overwrites what he can: stopped early, undone whole."""

from __future__ import annotations

import json
import os
import re
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from attacked import lines, records, said

from seifas.demo.schedule import patient_id
from seifas.drill.stage import Answer, Browser, Stage
from seifas.keeper.lines import Action, Outcome

pytestmark = pytest.mark.slow

SEED = 1
MOST_PATIENTS = 30  # budget.change_patients; the account has no history that would raise it
Records = dict[str, dict[str, tuple[bool, dict[str, Any]]]]


class Rage(msgspec.Struct):
    """What was done in the vandal's hour, and what was found afterwards."""

    before: Records
    spoiled: Records
    after: Records
    touched: set[str]
    junk: set[str]
    answers: Counter[str]
    alarms: list[dict[str, Any]]
    corrected: str
    undone: Answer
    session_after: int
    colleague_works: list[int]
    log: list[Any]


def _edit(resource: dict[str, Any]) -> dict[str, Any]:
    return {**resource, "language": "xx"}


class Vandal:
    """Tries one way after another on one record after another, and keeps count."""

    def __init__(self, stage: Stage) -> None:
        self.browser = stage.sign_in("doctor1")
        self.answers: Counter[str] = Counter()
        self.touched: set[str] = set()
        self.junk: set[str] = set()
        self.stopped = False

    def _count(self, what: str, answer: Answer) -> Answer:
        self.answers[f"{what} {answer.status}"] += 1
        self.stopped = self.stopped or answer.status == 429
        return answer

    def spoil(self, patient: str, mine: dict[str, tuple[bool, dict[str, Any]]], way: int) -> None:
        """One patient's file: by single requests, by one transaction, or both."""
        places = [place for place, (deleted, _) in mine.items() if not deleted and not place.startswith("Patient/")]
        if way == 0:
            for place in places:
                answer = self.browser.ask("DELETE", f"/fhir/{place}", headers={"Seifas-Reason": "visit"})
                self._done(patient, self._count("DELETE", answer))
        elif way == 1:
            for place in places:
                answer = self.browser.send("PUT", f"/fhir/{place}", _edit(mine[place][1]), {"Seifas-Reason": "visit"})
                self._done(patient, self._count("PUT", answer))
        else:
            self._done(patient, self._bundle([{"method": "DELETE", "url": place} for place in places]))
        card = {**mine[f"Patient/{patient}"][1], "name": [{"family": "Sugadinta"}]}
        answer = self.browser.send("PUT", f"/fhir/Patient/{patient}", card, {"Seifas-Reason": "visit"})
        self._done(patient, self._count("PUT Patient", answer))

    def _done(self, patient: str, answer: Answer) -> None:
        if answer.status in (200, 204):
            self.touched.add(patient)

    def _bundle(self, requests: list[dict[str, str]]) -> Answer:
        bundle = {"resourceType": "Bundle", "type": "transaction", "entry": [{"request": one} for one in requests]}
        return self._count("transaction", self.browser.send("POST", "/fhir", bundle, {"Seifas-Reason": "visit"}))

    def too_much_at_once(self, before: Records, patients: list[str]) -> Answer:
        """One transaction over more patients than the whole day's budget: all or nothing, so nothing."""
        places = [
            next(place for place in before[patient] if place.startswith("Condition/"))
            for patient in patients
            if any(place.startswith("Condition/") for place in before[patient])
        ]
        assert len(places) > MOST_PATIENTS
        return self._bundle([{"method": "DELETE", "url": place} for place in places])

    def add_junk(self, patient: str) -> None:
        now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        for kind, fields in (
            ("Observation", {"status": "final", "code": {"text": "šiukšlė"}}),
            ("Encounter", {"status": "finished", "class": {"code": "AMB"}, "period": {"start": now}}),
        ):
            resource = {"resourceType": kind, "subject": {"reference": f"Patient/{patient}"}, **fields}
            answer = self._count("POST", self.browser.send("POST", f"/fhir/{kind}", resource))
            if answer.status == 201:
                self.junk.add(f"{kind}/{answer.json['id']}")

    def what_only_others_may(self, patient: str) -> list[int]:
        """Erasing, other people's sessions, undoing, holds: not for this hat, or not there at all."""
        patch = {"Content-Type": "application/json-patch+json"}
        asked = [
            self.browser.ask("DELETE", f"/fhir/Patient/{patient}"),
            self.browser.ask("POST", f"/fhir/Patient/{patient}/$purge"),
            self.browser.ask("DELETE", "/fhir/Observation?status=final"),
            self.browser.ask("PATCH", f"/fhir/Patient/{patient}", b"[]", patch),
        ]
        found = re.search(rb'name="form" value="([0-9a-f]{64})"', self.browser.read("/desk/account").body)
        form = found[1].decode() if found else ""
        for place, fields in (
            ("/desk/people", {"account": "doctor2", "do": "undo"}),
            ("/desk/people", {"account": "doctor1", "do": "refund"}),
            ("/desk/sessions", {"account": "doctor2", "do": "suspend"}),
            ("/desk/alarms", {"id": "00" * 16, "do": "acknowledge"}),
        ):
            asked.append(self.browser.form(place, {"form": form, **fields}))
        return [answer.status for answer in asked]


def _rang(stage: Stage) -> list[dict[str, Any]]:
    """The alarms of the log, once the vandal's is among them: jobs carry them a moment later."""
    give_up = time.monotonic() + 60
    while True:
        alarms = [line for line in said(stage) if line.get("message") == "alarm"]
        if any(one.get("account") == "doctor1" for one in alarms) or time.monotonic() > give_up:
            return alarms
        time.sleep(0.1)


def _officers_click(stage: Stage, account: str) -> Answer:
    officer = stage.sign_in("officer1")
    try:
        found = re.search(rb'name="form" value="([0-9a-f]{64})"', officer.read("/desk").body)
        assert found is not None
        return officer.form("/desk/people", {"form": found[1].decode(), "account": account, "do": "undo"})
    finally:
        officer.close()


@pytest.fixture(scope="module")
def rage(places: Path, small_clinic: Path) -> Iterator[Rage]:
    """The whole hour, once: the tests below look at what it left."""
    stage = Stage(places / f"vandal-{os.urandom(4).hex()}")
    stage.copy_from(small_clinic)
    before = records(stage.data)
    patients = [patient_id(SEED, number) for number in range(300)]
    stage.start()
    browsers: list[Browser] = []
    try:
        vandal = Vandal(stage)
        browsers.append(vandal.browser)
        refused = vandal.what_only_others_may(patients[0])
        vandal.answers.update(f"forbidden {status}" for status in refused)
        at_home = [one for one in patients if one in _of_today(vandal.browser)]
        for patient in at_home[:3]:
            vandal.add_junk(patient)
        bulk = vandal.too_much_at_once(before, patients)
        vandal.answers[f"too much {bulk.status}"] += 1
        vandal.stopped = False
        if bulk.status == 429:  # that closed the session; the thief has another one
            browsers.append(again := stage.sign_in("doctor1"))
            vandal.browser = again
        order = [*at_home, *(one for one in patients if one not in at_home)]
        for number, patient in enumerate(order):
            vandal.spoil(patient, before[patient], number % 3)
            if vandal.stopped:
                break
        session_after = vandal.browser.read("/fhir/Patient/" + patients[0]).status
        # A colleague comes across one of the spoiled records and corrects it by hand.
        browsers.append(colleague := stage.sign_in("doctor2"))
        corrected, works = _correct(colleague, before, vandal.touched)
        stage.stop()
        spoiled = records(stage.data)
        stage.start()
        undone = _officers_click(stage, "doctor1")
        alarms = _rang(stage)
        stage.stop()
        yield Rage(
            before, spoiled, records(stage.data), vandal.touched, vandal.junk, vandal.answers, alarms, corrected,
            undone, session_after, works, lines(stage.data),
        )
    finally:
        for browser in browsers:
            browser.close()
        stage.remove()


def _of_today(browser: Browser) -> set[str]:
    """Patients of all doctors' days: the desk opens on the doctor's own."""
    everyone = re.findall(r"/desk/day/\d{4}-\d\d-\d\d(?=\" aria-current|\">)", browser.read("/desk").body.decode())
    pages = [browser.read(path).body.decode() for path in ("/desk", *dict.fromkeys(everyone))]
    return set(re.findall(r"/desk/patient/([0-9a-f]{32})", "".join(pages)))


def _correct(colleague: Browser, before: Records, touched: set[str]) -> tuple[str, list[int]]:
    statuses = []
    for patient in sorted(touched):
        if patient not in _of_today(colleague):
            continue
        card = {**before[patient][f"Patient/{patient}"][1], "telecom": [{"system": "phone", "value": "+37060000000"}]}
        answer = colleague.send("PUT", f"/fhir/Patient/{patient}", card, {"Seifas-Reason": "visit"})
        statuses.append(answer.status)
        if answer.status == 200:
            return f"Patient/{patient}", statuses
    return "", statuses


def test_he_spoils_something_and_is_stopped_soon(rage: Rage) -> None:
    assert 5 <= len(rage.touched) <= MOST_PATIENTS
    changed = {
        patient for patient, mine in rage.spoiled.items()
        if any(mine.get(place) != was for place, was in rage.before.get(patient, {}).items())
    }
    assert changed - {"0" * 32} == rage.touched, "what he was told is what happened"
    assert any(answer.endswith(" 429") for answer in rage.answers), rage.answers
    assert rage.session_after in (401, 403), "the session is closed"


def test_what_is_over_the_budget_at_once_is_refused_whole(rage: Rage) -> None:
    """At the strangers among them, before a word is changed: reading each to delete from it costs what opening does."""
    assert rage.answers["too much 403"] + rage.answers["too much 429"] == 1, rage.answers


def test_what_is_not_his_hat_is_refused(rage: Rage) -> None:
    forbidden = {answer: count for answer, count in rage.answers.items() if answer.startswith("forbidden")}
    assert set(forbidden) <= {"forbidden 403", "forbidden 404", "forbidden 405"}, forbidden
    assert sum(forbidden.values()) == 8


def test_it_rang_and_stands_in_the_log(rage: Rage) -> None:
    assert any(alarm["severity"] == 3 and alarm["account"] == "doctor1" for alarm in rage.alarms), rage.alarms
    acted = [line for line in rage.log if line.action in (Action.DELETE, Action.UPDATE) and not line.outcome]
    assert len({line.pseudonym for line in acted}) >= len(rage.touched)
    assert any(line.outcome == Outcome.STOPPED for line in rage.log)
    assert any(line.action == Action.UNDO for line in rage.log)


def test_the_officers_one_click_puts_everything_back(rage: Rage) -> None:
    assert rage.undone.status == 303, rage.undone.body
    wrong = [
        place
        for patient, mine in rage.before.items()
        for place, was in mine.items()
        if rage.after[patient].get(place) != was and place != rage.corrected
    ]
    assert wrong == []


def test_what_he_added_is_taken_out(rage: Rage) -> None:
    assert len(rage.junk) >= 4
    added = {
        place: deleted
        for patient, mine in rage.after.items()
        for place, (deleted, _) in mine.items()
        if place not in rage.before.get(patient, {})
    }
    assert rage.junk <= set(added)
    assert all(added[place] for place in rage.junk)


def test_what_a_colleague_corrected_meanwhile_stays(rage: Rage) -> None:
    assert rage.corrected, rage.colleague_works
    patient = rage.corrected.partition("/")[2]
    deleted, body = rage.after[patient][rage.corrected]
    assert not deleted
    assert json.dumps(body).count("+37060000000") == 1
    assert "Sugadinta" not in json.dumps(body)
