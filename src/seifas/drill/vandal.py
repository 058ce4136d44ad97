"""Step "vandal": a stolen session deletes and overwrites; the officer puts everything back without seeing it."""

from __future__ import annotations

import re
from typing import Any

from seifas.demo.schedule import patient_id
from seifas.drill.frame import Context, Figure, StepResult
from seifas.drill.stage import Browser, Stage

MOST_PATIENTS = 30
_ATTEMPTS = 80
_OWN = ("Condition", "Procedure", "Observation")


def run(context: Context) -> StepResult:
    stage = context.stage("vandal")
    stage.start()
    try:
        program = stage.program(100_000)
        patients = [patient_id(context.seed, number) for number in range(min(_ATTEMPTS, context.patients))]
        before = _everything(program, patients)
        vandal = stage.sign_in("doctor1")
        touched, stopped_by = _rage(vandal, before)
        damaged = _differing(program, before)
        undone = _undo(stage)
        wrong = _differing(program, before)
    finally:
        stage.stop()
    kept = bool(damaged) and undone and not wrong and len(touched) <= MOST_PATIENTS
    return StepResult(
        promise="A vandal ruins few patients' records before he is stopped, and the officer undoes all of it.",
        deed=f"With a doctor's stolen session he deleted and overwrote records until he was stopped ({stopped_by}).",
        loot=f"He spoiled records of {len(touched)} patients. All of them were put back as they were."
        if kept
        else "Something stayed spoiled, or he reached too many patients: see the figures.",
        kept=kept,
        figures=(
            Figure("patients he tried", str(min(_ATTEMPTS, len(before)))),
            Figure("patients whose records he spoiled", str(len(touched)), f"at most {MOST_PATIENTS}"),
            Figure("records spoiled", str(len(damaged))),
            Figure("records that are not as before", str(len(wrong)), "0"),
        ),
    )


def _everything(program: Browser, patients: list[str]) -> dict[str, dict[str, Any]]:
    """Each patient's resources by type and id, without what changes with a version."""
    found: dict[str, dict[str, Any]] = {}
    for patient in patients:
        bundle = program.read(f"/fhir/Patient/{patient}/$everything?_count=500").json
        found[patient] = {
            f"{one['resource']['resourceType']}/{one['resource']['id']}": _plain(one["resource"])
            for one in bundle.get("entry", [])
        }
    return found


def _plain(resource: dict[str, Any]) -> dict[str, Any]:
    meta = {key: value for key, value in resource.get("meta", {}).items() if key not in ("versionId", "lastUpdated")}
    return {**resource, "meta": meta}


def _rage(vandal: Browser, before: dict[str, dict[str, Any]]) -> tuple[set[str], str]:
    """Patients whose records he changed, and what stopped him."""
    touched: set[str] = set()
    for patient, resources in before.items():
        for place, resource in resources.items():
            if not place.startswith(_OWN):
                continue
            answer = vandal.ask("DELETE", f"/fhir/{place}", headers={"Seifas-Reason": "visit"})
            if answer.status == 204:
                touched.add(patient)
                continue
            spoiled = {**resource, "note": [{"text": "sugadinta"}]}
            answer = vandal.send("PUT", f"/fhir/{place}", spoiled, {"Seifas-Reason": "visit"})
            if answer.status == 200:
                touched.add(patient)
            elif answer.status in (401, 403, 429):
                return touched, f"HTTP {answer.status}"
    return touched, "nothing"


def _differing(program: Browser, before: dict[str, dict[str, Any]]) -> list[str]:
    now = _everything(program, list(before))
    return [
        place
        for patient, resources in before.items()
        for place in resources.keys() | now[patient].keys()
        if resources.get(place) != now[patient].get(place)
    ]


def _undo(stage: Stage) -> bool:
    """The officer's one form, as a person sends it; whether it was done."""
    officer = stage.sign_in("officer1")
    found = re.search(rb'name="form" value="([^"]+)"', officer.read("/desk").body)
    fields = {"form": found[1].decode() if found else "", "account": "doctor1", "do": "undo"}
    return officer.form("/desk/people", fields).status == 303
